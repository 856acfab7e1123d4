#!/usr/bin/python3
"""dkimkey rotate --wait on a machine of a fleet, while the database is away for a while: it goes on when that is back."""

import unittest

from dkimkey import PROGRAM
from dns_world import ZONE, DnsWorld
from fleet_sync_case import SyncCase
from harness.workspace import wait_for


class WaitTest(SyncCase):
    def test_a_database_that_comes_back_ends_no_turn(self):
        world = DnsWorld(self.workspace.directory("dns", 0o700), network="127.53.65")
        self.addCleanup(world.close)
        world.start(secondary=False)
        mx1 = self.signer("mx1")
        mx1.connect(self.port, user="dkimsignd_writer")
        self.author.make(ZONE, "server")
        mx1.sync()
        log = self.workspace.path / "wait.log"
        # The record of the new key is never published, and only this run knows that the old one is compromised.
        waiting = self.workspace.spawn(PROGRAM, "--config", mx1.config, "rotate", "-d", ZONE, "--compromised", "--wait",
                                       "--resolver", f"{world.resolver}@5353", log=log)

        def says(words, begin=0):
            wait_for(lambda: words in log.read_text()[begin:], f"{words!r} after {log.read_text()[begin:]!r}",
                     alive=lambda: waiting.poll() is None, patience=120)

        waits = "its record is not on every server"
        says(waits)
        self.stop_server()
        says("the fleet's database cannot be reached")
        shown = len(log.read_text())
        self.server.start(self.server)
        says(waits, shown)


if __name__ == "__main__":
    unittest.main()
