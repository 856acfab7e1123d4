"""A database and three machines of a fleet, for the tests of dkimkey fleet reseal. Nothing signs here.

What the database has is opened by the cryptography package, not by dkimkey.
"""

import base64
import os
import re
import subprocess

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from dkimkey import GROUP, PROGRAM, StoreTest
from harness.fleet_databases import BIN, NAME, Server
from harness.workspace import Workspace, stop_process, wait_for

DONE, PROBLEM, USAGE, WAITING = 0, 1, 2, 3
OWNER = "dkimsignd_owner"


class Machine:
    def __init__(self, workspace, name, port):
        self.name, self._workspace, self._port = name, workspace, port
        self.root = workspace.directory(name, 0o755)
        self.keys = workspace.directory(f"{name}/keys", 0o750)
        os.chown(self.keys, 0, GROUP)
        self.sealing_key = self.root / "sealing.key"
        self.config = self.root / "dkimsignd.conf"
        self.config.write_text(f'key_directory = "{self.keys}";\nfleet = "{self.root}/fleet.conf";\n')
        self.agent = None

    def act_as(self, role):
        fleet = self.root / "fleet.conf"
        fleet.write_text(f'connection = "host=127.0.0.1 port={self._port} dbname={NAME} user={role} sslmode=disable '
                         f'gssencmode=disable";\nsealing_key_file = "{self.sealing_key}";\nhost = "{self.name}";\n')
        fleet.chmod(0o640)

    def command(self, *words):
        return [PROGRAM, "--config", str(self.config), *map(str, words)]

    def run(self, *words):
        return subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              check=False)

    def dkimkey(self, *words, code=DONE):
        """Returns what it writes."""
        done = self.run(*words)
        if done.returncode != code:
            raise AssertionError(f"{self.name}: dkimkey {words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def take_sealing_keys(self, content):
        """As a person copies the file."""
        self.sealing_key.write_bytes(content)
        self.sealing_key.chmod(0o640)

    def numbers(self):
        """Returns the numbers in its file of sealing keys."""
        return [int(number) for number in re.findall(r"number = (\d+)", self.sealing_key.read_text())]

    def start_agent(self):
        self.agent = self._workspace.spawn(*self.command("fleet", "sync"), log=self.root / "agent.log")

    def stop_agent(self):
        if self.agent:
            code = stop_process(self.agent)
            self.agent = None
            if code != 0:
                raise AssertionError(f"{self.name}: the agent ended with {code}: {(self.root / 'agent.log').read_text()}")


class ResealCase(StoreTest):
    """domains: how many the fleet has, each with an Ed25519 key."""

    domains = 3

    def setUp(self):
        super().setUp()
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.server = Server(self.workspace, 1)
        self.server.make()
        self.server.start(self.server)
        self.server.create()
        self.machines = [Machine(self.workspace, name, self.server.port) for name in ("mx1", "mx2", "mx3")]
        self.mx1, self.mx2, self.mx3 = self.machines
        self.make_fleet()

    def make_fleet(self):
        for number in range(self.domains):
            self.mx1.dkimkey("generate", "-d", f"d{number}.example", "-s", "server", "--algorithm", "ed25519",
                             "--activate")
        self.server.query(self.mx1.dkimkey("fleet", "init", "--print-roles"))
        self.mx1.act_as(OWNER)
        self.mx1.dkimkey("fleet", "init")
        for machine, role in zip(self.machines, ("writer", "writer", "signer")):
            machine.act_as(f"dkimsignd_{role}")
        self.mx1.dkimkey("fleet", "push")
        for machine in (self.mx2, self.mx3):
            machine.take_sealing_keys(self.mx1.sealing_key.read_bytes())
            machine.dkimkey("fleet", "join")

    # Steps.

    def prepare(self):
        said = self.mx1.dkimkey("fleet", "reseal", "--prepare")
        return int(re.search(r"the new sealing key (\d+)", said)[1])

    def hand_out(self, *machines):
        """Copies mx1's file to the machines. What they have is reported."""
        for machine in machines:
            machine.take_sealing_keys(self.mx1.sealing_key.read_bytes())
        self.report(self.mx1, *machines)

    def report(self, *machines):
        """Brings each machine's report up to date."""
        for machine in machines:
            if machine.agent:
                said = " ".join(f"{number}:" for number in machine.numbers())
                wait_for(lambda machine=machine: self.reported(machine) == said, f"{machine.name} to report its keys",
                         patience=120)
            else:
                machine.dkimkey("fleet", "sync", "--once")

    def reported(self, machine):
        ((keys,),) = self.server.query(f"SELECT sealing_keys FROM dkimsignd.signers WHERE host = '{machine.name}'")
        return " ".join(f"{key.split(':')[0]}:" for key in keys.split())

    # What the database has.

    def sealed_with(self):
        """Returns how many keys are sealed with each sealing key."""
        return {int(number): int(count) for number, count in self.server.query(
            "SELECT sealing_key, count(*) FROM dkimsignd.sealed_keys GROUP BY 1 ORDER BY 1")}

    def known(self):
        """Returns the numbers of the sealing keys that the database knows."""
        return [int(number) for (number,) in self.server.query("SELECT number FROM dkimsignd.sealing_keys ORDER BY 1")]

    def sealing_keys(self):
        return {int(number): base64.b64decode(key) for number, key in
                re.findall(r'number = (\d+); key = "([^"]*)"', self.mx1.sealing_key.read_text())}

    def assert_all_open(self, machine=None):
        """Opens every key of the database, and compares it with the file of a machine."""
        machine = machine or self.mx1
        keys = self.sealing_keys()
        rows = self.server.query("SELECT domain, selector, use, algorithm, sealing_key, encode(sealed, 'hex') "
                                 "FROM dkimsignd.sealed_keys")
        self.assertGreaterEqual(len(rows), self.domains)
        for *place, sealed in rows:
            domain, selector, use, _algorithm, number = place
            data, sealed = b"\1", bytes.fromhex(sealed)
            for field in place:
                data += len(field).to_bytes(4, "big") + field.encode()
            der = AESGCM(keys[int(number)]).decrypt(sealed[1:13], sealed[13:], data)
            pem = (machine.keys / domain / f"{selector}{'+' + use if use != '1' else ''}.private").read_bytes()
            self.assertEqual(der, serialization.load_pem_private_key(pem, None).private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), place)

    def settle(self):
        """Waits until every machine has every change, and refuses none."""
        wait_for(lambda: self.server.query("SELECT count(*) FROM dkimsignd.signers WHERE applied < "
                                           "(SELECT sequence FROM dkimsignd.store)") == [["0"]],
                 "every machine to have everything")
        self.assertEqual(self.server.query("SELECT host, domain, reason FROM dkimsignd.refused"), [])

    def open_session(self):
        """Returns a session in the database."""
        session = subprocess.Popen(
            [BIN / "psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.server.port), "-U", "postgres", "-d", NAME],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

        def end():
            session.stdin.close()
            session.wait(60)
            session.stdout.close()

        self.addCleanup(end)
        return session
