#!/usr/bin/python3
"""packaging/release refuses what is not ready, and leaves nothing. Its steps that need no root of Debian do what they
promise. A whole release takes an hour; .github/CONTRIBUTING.md has the command.

Each test works in a clone of these sources, with a key of its own."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from built import ROOT, run, version
from harness.processes import processes_about
from harness.workspace import wait_for

VERSION = "7.8.9"
DATE = "2026-11-25"
CHANGELOG = "CHANGELOG.md"
DEBIAN = "packaging/debian/changelog"
# What git lists is what a commit has: builds and other ignored files are not copied.
LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")


def entry(kind="Added", text="- Something new."):
    return f"### {kind}\n\n{text}\n\n"


class KeyHome:
    """A home of gpg with a key that signs, and one that cannot."""

    def __init__(self, test):
        home = tempfile.mkdtemp()
        test.addClassCleanup(shutil.rmtree, home)
        # It removes its sockets after it has answered.
        test.addClassCleanup(wait_for, lambda: not processes_about(home), "gpg-agent to end")
        self.environment = {**os.environ, "GNUPGHOME": home, "GIT_CONFIG_GLOBAL": "/dev/null"}
        test.addClassCleanup(run, "gpgconf", "--kill", "all", env=self.environment)
        self.fingerprint = self.make("Test <test@dkimsignd.example>", "sign")
        self.certifying = self.make("Other <other@dkimsignd.example>", "cert")

    def make(self, name, usage):
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", usage, "1y")
        return re.search(r"^fpr:+([0-9A-F]{40}):", self.gpg("--list-keys", "--with-colons", name), re.M)[1]

    def gpg(self, *words):
        return run("gpg", "--batch", *words, env=self.environment)


class ReleaseTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.key = KeyHome(cls)
        cls.ready = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.ready)
        shutil.rmtree(cls.ready)
        cls.copy_sources(cls.ready)
        text = (cls.ready / CHANGELOG).read_text()
        (cls.ready / CHANGELOG).write_text(re.sub(r"^## \[Unreleased\]\n(.*?)(?=^## )",
                                                  "## [Unreleased]\n\n" + entry(), text, flags=re.M | re.S))
        run(cls.ready / "packaging/releasing/version", "set", VERSION, DATE)
        # A release that is not refused goes no further than this.
        (cls.ready / "packaging/install-packages").write_text("#!/bin/sh\necho 'not refused'\nexit 1\n")
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Ready"]):
            cls.git(cls.ready, *words)

    @classmethod
    def copy_sources(cls, place):
        names = subprocess.run(["git", "-C", ROOT, *LISTED], check=False, capture_output=True).stdout.decode().split("\0")
        if names == [""]:
            raise unittest.SkipTest("these sources are not in a git repository")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, place / name)

    @classmethod
    def git(cls, place, *words):
        return run("git", "-C", place, "-c", "user.name=Test", "-c", "user.email=test@dkimsignd.example",
                   "-c", "commit.gpgsign=false", *words, env=cls.key.environment)

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = pathlib.Path(directory.name)
        self.clone = self.place / "clone"
        self.git(self.place, "clone", "-q", self.ready, self.clone)
        self.output = self.place / "output"

    def edit(self, name, old, new, commit=True):
        path = self.clone / name
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1))
        if commit:
            self.git(self.clone, "commit", "-qam", "A change")

    def release(self, *words, key=None):
        done = subprocess.run([self.clone / "packaging/release", "--key", key or self.key.fingerprint, "--output",
                               self.output, *words, VERSION], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, env=self.key.environment)
        return done.returncode, done.stdout

    def assert_refused(self, *reasons, key=None):
        """Each reason has its line, there are no others but the last, and nothing was made."""
        status, said = self.release(key=key)
        self.assertNotEqual(status, 0)
        lines = said.splitlines()
        if len(reasons) == len(lines) - 1:
            self.assertEqual(lines.pop(), f"release: {VERSION} is not ready")
        self.assertEqual(len(lines), len(reasons), said)
        for reason, line in zip(reasons, lines):
            self.assertIn(reason, line)
        self.assertEqual(sorted(path.name for path in self.place.iterdir()), ["clone"])

    # What must agree.

    def test_the_sources_as_they_are_agree(self):
        """These sources have one version. After a release, there may be changes, and pages with a later date."""
        said = run(ROOT / "packaging/releasing/version", "check", version(), good=(0, 1))
        self.assertEqual([line for line in said.splitlines()
                          if "[Unreleased] has entries" not in line and not line.startswith("packaging/man/")], [])

    def test_version_in_cmake(self):
        self.edit("CMakeLists.txt", f"VERSION {VERSION}", "VERSION 7.8.8")
        self.assert_refused(f"CMakeLists.txt: version 7.8.8, not {VERSION}")

    def test_changelog_without_the_version(self):
        self.edit(CHANGELOG, f"## [{VERSION}] - {DATE}", f"## [7.8.8] - {DATE}")
        self.assert_refused(f'CHANGELOG.md: the newest release is "[7.8.8] - {DATE}"')

    def test_changelog_without_a_date(self):
        self.edit(CHANGELOG, f"## [{VERSION}] - {DATE}", f"## [{VERSION}]")
        self.assert_refused(f'CHANGELOG.md: the newest release is "[{VERSION}]"')

    def test_changelog_with_a_date_that_does_not_exist(self):
        self.edit(CHANGELOG, f"## [{VERSION}] - {DATE}", f"## [{VERSION}] - 2026-02-30")
        self.assert_refused("CHANGELOG.md: 2026-02-30 is not a date")

    def test_changelog_without_entries(self):
        self.edit(CHANGELOG, entry(), "### Added\n\n")
        self.assert_refused(f"CHANGELOG.md: the section of {VERSION} has no entries")

    def test_changelog_with_a_kind_of_its_own(self):
        self.edit(CHANGELOG, entry(), entry("Improved"))
        self.assert_refused('CHANGELOG.md: "Improved" is not a kind of change')

    def test_changelog_with_unreleased_entries(self):
        self.edit(CHANGELOG, "## [Unreleased]\n", "## [Unreleased]\n\n" + entry("Fixed"))
        self.assert_refused("CHANGELOG.md: [Unreleased] has entries")

    def test_version_of_debian(self):
        self.edit(DEBIAN, f"({VERSION}-1)", "(7.8.8-1)")
        self.assert_refused(f"packaging/debian/changelog: version 7.8.8-1, not {VERSION}-1")

    def test_debian_unreleased(self):
        self.edit(DEBIAN, ") unstable;", ") UNRELEASED;")
        self.assert_refused("packaging/debian/changelog: the first entry is UNRELEASED")

    def test_date_of_debian(self):
        self.edit(DEBIAN, "Wed, 25 Nov 2026", "Tue, 24 Nov 2026")
        self.assert_refused(f"packaging/debian/changelog: dated 2026-11-24, not {DATE}")

    def test_a_date_in_the_future(self):
        """The times in the package would depend on when it is built."""
        run(self.clone / "packaging/releasing/version", "set", VERSION, "2999-01-01", good=(1,))
        self.git(self.clone, "commit", "-qam", "A change")
        self.assert_refused("packaging/debian/changelog: dated in the future")

    def test_date_of_a_page(self):
        self.edit("packaging/man/dkimkey.8", ".Dd November 25, 2026", ".Dd November 24, 2026")
        self.assert_refused("packaging/man/dkimkey.8: dated November 24, 2026, not November 25, 2026")

    def test_all_differences_at_once(self):
        self.edit("CMakeLists.txt", f"VERSION {VERSION}", "VERSION 7.8.8")
        self.edit("packaging/man/dkimkey.8", ".Dd November 25, 2026", ".Dd November 24, 2026")
        self.assert_refused("CMakeLists.txt", "packaging/man/dkimkey.8")

    def test_set_makes_all_agree_and_can_run_again(self):
        def status():
            return self.git(self.clone, "status", "--porcelain")

        run(self.clone / "packaging/releasing/version", "set", VERSION, DATE)
        self.assertEqual(status(), "")
        self.edit(CHANGELOG, "## [Unreleased]\n", "## [Unreleased]\n\n" + entry("Fixed"), commit=False)
        run(self.clone / "packaging/releasing/version", "set", "7.9.0", DATE)
        self.assertEqual({line[3:] for line in status().splitlines()}, {CHANGELOG, DEBIAN, "CMakeLists.txt"})
        # The entries of the previous release stay its own.
        self.assertIn(f"## [7.9.0] - {DATE}\n\n{entry('Fixed')}\n## [{VERSION}]",
                      (self.clone / CHANGELOG).read_text())

    # What else is not ready.

    def test_a_change_that_is_not_committed(self):
        self.edit("README.md", "# dkimsignd", "# dkimsignd ", commit=False)
        self.assert_refused("there are changes that are not committed")

    def test_a_file_that_is_not_committed(self):
        (self.clone / "packaging/new").touch()
        self.assert_refused("there are changes that are not committed")

    def test_keys(self):
        self.assert_refused("all 40 digits", key=self.key.fingerprint[-16:])
        self.assert_refused("gpg has no secret of a valid key", key="0" * 40)
        self.assert_refused("gpg has no secret of a valid key", key=self.key.certifying)

    def test_a_release_is_not_overwritten(self):
        self.output.mkdir()
        (self.output / "mine").touch()
        status, said = self.release()
        self.assertEqual((status, said), (1, f"release: {self.output} exists: a release is never overwritten\n"))
        self.assertEqual([path.name for path in self.output.iterdir()], ["mine"])

    def test_after_a_failure_nothing_is_left(self):
        """A step in the middle fails: building the packages."""
        step = self.clone / "packaging/releasing/build"
        step.write_text('#!/bin/sh\ntouch "$4/partial" "$3/partial"\necho "this step fails" >&2\nexit 1\n')
        install = self.clone / "packaging/install-packages"
        install.write_text("#!/bin/sh\n")
        self.git(self.clone, "commit", "-qam", "A change")
        status, said = self.release("--without", "tests")
        self.assertNotEqual(status, 0)
        self.assertIn("this step fails", said)
        self.assertEqual(sorted(path.name for path in self.place.iterdir()), ["clone"])

    # The last steps, with a package that is no program.

    def made(self):
        """Runs the whole of packaging/release, with a step for building that makes small files; returns what it said."""
        step = self.clone / "packaging/releasing/build"
        step.write_text("""#!/bin/bash
