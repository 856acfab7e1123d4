"""The real rspamd and a dkimsignd with a configuration imported from rspamd's sign the same messages, with the same set
of (d=, s=).
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.milter_client import MilterClient
from import_side_by_side_test import PATIENCE, kill, start, stop

DKIMKEY = os.environ["DKIMKEY"]
DKIMSIGND = os.environ["DKIMSIGND"]
RSPAMD = shutil.which("rspamd", path="/usr/sbin:/usr/bin")
RSPAMADM = shutil.which("rspamadm", path="/usr/sbin:/usr/bin")
OUTSIDE = "203.0.113.9"

# As much of rspamd.conf as signing needs; dkim_signing is included as modules.d/dkim_signing.conf does it.
CONFIGURATION = """
options {{
  pidfile = "{root}/pid"; tempdir = "{root}"; cache_file = "{root}/cache"; hs_cache_dir = "{root}/";
  control_socket = "{root}/control mode=0600"; url_tld = "{root}/tld";
  filters = "dkim"; local_addrs = ["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "fd00::/8", "169.254.0.0/16"];
  dns {{ nameserver = ["127.0.0.1:9"]; }}
  .include(try=true,priority=1,duplicate=merge) "{root}/local.d/options.inc"
}}
logging {{ type = "file"; filename = "{root}/rspamd.log"; level = "notice"; }}
worker "rspamd_proxy" {{
  bind_socket = "{root}/sock mode=0600";
  milter = yes; timeout = 120s; count = 1;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
actions {{ reject = 999; add_header = 998; greylist = 997; }}
dkim {{ }}
dkim_signing {{
  allow_envfrom_empty = true;
  allow_hdrfrom_mismatch = false;
  allow_hdrfrom_multiple = false;
  allow_username_mismatch = false;
  selector = "dkim";
  sign_authenticated = true;
  sign_local = true;
  symbol = "DKIM_SIGNED";
  try_fallback = true;
  use_domain = "header";
  use_esld = true;
  use_redis = false;
  .include(try=true,priority=1,duplicate=merge) "{root}/local.d/dkim_signing.conf"
  .include(try=true,priority=10) "{root}/override.d/dkim_signing.conf"
}}
"""


class Message:
    def __init__(self, author, client="127.0.0.1", login=None):
        self.author = author
        self.client = client
        self.login = login

    def __str__(self):
        return f"From {self.author} by {self.client}, login {self.login}"

    def signatures(self, address):
        """Returns the set of (d, s) that the milter signs with."""
        fields = [(b"From", b" " + self.author.encode()), (b"Subject", b" side by side")]
        macros = {"{auth_type}": "PLAIN", "{auth_authen}": self.login} if self.login else None
        with MilterClient(address, client=self.client) as milter:
            outcome = milter.message(fields, b"text\r\n", sender=self.author, macros=macros)
        found = set()
        for _, name, value in outcome.inserted:
            if name.lower() != b"dkim-signature":
                continue
            tags = dict(tag.strip().split(b"=", 1) for tag in re.sub(rb"\s+", b" ", value).split(b";") if b"=" in tag)
            found.add((tags[b"d"].strip().decode(), tags[b"s"].strip().decode()))
        return found


AUTHORS = ("a@example.com", "A@EXAMPLE.COM", "a@sub.example.com", "a@x.sub.example.com", "a@example.net", "a@mail.example.net",
           "a@example.org", "a@sub.example.org", "boss@example.org", "a@other.com")


@unittest.skipIf(RSPAMD is None and "CI" not in os.environ, "rspamd is not installed")
class SideBySide(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="dkimkey-rspamd-")
        self.addCleanup(holder.cleanup)
        self.root = pathlib.Path(holder.name)
        for folder in ("local.d", "override.d", "dkim"):
            (self.root / folder).mkdir()
        (self.root / "tld").write_text("com\nnet\norg\n")
        (self.root / "rspamd.conf").write_text(CONFIGURATION.format(root=self.root))
        for number in (1, 2, 3):
            subprocess.run(["openssl", "genrsa", "-out", self.root / f"{number}.pem", "1024"], check=True,
                           capture_output=True)

    def write(self, name, text):
        (self.root / name).write_text(text.replace("$D", str(self.root)))

    def import_from(self, path, code=0):
        done = subprocess.run([DKIMKEY, "import", "--rspamd", path, "-D", self.root / "store", "--output",
                               self.root / "dkimsignd.conf"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def compare(self, text, files=None, messages=(), code=0, override=None, authors=AUTHORS):
        """Imports local.d and override.d, and compares both programs; at least one message must be signed, and one not.

        `$D` in the texts stands for the directory of all files.
        """
        self.write("local.d/dkim_signing.conf", text)
        for name, content in (files or {}).items():
            self.write(name, content)
        if override:
            self.write("override.d/dkim_signing.conf", override)
        said = self.import_from(self.root, code)
        with open(self.root / "dkimsignd.conf", "a", encoding="utf-8") as configuration:
            configuration.write(f'socket = "unix:{self.root}/ours.sock";\nlog = "stderr";\nlog_level = "debug";\n')
        theirs, ours = f"{self.root}/sock", f"{self.root}/ours.sock"
        rspamd = start([RSPAMD, "--insecure", "-f", "-c", self.root / "rspamd.conf", f"--var=LOCAL_CONFDIR={self.root}"],
                       theirs, self.root / "rspamd.out")
        self.addCleanup(kill, rspamd)
        dkimsignd = start([DKIMSIGND, "--config", self.root / "dkimsignd.conf"], ours, self.root / "dkimsignd.log")
        self.addCleanup(stop, dkimsignd)
        seen = set()
        for message in [*map(Message, authors), *messages]:
            with self.subTest(str(message)):
                their_answer = message.signatures(theirs)
                self.assertEqual(message.signatures(ours), their_answer,
                                 said + (self.root / "dkimsignd.conf").read_text())
                seen.add(bool(their_answer))
        self.assertEqual(seen, {True, False}, "some messages must be signed, and some not")
        self.assertIsNone(rspamd.poll())
        self.assertIsNone(dkimsignd.poll())
        return said

    def test_sections_of_domains(self):
        self.compare("""# mine
domain {
  example.com {
    selectors [
      { # Private key path
        path = "$D/1.pem";
        selector = "ds";
      },
      { path = "$D/2.pem"
        selector: "two" }
    ]
  }
}
domain { example.net { path = $D/3.pem; selector = "2024"; } sub.example.com { path = "$D/3.pem"; selector = never } }
""", messages=[Message("a@example.com", client=client) for client in (OUTSIDE, "10.1.2.3", "192.168.1.1", "172.20.0.1",
                                                                       "169.254.1.1", "fd00::1", "::1", "127.0.0.2",
                                                                       "100.64.0.1", "2001:db8::1")])

    def test_ispconfig(self):
        """Its two maps, and only the very domain."""
        self.compare("try_fallback = false;\nuse_esld = false;\npath_map = \"$D/local.d/domains.map\";\n"
                     "selector_map = \"$D/local.d/selectors.map\";\n", {
                         "local.d/domains.map": "example.com $D/1.pem\n# x\nsub.example.org\t$D/2.pem\n",
                         "local.d/selectors.map": "example.com default\nsub.example.org s2\n"})

    def test_files_at_the_default_path(self):
        shutil.copy(self.root / "1.pem", self.root / "dkim/example.com.mail.key")
        shutil.copy(self.root / "2.pem", self.root / "dkim/example.org.mail.key")
        shutil.copy(self.root / "3.pem", self.root / "dkim/example.net.other.key")
        self.compare('path = "$D/dkim/$domain.$selector.key";\nselector = "mail";\nallow_username_mismatch = true;\n')

    def test_logins(self):
        domains = 'domain { example.com { path = "$D/1.pem"; selector = s } example.net { path = "$D/2.pem"; selector = t } }'
        logins = [Message(author, client=OUTSIDE, login=login) for author in ("a@example.com", "a@example.net", "a@other.com")
                  for login in ("x@example.com", "X@EXAMPLE.NET", "system", "x@other.com")]
        self.compare(domains, messages=logins)

    def test_logins_do_not_matter(self):
        self.compare('allow_username_mismatch = true; sign_local = false; sign_networks = "$D/nets";\n'
                     'domain { example.com { path = "$D/1.pem"; selector = s } }', {"nets": "10.1.0.0/16\n2001:db8::/32\n127.0.0.1\n"},
                     [Message("a@example.com", client=OUTSIDE, login=login) for login in ("x@other.com", "system")]
                     + [Message("a@example.com", client=client) for client in ("10.1.2.3", "10.2.2.3", "2001:db8::1",
                                                                               "192.168.1.1", OUTSIDE)])

    def test_only_clients_that_log_in_are_not_signed(self):
        self.compare('sign_authenticated = false;\ndomain example.com { path = "$D/1.pem"; selector = s }',
                     messages=[Message("a@example.com", client=OUTSIDE, login="x@example.com")])

    def test_override(self):
        self.compare('domain { example.com { path = "$D/1.pem"; selector = s } }\nuse_esld = true;\nselector = local\n',
                     override='domain { example.org { path = "$D/2.pem"; } }\nuse_esld = false\n')

    def test_tables_in_the_manner_of_opendkim(self):
        self.compare('signing_table = [\n"*@example.com one",\n"*@*.example.com one",\n"boss@example.org two",\n"*@mail.example.net %"\n];\n'
                     'key_table = "$D/keys.map";\n', {
                         "keys.map": "one example.com:s1:$D/1.pem\ntwo example.org:s2:$D/2.pem\n"
                                     "mail.example.net %:s3:$D/3.pem\n"},
                     # rspamd compares patterns with the author's address as it is written.
                     authors=[author for author in AUTHORS if author.islower()])

    def test_all_mail_as_one_domain(self):
        self.compare('use_domain = "example.net"; allow_username_mismatch = true;\n'
                     'domain { example.net { path = "$D/1.pem"; selector = s } }\n', messages=[Message("a@x.org", client=OUTSIDE)])

    def test_what_rspamadm_prints(self):
        """A template is for rspamd itself: its result is read as JSON, or as rspamadm shows it without -j."""
        self.write("local.d/dkim_signing.conf",
                   '{% if 1 == 1 %}\ndomain { example.com { path = "$D/1.pem"; selector = s } }\n{% endif %}\n')
        self.assertIn("local.d/dkim_signing.conf:1: a template is not evaluated", self.import_from(self.root, code=1))
        shutil.rmtree(self.root / "store")
        (self.root / "dkimsignd.conf").unlink()
        for number, form in enumerate((["-j"], [])):
            with self.subTest(form):
                shown = subprocess.run([RSPAMADM, f"--var=LOCAL_CONFDIR={self.root}", "configdump", "-c", "/etc/rspamd/rspamd.conf",
                                        *form, "dkim_signing"], check=True, capture_output=True, text=True)
                file = self.root / f"dump{number}"
                file.write_text(shown.stdout)
                (self.root / "dkimsignd.conf").unlink(missing_ok=True)
                shutil.rmtree(self.root / "store", ignore_errors=True)
                self.assertIn(f"s._domainkey.example.com (RSA, 1024 bits): added, active; {self.root}/1.pem",
                              self.import_from(file))


if __name__ == "__main__":
    unittest.main(verbosity=2)
