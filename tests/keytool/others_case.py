"""Has what the tests with another user share: a directory of that user, and what that user can put in dkimkey's way."""

import os
import shutil
import stat

from dkimkey import StoreTest

OTHER = 65534  # a user who is neither root nor the one who runs dkimkey
DONE, PROBLEM = 0, 1


class OthersTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.directory.chmod(0o755)
        self.theirs = self.directory / "theirs"
        self.theirs.mkdir()
        self.theirs.chmod(0o777)
        (self.theirs / "file").write_text("theirs\n")
        for path in (self.theirs, self.theirs / "file"):
            os.chown(path, OTHER, OTHER)
        self.before = self.look_at_theirs()

    def look_at_theirs(self):
        found = {}
        for path in [self.theirs, *self.theirs.rglob("*")]:
            status = path.lstat()
            text = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found[path] = (status.st_mode, status.st_uid, status.st_gid, text)
        return found

    def make(self, **options):
        return self.generate("s", "--algorithm", "ed25519", **options)

    def assert_theirs_untouched(self):
        self.assertEqual(self.look_at_theirs(), self.before)

    def assert_refused(self, done, *words):
        self.assertEqual(done.returncode, PROBLEM, done)
        for word in words:
            self.assertIn(word, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        self.assert_theirs_untouched()

    def planted(self, place):
        """Puts one thing after the other at a place; yields (a name for it, words of the refusal)."""
        for kind, words in (("link to a directory", "is a symbolic link"), ("link to a file", "is a symbolic link"),
                            ("link to nothing", "is a symbolic link"), ("FIFO", ""), ("device", ""), ("file", ""),
                            ("their directory", f"belongs to user {OTHER}"),
                            ("a directory of root's that all may write", "users other than its owner can write it")):
            with self.subTest(kind, place=place.name):
                self.plant(kind, place)
                yield kind, words
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def plant(self, kind, place):
        {"link to a directory": lambda: place.symlink_to(self.theirs),
         "link to a file": lambda: place.symlink_to(self.theirs / "file"),
         "link to nothing": lambda: place.symlink_to(self.theirs / "new"),
         "FIFO": lambda: os.mkfifo(place),
         "device": lambda: os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 3)),
         "file": lambda: self.their_file(place),
         "their directory": lambda: self.their_directory(place),
         "a directory of root's that all may write": lambda: self.open_directory(place)}[kind]()

    def their_file(self, place):
        place.write_text("theirs\n")
        place.chmod(0o666)
        os.chown(place, OTHER, OTHER)

    def their_directory(self, place):
        place.mkdir()
        os.chown(place, OTHER, OTHER)

    def open_directory(self, place):
        place.mkdir()
        place.chmod(0o777)

    @staticmethod
    def require_root():
        if os.geteuid() != 0:
            raise SystemExit("run this as root: only root refuses the files of other users")
