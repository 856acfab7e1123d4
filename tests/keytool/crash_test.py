#!/usr/bin/python3
"""dkimkey generate killed before each of its system calls that change the store, and each of them failing.

Whatever the instant: the store reads as before or as after, the next generate works, and after it nothing of
the dead one is left.
"""

import os
import re
import shutil
import subprocess
import unittest

from dkimkey import GROUP, PROGRAM, StoreTest, succeed

# All by which a file or directory comes, goes or changes.
CALLS = ("mkdir", "chown", "chmod", "openat", "write", "fchown", "fchmod", "fsync", "link", "rename", "renameat2",
         "unlink", "rmdir", "flock", "close")


def strace(log, *options, command):
    return subprocess.run(["strace", "-f", "-y", "-o", log, *options, PROGRAM, *map(str, command)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)


class Crash(StoreTest):
    def setUp(self):
        super().setUp()
        self.log = self.directory / "log"
        self.holder = self.directory / "holder"
        self.keys = self.holder / "keys"

    def fresh_store(self, prepared):
        """The holder of the key directory, as prepared."""
        if self.holder.exists():
            shutil.rmtree(self.holder)
        if prepared is None:
            self.holder.mkdir()
        else:
            subprocess.run(["cp", "-a", prepared, self.holder], check=True)

    def instants(self, prepared, command):
        """Which calls of an undisturbed run touch the store: (call, how many of that call came before)."""
        self.fresh_store(prepared)
        done = strace(self.log, "-e", "trace=" + ",".join(CALLS), command=command)
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = dict.fromkeys(CALLS, 0)
        found = []
        for line in self.log.read_text().splitlines():
            match = re.match(r"\d+ +(\w+)\(", line)
            if not match:
                continue
            counts[match[1]] += 1
            if str(self.holder) in line:
                found.append((match[1], counts[match[1]]))
        self.assertGreater(len(found), 20)
        return found

    def check_aftermath(self, before, after, retry):
        """The store is as before or as after; the next generate makes it whole."""
        if self.keys.exists():
            selectors = self.selectors()
            self.assertIn(selectors, (before, after))
            for selector in selectors:
                succeed("show", "-D", self.keys, "-d", "example.com", "-s", selector)
        else:
            self.assertEqual(before, [])
            selectors = []
        # The same again where it was not made, another where it was.
        done = self.generate(*(["again", "--algorithm", "ed25519"] if selectors == after else retry))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.selectors(), sorted(after + ["again"]) if selectors == after else after)
        self.assert_tidy()
        self.assertEqual([path.name for path in self.holder.iterdir()], ["keys"])
        self.assertEqual(self.keys.stat().st_mode & 0o7777, 0o750)
        self.assertEqual([path for path in self.keys.rglob("*.new")], [])

    def go_through(self, prepared, before, after, arguments):
        command = ["generate", "-D", self.keys, "-d", "example.com", "-s", *arguments]
        made = 0
        for call, number in self.instants(prepared, command):
            # close and flock only read; killing there covers the time between two others.
            for fault in ("signal=KILL", "error=EIO"):
                if fault == "error=EIO" and call in ("close", "flock"):
                    continue
                with self.subTest(call=call, number=number, fault=fault):
                    self.fresh_store(prepared)
                    done = strace(self.log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}",
                                  command=command)
                    # Ended by strace's own death by the same signal, or refused.
                    self.assertNotEqual(done.returncode, 2)
                    if fault == "signal=KILL":
                        self.assertNotEqual(done.returncode, 0, "the injection hit nothing")
                    self.assertNotIn(b"terminate called", done.stderr)
                    # Who lives on takes the half-made key directory away at once.
                    if fault == "error=EIO" and call != "rmdir":
                        self.assertFalse((self.holder / ".keys.new").exists())
                    made += bool(self.keys.exists() and self.selectors() == after)
                    self.check_aftermath(before, after, arguments)
        # Both kinds of instant were met.
        self.assertGreater(made, 0)

    def test_the_first_key_of_a_new_store(self):
        self.go_through(None, [], ["new", "new-ed25519"], ["new", "--algorithm", "both", "-b", "1024"])

    def test_another_key_that_changes_older_records(self):
        prepared = self.directory / "prepared"
        prepared.mkdir()
        self.keys = prepared / "keys"
        self.make_store()
        self.generate("old", "--algorithm", "ed25519")
        self.keys = self.holder / "keys"
        self.go_through(prepared, ["old"], ["new", "old"],
                        ["new", "--algorithm", "ed25519", "--testmode", "--nosubdomains"])
        self.assertEqual(self.keys.stat().st_gid, GROUP)


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
