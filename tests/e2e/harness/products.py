"""The programs under test: dkimkey with a key store of its own, and dkimsignd in Postfix's chroot."""

import contextlib
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import time

from .workspace import HarnessError, run, stop_process, wait_for

# To sign, the daemon needs no rights of root and no user of its own: nobody is enough.
USER, GROUP = "nobody", "nogroup"


def program(name):
    """Returns the path of a built program. ctest sets DKIMSIGND_BUILD_DIR; set it yourself to run a test by hand."""
    folder = {"dkimsignd": "milter", "dkimkey": "keytool"}[name]
    build = os.environ.get("DKIMSIGND_BUILD_DIR")
    if not build:
        raise HarnessError("DKIMSIGND_BUILD_DIR must name the build directory")
    path = pathlib.Path(build) / folder / name
    if not path.is_file():
        raise HarnessError(f"{path} has not been built")
    return path


class KeyStore:
    """A key directory that belongs to root and the daemon's group, as the package sets it up."""

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
        """Returns the records of every domain as zone-file text, also those of pending keys: DNS has them
        before the daemon uses them."""
        zones = {}
        for domain in self.domains:
            selectors = sorted(path.stem for path in (self.path / domain).glob("*.private"))
            zones[domain] = "\n".join(
                run(program("dkimkey"), "show", "-D", self.path, "--domain", domain, "--selector", selector,
                    "--format", "zone").stdout.decode() for selector in selectors)
        return zones


class Daemon:
    """Runs dkimsignd as an unprivileged user."""

    def __init__(self, workspace, socket_path, key_directory, executable=None, wait=True, name="daemon",
                 environment=None, **settings):
        """Starts the built program, or another executable; waits until it is ready, unless `wait` is false. Daemons that
        run at the same time need different names."""
        self.socket = str(socket_path)
        self._root = workspace.directory(name)
        self.config = self._root / "dkimsignd.conf"
        self.log = self._root / "dkimsignd.log"
        self._fixed = {"socket": f"unix:{socket_path}", "key_directory": str(key_directory), "log": "stderr"}
        self.configure(**settings)
        self._told = []
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        workspace.on_close(self._manager.close)
        address = self._root / f"notify-{time.monotonic_ns()}"
        self._manager.bind(str(address))
        address.chmod(0o666)
        user = pwd.getpwnam(USER).pw_uid
        group = grp.getgrnam(GROUP).gr_gid
        # The build directory may be in a home that only its owner may enter.
        copy = self._root / "dkimsignd"
        copy.unlink(missing_ok=True)  # another daemon of this workspace may still run it
        shutil.copyfile(executable or program("dkimsignd"), copy)
        copy.chmod(0o755)
        self.process = workspace.spawn(
            copy, "--config", self.config, log=self.log, user=user, group=group,
            extra_groups=[], env={**(environment or os.environ), "NOTIFY_SOCKET": str(address)})
        if wait:
            self.wait_until_ready()

    def told(self):
        """Returns what the daemon has told the service manager until now, such as READY=1."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._told.append(self._manager.recv(4096).decode())
        return self._told

    def wait_until_ready(self):
        try:
            wait_for(lambda: "READY=1" in self.told(), "dkimsignd to be ready", alive=self.alive)
        except HarnessError as error:
            raise HarnessError(f"{error}\n{self.log_text()}") from error

    def configure(self, **settings):
        """Writes the configuration; values are libconfig text, or Python strings and numbers."""
        lines = [f"{name} = {libconfig(value)};" for name, value in {**self._fixed, **settings}.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def reload(self, **settings):
        """Sends SIGUSR1, and waits until the daemon says that it has taken over the new configuration."""
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
        """Returns the log lines about one message. If it was let go at MAIL FROM, it has no queue ID yet, and its
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
