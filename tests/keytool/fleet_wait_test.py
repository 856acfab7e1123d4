#!/usr/bin/python3
"""dkimkey rotate on a machine of a fleet waits: with --wait until a database is back that is away for a while, and for other
machines that follow in a moment.
"""

import fcntl
import subprocess
import unittest

from dkimkey import PROGRAM
from dns_world import ZONE, DnsWorld
from fleet_sync_case import WAITING, SyncCase
from harness.workspace import wait_for


class WaitTest(SyncCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dns = DnsWorld(cls.workspace.directory("dns", 0o700), network="127.53.65")
        cls.addClassCleanup(cls.dns.close)
        cls.dns.start(secondary=False)

    def setUp(self):
        super().setUp()
        self.mx1 = self.signer("mx1")
        self.mx1.connect(self.port, user="dkimsignd_writer")
        self.author.make(ZONE, "server")
        self.rotate = [PROGRAM, "--config", self.mx1.config, "rotate", "-d", ZONE, "--compromised",
                       "--resolver", f"{self.dns.resolver}@5353"]

    def manifest(self):
        ((manifest,),) = self.query("SELECT replace(manifest, E'\\n', ' ') FROM dkimsignd.domains")
        return manifest

    def test_a_database_that_comes_back_ends_no_turn(self):
        self.mx1.sync()
        log = self.workspace.path / "wait.log"
        # Only this run knows that the old key is compromised. It waits for the record of the new one.
        waiting = self.workspace.spawn(*self.rotate, "--wait", log=log)

        def says(words):
            wait_for(lambda: words in log.read_text(), f"{words!r} in {log.read_text()!r}",
                     alive=lambda: waiting.poll() is None, patience=120)

        says("its record is not on every server")
        self.stop_server()
        says("the fleet's database cannot be reached")
        # What it says next is something else than before.
        (new,) = {path.stem for path in (self.mx1.keys / ZONE).glob("*.txt")} - {"server"}
        self.dns.put(f"{new}._domainkey.{ZONE}", "hello")
        self.server.start(self.server)
        says("syntax error")

    def test_a_machine_that_follows_is_not_named_as_one_that_signs_with_a_void_key(self):
        self.author.dkimkey("generate", ZONE, "-s", "second", "--algorithm", "ed25519")
        self.author.dkimkey("activate", ZONE, "-s", "second", "--force")
        self.author.put(ZONE)
        self.mx1.sync()
        mx2 = self.signer("mx2")
        mx2.start()
        self.wait_for_copy(ZONE, mx2)
        with open(mx2.keys / ".sync.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rotating = subprocess.Popen(self.rotate, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            wait_for(lambda: '"revoked"' in self.manifest(), "the old key to be revoked", alive=lambda: rotating.poll() is None)
        said = rotating.communicate(timeout=60)[0]
        self.assertEqual(rotating.returncode, WAITING, said)
        self.assertIn("revoked server", said)
        self.assertNotIn("mx2", said)


if __name__ == "__main__":
    unittest.main()
