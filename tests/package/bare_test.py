#!/usr/bin/python3
"""Runs packaging/quickstart and tests/run on a machine with only Debian's base system, by sudo from a home directory that
nobody else may enter: each installs what it needs, and does its job. build_test.py does the same with packaging/build-deb.

From tests/run, it chooses the tests that start something as another user. DKIMSIGND_BARE_TESTS=REGEX chooses others:
"." runs all of them, and takes as long as they do. tests/package/in-root is for other releases.
"""

import os
import re
import unittest

from bare import CLONE, LAUNCHER, BareMachine, base_of, leave_the_network
from built import SUITE
from machine import isolate

# These start the shell, Postfix, the daemon, dkimkey, opendkim and name servers as another user.
AS_OTHERS = "|".join([
    r"^docs\.completion$", r"^e2e\.mail_flow$", r"^keytool\.(faults|import_side_by_side|others|records|store)$",
    r"^milter\.DaemonStartTest\.NotDumpableForAnOrdinaryUser$", r"^milter\..*UnreadableForTheDaemonsUser",
    r"^package\.units$"])
TESTS = os.environ.get("DKIMSIGND_BARE_TESTS", AS_OTHERS)


class BareTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = base_of(SUITE)
        leave_the_network()

    def setUp(self):
        self.machine = BareMachine(self.base)
        self.addCleanup(self.machine.close)
        self.machine.check_that_it_is_bare()

    def test_quickstart(self):
        said = self.machine.by_sudo(f"CMAKE_CXX_COMPILER_LAUNCHER={LAUNCHER} packaging/quickstart")
        self.assertEqual(len(re.findall(r"^ +pass: ", said, re.MULTILINE)), 4, said)
        self.assertIn("It works.", said)

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
