"""A PostgreSQL server and any number of connections to it that are those of dkimkey (fleet_probe.cpp)."""

import contextlib
import os
import select
import subprocess
import unittest

from harness.fleet_databases import Server
from harness.workspace import HarnessError, Workspace, wait_for

PROBE = os.environ.get("FLEET_PROBE", "")
NAME = "dkimsignd"
PLAIN = "sslmode=disable gssencmode=disable"
# Longer than any time limit of a statement.
PATIENCE = 120
ROLES = ("owner", "writer", "signer", "reader")


class Refused(Exception):
    """The probe's answer is an error."""

    def __init__(self, kind, message):
        super().__init__(f"{kind} {message}")
        self.kind, self.message = kind, message


class Probe:
    """One connection, made by the first command."""

    def __init__(self, path, before=(), program=PROBE):
        """before: the words of a command that runs the program."""
        self._process = subprocess.Popen([*before, program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def begin(self, *words):
        """Gives a command; answer() is for later."""
        with contextlib.suppress(BrokenPipeError):  # it has ended with an answer
            self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    def has_answer(self):
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def answer(self):
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            raise HarnessError("the probe does not answer")
        state, *rest = self._process.stdout.readline().decode().rstrip("\n").split(" ", 1)
        if state == "ok":
            return rest[0] if rest else ""
        if state != "error":
            raise HarnessError(f"the probe ended: {state}")
        kind, *message = rest[0].split(" ", 1)
        raise Refused(kind, message[0] if message else "")

    def ask(self, *words):
        self.begin(*words)
        return self.answer()

    def kill(self):
        """As with its machine."""
        self._process.kill()
        self._process.wait()

    def close(self):
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class ProbeCase(unittest.TestCase):
    """Has a server for all tests of a class, and an empty database for each test."""

    settings = ""
    access = "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n"

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.server = Server(cls.workspace, 1, cls.settings, access=cls.access)
        cls.server.make()
        cls.prepare()
        cls.server.start(cls.server)
        cls.server.query(f"CREATE DATABASE {NAME}", "postgres")
        cls.files = 0

    @classmethod
    def prepare(cls):
        """Before the server starts."""

    def setUp(self):
        self.server.query(f"DROP DATABASE {NAME} WITH (FORCE)", "postgres")
        self.server.query(f"CREATE DATABASE {NAME}", "postgres")

    def query(self, statement):
        return self.server.query(statement, NAME)

    def value(self, statement):
        ((value,),) = self.query(statement)
        return value

    def conf(self, connection, mode=0o640):
        """Returns the path of a fleet.conf with this connection."""
        type(self).files += 1
        path = self.workspace.path / f"fleet{self.files}.conf"
        path.write_text(f'connection = "{connection}";\nsealing_key_file = "/none";\nhost = "mx1";\n')
        path.chmod(mode)
        return path

    def connection(self, user="postgres", more="", port=None):
        return f"host=127.0.0.1 port={port or self.server.port} dbname={NAME} user={user} {PLAIN} {more}"

    def probe_of(self, path):
        probe = Probe(path)
        self.addCleanup(probe.close)
        return probe

    def probe(self, user="postgres", more="", port=None):
        return self.probe_of(self.conf(self.connection(user, more, port)))

    def refusal(self, probe, *words):
        with self.assertRaises(Refused) as caught:
            probe.ask(*words)
        return caught.exception


class TablesCase(ProbeCase):
    """Has the roles as an administrator makes them, and the tables as their owner makes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.roles = subprocess.run([PROBE, "roles"], capture_output=True, text=True, check=True).stdout

    def setUp(self):
        super().setUp()
        for role in ROLES:
            self.server.query(f"DROP ROLE IF EXISTS dkimsignd_{role}", "postgres")
        self.query(self.roles)
        self.assertEqual(self.member("owner").ask("schema"), "made")

    def member(self, role, more=""):
        return self.probe(f"dkimsignd_{role}", more)

    def put(self, domain, text="m"):
        return int(self.member("writer").ask("put", domain, text).split()[0])

    def wait_for_lock(self, count=1):
        wait_for(lambda: int(self.value("SELECT count(*) FROM pg_locks WHERE NOT granted")) >= count, "a lock to be waited for")
