"""A fleet's database on a real PostgreSQL, and machines that use it: for the tests of dkimkey fleet."""

import datetime
import json
import os
import re
import shutil
import subprocess
import unittest

from dkimkey import GROUP, PROGRAM, without_leak_check
from harness.fleet_databases import NAME, Server
from harness.workspace import Workspace

ROLES = ("dkimsignd_owner", "dkimsignd_writer", "dkimsignd_signer", "dkimsignd_reader")
DONE, PROBLEM, USAGE, WAITING = 0, 1, 2, 3
MESSAGE = b"From: a@%s\r\nTo: b@example.net\r\nSubject: hello\r\n\r\nbody\r\n"


class Machine:
    """A machine with its own key directory, settings and sealing key."""

    def __init__(self, world, host, role="dkimsignd_writer", directory=None):
        self.world, self.host = world, host
        self.root = world.workspace.directory(directory or host, 0o755)
        self.keys = self.root / "keys"
        self.config = self.root / "dkimsignd.conf"
        self.config.write_text(f'key_directory = "{self.keys}";\nfleet = "{self.root}/fleet.conf";\n')
        self.sealing_keys = self.root / "sealing.key"
        self.connect(role)

    def connect(self, role="dkimsignd_writer", port=None, host=None, lease=30):
        path = self.root / "fleet.conf"
        path.write_text(f'connection = "host=127.0.0.1 port={port or self.world.server.port} dbname={NAME} user={role} '
                        f'sslmode=disable gssencmode=disable connect_timeout=30";\n'
                        f'sealing_key_file = "{self.sealing_keys}";\nhost = "{host or self.host}";\nlease = {lease};\n')
        path.chmod(0o640)

    def copy_sealing_key(self, other):
        shutil.copy2(other.sealing_keys, self.sealing_keys)

    def make_directory(self):
        self.keys.mkdir(0o750)
        os.chown(self.keys, 0, GROUP)

    def command(self, *words):
        return [str(word) for word in (PROGRAM, "--config", self.config, *words)]

    def run(self, *words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(self.command(*words), capture_output=True, timeout=300, check=False, **options)

    def expect(self, code, *words, **options):
        """Returns what it says, on both streams."""
        done = self.run(*words, **options)
        said = (done.stdout + done.stderr).decode()
        if done.returncode != code:
            raise AssertionError(f"{self.host}: dkimkey {words} ended with {done.returncode}, not {code}:\n{said}")
        return said

    def fleet(self, *words, code=DONE):
        return self.expect(code, "fleet", *words)

    def generate(self, domain, selector="s1", *more):
        return self.expect(DONE, "generate", "-d", domain, "-s", selector, "--algorithm", "ed25519", "--activate", *more)

    def signs(self, domain):
        """Signs a message as the daemon would, and verifies each signature by the record of the key that made it."""
        message = MESSAGE % domain.encode()
        done = self.run("sign", stdin=None, input=message)
        if done.returncode != 0:
            return False
        signatures = re.findall(rb"DKIM-Signature:.*?\r\n(?![ \t])", done.stdout, re.S)
        for signature in signatures:
            selector = re.search(rb"\bs=([^;]+);", signature)[1].decode()
            record = self.run("show", "-d", domain, "-s", selector, "--format", "value").stdout.decode().strip()
            if self.run("verify", "--key-record", record, stdin=None, input=signature + message).returncode != 0:
                return False
        return bool(signatures)

    def listed(self):
        done = self.run("list", "--json")
        return {(key["domain"], key["selector"]): key["state"] for key in json.loads(done.stdout)}

    def newest_time(self, domain):
        """Returns the last second that the domain's manifest names."""
        return max(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp() for text in
                   re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", (self.keys / domain / "keys.conf").read_text()))

    def is_member(self):
        return (self.keys / ".fleet").exists()

    def files(self):
        """Returns the content of every file of every domain, except for locks."""
        return {str(path.relative_to(self.keys)): path.read_bytes() for path in sorted(self.keys.rglob("*"))
                if path.is_file() and not path.name.startswith(".")}

    def status(self, *codes):
        done = self.run("fleet", "status", "--json")
        if codes and done.returncode not in codes:
            raise AssertionError(f"fleet status ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
        return json.loads(done.stdout)

    def signer(self, host):
        (row,) = [entry for entry in self.status() if entry["kind"] == "signer" and entry["host"] == host]
        return row


class Session:
    """A connection that keeps its transaction open: to be in another's way."""

    def __init__(self, server, *statements):
        self._psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", NAME],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.run("BEGIN;", *statements)

    def run(self, *statements):
        """Waits until they are done."""
        self._psql.stdin.write("\n".join((*statements, "SELECT 'done';")) + "\n")
        self._psql.stdin.flush()
        while (line := self._psql.stdout.readline()) != "done\n":
            if not line:
                raise AssertionError("psql has ended")

    def end(self):
        self._psql.stdin.write("COMMIT;\n")
        self._psql.stdin.close()
        self._psql.wait(60)
        self._psql.stdout.close()


class FleetTest(unittest.TestCase):
    """Has a server for all tests of a class, and for each test a new database with its schema, and a first machine that has
    the sealing key."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.server = Server(cls.workspace, 1)
        cls.server.make()
        cls.server.start(cls.server)

    def setUp(self):
        self.server.query(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)", "postgres")
        self.server.query(f"DROP ROLE IF EXISTS {', '.join(ROLES)}", "postgres")
        self.server.create()
        self.machines = []
        self.owner = self.machine("owner", role="postgres")
        self.query(self.owner.fleet("init", "--print-roles"))
        for role in ROLES:
            self.query(f"ALTER ROLE {role} LOGIN")

    def machine(self, host, **options):
        machine = Machine(self, host, **options)
        self.machines.append(machine)
        self.addCleanup(shutil.rmtree, machine.root, ignore_errors=True)
        return machine

    def new_fleet(self):
        """Makes the tables and the sealing key."""
        self.owner.connect("dkimsignd_owner")
        self.owner.fleet("init")

    def member(self, host, *domains, **options):
        """Returns a machine with these domains, which has the sealing key and has not joined."""
        machine = self.machine(host, **options)
        machine.copy_sealing_key(self.owner)
        if domains:
            machine.make_directory()
        for domain in domains:
            machine.generate(domain)
        return machine

    def query(self, statement):
        return self.server.query(statement, NAME)

    def count(self, table, condition="true"):
        return int(self.query(f"SELECT count(*) FROM dkimsignd.{table} WHERE {condition}")[0][0])

    def domains(self):
        return [row[0] for row in self.query("SELECT domain FROM dkimsignd.domains ORDER BY domain")]


def traced(command, log, *options):
    """Runs a command under strace."""
    return subprocess.run(["strace", "-f", "-qq", "-o", log, *options, *command], stdin=subprocess.DEVNULL,
                          capture_output=True, env=without_leak_check(), timeout=300, check=False)
