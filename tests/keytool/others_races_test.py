#!/usr/bin/python3
"""Attacks by another user who exchanges files while dkimkey looks at them, or stands in the way of an import."""

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
from dkimkey import PROGRAM, run, without_leak_check
from others_case import DONE, OTHER, PROBLEM, OthersTest

# Runs as the other user until its input ends. The first argument says what it exchanges; the others are paths.
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
    """Attacks on the configuration that an import writes."""

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

    def test_it_locks_nothing_that_others_can_lock(self):
        """Others could otherwise keep it waiting for ever."""
        log = self.directory / "trace"
        done = subprocess.run(["strace", "-f", "-yy", "-o", log, "-e", "trace=flock,fcntl,openat", PROGRAM, "import",
                               "--opendkim", self.conf, "-D", self.keys, "--output", self.output],
                              env=without_leak_check(), capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, DONE, done)
        lines = log.read_text().splitlines()
        locked = {match[1] for line in lines
                  if (match := re.search(r"(?:flock|fcntl)\(\d+<([^>]*)>, (?:LOCK_[ES]|F_(?:OFD_)?SETLK)", line))}
        self.assertEqual({os.path.basename(path) for path in locked}, {".lock", ".dkimsignd.conf.new"}, lines)
        for path in locked:
            made = [line for line in lines if f'"{os.path.basename(path)}"' in line and "O_CREAT" in line]
            self.assertTrue(made, path)
            for line in made:
                self.assertRegex(line, r", 0600\) ")

    def test_an_import_that_another_import_keeps_out(self):
        with (self.shared / ".dkimsignd.conf.new").open("wb") as held:
            os.chmod(held.name, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)
            done = self.do_import(env=with_clock("+0 x60"))
            self.assertEqual(done.returncode, PROBLEM)
            self.assertIn(f"process {os.getpid()} holds it after a wait of 60 s".encode(), done.stderr)
        self.assert_imported()  # in spite of the file, as after a killed import

    def test_something_at_the_temporary_name(self):
        self.shared.chmod(0o1777)
        for kind, _ in self.planted(self.shared / ".dkimsignd.conf.new"):
            done = self.do_import()
            self.assertEqual(done.returncode, PROBLEM, (kind, done))
            self.assertIn(b".dkimsignd.conf.new", done.stderr)
            self.assertFalse(self.output.exists())
            self.assert_theirs_untouched()

    def test_nothing_is_left_if_it_cannot_be_written(self):
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
        """The link would choose the file that root writes."""
        self.shared.chmod(0o1777)
        self.output.symlink_to(self.directory / "chosen")
        os.chown(self.output, OTHER, OTHER, follow_symlinks=False)
        self.assertEqual(self.do_import().returncode, PROBLEM)
        self.assertFalse((self.directory / "chosen").exists())


