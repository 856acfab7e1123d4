#!/usr/bin/python3
"""Attacks by another user, who has put something in the way of dkimkey, or could do so.

dkimkey runs as root, and so could be led anywhere. It must never write a byte of a key where others can read it, nor
change the owner, group or mode of anything that belongs to them.
"""

import fcntl
import os
import shutil
import subprocess
import unittest

from clock import with_clock
from dkimkey import GROUP, run
from others_case import DONE, OTHER, PROBLEM, OthersTest


class KeyDirectory(OthersTest):
    def test_something_at_its_temporary_name(self):
        place = self.directory / ".keys.new"
        for kind, words in self.planted(place):
            before = place.lstat()
            self.assert_refused(self.make(), ".keys.new", words or "is not a directory")
            self.assertFalse(self.keys.exists())
            if kind.startswith("a directory of root's"):
                self.assertFalse(place.exists())  # it was empty and our own: the next run makes it again
                continue
            after = place.lstat()
            self.assertEqual((after.st_mode, after.st_uid, after.st_gid, after.st_ino),
                             (before.st_mode, before.st_uid, before.st_gid, before.st_ino), kind)

    def test_a_full_directory_at_its_temporary_name(self):
        (self.directory / ".keys.new" / "example.com").mkdir(parents=True)
        self.assert_refused(self.make(), "is not empty")

    def test_a_leftover_of_a_killed_run(self):
        (self.directory / ".keys.new").mkdir(0o700)
        self.assertEqual(self.make().returncode, DONE)
        self.assert_tidy()
        self.assertEqual(self.keys.stat().st_mode & 0o7777, 0o750)

    def test_in_a_directory_of_theirs(self):
        self.keys = self.theirs / "keys"
        for mode in (0o755, 0o1777):
            self.theirs.chmod(mode)
            self.before = self.look_at_theirs()
            self.assert_refused(self.make(), f"{self.theirs} belongs to user {OTHER}")

    def test_in_a_directory_that_they_may_write(self):
        for mode in (0o775, 0o757, 0o2775):
            place = self.directory / f"{mode:o}"
            place.mkdir()
            os.chown(place, 0, OTHER)
            place.chmod(mode)
            self.keys = place / "below" / "keys"
            self.keys.parent.mkdir()
            self.assert_refused(self.make(), f"{place} has mode {mode:04o}", "chmod ")
            self.assertFalse(self.keys.exists())

    def test_in_tmp(self):
        """Everybody may write there, but nobody can exchange what belongs to root."""
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        self.keys = shared / "keys"
        self.assertEqual(self.make().returncode, DONE)
        self.assert_tidy()

    def test_one_that_exists_already(self):
        self.make_store()
        for owner, mode in ((OTHER, 0o750), (0, 0o770), (0, 0o757)):
            os.chown(self.keys, owner, GROUP)
            self.keys.chmod(mode)
            self.assert_refused(self.make(), f"{self.keys} ", "fix it with: ch")
            self.assertEqual(list(self.keys.iterdir()), [])
        os.chown(self.keys, 0, GROUP)
        self.keys.chmod(0o750)
        self.assertEqual(self.make().returncode, DONE)

    def test_a_link_that_root_made(self):
        self.make_store()
        real = self.keys
        self.keys = self.directory / "link"
        self.keys.symlink_to(real)
        self.assertEqual(self.make().returncode, DONE)
        self.assert_tidy()
        self.assertTrue((real / "example.com" / "s.private").exists())

    def test_a_link_of_theirs(self):
        self.make_store()
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        link = shared / "keys"
        link.symlink_to(self.keys)
        os.chown(link, OTHER, OTHER, follow_symlinks=False)
        self.keys = link
        self.assert_refused(self.make(), f"{link} belongs to user {OTHER}")


