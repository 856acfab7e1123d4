#!/usr/bin/python3
"""Interrupts the writer of a fleet's copy at each system call that changes the store: by a kill before the call, or by
its failure.

The domain reads as before or as after, the next run completes the work and leaves nothing behind, and files that are
somebody else's stay as they are.
"""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from dkimkey import GROUP, run, without_leak_check
from interrupted import CALLS, InterruptedTest

PROBE = pathlib.Path(os.environ["COPY_PROBE"])
DOMAIN = "example.com"
FOREIGN = {"notes": b"mine", "other.private": b"mine, too", "other.txt": b"mine, too"}


def probe(*words):
    done = subprocess.run([PROBE, *map(str, words)], capture_output=True, check=False, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class CopyCrash(InterruptedTest):
    program = PROBE

    def setUp(self):
        super().setUp()
        self.source = self.directory / "source"  # what the fleet has

    def make(self, keys, *commands):
        for subcommand, *words in commands:
            done = run(subcommand, "-D", keys, "-d", DOMAIN, "--config", "/dev/null", *words)
            # 3: a record is to be published.
            self.assertIn(done.returncode, (0, 3), done.stderr)

    def prepare_copy(self, shared, here, fleet):
        """Makes a store by the commands in shared and here, and the fleet's by those in shared and fleet."""
        def make():
            self.make_store()
            self.make(self.keys, *shared)
            shutil.copytree(self.keys, self.source)
            self.make(self.keys, *here)
            for name, content in FOREIGN.items():
                (self.keys / DOMAIN / name).write_bytes(content)

        self.prepare(make)
        self.make(self.source, *fleet)

    def state(self, keys=None):
        return probe("read", keys or self.keys, DOMAIN)

    def expect_copy(self):
        """Checks that the copy has the files of the fleet's store, the foreign ones, and no others."""
        folder = self.keys / DOMAIN
        wanted = {path.name: path.read_bytes() for path in (self.source / DOMAIN).iterdir()} | FOREIGN
        wanted[".lock"] = b""
        self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, wanted)
        for path in folder.iterdir():
            if path.name != ".lock" and path.name not in FOREIGN:
                self.assertEqual(path.stat().st_gid, GROUP, path)

    def write_interrupted(self, is_possible):
        seen = set()

        def check(_done, _fault, _call):
            state = self.state()
            self.assertTrue(is_possible(state), state)
            seen.add(state)
            for name, content in FOREIGN.items():
                self.assertEqual((self.keys / DOMAIN / name).read_bytes(), content)
            probe("write", self.source, self.keys, DOMAIN)
            self.assertEqual(self.state(), self.state(self.source))
            self.expect_copy()
            self.assertEqual(probe("write", self.source, self.keys, DOMAIN), "equal\n")

        self.interrupt(["write", self.source, self.keys, DOMAIN], (0,), check)
        self.assertGreater(len(seen), 1)  # both outcomes occurred

    def before_or_after(self):
        self.fresh_store()
        return {self.state(), self.state(self.source)}.__contains__

    def test_a_new_domain(self):
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "both", "-b", "1024")], [], [])
        for path in (self.prepared / "keys" / DOMAIN).iterdir():
            if path.name not in FOREIGN:
                path.unlink()
        self.write_interrupted(self.before_or_after())

    def test_keys_added_removed_and_revoked(self):
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "ed25519", "--activate"),
                           ("generate", "-s", "two", "-b", "1024", "--activate")],
                          [("generate", "-s", "gone", "--algorithm", "ed25519")],
                          [("revoke", "-s", "one"),
                           ("generate", "-s", "new", "-b", "1024", "--testmode")])
        self.write_interrupted(self.before_or_after())

    def test_keys_that_differ(self):
        """Two directories drifted: the same names, other keys. No key signs that is active on neither side."""
        drift = [("generate", "-s", "one", "--algorithm", "ed25519", "--activate"),
                 ("generate", "-s", "two", "--algorithm", "ed25519")]
        self.prepare_copy([("generate", "-s", "old", "-b", "1024", "--activate")], drift, drift)
        self.fresh_store()
        signing = self.signing(self.state()) | self.signing(self.state(self.source))
        self.assertEqual(len(signing), 3)

        def is_possible(state):
            return self.signing(state) <= signing and len(self.signing(state)) == 2

        self.write_interrupted(is_possible)

    @staticmethod
    def signing(state):
        return set(re.findall(r"^\S+ active \S+$", state, re.M))

    def test_a_domain_that_goes(self):
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "both", "-b", "1024")], [], [])
        self.fresh_store()
        before = self.state()
        seen = set()

        def check(_done, _fault, _call):
            state = self.state() if self.keys.joinpath(DOMAIN).exists() else "nothing\n"
            self.assertIn(state, (before, "nothing\n"))
            seen.add(state)
            probe("remove", self.keys, DOMAIN)
            left = {path.name: path.read_bytes() for path in (self.keys / DOMAIN).iterdir()}
            self.assertEqual(left, FOREIGN | {".lock": b""})
            probe("write", self.source, self.keys, DOMAIN)
            self.expect_copy()

        self.interrupt(["remove", self.keys, DOMAIN], (0,), check)
        self.assertEqual(len(seen), 2)

    def test_a_directory_that_goes(self):
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "ed25519")], [], [])
        for name in FOREIGN:
            (self.prepared / "keys" / DOMAIN / name).unlink()

        def check(_done, _fault, _call):
            probe("remove", self.keys, DOMAIN)
            self.assertEqual(list(self.keys.iterdir()), [])

        self.interrupt(["remove", self.keys, DOMAIN], (0,), check)

    def test_a_disk_that_can_only_be_read(self):
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "ed25519")], [],
                          [("generate", "-s", "two", "--algorithm", "ed25519")])
        self.fresh_store()
        before = self.state()

        def write_read_only(source):
            script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" write "$3" "$1" "$4"'
            return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", self.keys, PROBE, source, DOMAIN],
                                  capture_output=True, text=True, check=False)

        done = write_read_only(self.source)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Read-only file system", done.stderr)
        self.assertEqual(self.state(), before)
        # What is equal needs no write.
        probe("write", self.source, self.keys, DOMAIN)
        self.assertEqual(write_read_only(self.source).stdout, "equal\n")

    def test_its_cost(self):
        """What is equal costs no write, and a new domain a number of waits for the disk that does not grow unseen."""
        self.prepare_copy([("generate", "-s", "one", "--algorithm", "ed25519")], [], [])
        self.fresh_store()
        command = ["write", self.source, self.keys, DOMAIN]

        def calls(*names):
            self.strace(command, "-e", "trace=" + ",".join(names))
            return [line for line in self.log.read_text().splitlines() if str(self.holder) in line]

        self.assertEqual([line for line in calls(*CALLS) if not re.search(r"openat\(.*O_RDONLY|close\(", line)], [])
        shutil.rmtree(self.keys / DOMAIN)
        self.assertEqual(len(calls("fsync", "fdatasync", "syncfs")), 6)


if __name__ == "__main__":
    os.umask(0o022)
    os.environ.update(without_leak_check())
    unittest.main()
