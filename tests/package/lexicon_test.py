#!/usr/bin/python3
"""The timer's service publishes by the API of a provider, from inside its sandbox and without a drop-in: with lexicon from
the machine's archive, and PowerDNS. The tests tell one story, in the order of their names."""

import re
import sys
import unittest

from api_proxy import ApiProxy
from built import CURRENT, SUITE, package
from harness.workspace import Workspace
from machine import SKIPPED, isolate, temporary_machine
from pdns_world import API_PORT, TOKEN, ZONE, PdnsWorld

KEYS = "/etc/dkimsignd/keys"
CREDENTIALS = "/etc/dkimsignd/powerdns.env"
# The machine has its own network; even so, no other test uses these addresses.
NETWORK = "127.53.61"


class LexiconTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = temporary_machine(cls)
        cls.machine.boot()
        if "Candidate: (none)" in (said := cls.machine.run("apt-cache", "policy", "lexicon")) or not said.strip():
            print(f"skipped: {SUITE} has no package of lexicon")
            sys.exit(SKIPPED)
        cls.machine.install(cls.machine.put(package(CURRENT)))
        cls.machine.install("lexicon")
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.world = PdnsWorld(cls.workspace.directory("dns", 0o700), network=NETWORK)
        cls.workspace.on_close(cls.world.close)
        cls.world.start_pdns(secondary=False)
        cls.world.proxy = ApiProxy(cls.world.other, cls.world.primary, API_PORT, TOKEN)
        cls.world.proxy.start()
        # The machine's resolver knows nothing but our zone.
        cls.machine.path("etc/resolv.conf").write_text(f"nameserver {cls.world.primary}\n")
        cls.machine.path("etc/dkimsignd/dkimsignd.conf").write_text(
            f'publish = {{ method = "lexicon"; provider = "powerdns"; credentials = "{CREDENTIALS}"; }};\n')
        credentials = cls.machine.path(CREDENTIALS)
        credentials.write_text(f'LEXICON_POWERDNS_AUTH_TOKEN="{TOKEN}"\n'
                               f"LEXICON_POWERDNS_PDNS_SERVER={cls.world.proxy.url}\n")
        credentials.chmod(0o600)

    def rotate(self, result="success"):
        self.machine.run("systemctl", "start", "dkimkey-rotate.service", good=(0,) if result == "success" else (1,))
        self.assertEqual(self.machine.property("dkimkey-rotate", "Result"), result)
        return int(self.machine.property("dkimkey-rotate", "ExecMainStatus"))

    def journal(self):
        self.machine.run("journalctl", "--sync")  # what was said may still wait to be read
        return self.machine.run("journalctl", "--no-pager", "--output=cat", "--unit=dkimkey-rotate")

    def values(self):
        return {selector: self.machine.run("dkimkey", "show", "-d", ZONE, "-s", selector, "--format", "value").strip()
                for selector in re.findall(r'selector = "([^"]+)"', (self.manifest()).read_text())}

    def manifest(self):
        return self.machine.path(f"{KEYS}/{ZONE}/keys.conf")

    def assert_served(self):
        for selector, value in self.values().items():
            self.assertEqual(self.world.texts(self.world.primary, f"{selector}._domainkey.{ZONE}"), [value])

    def test_1_the_configuration_is_good(self):
        self.assertEqual(self.machine.run("dkimsignd", "--check"), "no problem found\n")
        self.assertEqual(self.machine.property("dkimkey-rotate", "DropInPaths"), "")
        self.assertIn("proven", self.machine.run("dkimkey", "check-publish", "--domain", ZONE))

    def test_2_the_service_publishes(self):
        self.machine.run("dkimkey", "generate", "--domain", ZONE, "--selector", "server", "--algorithm", "both")
        self.assertEqual(self.rotate(), 0)
        self.assertEqual(len(self.values()), 2)
        self.assert_served()
        self.assertIn("activated server", self.journal())

    def test_3_the_service_replaces_keys(self):
        manifest = self.manifest()
        manifest.write_text(re.sub(r'"20\d\d-', '"2020-', manifest.read_text()))
        self.assertEqual(self.rotate(), 3)
        self.assertEqual(len(self.values()), 4)
        self.assert_served()

    def test_4_a_failure_is_seen_and_nothing_secret_is(self):
        self.machine.run("dkimkey", "generate", "--domain", ZONE, "--selector", "third")
        self.world.proxy.mode = "echo"
        self.assertEqual(self.rotate("exit-code"), 1)
        self.assertIn("[hidden]", self.journal())
        self.world.proxy.mode = "pass"
        self.rotate()
        self.assert_served()
        everything = self.machine.run("journalctl", "--no-pager", "--output=export")
        self.assertNotIn("Tok3n", everything)


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
