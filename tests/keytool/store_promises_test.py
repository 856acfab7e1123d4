#!/usr/bin/env python3
"""Runs the tests of what every store of record promises (store/, store_tests) on the database of a fleet."""

import os
import subprocess
import unittest

from harness.fleet_databases import NAME, Server
from harness.workspace import Workspace

TESTS = os.environ.get("STORE_TESTS", "")
ROLES = ("dkimsignd_owner", "dkimsignd_writer", "dkimsignd_signer", "dkimsignd_reader")


def listed(filters):
    """Returns how many tests the program has."""
    said = subprocess.run([TESTS, "--gtest_list_tests", f"--gtest_filter={filters}"], capture_output=True, check=True, text=True)
    return sum(line.startswith("  ") for line in said.stdout.splitlines())


class StorePromises(unittest.TestCase):
    def test_every_promise_holds_in_a_database(self):
        count = listed("*/database")
        self.assertEqual(count, listed("*/files"))
        self.assertGreater(count, 20)
        workspace = Workspace()
        self.addCleanup(workspace.close)
        server = Server(workspace, 1)
        server.make()
        server.start(server)
        server.create()
        for role in ROLES:
            server.query(f"CREATE ROLE {role} LOGIN")
        environment = os.environ | {
            "DKIMSIGND_TEST_DATABASE": f"host=127.0.0.1 port={server.port} dbname={NAME} user=postgres sslmode=disable "
                                       "gssencmode=disable"}
        done = subprocess.run([TESTS, "--gtest_filter=*/database", "--gtest_brief=1"], env=environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(f"[  PASSED  ] {count} tests.", done.stdout)


if __name__ == "__main__":
    unittest.main()
