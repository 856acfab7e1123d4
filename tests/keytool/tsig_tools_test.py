"""publish = update with a TSIG key as each tool writes it: tsig-keygen, keymgr, ldns-keygen, pdnsutil, a file that NSD
reads, and the words that nsupdate and drill take after -y. The updates are taken by a real knot, and by a real BIND.
"""

import re
import shutil
import subprocess
import unittest

from dns_case import PROBLEM, WAITING, DnsCase, serve_file
from dns_world import ZONE, ZONE_TEXT, DnsWorld, wait_for
from harness.workspace import free_port
from name_server import KNOT_START, path_of, serves
from odd_server import OddServer

NETWORK = "127.53.13"
BIND_ZONE = "bind.test"

KNOT = KNOT_START + """\
key:
{keys}
acl:
  - id: update
    key: [{names}]
    action: update
zone:
  - domain: {zone}.
    storage: {root}
    file: {zone}.zone
    acl: update
    journal-content: changes
    zonefile-load: difference
    zonefile-sync: 0
"""

BIND = """\
{keys}
options {{
    directory "{root}";
    pid-file "{root}/named.pid";
    session-keyfile "{root}/session.key";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
}};
controls {{ }};
zone "{zone}" {{
    type primary;
    file "{root}/{zone}.zone";
    allow-update {{ {names} }};
}};
"""

PDNS = """\
launch=bind
bind-config={root}/named.conf
bind-dnssec-db={root}/keys.sqlite
"""


def output_of(*command, directory=None):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, cwd=directory).stdout


class Tools:
    """Makes a key with each tool. `files` are the files by form, `keys` name, algorithm and secret of each."""

    def __init__(self, directory):
        self.directory = directory
        self.files = {}
        self.keys = {}
        self.make_bind()
        self.make_knot()
        self.make_ldns()
        self.make_powerdns()
        self.make_nsd()
        self.make_words()

    def add(self, form, text, name, algorithm, secret, file_name=None):
        path = self.directory / (file_name or f"{form}.key")
        path.write_text(text)
        path.chmod(0o600)
        self.files[form] = path
        self.keys[name] = (algorithm, secret)

    def make_bind(self):
        text = output_of(path_of("tsig-keygen"), "-a", "hmac-sha1", "of-bind")
        self.add("bind", text, "of-bind", "hmac-sha1", re.search(r'secret "(.*)"', text)[1])

    def make_knot(self):
        text = output_of(path_of("keymgr"), "-t", "of-knot", "hmac-sha512")
        self.add("knot", text, "of-knot", "hmac-sha512", re.search(r"secret: (.*)", text)[1])

    def make_ldns(self):
        for algorithm in ("hmac-sha1", "hmac-sha256", "hmac-sha512"):
            name = "of-ldns-" + algorithm
            stem = output_of("ldns-keygen", "-a", algorithm, name, directory=self.directory).strip()
            private = (self.directory / f"{stem}.private").read_text()
            secret = re.search(r"Key: (.*)", private)[1]
            self.add(f"{algorithm} of ldns, .private", private, name, algorithm, secret, f"{stem}.private")
            # ldns-keygen leaves this file, which has the secret as well, open to everybody.
            self.add(f"{algorithm} of ldns, .key", (self.directory / f"{stem}.key").read_text(), name, algorithm, secret,
                     f"{stem}.key")

    def make_powerdns(self):
        (self.directory / "pdns.conf").write_text(PDNS.format(root=self.directory))
        (self.directory / "named.conf").touch()
        tool = [path_of("pdnsutil"), f"--config-dir={self.directory}"]
        output_of(*tool, "create-bind-db", self.directory / "keys.sqlite")
        said = output_of(*tool, "generate-tsig-key", "of-pdns", "hmac-sha256")
        secret = said.split()[-1]
        self.add("PowerDNS, when it makes a key", said, "of-pdns", "hmac-sha256", secret, "pdns-new.key")
        self.add("PowerDNS, in its list", output_of(*tool, "list-tsig-keys"), "of-pdns", "hmac-sha256", secret)

    def make_nsd(self):
        """NSD makes no keys, but its checker shows how it reads one."""
        secret = "c2VjcmV0IG9mIDMyIGJ5dGVzLCBubyBsZXNzLCBubyE="
        text = f'key:\n\tname: "of-nsd"\n\talgorithm: hmac-sha256\n\tsecret: "{secret}"\n'
        self.add("nsd", text, "of-nsd", "hmac-sha256", secret)
        checker = path_of("nsd-checkconf")
        assert output_of(checker, "-s", "of-nsd", self.files["nsd"]).strip() == secret
        assert output_of(checker, "-a", "of-nsd", self.files["nsd"]).strip() == "hmac-sha256"

    def make_words(self):
        secret = "YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgb3Igc28="
        self.add("nsupdate -y", f"hmac-sha256:of-words:{secret}\n", "of-words", "hmac-sha256", secret, "words.key")
        self.add("drill -y", f"of-words:{secret}:hmac-sha256\n", "of-words", "hmac-sha256", secret, "drill.key")


