"""A primary and a synchronous streaming standby, with a line from each machine that can be cut (harness/database_line.py).

Everything is on loopback and below the workspace. The servers write without fsync: what a killed process has written, the
kernel still has.
"""

import atexit
import functools
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

from . import database_line
from .processes import processes_about
from .workspace import HarnessError, free_port, next_line, output, run, wait_for

BIN = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
ACCOUNT = pwd.getpwnam("postgres")
AS_POSTGRES = {"user": ACCOUNT.pw_uid, "group": ACCOUNT.pw_gid, "extra_groups": [], "cwd": "/"}
NAME = "dkimsignd"
STANDBY = "standby"
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 60
shared_buffers = '8MB'
fsync = off
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = '200ms'
wal_sender_timeout = 0
wal_receiver_timeout = 0
primary_conninfo = 'host=127.0.0.1 port={other} user=postgres application_name=standby connect_timeout=2'
"""
ACCESS = "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n"


@functools.cache
def empty_cluster():
    """Returns a database cluster to copy: initdb takes seconds."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="dkimsignd-initdb-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.chown(directory, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
    run(BIN / "initdb", "-D", directory / "data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
        **AS_POSTGRES)
    return directory / "data"


class Server:
    """One of the servers. Which of them is the primary changes."""

    def __init__(self, workspace, number, settings="", environment=None, access=ACCESS):
        """settings: more lines for postgresql.conf. access: pg_hba.conf."""
        self.name, self.port = f"db{number}", free_port()
        self._settings, self._environment, self._access = settings, environment, access
        self._workspace = workspace
        self._root = workspace.directory("postgres", 0o755)
        self.data = self._root / self.name
        self._process = None

    def make(self):
        shutil.rmtree(self.data, ignore_errors=True)
        run("cp", "-a", empty_cluster(), self.data)

    def copy(self, other):
        """Becomes a standby of another."""
        self._empty()
        run(BIN / "pg_basebackup", "-D", self.data, "-h", "127.0.0.1", "-p", str(other.port), "-U", "postgres",
            "--checkpoint=fast", "--no-sync", **AS_POSTGRES)
        (self.data / "standby.signal").touch()

    def _empty(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        os.chown(self.data, ACCOUNT.pw_uid, ACCOUNT.pw_gid)

    def start(self, other):
        (self.data / "postgresql.conf").write_text(SETTINGS.format(port=self.port, other=other.port) + self._settings)
        (self.data / "pg_hba.conf").write_text(self._access)
        self._process = self._workspace.spawn(BIN / "postgres", "-D", self.data, log=self._root / f"{self.name}.log",
                                              env=self._environment, **AS_POSTGRES)
        wait_for(self.answers, f"{self.name} to answer", alive=self.runs)

    def answers(self):
        return subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0

    def runs(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        if self.runs():
            database_line.kill_with_children(self.pid)
        self.wait()

    def wait(self):
        self._process.wait(60)
        # One of its processes may still wait for the disk, and holds the shared memory.
        wait_for(lambda: not processes_about(self.data), f"the processes of {self.name} to end")

    def stop(self):
        """Stops it in order: connections are ended, and all is written."""
        run(BIN / "pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", **AS_POSTGRES)
        self.wait()

    def create(self):
        """Makes the database. On a busy machine, its clients may wait for one another for longer than their own limits."""
        self.query(f"CREATE DATABASE {NAME}", "postgres")
        self.query(f"ALTER DATABASE {NAME} SET lock_timeout = '100s'", "postgres")
        self.query(f"ALTER DATABASE {NAME} SET statement_timeout = '100s'", "postgres")

    def query(self, statement, name=NAME):
        """Returns rows as lists of texts; an empty text for NULL. Takes several statements, too."""
        said = output(BIN / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                      "-p", self.port, "-U", "postgres", "-d", name, "-f", "-", input=statement.encode())
        return [line.split("\t") for line in said.splitlines()]


class MachineLine:
    """What a machine's connections go through."""

    def __init__(self, workspace, servers):
        self.ports = [free_port() for _ in servers]
        pairs = [f"{port}={server.port}" for port, server in zip(self.ports, servers)]
        self._process = subprocess.Popen([sys.executable, "-B", database_line.__file__, *pairs], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, bufsize=0)
        workspace.on_close(self._close)
        self._expect_answer()

    def tell(self, *words):
        self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        return self._expect_answer()

    def _expect_answer(self):
        answer = next_line(self._process.stdout)
        if not answer:
            raise HarnessError("the line to the database has ended")
        return answer.decode().strip()

    def _close(self):
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class FleetDatabases:
    def __init__(self, workspace, environment=None):
        """environment: of the servers; a clock that is turned on must not end their connections to each other."""
        self._workspace = workspace
        self.primary, self.standby = (Server(workspace, number, environment=environment) for number in (1, 2))
        self.servers = (self.primary, self.standby)
        self.lines = {}
        self.primary.make()
        self.primary.start(self.standby)
        self.primary.create()

    def query(self, statement, name=NAME):
        return self.primary.query(statement, name)

    def line(self, machine):
        if machine not in self.lines:
            self.lines[machine] = MachineLine(self._workspace, self.servers)
        return self.lines[machine]

    def connection(self, role, machine):
        """Returns what a machine's fleet.conf has: both servers, by the machine's line."""
        first, second = self.line(machine).ports
        return (f"host=127.0.0.1,127.0.0.1 port={first},{second} dbname={NAME} user=dkimsignd_{role} target_session_attrs=read-write "
                "sslmode=disable gssencmode=disable connect_timeout=30")

    def wake_agents(self):
        self.query("NOTIFY dkimsignd")

    def _changed(self):
        """Tells the lines that a server has come or gone."""
        for line in self.lines.values():
            line.tell("look")

    # The standby.

    def add_standby(self):
        """Makes the server that does not run the standby of the one that does. What the primary confirms, the standby
        then has as well."""
        self.standby.copy(self.primary)
        self.standby.start(self.primary)
        self.primary.query(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        self.primary.query("SELECT pg_reload_conf()")
        wait_for(lambda: self.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "the standby to follow")
        self._changed()

    def promote(self):
        """After the primary's death: the standby takes its place."""
        self.primary.wait()
        self.primary, self.standby = self.standby, self.primary
        self.primary.query("SELECT pg_promote()")
        self.primary.query("ALTER SYSTEM RESET synchronous_standby_names")
        self.primary.query("SELECT pg_reload_conf()")
        self._changed()

    def restart(self):
        """After the primary's death: it comes back, as after a power cut."""
        self.primary.wait()
        self.start()

    def start(self):
        self.primary.start(self.standby)
        self._changed()

    def stop(self):
        """An outage: no server is there."""
        for server in self.servers:
            if server.runs():
                server.stop()
        self._changed()

    # Backups.

    def dump(self):
        path = self._workspace.path / "postgres" / "dump"
        run(BIN / "pg_dump", "-Fc", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres", "-f", path, NAME)
        return path

    def restore(self, path):
        """Replaces the database by an older one. Connections to it are ended."""
        self.query(f"DROP DATABASE {NAME} WITH (FORCE)", "postgres")
        self.primary.create()
        run(BIN / "pg_restore", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres", "-d", NAME, path)
        if self.standby.runs():
            ((position,),) = self.query("SELECT pg_current_wal_lsn()")
            wait_for(lambda: self.standby.query(f"SELECT pg_last_wal_replay_lsn() >= '{position}'", "postgres") == [["t"]],
                     "the standby to follow")