class ImportForAnother(OthersTest):
    """root imports a configuration of another user, which decides what files are read as tables, and the output shows
    parts of them. So import reads only files that this user may read."""

    # By the setting that names a table: the text of the table, and the rest of the configuration.
    ALONE = "Domain example.com\nSelector s\nKeyFile {key}\n"
    SETTINGS = {"KeyTable": ("own hidden-marker.example:s:/nowhere\n", "SigningTable csl:example.com=own\n"),
                "SigningTable": ("example.com hidden-marker\n", "KeyTable csl:own=example.com:s:/nowhere\n"),
                "InternalHosts": ("hidden-marker.example\n", ALONE),
                "ExemptDomains": ("hidden-marker.example\n", ALONE),
                "Include": ("Domain hidden-marker.example\n", "Selector s\nKeyFile {key}\n")}

    def setUp(self):
        super().setUp()
        self.make_store()
        pem = self.theirs / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True, capture_output=True)
        pem.chmod(0o600)
        self.conf = self.theirs / "opendkim.conf"
        for path in (pem, self.theirs):
            os.chown(path, OTHER, OTHER)
        self.theirs.chmod(0o755)
        self.closed = self.directory / "closed"
        self.closed.mkdir(0o700)

    def printed(self, setting, table, owner=OTHER):
        beside = self.SETTINGS[setting][1].format(key=self.theirs / "key.pem")
        self.conf.write_text(f"{beside}{setting} {table}\n")
        os.chown(self.conf, owner, owner)
        done = run("import", "--opendkim", self.conf, "-D", self.keys, "--output", self.directory / "new.conf", "--dry-run")
        return (done.stdout + done.stderr).decode()

    def tables(self, text):
        """Puts a table in several places in turn; yields a name, its path, and whether the other user may read it."""
        for kind, place, mode, owner, readable in (
                ("the user's own", self.theirs / "table", 0o600, OTHER, True),
                ("root's, for all to read", self.directory / "table", 0o644, 0, True),
                ("root's own", self.directory / "table", 0o600, 0, False),
                ("of a group without that user", self.directory / "table", 0o640, 0, False),
                ("in a directory that is closed to the user", self.closed / "table", 0o644, 0, False)):
            place.write_text(text)
            place.chmod(mode)
            os.chown(place, owner, -1)
            yield kind, place, readable
            link = self.theirs / "link"
            link.symlink_to(place)
            yield kind + ", through a link of that user", link, readable
            link.unlink()
            place.unlink()

    def test_only_files_that_its_owner_may_read_are_read(self):
        for setting, (text, _) in self.SETTINGS.items():
            for kind, table, readable in self.tables(text):
                with self.subTest(setting, table=kind):
                    printed = self.printed(setting, table)
                    self.assertEqual("hidden-marker" in printed.lower(), readable, printed)
                    refused = "because the owner of the configuration (nobody) may not read it" in printed
                    self.assertEqual(refused, not readable, printed)
                    # For a configuration of root, all of them are read.
                    self.assertIn("hidden-marker", self.printed(setting, table, owner=0).lower())

    def test_an_owner_without_a_name(self):
        for kind, table, _ in self.tables(self.SETTINGS["KeyTable"][0]):
            with self.subTest(table=kind):
                nobody = 54321
                printed = self.printed("KeyTable", table, owner=nobody)
                self.assertNotIn("hidden-marker", printed)
                self.assertIn("because the owner of the configuration may not read it", printed)


class Exchanged(OthersTest):
    """The other user exchanges files thousands of times between their check and their use."""

    ROUNDS = 40

    @contextlib.contextmanager
    def exchanging(self, *arguments):
        # Without a buffer, readline leaves the next line in the pipe, where select sees it.
        process = subprocess.Popen([sys.executable, "-c", EXCHANGER, *map(str, arguments)], user=OTHER, group=OTHER,
                                   extra_groups=[], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        try:
            self.assertTrue(select.select([process.stdout], [], [], 60)[0], "the other user does not begin")
            self.assertEqual(process.stdout.readline(), b"begun\n")
            yield self.rounds(process)
        finally:
            process.communicate(timeout=60)

    def rounds(self, process):
        """Yields at least ROUNDS numbers, and more until the other user has exchanged the files a thousand times."""
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
                # Whichever of the two dkimkey sees, the message names the place.
                self.assert_refused(self.make(), str(place))
        self.assert_no_key_of_theirs(self.theirs, place)

    def test_a_table_that_its_owner_may_read_and_one_that_is_closed(self):
        self.make_store()
        place = self.theirs / "table"
        place.write_text("visible.example visible.example:s:/nowhere\n")
        hidden = self.directory / "hidden"
        hidden.write_text("hidden-marker.example hidden-marker.example:s:/nowhere\n")
        hidden.chmod(0o600)
        (self.theirs / "link").symlink_to(hidden)
        conf = self.theirs / "opendkim.conf"
        conf.write_text(f"KeyTable refile:{place}\nSigningTable csl:a.example=visible.example\n")
        for path in (place, conf):
            os.chown(path, OTHER, OTHER)
        seen = set()
        with self.exchanging("directory", place, self.theirs / "aside", self.theirs / "link") as rounds:
            for _ in rounds:
                done = run("import", "--opendkim", conf, "-D", self.keys, "--output", self.directory / "new.conf",
                           "--dry-run")
                printed = (done.stdout + done.stderr).decode()
                self.assertNotIn("hidden-marker", printed)
                seen.update(word for word in ("visible.example", "may not read it") if word in printed)
        self.assertTrue(seen)

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