class ToolsWorld(DnsWorld):
    def __init__(self, directory):
        super().__init__(directory, network=NETWORK)
        self.bind = f"{NETWORK}.5"
        self.front = None
        tools = self.directory / "tools"
        tools.mkdir()
        self.tools = Tools(tools)

    def start(self):
        keys = self.tools.keys.items()
        self.start_one("primary", (self.primary, 53), ZONE, ("knotd", "-c"), "knot.conf", KNOT.format(
            listen=f"{self.primary}@53", root=self.directory / "primary", zone=ZONE, names=", ".join(self.tools.keys),
            keys="\n".join(f"  - id: {name}\n    algorithm: {algorithm}\n    secret: {secret}"
                           for name, (algorithm, secret) in keys)))
        # BIND listens only at addresses of interfaces: another server passes questions on to it.
        port = free_port()
        self.start_one("bind", ("127.0.0.1", port), BIND_ZONE, ("named", "-g", "-n", "1", "-c"), "named.conf", BIND.format(
            root=self.directory / "bind", port=port, zone=BIND_ZONE,
            names=" ".join(f"key {name};" for name in self.tools.keys),
            keys="\n".join(f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};'
                           for name, (algorithm, secret) in keys)))
        self.front = OddServer(self.bind, "127.0.0.1", port)
        self.resolver_config = f'stub-zone:\n    name: "{BIND_ZONE}"\n    stub-addr: {self.bind}\n    stub-no-cache: yes\n'
        self.start_resolver()

    def start_one(self, name, listens, zone, command, file, text):
        root = self.directory / name
        root.mkdir()
        address = self.bind if name == "bind" else self.primary
        (root / f"{zone}.zone").write_text(ZONE_TEXT.format(negative=60, second="", first_address=address,
                                                            second_address=address))
        (root / file).write_text(text)
        self.spawn(name, path_of(command[0]), *command[1:], root / file)
        wait_for(lambda: serves(listens[0], zone, listens[1]), f"{name} to serve {zone}")

    def close(self):
        if self.front:
            self.front.close()
        super().close()


setUpModule, tearDownModule = serve_file(ToolsWorld)


class EachForm:
    def test_every_form_signs_an_update(self):
        forms = self.world.tools.files
        self.assertEqual(len(forms), 13)
        for number, (form, file) in enumerate(forms.items()):
            with self.subTest(form):
                selector = f"s{number}"
                shutil.rmtree(self.keys)
                self.make_store()
                # The tested key is not the first one, so that it does not become active at once.
                self.made("first", "--activate")
                self.made(selector)
                self.update_method(key_file=file, server=self.server())
                self.assert_ends(self.rotate("--due"), WAITING, f"put the record {self.name(selector)} into DNS")
                self.assertEqual(self.world.texts(self.server(), self.name(selector)), [self.value(selector)])


class Knot(EachForm, DnsCase):
    domain = ZONE

    def server(self):
        return self.world.primary


class Bind(EachForm, DnsCase):
    domain = BIND_ZONE

    def server(self):
        return self.world.bind


class TheToolsThemselves(DnsCase):
    """The tools take the same words."""

    def test_nsupdate(self):
        words = self.world.tools.files["nsupdate -y"].read_text().strip()
        subprocess.run(["nsupdate", "-y", words], check=True, capture_output=True, text=True,
                       input=f"server {self.world.primary}\nzone {ZONE}\nupdate add by-nsupdate.{ZONE} 60 TXT x\nsend\n")
        self.assertEqual(self.world.texts(self.world.primary, f"by-nsupdate.{ZONE}"), ["x"])

    def test_what_is_refused_shows_no_secret(self):
        """A wrong secret is a matter of the server; what cannot be a key is refused before."""
        self.made("first", "--activate")
        self.made("second")
        for form, file in self.world.tools.files.items():
            with self.subTest(form):
                text = file.read_text()
                secret = next(secret for _, secret in self.world.tools.keys.values() if secret in text)
                damaged = self.directory / file.name
                damaged.write_text(text.replace(secret, secret[:-4] + "%%%%"))
                damaged.chmod(0o600)
                self.update_method(key_file=damaged)
                done = self.rotate("--due")
                self.assert_ends(done, PROBLEM, "a secret that is not base64")
                self.assertNotIn(secret[:12].encode(), done.stdout + done.stderr)

    def test_algorithms_that_ldns_cannot_sign_with(self):
        """ldns makes keys of these kinds, too."""
        self.made("first", "--activate")
        self.made("second")
        for algorithm in ("hmac-sha224", "hmac-sha384"):
            path = self.directory / algorithm
            path.write_text(output_of(path_of("tsig-keygen"), "-a", algorithm, "k"))
            path.chmod(0o600)
            self.update_method(key_file=path)
            self.assert_ends(self.rotate("--due"), PROBLEM, f"the algorithm {algorithm}, with which dkimkey cannot sign")

    def test_a_file_that_its_tool_leaves_open_is_refused(self):
        self.made("first", "--activate")
        self.made("second")
        stem = output_of("ldns-keygen", "-a", "hmac-sha256", "open", directory=self.directory).strip()
        self.update_method(key_file=self.directory / f"{stem}.key")
        self.assert_ends(self.rotate("--due"), PROBLEM, "must not be open to others", "chmod 0640")


if __name__ == "__main__":
    unittest.main(verbosity=2)
