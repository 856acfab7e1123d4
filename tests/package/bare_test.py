#!/usr/bin/python3
"""Runs the commands of README.md on a machine with only Debian's base system, by sudo from a home directory that nobody
else may enter: each installs what it needs, and does its job.

From tests/run, it chooses the tests that start something as another user. DKIMSIGND_BARE_TESTS=REGEX chooses others:
"." runs all of them, and takes as long as they do. tests/package/in-root is for other releases.
"""

import os
import re
import unittest

from bare import CLONE, LAUNCHER, PERSON, BareMachine, leave_the_network, make_base
from built import CURRENT, PLACE, architecture, debian_sources, debian_suite
from machine import isolate

BASE = PLACE / "bare"
# These start the shell, Postfix, the daemon, dkimkey, opendkim and name servers as another user.
AS_OTHERS = "|".join([
    r"^docs\.completion$", r"^e2e\.mail_flow$", r"^keytool\.(faults|import_side_by_side|others|records|store)$",
    r"^milter\.DaemonStartTest\.NotDumpableForAnOrdinaryUser$", r"^milter\..*UnreadableForTheDaemonsUser",
    r"^package\.units$"])
TESTS = os.environ.get("DKIMSIGND_BARE_TESTS", AS_OTHERS)


class BareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        make_base(BASE, debian_suite(), debian_sources())
        leave_the_network()

    def setUp(self):
        self.machine = BareMachine(BASE)
        self.addCleanup(self.machine.close)
        self.assertEqual(self.machine.owner(f"/home/{PERSON}"), f"{PERSON}:{PERSON} 700")
        self.assertEqual(self.machine.owner(f"{CLONE}/README.md"), f"{PERSON}:{PERSON} 600")
        for missing in ("gcc", "make", "python3", "postfix", "systemctl", "ps"):
            self.assertEqual(self.machine.run("which", missing, good=(1,)), "")

    def test_quickstart(self):
        said = self.machine.by_sudo(f"CMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER} packaging/quickstart")
        self.assertEqual(len(re.findall(r"^ +pass: ", said, re.MULTILINE)), 4, said)
        self.assertIn("It works.", said)

    def test_package(self):
        self.machine.by_sudo(f"CMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER} packaging/build-deb")
        file = f"{CLONE}/build-deb/dkimsignd_{CURRENT}_{architecture()}.deb"
        closed = [line for line in self.machine.run("dpkg-deb", "--contents", file).splitlines()
                  if not re.match(r"(l|-r..r..r|dr.xr.xr.x)", line)]
        self.assertEqual(closed, [])
        self.machine.by_sudo(f"apt-get -q -y --no-install-recommends install ./build-deb/{os.path.basename(file)}")
        self.assertIn("dkimsignd", self.machine.run("dkimsignd", "--version"))

    def test_tests(self):
        said = self.machine.by_sudo(f"tests/run -R '{TESTS}'")
        self.assertIn("100% tests passed", said)
        self.assertNotIn("(Skipped)", said)
        # Nothing is left in the clone, nor in a directory that others may enter.
        self.assertFalse(self.machine.exists(f"{CLONE}/build-tests"))
        self.assertEqual(self.machine.run("ls", "/var/tmp"), "")
        print(said[-2000:])


if __name__ == "__main__":
    isolate()
    unittest.main(verbosity=2)
