#!/usr/bin/python3
"""Another user who exchanges what dkimkey looks at while it runs, and who stands in the way of an import."""

import contextlib
import fcntl
import os
import re
import select
import shutil
import stat
import subprocess
import sys
import time
import unittest

from clock import with_clock
from dkimkey import run
from others_case import DONE, OTHER, PROBLEM, OthersTest

# Runs as the other user until its input ends: argument 1 says what it exchanges, the others are its paths.
EXCHANGER = """
import os, select, sys
def quietly(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass
what, place, *others = sys.argv[1:]
print("begun", flush=True)
count = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    if what == "directory":
        aside, link = others
        quietly(os.rename, place, aside)
        quietly(os.rename, link, place)
        quietly(os.rename, place, link)
        quietly(os.rename, aside, place)
    else:
        quietly(os.symlink, others[0], place)
        quietly(os.unlink, place)
        quietly(os.mkdir, place)
        quietly(os.rmdir, place)
    count += 1
    if count == 1000:
        print("enough", flush=True)
"""


class Import(OthersTest):
    """The configuration that an import writes."""

    def setUp(self):
        super().setUp()
        self.make_store()
        self.shared = self.directory / "shared"
        self.shared.mkdir()
        self.output = self.shared / "dkimsignd.conf"
        pem = self.directory / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", pem],
                       check=True, capture_output=True)
        pem.chmod(0o600)
        self.conf = self.directory / "opendkim.conf"
        self.conf.write_text(f"Domain example.com\nSelector s\nKeyFile {pem}\n")

    def do_import(self, **options):
        return run("import", "--opendkim", self.conf, "-D", self.keys, "--output", self.output, **options)

    def assert_imported(self):
        done = self.do_import()
        self.assertEqual(done.returncode, DONE, done)
        self.assertIn(b"s", self.output.read_bytes())
        status = self.output.stat()
        self.assertEqual((status.st_uid, status.st_mode & 0o7777), (0, 0o644))
        self.assertEqual([path.name for path in self.shared.iterdir()], [self.output.name])
        self.assert_theirs_untouched()

    def test_a_directory_that_another_has_locked(self):
        with contextlib.ExitStack() as stack:
            descriptor = os.open(self.shared, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.assert_imported()

    def test_an_import_that_another_one_keeps_out(self):
        with (self.shared / ".dkimsignd.conf.new").open("wb") as held:
            os.chmod(held.name, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)
            done = self.do_import(env=with_clock("+0 x60"))
            self.assertEqual(done.returncode, PROBLEM)
            self.assertIn(f"process {os.getpid()} has held it for 60 s".encode(), done.stderr)
        self.assert_imported()  # what a killed import left

    def test_what_stands_at_the_temporary_name(self):
        self.shared.chmod(0o1777)
        for kind, _ in self.planted(self.shared / ".dkimsignd.conf.new"):
            done = self.do_import()
            self.assertEqual(done.returncode, PROBLEM, (kind, done))
            self.assertIn(b".dkimsignd.conf.new", done.stderr)
            self.assertFalse(self.output.exists())
            self.assert_theirs_untouched()

    def test_nothing_is_left_where_it_cannot_be_written(self):
        self.output.mkdir()
        self.assertEqual(self.do_import().returncode, PROBLEM)
        self.assertEqual([path.name for path in self.shared.iterdir()], [self.output.name])
        self.assertEqual(list(self.keys.iterdir()), [])

    def test_a_directory_of_theirs(self):
        os.chown(self.shared, OTHER, OTHER)
        done = self.do_import()
        self.assertEqual(done.returncode, PROBLEM, done)
        self.assertIn(f"{self.shared} belongs to user {OTHER}".encode(), done.stderr)
        self.assertEqual(list(self.shared.iterdir()), [])

    def test_a_link_in_a_directory_that_all_may_write(self):
        """It would choose the file that root writes."""
        self.shared.chmod(0o1777)
        self.output.symlink_to(self.directory / "chosen")
        os.chown(self.output, OTHER, OTHER, follow_symlinks=False)
        self.assertEqual(self.do_import().returncode, PROBLEM)
        self.assertFalse((self.directory / "chosen").exists())


class Exchanged(OthersTest):
    """Between a look and its use: the other user exchanges what is looked at, thousands of times."""

    ROUNDS = 40

    @contextlib.contextmanager
    def exchanging(self, *arguments):
        process = subprocess.Popen([sys.executable, "-c", EXCHANGER, *map(str, arguments)], user=OTHER, group=OTHER,
                                   extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(process.stdout.readline(), "begun\n")
            yield self.rounds(process)
        finally:
            process.communicate(timeout=60)

    def rounds(self, process):
        """As many as are wanted, and more until the other user has exchanged it a thousand times, however slow he is."""
        deadline = time.monotonic() + 120
        done = 0
        while done < self.ROUNDS or not select.select([process.stdout], [], [], 0)[0]:
            self.assertIsNone(process.poll(), "the other user has given up")
            self.assertLess(time.monotonic(), deadline, "the other user does nothing")
            yield done
            done += 1

    def assert_no_key_of_theirs(self, *places):
        for place in places:
            self.assertEqual([path for path in place.rglob("*") if b"PRIVATE" in self.text_of(path)], [])

    @staticmethod
    def text_of(path):
        try:
            return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
        except FileNotFoundError:
            return b""

    def test_the_key_directory_in_a_directory_of_theirs(self):
        place = self.directory / "place"
        (place / "keys" / "example.com").mkdir(parents=True)
        self.keys = place / "keys"
        (place / "link").symlink_to(self.theirs)
        (self.theirs / "example.com").mkdir()
        os.chown(self.theirs / "example.com", OTHER, OTHER)
        self.before = self.look_at_theirs()
        os.chown(place, OTHER, OTHER)
        with self.exchanging("directory", self.keys, place / "aside", place / "link") as rounds:
            for _ in rounds:
                # Which of the two it is when it is looked at: there, in a place of theirs, or not.
                self.assert_refused(self.make(), str(place))
        self.assert_no_key_of_theirs(self.theirs, place)

    def test_the_temporary_name_in_a_directory_that_all_may_write(self):
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        self.keys = shared / "keys"
        seen = set()
        with self.exchanging("name", shared / ".keys.new", self.theirs) as rounds:
            for _ in rounds:
                done = self.make()
                seen.add(done.returncode)
                self.assert_theirs_untouched()
                if done.returncode == DONE:
                    self.assert_tidy()
                    status = self.keys.lstat()
                    self.assertTrue(stat.S_ISDIR(status.st_mode))
                    self.assertEqual((status.st_uid, status.st_mode & 0o7777), (0, 0o750))
                    shutil.rmtree(self.keys)
                else:
                    self.assertRegex(done.stderr.decode(), re.escape(str(shared)))
                    self.assertFalse(self.keys.exists())
        self.assertLessEqual(seen, {DONE, PROBLEM})
        self.assert_no_key_of_theirs(self.theirs)


if __name__ == "__main__":
    OthersTest.require_root()
    unittest.main()
