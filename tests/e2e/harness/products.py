"""The programs under test: dkimkey with a key store of its own, and dkimsignd in Postfix's chroot."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket

from .workspace import HarnessError, run, stop_process, wait_for

# The daemon needs no right of root and no user of its own to sign: nobody will do.
USER, GROUP = "nobody", "nogroup"


def program(name):
    """ctest says where the built programs are; by hand, DKIMSIGND_BUILD_DIR does."""
    folder = {"dkimsignd": "milter", "dkimkey": "keytool"}[name]
    build = os.environ.get("DKIMSIGND_BUILD_DIR")
    if not build:
        raise HarnessError("DKIMSIGND_BUILD_DIR must name the build directory")
    path = pathlib.Path(build) / folder / name
    if not path.is_file():
        raise HarnessError(f"{path} has not been built")
    return path


class KeyStore:
    """root's directory with the daemon's group, as the package will set it up."""

    def __init__(self, workspace):
        self.path = workspace.directory("keys", 0o750)
        os.chown(self.path, 0, grp.getgrnam(GROUP).gr_gid)
        self.domains = []

    def generate(self, domain, selector, algorithm, *more):
        run(program("dkimkey"), "generate", "-D", self.path, "--domain", domain, "--selector", selector,
            "--algorithm", algorithm, *more)
        if domain not in self.domains:
            self.domains.append(domain)

    def records(self):
        """Every domain's records as zone-file text. Those of pending keys as well: DNS has them
        before the daemon uses them."""
        zones = {}
        for domain in self.domains:
            selectors = sorted(path.stem for path in (self.path / domain).glob("*.private"))
            zones[domain] = "\n".join(
                run(program("dkimkey"), "show", "-D", self.path, "--domain", domain, "--selector", selector,
                    "--format", "zone").stdout.decode() for selector in selectors)
        return zones


class Daemon:
    """dkimsignd as an unprivileged user, ready once it says so by sd_notify."""

    def __init__(self, workspace, socket_path, key_directory, **settings):
        self._root = workspace.directory("daemon")
        self.config = self._root / "dkimsignd.conf"
        self.log = self._root / "dkimsignd.log"
        self._fixed = {"socket": f"unix:{socket_path}", "key_directory": str(key_directory), "log": "stderr"}
        self.configure(**settings)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            address = self._root / "notify"
            notified.bind(str(address))
            address.chmod(0o666)
            notified.setblocking(False)
            user = pwd.getpwnam(USER).pw_uid
            group = grp.getgrnam(GROUP).gr_gid
            # The build directory may lie in a home that is its owner's alone to enter.
            copy = self._root / "dkimsignd"
            copy.unlink(missing_ok=True)  # another daemon of this workspace may still run it
            shutil.copyfile(program("dkimsignd"), copy)
            copy.chmod(0o755)
            self.process = workspace.spawn(
                copy, "--config", self.config, log=self.log, user=user, group=group,
                extra_groups=[], env={**os.environ, "NOTIFY_SOCKET": str(address)})
            try:
                wait_for(lambda: ready(notified), "dkimsignd to be ready", alive=self.alive)
            except HarnessError as error:
                raise HarnessError(f"{error}\n{self.log_text()}") from error
            address.unlink()

    def configure(self, **settings):
        """Writes the configuration; values are libconfig text, or Python strings and numbers."""
        lines = [f"{name} = {libconfig(value)};" for name, value in {**self._fixed, **settings}.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def reload(self, **settings):
        """SIGUSR1, and until the daemon says that it has taken the new configuration over."""
        self.configure(**settings)
        before = len(self.reloads())
        self.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: len(self.reloads()) > before, "dkimsignd to reload its configuration", alive=self.alive)
        said = self.reloads()[-1]
        if "configuration reloaded" not in said:
            raise HarnessError(f"the configuration was refused: {said}")

    def reloads(self):
        return [line for line in self.log_text().splitlines() if ": configuration " in line]

    def alive(self):
        return self.process.poll() is None

    def log_text(self):
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def lines_of(self, queue_id, sender=None):
        """The log lines about one message. One that is let go at MAIL FROM has no queue ID yet; its
        line names the sender."""
        start = re.compile(rf"(?:^|\s){re.escape(queue_id)}: ")
        early = f"sender=<{sender}>"
        return [line for line in self.log_text().splitlines()
                if start.search(line) or ("NOQUEUE: " in line and early in line)]

    def stop(self):
        return stop_process(self.process)


class Raw(str):
    """libconfig text that goes into the configuration as it is: lists and groups."""


def libconfig(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ready(notified):
    try:
        return "READY=1" in notified.recv(4096).decode().splitlines()
    except BlockingIOError:
        return False
