"""One machine of a fleet: a key directory, dkimsignd, the agent, and mail. Several are on this host, with names of their
own."""

import grp
import os
import shutil
import signal
import subprocess

from .message import tags
from .products import GROUP, USER, Daemon, Raw, libconfig, program
from .signing_load import SigningLoad
from .workspace import HarnessError, stop_process, wait_for

DONE, PROBLEM, USAGE, WAITING = 0, 1, 2, 3


class Machine:
    def __init__(self, workspace, name, clock, **settings):
        """settings: of dkimsignd.conf, as Daemon takes them."""
        self.name = name
        self._workspace, self._clock = workspace, clock
        self.root = workspace.directory(name, 0o755)
        self.keys = workspace.directory(f"{name}/keys", 0o750)
        os.chown(self.keys, 0, grp.getgrnam(GROUP).gr_gid)
        self.fleet = self.root / "fleet.conf"
        self.sealing_key = self.root / "sealing.key"
        directory = workspace.directory(f"{name}/socket", 0o750)
        shutil.chown(directory, USER, GROUP)
        self._socket = directory / "milter.sock"
        self.daemon = Daemon(workspace, self._socket, self.keys, name=f"{name}/daemon",
                             environment=clock.environment(), fleet=str(self.fleet), **settings)
        self.agent = None
        self.load = None

    def configure(self, connection, lease):
        """Writes fleet.conf."""
        self._write(self.fleet, connection, lease)

    def configure_also(self, connection, lease):
        """Writes another fleet.conf; returns the configuration with which dkimkey uses that."""
        fleet = self.root / "also.conf"
        self._write(fleet, connection, lease)
        config = self.root / "dkimkey.conf"
        config.write_text(self.daemon.config.read_text().replace(str(self.fleet), str(fleet)))
        return config

    def _write(self, path, connection, lease):
        settings = {"connection": connection, "sealing_key_file": str(self.sealing_key), "host": self.name, "lease": lease}
        path.write_text("".join(f"{name} = {libconfig(value)};\n" for name, value in settings.items()))
        path.chmod(0o640)

    def command(self, *words, config=None):
        return [str(word) for word in (program("dkimkey"), "--config", config or self.daemon.config, *words)]

    def dkimkey(self, *words, codes=(DONE,), config=None):
        """Runs dkimkey with the test's clock; returns what it writes."""
        done = self._run(words, codes, config)
        return done.stdout + done.stderr

    def results(self, *words, codes=(DONE,)):
        """Runs dkimkey; returns its standard output alone."""
        return self._run(words, codes).stdout

    def _run(self, words, codes, config=None):
        done = subprocess.run(self.command(*words, config=config), env=self._clock.environment(), capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode not in codes:
            raise AssertionError(f"{self.name}: dkimkey {' '.join(map(str, words))} ended with {done.returncode}: "
                                 f"{done.stdout}{done.stderr}")
        return done

    def begin(self, *words):
        """Starts dkimkey, and returns the process."""
        return subprocess.Popen(self.command(*words), env=self._clock.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    # The agent.

    def start_agent(self):
        self.agent = self._workspace.spawn(*self.command("fleet", "sync"), log=self.root / "agent.log",
                                           env=self._clock.environment())

    def stop_agent(self):
        if self.agent:
            code = stop_process(self.agent)
            self.agent = None
            if code != 0:
                raise HarnessError(f"{self.name}: the agent ended with {code}: {self.agent_log()[-2000:]}")

    def kill_agent(self):
        os.kill(self.agent.pid, signal.SIGKILL)
        self.agent.wait()
        self.agent = None

    def agent_log(self):
        return (self.root / "agent.log").read_text("utf-8", "replace")

    def wait_for_agent_to_say(self, words):
        wait_for(lambda: words in self.agent_log(), f"the agent of {self.name} to say {words!r}",
                 alive=lambda: self.agent.poll() is None)

    # Mail.

    def start_load(self, sender, pause):
        self.load = SigningLoad(self._workspace, str(self._socket), sender, connections=1, pause=pause)

    def newest_selectors(self):
        """Returns the selectors of the newest message; none if it was not signed."""
        (newest,) = self.load.latest()
        return {tags(value).get("s") for _, _, value in newest.inserted}

    def wait_until_it_signs_with(self, selectors):
        wait_for(lambda: self.newest_selectors() == set(selectors), f"{self.name} to sign with {selectors}")


__all__ = ["DONE", "PROBLEM", "USAGE", "WAITING", "Machine", "Raw"]
