#!/usr/bin/python3
"""Interrupts the writers of a file of sealing keys at each system call that changes something: by a kill before the call,
or by its failure.

The file is always as before or as after, what is left can be read by its owner alone, and the next writer works and
leaves nothing behind.
"""

import os
import re
import subprocess
import unittest

from interrupted import CALLS, FULL_DISK, READING
from sanitizers import with_option
from dkimkey import StoreTest

PROBE = os.environ["SEALING_KEY_PROBE"]
NAME = "sealing.key"
LOCK, LEFTOVER = f".{NAME}.lock", f".{NAME}.new"


class SealingKeyCrash(StoreTest):
    def setUp(self):
        super().setUp()
        self.log = self.directory / "log"
        self.holder = self.directory / "holder"
        self.file = self.holder / NAME

    def probe(self, *words):
        done = subprocess.run([PROBE, *words], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def list(self):
        """Returns the keys of the file; nothing if there is no file."""
        return self.probe("list", self.file) if self.file.exists() else None

    def fresh(self, before):
        """Fills the directory with a file of that content, or with none."""
        subprocess.run(["rm", "-rf", self.holder], check=True)
        self.holder.mkdir(0o755)
        if before is not None:
            self.file.touch(0o640)
            self.file.write_bytes(before)

    def strace(self, words, *options):
        environment = with_option(os.environ, "detect_leaks=0")
        return subprocess.run(["strace", "-f", "-y", "-o", self.log, *options, PROBE, *words], env=environment,
                              capture_output=True, text=True, timeout=60, check=False)

    def counts(self, before, words, selected):
        """Returns how often an undisturbed run makes each call on the directory."""
        self.fresh(before)
        done = self.strace(words, *selected, "-e", "trace=" + ",".join(CALLS))
        self.assertEqual(done.returncode, 0, done.stderr)
        made = [match[1] for line in self.log.read_text().splitlines() if (match := re.match(r"\d+ +(\w+)\(", line))]
        for call in ("openat", "write", "fchmod", "fsync"):
            self.assertIn(call, made)
        return {call: made.count(call) for call in CALLS}

    def assert_private(self):
        """Checks that nothing that may hold a key can be read by others."""
        for path in self.holder.iterdir():
            self.assertIn(path.name, (NAME, LOCK, LEFTOVER))
            self.assertEqual(path.stat().st_mode & 0o137, 0, path)

    def interrupt(self, before, words, is_after):
        """before: the file's content, or None. is_after(keys): what an undisturbed run leaves."""
        words = [words[0], self.file, *words[1:]]
        selected = [option for path in (self.holder, *(self.holder / name for name in (NAME, LOCK, LEFTOVER)))
                    for option in ("-P", path)]
        self.fresh(before)
        keys_before = self.list()
        seen = set()
        for call, count in self.counts(before, words, selected).items():
            for number in range(1, count + 1):
                faults = ["signal=KILL"]
                if call not in READING:
                    faults.append("error=ENOSPC" if call in FULL_DISK else "error=EIO")
                for fault in faults:
                    with self.subTest(command=words[0], call=call, number=number, fault=fault):
                        self.fresh(before)
                        done = self.strace(words, *selected, "-e", f"trace={call}",
                                           "-e", f"inject={call}:{fault}:when={number}")
                        if fault == "signal=KILL":
                            self.assertEqual(done.returncode, -9, "nothing was killed")
                        else:
                            self.assertIn("(INJECTED)", self.log.read_text())
                        self.assert_private()
                        keys = self.list()
                        self.assertTrue(keys == keys_before or is_after(keys), keys)
                        seen.add(keys != keys_before)
                        if fault != "signal=KILL" and call != "unlinkat":
                            self.assertFalse((self.holder / LEFTOVER).exists())
                        self.go_on(keys)
        self.assertEqual(seen, {True, False}, "both outcomes occurred")

    def go_on(self, keys):
        """The next writer works, changes nothing else, and leaves nothing behind."""
        self.probe("add" if keys else "make", self.file)
        after = self.list()
        self.assertEqual(after[:-1], keys or [])
        self.assertEqual(sorted(path.name for path in self.holder.iterdir()), [LOCK, NAME])
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o640)
        self.assertEqual(self.file.stat().st_nlink, 1)

    def content(self, keys):
        self.fresh(None)
        self.probe("make", self.file)
        for _ in range(1, keys):
            self.probe("add", self.file)
        return self.file.read_bytes()

    def test_the_first_key(self):
        self.interrupt(None, ["make"], lambda keys: keys is not None and len(keys) == 1)

    def test_another_key(self):
        before = self.content(2)
        old = self.list()
        self.interrupt(before, ["add"], lambda keys: keys[:2] == old and len(keys) == 3)

    def test_old_keys_are_removed(self):
        before = self.content(3)
        last = self.list()[-1:]
        self.interrupt(before, ["remove-below", "3"], lambda keys: keys == last)


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
