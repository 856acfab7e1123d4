"""The milters that tests/bench/compare and tests/bench/through_postfix run against each other.

Each is set up to sign and to do nothing else, with the same key, relaxed/relaxed, on a UNIX socket that the group of
its directory may use, and for speed as its own manual recommends. Each logs one line per message to a
file, except OpenDKIM, which can only log to syslog and therefore logs nothing.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from processor_time import tree_peak_kib, tree_seconds

DOMAIN = "example.com"
SELECTOR = "server"


class PeerError(Exception):
    pass


class Peer:
    """A milter under test: start(), cpu_seconds(), peak_kib(), stop()."""

    name = ""
    package = ""
    algorithms = ("rsa", "ed25519")

    def __init__(self, work, key_file, socket_path=None):
        """Makes `work` at the start; the socket is there, unless `socket_path` is given."""
        self.work = Path(work)
        self.key_file = key_file
        self.socket_path = socket_path or self.work / "sock"
        self.process = None

    @classmethod
    def program(cls):
        # Only root has sbin in PATH.
        return shutil.which(cls.package, path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    @property
    def endpoint(self):
        return f"unix:{self.socket_path}"

    def command(self):
        raise NotImplementedError

    def start(self):
        self.work.mkdir(mode=0o700, parents=True)
        command = self.command()
        with open(self.work / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.work)
        deadline = time.monotonic() + 30
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise PeerError(f"{self.name} does not listen:\n{(self.work / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _listens(self):
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket_path))
            return True
        except OSError:
            return False

    def cpu_seconds(self):
        """Returns the user and system time of the process and its children, including dead ones."""
        return tree_seconds(self.process.pid)

    def peak_kib(self):
        """Returns the largest resident set of its largest process: a sum would count shared pages twice."""
        return tree_peak_kib(self.process.pid)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Dkimsignd(Peer):
    name = "dkimsignd"
    package = "dkimsignd"
    build = None
    store = None

    def command(self):
        (self.work / "conf").write_text(
            f'socket = "unix:{self.socket_path}";\n'
            f'key_directory = "{self.store}";\n'
            'canonicalization = "relaxed/relaxed";\n'
            'log = "stderr";\n')
        return [self.build / "milter/dkimsignd", "--config", self.work / "conf"]


class OpenDkim(Peer):
    name = "OpenDKIM"
    package = "opendkim"

    def command(self):
        algorithm = "ed25519-sha256" if "ed25519" in self.key_file.name else "rsa-sha256"
        (self.work / "conf").write_text(
            # RequireSafeKeys would refuse a key below /tmp, no matter who owns it.
            "Mode s\nSyslog no\nBackground no\nRequireSafeKeys no\nUMask 007\n"
            f"Domain {DOMAIN}\nSelector {SELECTOR}\nKeyFile {self.key_file}\n"
            f"SignatureAlgorithm {algorithm}\n"
            "Canonicalization relaxed/relaxed\n"
            "InternalHosts 127.0.0.1\n"
            f"Socket local:{self.socket_path}\n")
        return [self.program(), "-f", "-x", self.work / "conf"]


class Rspamd(Peer):
    name = "rspamd"
    package = "rspamd"

    def command(self):
        # One worker per processor scans the mail itself, without rules and with only the module for signing.
        # With the real list of top-level domains, rspamd would first compile for a while.
        work = self.work
        (work / "tld").write_text("com\nnet\norg\n")
        (work / "conf").write_text(f"""
options {{
  pidfile = "{work}/pid"; tempdir = "{work}"; cache_file = "{work}/cache"; hs_cache_dir = "{work}/";
  control_socket = "{work}/control mode=0600"; url_tld = "{work}/tld";
  filters = "dkim"; local_addrs = ["127.0.0.0/8"];
  dns {{ nameserver = ["127.0.0.1:9"]; }}
}}
logging {{ type = "file"; filename = "{work}/rspamd.log"; level = "notice"; }}
worker "rspamd_proxy" {{
  bind_socket = "{self.socket_path} mode=0660";
  milter = yes; timeout = 120s; count = {os.cpu_count()};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
actions {{ reject = 999; add_header = 998; greylist = 997; }}
dkim {{ }}
dkim_signing {{
  sign_local = true; allow_username_mismatch = true; use_esld = false;
  domain {{ {DOMAIN} {{ path = "{self.key_file}"; selector = "{SELECTOR}"; }} }}
}}
""")
        return [self.program(), "--insecure", "-f", "-c", work / "conf"]


class DkimpyMilter(Peer):
    name = "dkimpy-milter"
    package = "dkimpy-milter"

    def command(self):
        kind = "Ed25519" if "ed25519" in self.key_file.name else ""
        (self.work / "conf").write_text(
            "Mode s\nSyslog no\n"
            f"Domain {DOMAIN}\nSelector{kind} {SELECTOR}\nKeyFile{kind} {self.key_file}\n"
            "Canonicalization relaxed/relaxed\n"
            "InternalHosts 127.0.0.1\n"
            f"PidFile {self.work}/pid\nUserID root\n"
            f"Socket local:{self.socket_path}\n")
        return [self.program(), self.work / "conf"]


PEERS = [OpenDkim, Rspamd, DkimpyMilter]
