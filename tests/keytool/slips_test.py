"""check, doctor and verify name the usual mistakes of people and web forms in a record, and say what to enter."""

import json
import unittest

from dns_case import PROBLEM, DnsCase, serve_file
from dkimkey import run
from dns_world import ZONE, DnsWorld

setUpModule, tearDownModule = serve_file(lambda directory: DnsWorld(directory, network="127.53.12"), secondary=False)


class Mistakes(DnsCase):
    def setUp(self):
        super().setUp()
        self.made("server", "--activate")
        self.own_name = self.name("server")
        self.good = self.value("server")
        self.addCleanup(self.world.put, self.own_name)

    def reported(self, *options):
        """Returns the servers' states in the JSON of check for a wrong record, and the result of check with a table."""
        found = self.assert_check("server", PROBLEM, "wrong")
        return found["servers"], self.key("check", *options)

    def test_in_the_value(self):
        key = self.good.partition("p=")[2]
        for value, words in (
            (f'"{self.good}"', "syntax error: the value holds quotation marks"),
            (f'v=DKIM1; k=rsa; p={key[:100]}" "{key[100:]}', "the value holds quotation marks"),
            (self.good.replace(";", "\\;"), "the value holds backslashes"),
            (f'( "v=DKIM1; k=rsa; " "p={key}" )', "the value holds text of a zone file"),
            (f"server._domainkey IN TXT {self.good}", "the value holds text of a zone file"),
            (f"{self.good} v=spf1 -all", "more than one record"),
            ("v=spf1 -all", "another kind of record (v=spf1)"),
            (key, "the value is the key alone"),
        ):
            with self.subTest(words):
                self.world.put(self.own_name, value)
                servers, table = self.reported()
                self.assertIn(words, servers)
                self.assertIn(words, table.stdout.decode())
                # The place of the syntax error and the length of the record are not named: they are not the fault.
                self.assertNotIn(" byte", table.stdout.decode() + table.stderr.decode())
                doctor = json.loads(run("--config", self.config, "doctor", ZONE, *self.at_resolver(), "--json").stdout)
                dkim = [finding for finding in doctor if finding["subject"] == self.own_name]
                self.assertIn(words.removeprefix("syntax error: "), dkim[0]["what"])
                self.assertNotIn("strings of at most 255", dkim[0]["advice"])

    def test_verify_names_the_mistake_in_the_signers_record(self):
        message = self.directory / "message.eml"
        message.write_text(f"From: a@{ZONE}\nSubject: x\n\nHello\n")
        signed = run("sign", "-D", self.keys, message)
        self.assertEqual(signed.returncode, 0, signed.stderr)
        message.write_bytes(signed.stdout)
        self.world.put(self.own_name, self.good.replace(";", "\\;"))
        done = run("verify", *self.at_resolver(), message)
        self.assert_ends(done, PROBLEM, "the key record cannot be used: the value holds backslashes")

    def test_in_the_name(self):
        for place, words in (
            (f"{self.own_name}.{ZONE}", f"the form adds {ZONE} automatically: enter the name as server._domainkey"),
            (f"server.{ZONE}", "enter the name as server._domainkey"),
            (f"server-domainkey.{ZONE}", "enter the name as server._domainkey"),
        ):
            with self.subTest(place):
                self.world.put(place, f'"{self.good}"')
                self.addCleanup(self.world.put, place)
                words = f"the record is at {place} instead; {words}"
                servers, table = self.reported()
                self.assertIn("missing: " + words, servers)
                self.assertNotIn(" bytes", table.stderr.decode())
                self.assert_ends(self.key("check", "--no-authoritative"), PROBLEM, words)
                self.world.put(place)

    def test_no_record_is_found_if_there_is_none(self):
        self.made("other")
        self.world.put(f"server.{ZONE}", self.value("other"))
        self.addCleanup(self.world.put, f"server.{ZONE}")
        servers, _ = self.reported()
        self.assertTrue(servers.endswith(" missing"), servers)

    def test_the_length_is_reported_only_if_it_is_the_fault(self):
        self.world.put(self.own_name, self.good[:255])
        self.assert_ends(self.key("check"), PROBLEM, "note:", "needs 2 strings of at most 255")
        self.world.put(self.own_name, self.good.replace("; p=", "; t=y; p="))
        done = self.key("check")
        self.assert_ends(done, PROBLEM, "t=y is still on")
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