class DomainDirectory(OthersTest):
    def setUp(self):
        super().setUp()
        self.make_store()
        self.place = self.keys / "example.com"

    def test_something_at_its_name(self):
        for kind, words in self.planted(self.place):
            before = self.place.lstat()
            # Through a link, their directory is examined first.
            self.assert_refused(self.make(), *((str(self.directory),) if "link" in kind else
                                               ("example.com", words or "is not a directory")))
            after = self.place.lstat()
            self.assertEqual((after.st_mode, after.st_uid, after.st_gid), (before.st_mode, before.st_uid, before.st_gid),
                             kind)
            if self.place.is_dir() and not self.place.is_symlink():
                self.assertEqual(list(self.place.iterdir()), [])

    def test_every_writer_refuses(self):
        """Not only the command that makes a first key refuses a directory that others can write."""
        self.assertEqual(self.generate("one", "--algorithm", "ed25519", "--activate").returncode, DONE)
        self.assertEqual(self.generate("two", "--algorithm", "ed25519").returncode, DONE)
        (self.place / ".two.txt.new").write_text("a leftover, which the next writer would put in place\n")
        self.place.chmod(0o770)
        pem = self.directory / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True, capture_output=True)
        pem.chmod(0o600)
        before = {path: path.read_bytes() for path in self.place.iterdir()}
        nobody = ("--resolver", "127.0.0.1@1")
        for command in (["generate", "-s", "three", "--algorithm", "ed25519"], ["activate", "--force", "-s", "two"],
                        ["revoke", "-s", "one", *nobody], ["rotate", "--due", *nobody],
                        ["import", "--pem", pem, "-s", "four"]):
            with self.subTest(command[0]):
                done = run(*command, "-D", self.keys, "-d", "example.com")
                self.assertEqual(done.returncode, PROBLEM, done)
                self.assertRegex(done.stdout + done.stderr, rf"{self.place} has mode 0770.*chmod g-w".encode())
                self.assertEqual({path: path.read_bytes() for path in self.place.iterdir()}, before)

    def test_something_at_the_lock(self):
        self.place.mkdir(0o750)
        for kind, words in self.planted(self.place / ".lock"):
            if "link" in kind:
                self.assert_refused(self.make(), ".lock", "is a symbolic link")
            elif kind == "file":
                self.assert_refused(self.make(), ".lock", f"belongs to user {OTHER}")
            else:
                self.assert_refused(self.make(), ".lock", "is not a regular file")
            self.assertEqual([path.name for path in self.place.iterdir()], [".lock"], words)

    def test_a_lock_with_two_names(self):
        self.place.mkdir(0o750)
        mine = self.directory / "mine"
        mine.write_text("root's, and of another purpose\n")
        os.link(mine, self.place / ".lock")
        self.assert_refused(self.make(), ".lock has another name as well")
        self.assertEqual(mine.read_text(), "root's, and of another purpose\n")

    def test_nobody_else_can_lock(self):
        self.place.mkdir(0o750)
        (self.place / ".lock").touch()
        (self.place / ".lock").chmod(0o644)
        self.assertEqual(self.make().returncode, DONE)
        self.assertEqual((self.place / ".lock").stat().st_mode & 0o7777, 0o600)
        tried = subprocess.run(["flock", "--nonblock", self.place / ".lock", "true"], user=GROUP, group=GROUP,
                               extra_groups=[], capture_output=True, check=False)
        self.assertIn(b"Permission denied", tried.stderr)

    def test_a_lock_that_is_held(self):
        """After a minute, here a second, the message says who has it."""
        self.assertEqual(self.make().returncode, DONE)
        with (self.place / ".lock").open("r+b") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assert_refused(self.generate("t", "--algorithm", "ed25519", env=with_clock("+0 x60")),
                                f"cannot lock {self.place}/.lock: process {os.getpid()} holds it after a wait of 60 s")
        self.assertEqual(self.generate("t", "--algorithm", "ed25519").returncode, DONE)
        self.assert_tidy()

    def test_something_at_temporary_names(self):
        """Anything but a directory is removed, and never written to or put in place."""
        self.assertEqual(self.make().returncode, DONE)
        for name in (".keys.conf.new", ".t.private.new", ".t.txt.new", ".s.txt.new"):
            place = self.place / name
            for kind, _ in self.planted(place):
                shutil.rmtree(self.place)
                self.assertEqual(self.make().returncode, DONE)
                self.plant(kind, place)
                done = self.generate("t", "--algorithm", "ed25519")
                if "directory" in kind and "link" not in kind:
                    self.assert_refused(done, f"cannot remove {place}: Is a directory")
                    place.rmdir()
                else:
                    self.assertEqual(done.returncode, DONE, done.stderr)
                    self.assert_tidy()
                self.assert_theirs_untouched()

    def test_hard_links_at_temporary_names(self):
        self.assertEqual(self.make().returncode, DONE)
        for name in (".keys.conf.new", ".t.private.new", ".s.txt.new"):
            os.link(self.theirs / "file", self.place / name)
            self.before = self.look_at_theirs()
            done = self.generate("t" + name.strip(".").replace(".", "-"), "--algorithm", "ed25519")
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assert_theirs_untouched()
            self.assert_tidy()


class OwnHome(OthersTest):
    """A user who runs everything under one account is protected in the same way."""

    def test_every_step(self):
        home = self.directory / "home"
        home.mkdir()
        os.chown(home, OTHER, OTHER)
        self.keys = home / "keys"
        as_himself = {"user": OTHER, "group": OTHER, "extra_groups": []}
        self.assertEqual(self.generate("one", "--algorithm", "ed25519", "--activate", **as_himself).returncode, DONE)
        self.assertEqual(self.generate("two", "--algorithm", "ed25519", **as_himself).returncode, DONE)
        done = run("activate", "--force", "-s", "two", "-D", self.keys, **as_himself)
        self.assertEqual(done.returncode, DONE, done.stderr)
        for path in [self.keys, *self.keys.rglob("*")]:
            self.assertEqual(path.stat().st_uid, OTHER, path)
        # root does not follow that user's links.
        done = run("generate", "-D", self.keys, "-d", "example.com", "-s", "three", "--algorithm", "ed25519")
        self.assertEqual(done.returncode, PROBLEM)
        self.assertIn(f"belongs to user {OTHER}".encode(), done.stderr)


if __name__ == "__main__":
    OthersTest.require_root()
    unittest.main()
