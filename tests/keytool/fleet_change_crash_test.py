#!/usr/bin/python3
"""A command that changes a domain of a fleet is killed before any of its system calls, in the key directory or to the
database, or finds the disk full there: the database and this machine's copy each have the domain as before or as after, the
copy never has what the database does not, the agent brings the copy up to date, and the command can be given again.
"""

import datetime
import re
import shutil
import subprocess
import unittest

from dkimkey import PROGRAM
from dns_world import ZONE, DnsWorld
from fleet_sync_case import DONE, WAITING
from interrupted import READING
from interrupted_sync import InterruptedSyncCase

DOMAIN = ZONE
# A table that refers to another comes after it.
TABLES = ("store", "changes", "domains", "sealing_keys", "sealed_keys", "signers", "refused")


class ChangeCrashTest(InterruptedSyncCase):
    def setUp(self):
        super().setUp()
        self.mx1 = self.signer("mx1")
        self.mx1.connect(self.port, user="dkimsignd_writer")
        self.author.make(DOMAIN, "server")

    def resolver(self):
        """Starts name servers that have no record of the domain's keys, and answer at once."""
        world = DnsWorld(self.workspace.directory(f"dns-{self._testMethodName}", 0o700), network="127.53.64")
        self.addCleanup(world.close)
        world.start(secondary=False)
        return ("--resolver", f"{world.resolver}@5353")

    # A store as it was before the command, on both sides.

    def prepare(self, signer):
        self.sync(signer)
        super().prepare(signer)
        self.query("DROP SCHEMA IF EXISTS saved CASCADE; CREATE SCHEMA saved;"
                   + "".join(f"CREATE TABLE saved.{table} AS TABLE dkimsignd.{table};" for table in TABLES))

    def begin_again(self, signer):
        shutil.rmtree(signer.keys)
        subprocess.run(["cp", "-a", self.prepared, signer.keys], check=True)
        self.query(f"BEGIN; TRUNCATE {', '.join(f'dkimsignd.{table}' for table in TABLES)};"
                   + "".join(f"INSERT INTO dkimsignd.{table} SELECT * FROM saved.{table};" for table in TABLES) + "COMMIT")

    def sync(self, signer):
        signer.sync()
        # No agent runs, and no command is to wait for one.
        self.query("UPDATE dkimsignd.signers SET last_seen = now() - interval '1 hour'")

    def in_database(self):
        """Returns the states of the domain's keys, and the names of the sealed ones that are there."""
        ((manifest,),) = self.query("SELECT CASE WHEN forgotten THEN '' ELSE replace(manifest, E'\\n', ' ') END "
                                    f"FROM dkimsignd.domains WHERE domain = '{DOMAIN}'")
        sealed = self.query(f"SELECT selector FROM dkimsignd.sealed_keys WHERE domain = '{DOMAIN}'")
        return (dict(re.findall(r'selector = "([^"]+)".*?state = "(\w+)"', manifest)), {selector for selector, in sealed})

    def on_machine(self):
        """Returns the states of the keys in the machine's copy, each of which has to be whole."""
        states = self.states(self.mx1.keys, DOMAIN)
        for selector, state in states.items():
            self.assertEqual((self.mx1.keys / DOMAIN / f"{selector}.private").exists(), state != "revoked", selector)
        return states

    def check_a_change(self, words, after, codes=(DONE,)):
        """codes: with which the command ends when it is not disturbed. It may ask DNS, in other threads."""
        command = [str(word) for word in (PROGRAM, "--config", self.mx1.config, *words)]
        self.prepare(self.mx1)
        before = self.on_machine()
        seen = set()

        def check():
            there, sealed = self.in_database()
            here = self.states(self.mx1.keys, DOMAIN)
            self.assertIn(there, (before, after))
            self.assertEqual(sealed, {selector for selector, state in there.items() if state != "revoked"})
            self.assertIn(here, (before, there))
            seen.add((there == after, here == after))
            self.sync(self.mx1)
            self.assertEqual(self.on_machine(), there)
            self.assertEqual([path for path in self.mx1.keys.rglob("*") if path.name.endswith(".new")], [])
            self.assertEqual({path.stem for path in self.mx1.keys.rglob("*.private")},
                             {selector for selector, state in there.items() if state != "revoked"})
            if there == before:
                done = subprocess.run(command, capture_output=True, timeout=120, check=False)
                self.assertIn(done.returncode, codes, done.stderr)
                self.assertEqual((self.in_database()[0], self.on_machine()), (after, after))

        # These change nothing anywhere: a kill at one of them is a kill at the next of the others.
        self.interrupt(self.mx1, command, check, codes, without=("connect", *READING))
        self.assertEqual(seen, {(False, False), (True, False), (True, True)})

    def test_generate(self):
        self.check_a_change(("generate", "-d", DOMAIN, "-s", "next", "--algorithm", "ed25519"), {"server": "active", "next": "pending"})

    def test_activate(self):
        self.author.dkimkey("generate", DOMAIN, "-s", "second", "--algorithm", "ed25519")
        self.author.put(DOMAIN)
        self.check_a_change(("activate", "-d", DOMAIN, "-s", "second", "--force"), {"server": "retiring", "second": "active"})

    def test_revoke(self):
        self.author.dkimkey("generate", DOMAIN, "-s", "second", "--algorithm", "ed25519")
        self.author.put(DOMAIN)
        self.check_a_change(("revoke", "-d", DOMAIN, "-s", "second", *self.resolver()), {"server": "active", "second": "revoked"},
                            codes=(DONE, WAITING))

    def test_forget(self):
        # A copy without the domain has no states, whatever is left of its directory.
        self.check_a_change(("fleet", "forget", DOMAIN, "--unsigned"), {}, codes=(WAITING,))
        self.assertFalse((self.mx1.keys / DOMAIN).exists())

    def test_rotate(self):
        # The selector of a year: one of a day would change at midnight.
        with open(self.mx1.config, "a", encoding="ascii") as config:
            config.write('rotation = { selector = "%stem%-%year%"; };\n')
        today = datetime.datetime.now(datetime.timezone.utc)
        self.check_a_change(("rotate", "-d", DOMAIN, *self.resolver()),
                            {"server": "active", f"server-{today:%Y}": "pending"}, codes=(WAITING,))


if __name__ == "__main__":
    unittest.main()
