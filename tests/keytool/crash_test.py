#!/usr/bin/python3
"""dkimkey generate is killed before each of its system calls that change the store, and each of them fails.

At every moment the store reads as before or as after, the next generate works, and leaves nothing of the killed
one behind.
"""

import os
import unittest

from dkimkey import GROUP, succeed
from interrupted import InterruptedTest


class Crash(InterruptedTest):
    def check_aftermath(self, before, after, retry):
        """The store is as before or as after; the next generate completes it."""
        if self.keys.exists():
            selectors = self.selectors()
            self.assertIn(selectors, (before, after))
            for selector in selectors:
                succeed("show", "-D", self.keys, "-d", "example.com", "-s", selector)
        else:
            self.assertEqual(before, [])
            selectors = []
        # Make the same key again if it was not made, or else another.
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
        # Both kinds of moments occurred.
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
