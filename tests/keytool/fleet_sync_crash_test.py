#!/usr/bin/python3
"""A pass of a fleet's agent that is killed before any of its system calls, in the key directory or to the database, or
finds the disk full there: the copy reads as before or as after, the database never believes that this machine holds what it
does not, and the next pass completes the work.
"""

import unittest

from dkimkey import run
from fleet_author import files
from fleet_sync_case import DONE, PROBLEM
from interrupted_sync import InterruptedSyncCase


class CrashTest(InterruptedSyncCase):
    def check_a_pass(self, signer, domain, before):
        after = self.states(self.author.keys, domain)
        seen = set()

        def check():
            states = self.states(signer.keys, domain)
            self.assertIn(states, (before, after))
            for selector, state in states.items():
                if state != "revoked":
                    self.assertEqual(run("show", "-D", signer.keys, "-d", domain, "-s", selector).returncode, DONE)
            applied, lease_end = signer.row()
            # First the files, then the sequence, then the database.
            self.assertLessEqual(applied, signer.sequence())
            self.assertLessEqual(signer.lease_end(), lease_end)
            if signer.sequence() == self.newest():
                self.assertEqual(states, after)
            seen.add((states == after, signer.sequence() == self.newest(), applied == self.newest()))
            signer.sync()
            self.assertEqual((signer.sequence(), signer.row()[0]), (self.newest(), self.newest()))
            self.assert_equal_copy(signer, *sorted(path.name for path in self.author.keys.iterdir()))
            self.assertEqual([path for path in signer.keys.rglob("*") if path.name.endswith(".new")], [])

        self.interrupt(signer, signer.command("--once"), check)
        self.assertEqual(seen, {(False, False, False), (True, False, False), (True, True, False), (True, True, True)})

    def test_a_turn_of_a_key(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        before = self.states(signer.keys, "a.example")
        self.author.turn("a.example", "server", "second")
        self.prepare(signer)
        self.check_a_pass(signer, "a.example", before)

    def test_a_new_domain(self):
        signer = self.signer("mx1")
        signer.sync()
        self.author.make("a.example")
        self.prepare(signer)
        self.check_a_pass(signer, "a.example", {})

    def test_a_refusal(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        self.author.put("a.example", manifest="damaged")
        self.prepare(signer)
        before = files(signer.keys, "a.example")

        def check():
            self.assertEqual(files(signer.keys, "a.example"), before)
            # The sequence never goes past a domain that the database does not know to be refused.
            if signer.sequence() == self.newest():
                self.assertEqual(list(signer.refused()), ["a.example"])
            signer.sync(codes=(PROBLEM,))
            self.assertEqual((signer.sequence(), list(signer.refused())), (self.newest(), ["a.example"]))

        # An undisturbed pass says that there is a problem.
        paths = [option for path in (signer.keys, signer.keys / ".fleet", signer.keys / ".lease") for option in ("-P", path)]
        for call, selected in (("sendto", []), ("renameat", paths), ("fsync", paths)):
            self.begin_again(signer)
            count = len(self.strace(signer.command("--once"), *selected, "-e", f"trace={call}")[1])
            self.assertGreater(count, 0, call)
            for number in range(count):
                with self.subTest(call=call, number=number):
                    self.begin_again(signer)
                    done, _ = self.strace(signer.command("--once"), *selected, "-e", f"trace={call}",
                                          "-e", f"inject={call}:signal=KILL:when={number + 1}")
                    self.assertEqual(done.returncode, -9, "nothing was killed")
                    check()


if __name__ == "__main__":
    unittest.main()
