#!/usr/bin/python3
"""Other faults around a store: a full or read-only disk, a clock that was set back, files of another user, two runs at
once. dkimkey reports each fault, and nothing is lost."""

import concurrent.futures
import os
import subprocess
import unittest

from clock import at_time
from dkimkey import GROUP, StoreTest, for_everybody, run, succeed, without_leak_check
from refusing_resolver import refusing_resolver

DONE, PROBLEM, WAITING = 0, 1, 3
LONG_AFTER = "2037-11-24T06:00:00Z"


class FaultTest(StoreTest):
    """Has a store with an active, a retiring and a pending key."""

    def setUp(self):
        super().setUp()
        self.resolver = ("--resolver", self.enterContext(refusing_resolver()))

    def fill(self):
        self.make_store()
        for selector, *more in (["old", "--activate"], ["now"], ["next"]):
            done = self.generate(selector, "--algorithm", "ed25519", *more)
            self.assertEqual(done.returncode, DONE, done.stderr)
            if selector == "now":
                succeed(*self.in_domain("activate", "--force", "-s", "now"))

    def in_domain(self, subcommand, *more):
        network = () if subcommand in ("generate", "list", "show") else self.resolver
        return [subcommand, "-D", self.keys, "-d", "example.com", *more, *network]

    def writers(self):
        """Returns the commands that write, each with something to do."""
        return {
            "generate": self.in_domain("generate", "-s", "more", "--algorithm", "ed25519"),
            "activate": self.in_domain("activate", "--force", "-s", "next"),
            "rotate": self.in_domain("rotate", "--due"),
            "revoke": self.in_domain("revoke", "-s", "next"),
        }

    def content(self):
        return {path: path.read_bytes() for path in self.keys.rglob("*") if path.is_file()}

    def assert_refused(self, words, **options):
        """Checks that each writer says why it fails, and leaves every byte as it was."""
        before = self.content()
        for name, command in self.writers().items():
            with self.subTest(name):
                done = run(*command, env=at_time(LONG_AFTER), **options)
                self.assertEqual(done.returncode, PROBLEM, done.stdout + done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn(b"PRIVATE", done.stdout + done.stderr)
                self.assertEqual(self.content(), before)

    def assert_works(self):
        for name, command in self.writers().items():
            done = run(*command, env=at_time(LONG_AFTER))
            self.assertIn(done.returncode, (DONE, WAITING), (name, done.stderr))
        self.assert_tidy()


class Disk(FaultTest):
    def setUp(self):
        super().setUp()
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", self.disk], capture_output=True,
                               check=False)
        if mount.returncode != 0:
            self.skipTest(f"mounting is not permitted here: {mount.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)
        self.keys = self.disk / "keys"
        self.fill()

    def test_full(self):
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as file:
            with self.assertRaises(OSError):
                while True:
                    file.write(bytes(512))
        self.assert_refused(b"No space left on device")
        filler.unlink()
        self.assert_works()

    def test_read_only(self):
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        self.assert_refused(b"Read-only file system")
        # Readers are not disturbed.
        self.assertEqual(self.selectors(), ["next", "now", "old"])
        succeed(*self.in_domain("show", "-s", "now"))
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
        self.assert_works()


class Clock(FaultTest):
    def states(self):
        return {key["selector"]: key["state"] for key in self.listed()}

    def test_set_back(self):
        """Every period lasts at least as long as it should; no key is revoked, and none begins to sign."""
        self.fill()
        before = self.states()
        for time in ("2020-01-01T00:00:00Z", "1970-01-01T00:00:00Z"):
            done = run(*self.in_domain("rotate", "--due"), env=at_time(time))
            self.assertEqual(done.returncode, WAITING, done.stderr)
            self.assertEqual(self.states(), before)
        done = run(*self.in_domain("rotate", "--due"), env=at_time(LONG_AFTER))
        self.assertEqual(self.states(), before | {"old": "revoked"})


class Others(FaultTest):
    def test_a_caller_without_the_right(self):
        self.fill()
        self.directory.chmod(0o755)
        self.assert_refused(b"Permission denied", user=12345, group=GROUP, extra_groups=[])
        self.assert_works()

    def test_a_directory_that_may_be_read_and_not_written(self):
        self.fill()
        self.directory.chmod(0o755)
        (self.keys / "example.com" / ".lock").chmod(0o666)
        self.assert_refused(b"Permission denied", user=12345, group=GROUP, extra_groups=[])

    def test_root_without_capabilities_in_what_is_another_s(self):
        """Runs as the timer does, after somebody gave the keys to the daemon's user."""
        self.fill()
        domain = self.keys / "example.com"
        for path in (domain, *domain.iterdir()):
            os.chown(path, 12345, -1)
        without = ["setpriv", f"--regid={GROUP}", "--clear-groups", "--bounding-set=-all",
                   for_everybody()]
        bare = subprocess.run([*without, *map(str, self.writers()["rotate"])],
                              env=without_leak_check(at_time(LONG_AFTER)), capture_output=True, check=False)
        self.assertEqual(bare.returncode, PROBLEM, bare)
        self.assertIn(f"fix it with: chown -R root {domain}\n".encode(), bare.stderr)
        self.follow_advice(lambda: run(*self.writers()["rotate"], env=at_time(LONG_AFTER)))
        for selector in ("now", "next"):
            self.follow_advice(lambda selector=selector: run(*self.in_domain("show", "-s", selector)))
        self.assert_works()


class TwoAtOnce(FaultTest):
    def test_one_turn_is_begun(self):
        self.make_store()
        self.generate("s", "--algorithm", "both", "-b", "1024", "--activate")
        rotate = self.in_domain("rotate", "--due")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: run(*rotate, env=at_time(LONG_AFTER)), range(8)))
        self.assertEqual([d.returncode for d in done], [WAITING] * 8, [d.stderr for d in done])
        self.assertEqual(self.selectors(), ["s", "s-20371124", "s-ed25519", "s-ed25519-20371124"])
        self.assert_tidy()

    def test_revoked_and_rotated(self):
        """Whichever comes first, a key signs and the revoked one is gone."""
        for _ in range(5):
            if self.keys.exists():
                subprocess.run(["rm", "-r", self.keys], check=True)
            self.make_store()
            self.generate("s", "--algorithm", "ed25519", "--activate")
            commands = [self.in_domain("revoke", "-s", "s"), self.in_domain("rotate", "--due")]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                done = list(pool.map(lambda command: run(*command, env=at_time(LONG_AFTER)), commands))
            self.assertEqual([d.returncode for d in done], [WAITING] * 2, [d.stderr for d in done])
            states = {key["selector"]: key["state"] for key in self.listed()}
            self.assertEqual(states.pop("s"), "revoked")
            self.assertIn("active", states.values())
            self.assert_tidy()


if __name__ == "__main__":
    unittest.main()