set -e
while [[ $1 == --* ]]; do shift; done
for number in 12 13; do
    mkdir -p "$3/tree/DEBIAN"
    printf '%s\\n' 'Package: dkimsignd' "Version: $2-1~deb${number}u1" "Architecture: $(dpkg --print-architecture)" \\
        'Maintainer: Test <test@dkimsignd.example>' 'Section: mail' 'Priority: optional' 'Description: a test' \\
        >"$3/tree/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$3/tree" "$3" >/dev/null
done
rm -r "$3/tree"
echo source >"$3/dkimsignd-$2.tar.xz"
""")
        (self.clone / "packaging/install-packages").write_text("#!/bin/sh\n")
        self.git(self.clone, "commit", "-qam", "A change")
        status, said = self.release("--without", "tests", "--without", "trial")
        self.assertEqual(status, 0, said)
        return said

    def test_signatures_and_checksums(self):
        said = self.made()
        names = {path.name for path in self.output.iterdir() if path.is_file()}
        signed = {name for name in names if not name.endswith(".asc")}
        self.assertEqual(names - signed, {f"{name}.asc" for name in signed} | {"dkimsignd.asc"})
        keyring = self.place / "keyring"
        self.key.gpg("--yes", "--output", keyring, "--export", self.key.fingerprint)
        for name in signed:
            run("gpgv", "--keyring", keyring, self.output / f"{name}.asc", self.output / name)
        sums = dict(reversed(line.split("  ", 1)) for line in (self.output / "SHA256SUMS").read_text().splitlines())
        for name, value in sums.items():
            self.assertEqual(hashlib.sha256((self.output / name).read_bytes()).hexdigest(), value, name)
        self.assertLessEqual(signed - {"SHA256SUMS"}, set(sums))
        self.assertTrue(any(name.startswith("apt/pool/") for name in sums))
        # The secret has stayed with gpg, and temporary files are gone.
        for path in self.output.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"PRIVATE KEY", path.read_bytes(), path)
        self.assertEqual(sorted(path.name for path in self.place.iterdir()), ["clone", "keyring", "output"])
        # A result that leaves something out says so, first in its files and last on the terminal.
        note = "This is not a release. It was made without: tests trial\n"
        self.assertTrue((self.output / "NOT-A-RELEASE").read_text().startswith(note))
        self.assertIn(f"!!! {note}", said)
        self.assertNotIn("git tag", said)

    def test_the_repository(self):
        self.made()
        keyring = self.place / "keyring"
        self.key.gpg("--yes", "--output", keyring, "--export", self.key.fingerprint)
        for suite, number in (("bookworm", 12), ("trixie", 13)):
            lists = self.output / "apt/dists" / suite
            run("gpgv", "--keyring", keyring, lists / "InRelease")
            run("gpgv", "--keyring", keyring, lists / "Release.gpg", lists / "Release")
            packages = next(lists.glob("main/binary-*/Packages"))
            self.assertIn(hashlib.sha256(packages.read_bytes()).hexdigest(), (lists / "Release").read_text())
            listed = dict(re.findall(r"^([\w-]+): (.*)", packages.read_text(), re.MULTILINE))
            self.assertEqual(listed["Version"], f"{VERSION}-1~deb{number}u1")
            content = (self.output / "apt" / listed["Filename"]).read_bytes()
            self.assertEqual(hashlib.sha256(content).hexdigest(), listed["SHA256"])
        served = sorted(path.name for path in (self.output / "apt").iterdir())
        self.assertEqual(served, ["dists", "dkimsignd.asc", "pool"])


if __name__ == "__main__":
    unittest.main()
