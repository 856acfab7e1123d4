#!/usr/bin/python3
"""Interrupts dkimkey generate at each system call that changes the store: by a kill before the call, or by its failure.

The store is always in its state before the command or in the one after. The next generate works, and leaves nothing of
the interrupted one behind.
"""

import os
import unittest

from dkimkey import GROUP, succeed
from interrupted import InterruptedTest


class Crash(InterruptedTest):
    def check_aftermath(self, before, after, retry):
        """Checks that the store is as before or as after, and that the next generate completes it."""
        if self.keys.exists():
            selectors = self.selectors()
            self.assertIn(selectors, (before, after))
            for selector in selectors:
                succeed("show", "-D", self.keys, "-d", "example.com", "-s", selector)
        else:
            self.assertEqual(before, [])
            selectors = []
        # Makes the same key again if it was not made, and another key otherwise.
        done = self.generate(*(["again", "--algorithm", "ed25519"] if selectors == after else retry))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.selectors(), sorted(after + ["again"]) if selectors == after else after)
        self.assert_tidy()
        self.assertEqual([path.name for path in self.holder.iterdir()], ["keys"])
        self.assertEqual(self.keys.stat().st_mode & 0o7777, 0o750)
        self.assertEqual([path for path in self.keys.rglob("*.new")], [])

    def go_through(self, before, after, arguments):
        made = []

        def check(_done, fault, call):
            # A process that is not killed removes the half-made key directory at once.
            if fault != "signal=KILL" and call != "unlinkat":
                self.assertFalse((self.holder / ".keys.new").exists())
            made.append(self.keys.exists() and self.selectors() == after)
            self.check_aftermath(before, after, arguments)

        self.interrupt(["generate", "-D", self.keys, "-d", "example.com", "-s", *arguments], (0,), check)
        # Both outcomes occurred.
        self.assertIn(True, made)
        self.assertIn(False, made)

    def test_the_first_key_of_a_new_store(self):
        self.go_through([], ["new", "new-ed25519"], ["new", "--algorithm", "both", "-b", "1024"])

    def test_another_key_that_changes_older_records(self):
        def make():
            self.make_store()
            self.generate("old", "--algorithm", "ed25519")

        self.prepare(make)
        self.go_through(["old"], ["new", "old"], ["new", "--algorithm", "ed25519", "--testmode", "--nosubdomains"])
        self.assertEqual(self.keys.stat().st_gid, GROUP)


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
