"""A database and signers on loopback, for tests/bench/fleet: key directories, settings and agents of many machines."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

from harness.fleet_databases import Server
from processor_time import CLOCK_TICKS

PATIENCE = 600
# As Debian sets it up, apart from room for many machines: a commit is on the disk before it is confirmed.
SETTINGS = "max_connections = 1000\nfsync = on\nshared_buffers = '128MB'\nwal_level = replica\n"


def say(text):
    print(text, file=sys.stderr, flush=True)


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"fleet: gave up waiting for {what}")
        time.sleep(0.02)


def seconds_of(pid):
    """Returns the processor time of one process; 0 if it has ended. /proc/PID/stat has it in hundredths, which is too
    coarse for fifty processes with a few milliseconds each."""
    total = 0
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def seconds_of_dead_children(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / CLOCK_TICKS


class DatabaseServer:
    """One PostgreSQL for all."""

    def __init__(self, workspace):
        self._server = Server(workspace, 1, SETTINGS)
        self._server.make()
        self._server.start(self._server)
        self.pid = self._server.pid

    def query(self, statement, name="postgres"):
        return self._server.query(statement, name)

    def number(self, statement, name="postgres"):
        ((value,),) = self.query(statement, name)
        return int(value)

    def connection(self, name):
        return f"host=127.0.0.1 port={self._server.port} dbname={name} sslmode=disable user="

    def seconds(self):
        """Returns the processor time of all its processes, including those that have ended."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return seconds_of_dead_children(self.pid) + sum(map(seconds_of, (self.pid, *children)))


class Fleet:
    """A database with its tables, and machines."""

    def __init__(self, dkimkey, work, server, name):
        self._dkimkey, self._server = dkimkey, server
        self.name, self.root = name, work / name
        self.root.mkdir()
        self.sealing_key = self.root / "sealing.key"
        self.connection = server.connection(name)
        self.signers = []
        server.query(f"CREATE DATABASE {name}")

    def add(self):
        """Adds a machine, without a key directory. The first one makes the tables."""
        signer = Signer(self._dkimkey, self, f"mx{len(self.signers)}")
        if not self.signers:
            # Roles belong to the whole server, and another fleet may have made them.
            roles = subprocess.run([self._dkimkey, "--config", signer.config, "fleet", "init", "--print-roles"],
                                   check=True, stdout=subprocess.PIPE, text=True).stdout
            if self._server.number("SELECT count(*) FROM pg_roles WHERE rolname = 'dkimsignd_owner'"):
                roles = "\n".join(line for line in roles.splitlines() if not line.startswith("CREATE ROLE"))
            self._server.query(roles, self.name)
            signer.configure("dkimsignd_owner")
            signer.dkimkey("fleet", "init")
            signer.configure("dkimsignd_writer")
        self.signers.append(signer)
        return signer

    def size(self):
        self._server.query("VACUUM ANALYZE", self.name)
        return self._server.number(f"SELECT pg_database_size('{self.name}')")

    def connections(self):
        return self._server.number(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}'")

    def transactions(self):
        return self._server.number("SELECT xact_commit + xact_rollback FROM pg_stat_database "
                                   f"WHERE datname = '{self.name}'")


class Signer:
    """One machine: a key directory, settings and, between start() and stop(), an agent."""

    def __init__(self, dkimkey, fleet, host):
        self.host, self._dkimkey, self._fleet = host, dkimkey, fleet
        self.root = fleet.root / host
        self.root.mkdir()
        self.keys = self.root / "keys"
        self.config = self.root / "dkimsignd.conf"
        self.config.write_text(f'key_directory = "{self.keys}";\nfleet = "{self.root}/fleet.conf";\n')
        self.agent = None
        self.configure("dkimsignd_writer")

    def configure(self, role):
        file = self.root / "fleet.conf"
        file.write_text(f'connection = "{self._fleet.connection}{role}";\n'
                        f'sealing_key_file = "{self._fleet.sealing_key}";\nhost = "{self.host}";\n')
        file.chmod(0o640)

    def make_directory(self):
        self.keys.mkdir(0o750)

    def dkimkey(self, *words, expected=(0,)):
        """Runs dkimkey. Returns its seconds of wall time and of processor time, and its peak memory in kB."""
        command = [self._dkimkey, "--config", self.config, *words]
        done = subprocess.run(["/usr/bin/time", "-f", "%e %U %S %M", *map(str, command)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode not in expected:
            raise SystemExit(f"fleet: {command} ended with {done.returncode}: {done.stderr}")
        wall, user, system, peak = done.stderr.splitlines()[-1].split()
        return float(wall), float(user) + float(system), int(peak)

    def start(self):
        with open(self.root / "agent.log", "ab") as log:
            self.agent = subprocess.Popen([self._dkimkey, "--config", self.config, "fleet", "sync"],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        if self.agent:
            self.agent.send_signal(signal.SIGTERM)
            try:
                self.agent.wait(30)
            except subprocess.TimeoutExpired:
                self.agent.kill()
                self.agent.wait()
            self.agent = None

    def agent_seconds(self):
        return seconds_of(self.agent.pid)

    def brought(self, domain):
        """Returns when the domain's manifest got its name here, in seconds since 1970; None if it is not there."""
        with contextlib.suppress(OSError):
            return os.stat(self.keys / domain / "keys.conf").st_ctime_ns / 1e9
        return None

    def on_disk(self):
        """Returns the bytes that the key directory takes on the disk, and its inodes."""
        size, inodes = 0, 0
        for folder, _, files in os.walk(self.keys):
            for path in (folder, *(f"{folder}/{name}" for name in files)):
                status = os.lstat(path)
                size += status.st_blocks * 512
                inodes += 1
        return size, inodes


class Load:
    """What the database and the agents do between two looks."""

    def __init__(self, server, fleet):
        self._server, self._fleet = server, fleet
        self._since = time.monotonic()
        self._begin = self._now()

    def _now(self):
        return (self._fleet.transactions(), self._server.seconds(),
                sum(signer.agent_seconds() for signer in self._fleet.signers))

    def so_far(self):
        """Returns the seconds, transactions, processor seconds of the database and those of all agents."""
        now = self._now()
        return (time.monotonic() - self._since, *(after - before for before, after in zip(self._begin, now)))
