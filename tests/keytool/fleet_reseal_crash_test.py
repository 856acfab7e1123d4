#!/usr/bin/python3
"""Kills dkimkey fleet reseal at every message to the database, and --finish at every change of the file as well.

Every key in the database opens at every instant, and the command, given again, completes the work.
"""

import os
import re
import subprocess
import unittest

from reseal_world import ResealCase
from sanitizers import with_option


class ResealCrash(ResealCase):
    def setUp(self):
        super().setUp()
        self.log = self.directory / "log"
        self.newest = 1

    def strace(self, words, *options):
        return subprocess.run(["strace", "-f", "-o", self.log, *options, *self.mx1.command(*words)],
                              env=with_option(os.environ, "detect_leaks=0"), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, check=False)

    def begin(self):
        """All machines have a new sealing key, and all keys are sealed with the one before."""
        self.assertEqual(self.prepare(), self.newest + 1)
        self.hand_out(self.mx2, self.mx3)
        self.newest += 1

    def count(self, words, calls):
        done = self.strace(words, "-e", "trace=" + ",".join(calls))
        self.assertEqual(done.returncode, 0, done.stderr)
        made = re.findall(r"^\d+ +(\w+)\(", self.log.read_text(), re.MULTILINE)
        return {call: made.count(call) for call in calls}

    def kill_at(self, words, call, number):
        done = self.strace(words, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
        self.assertEqual(done.returncode, -9, f"nothing was killed: {done.stderr}")

    def test_reseal(self):
        words = ("fleet", "reseal")
        self.begin()
        (count,) = self.count(words, ["sendto"]).values()
        self.assertGreater(count, 8 + self.domains)
        seen = set()
        for number in range(1, count + 1):
            with self.subTest(number=number):
                self.mx1.dkimkey("fleet", "reseal", "--finish")
                self.begin()
                self.kill_at(words, "sendto", number)
                self.assert_all_open()
                sealed = self.sealed_with()
                self.assertEqual(sum(sealed.values()), self.domains)
                seen.add((len(self.known()), self.newest in sealed))
                self.mx1.dkimkey(*words)
                self.assertEqual(self.sealed_with(), {self.newest: self.domains})
                self.assert_all_open()
        # Before the new key was known, after that, and when the keys were sealed with it.
        self.assertEqual(seen, {(1, False), (2, False), (2, True)})

    def test_finish(self):
        words = ("fleet", "reseal", "--finish")
        calls = ["sendto", "write", "fsync", "renameat"]
        self.begin()
        self.mx1.dkimkey("fleet", "reseal")
        seen = set()
        for call, count in self.count(words, calls).items():
            self.assertGreater(count, 0, call)
            for number in range(1, count + 1):
                with self.subTest(call=call, number=number):
                    self.begin()
                    self.mx1.dkimkey("fleet", "reseal")
                    self.kill_at(words, call, number)
                    self.assert_all_open()
                    self.assertIn(self.newest, self.mx1.numbers())
                    self.assertIn(self.newest, self.known())
                    seen.add((len(self.known()), len(self.mx1.numbers())))
                    self.mx1.dkimkey(*words)
                    self.assertEqual((self.known(), self.mx1.numbers()), ([self.newest], [self.newest]))
        # What the database needs is in the file at every instant.
        self.assertEqual(seen, {(2, 2), (1, 2), (1, 1)})


if __name__ == "__main__":
    unittest.main()
