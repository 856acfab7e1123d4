#!/usr/bin/python3
"""Runs packaging/build-deb on a machine with only Debian's base system, by sudo from a home directory that nobody else may
enter, on the sources as they are, and on an unpacked archive. The other tests of the package use what it makes."""

import shutil
import unittest

from bare import CLONE, LAUNCHER, PERSON, BareMachine, base_of, leave_the_network
from built import CURRENT, PLACE, PREVIOUS, ROOT, SUITE, package, run
from machine import isolate

ARCHIVE = f"/home/{PERSON}/archive"


class BuildTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(PLACE, ignore_errors=True)
        cls.machine = BareMachine(base_of(SUITE))
        cls.addClassCleanup(cls.machine.close)
        leave_the_network()
        cls.machine.check_that_it_is_bare()

    def build(self, sources, *options):
        command = f"CMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER} {sources}/packaging/build-deb"
        self.machine.by_sudo(" ".join([command, *options]))

    def test_build(self):
        self.build(CLONE)
        # This is like an unpacked release: no history, and another directory.
        archive = self.machine.path(ARCHIVE)
        archive.mkdir()
        for name in ("CMakeLists.txt", "CHANGELOG.md", "LICENSE", "README.md", "canon", "crypto", "keytool",
                     "milter", "packaging", "tests/support"):
            place = ROOT / name
            (shutil.copytree if place.is_dir() else shutil.copy)(place, archive / name)
        self.build(ARCHIVE, "--output", f"{CLONE}/build-deb", "--version", PREVIOUS)
        self.assertEqual([p for p in archive.iterdir() if p.name.startswith("build")], [])
        shutil.copytree(self.machine.path(f"{CLONE}/build-deb"), PLACE)
        self.assertEqual(sorted(PLACE.glob("*.deb")), sorted([package(PREVIOUS), package(CURRENT)]))
        for built in (CURRENT, PREVIOUS):
            self.assertEqual(run("dpkg-deb", "-f", package(built), "Version").strip(), built)
        self.machine.by_sudo(f"apt-get -q -y --no-install-recommends install ./build-deb/{package(CURRENT).name}")
        self.assertIn("dkimsignd", self.machine.run("dkimsignd", "--version"))


if __name__ == "__main__":
    isolate()
    unittest.main()
