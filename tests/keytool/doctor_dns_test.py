"""doctor finds nothing wrong with a healthy domain in DNS, and exactly the one fault of each domain that has one. The
name servers and the resolver are real."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from dkimkey import GROUP, run, succeed
from dns_world import OTHER_ZONE, ZONE
from domain_ways import OTHER_LINES, WAYS
from domain_world import DEAD, Domain, DomainWorld

PROBE = os.environ["DOMAIN_PROBE"]
TOPICS = {"dkim", "spf", "dmarc", "ptr", "helo", "mx"}


def make_keys(keys, domain):
    """Makes a signing key "s", and the other keys that the name of the way calls for; keeps their records' values."""
    def generate(selector, *more):
        succeed("generate", "-D", keys, "-d", domain.domain, "-s", selector, *more)
        shown = succeed("show", "-D", keys, "-d", domain.domain, "-s", selector, "--format", "value")
        return shown.stdout.decode().strip()

    domain.value = generate("s", "--algorithm", "rsa" if domain.name == "dkim-cut" else "ed25519",
                            *([] if domain.name == "dkim-pending" else ["--activate"]),
                            *(["-t"] if domain.name == "dkim-testing" else []))
    domain.key("s", domain.value)
    if domain.name == "dkim-other":
        domain.other_value = generate("other", "--algorithm", "ed25519")
        domain.key("other", domain.other_value)
    if domain.name == "dkim-next":
        generate("next", "--algorithm", "ed25519")
    if domain.name.startswith("dkim-revoked"):
        domain.other_value = generate("old", "--algorithm", "ed25519")
        # Nobody answers there, so the record cannot be checked; that does not matter here.
        done = run("revoke", "-D", keys, "-d", domain.domain, "-s", "old", "--resolver", f"{DEAD}@53")
        assert b"revoked" in done.stdout + done.stderr, done


class DoctorDns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="dkimkey-doctor-")
        cls.addClassCleanup(directory.cleanup)
        root = pathlib.Path(directory.name)
        cls.keys = root / "keys"
        cls.keys.mkdir(0o750)
        os.chown(cls.keys, 0, GROUP)
        cls.domains = {name: Domain(name, number) for number, name in enumerate(WAYS, 1)}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda domain: make_keys(cls.keys, domain), cls.domains.values()))
        for name, domain in cls.domains.items():
            WAYS[name][0](domain)
        (root / "world").mkdir()
        cls.world = DomainWorld(root / "world", list(cls.domains.values()), ["dead-below IN NS dead"],
                                OTHER_LINES)
        cls.addClassCleanup(cls.world.close)
        cls.world.start()

    def findings(self, domain, *options, resolver=None):
        resolver = resolver or f"{self.world.resolver}@5353"
        done = subprocess.run([PROBE, self.keys, resolver, domain, *options], capture_output=True,
                              timeout=300, check=True)
        return json.loads(done.stdout)

    def findings_for(self, name, *more, **options):
        domain = self.domains[name]
        return self.findings(domain.domain, f"address={domain.address}", f"address={domain.address_6}",
                             f"helo={domain.helo}", f"signing={domain.domain}", *more, **options)

    @staticmethod
    def trouble(found):
        return [finding for finding in found if finding["severity"] != "good"]

    def assert_only(self, found, topic, severity, words):
        trouble = self.trouble(found)
        self.assertEqual({finding["topic"] for finding in trouble}, {topic}, trouble)
        self.assertEqual({finding["severity"] for finding in trouble}, {severity}, trouble)
        self.assertTrue(any(words in finding["what"] for finding in trouble), (words, trouble))
        return trouble

    def test_each_fault_is_found_and_nothing_else(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # some wait for servers that do not exist
            all_found = dict(zip(WAYS, pool.map(self.findings_for, WAYS)))
        for name, (_, expected) in WAYS.items():
            with self.subTest(name):
                found = all_found[name]
                if not expected:
                    self.assertEqual(self.trouble(found), [])
                for topic, (severity, words) in expected.items():
                    self.assert_only(found, topic, severity, words)

    def test_the_program_reports_the_same(self):
        """On a host without Postfix, dkimkey doctor reports the same about DNS as the checks alone."""
        for name in ("healthy", "dkim-missing", "spf-none", "dmarc-none", "ptr-none", "mx-null"):
            with self.subTest(name):
                domain = self.domains[name]
                done = run("doctor", "-D", self.keys, "--postfix-config", self.keys / "none",
                           "--address", domain.address, "--address", domain.address_6,
                           "--resolver", f"{self.world.resolver}@5353", "--json", domain.domain)
                found = [finding for finding in json.loads(done.stdout) if finding["topic"] in TOPICS]
                self.assertEqual({(finding["topic"], finding["severity"]) for finding in self.trouble(found)},
                                 {(topic, said[0]) for topic, said in WAYS[name][1].items()})
                self.assertEqual({finding["topic"] for finding in found}, TOPICS - {"helo"})

    def test_the_program_reports_unsubscribe_fields_that_are_not_signed(self):
        for setting, severity in (("", "good"), ('signed_headers = ( "-List-Unsubscribe-Post" );', "note")):
            with self.subTest(setting), tempfile.NamedTemporaryFile("w", suffix=".conf") as configuration:
                configuration.write(setting + "\n")
                configuration.flush()
                done = run("doctor", "-D", self.keys, "--config", configuration.name, "--postfix-config",
                           self.keys / "none", "--local", "--json", self.domains["healthy"].domain)
                (found,) = [finding for finding in json.loads(done.stdout)
                            if finding["topic"] == "one_click_unsubscribe"]
                self.assertEqual(found["severity"], severity)
                self.assertIn("List-Unsubscribe-Post", found["what"])

    def test_a_healthy_domain_is_good_in_every_way(self):
        self.assertEqual([(finding["topic"], finding["severity"]) for finding in self.findings_for("healthy")],
                         [(topic, "good") for topic in ("dkim", "spf", "dmarc", "ptr", "ptr", "mx")])

    def test_records_to_paste_fix_the_fault(self):
        """Every record that doctor prints is valid, has the right name, and contains what was missing."""
        for name, line in (
                ("spf-none", "{d}. 3600 IN TXT \"v=spf1 ip4:{a} ip6:{a6} -all\""),
                ("spf-other", "{d}. 3600 IN TXT \"v=spf1 ip4:203.0.113.1 ip4:{a} ip6:{a6} -all\""),
                ("spf-four-only", "{d}. 3600 IN TXT \"v=spf1 ip4:198.51.100.0/24 ip6:{a6} -all\""),
                ("dmarc-none", "_dmarc.{d}. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{d}\""),
                ("rua-not-agreed", "{d}._report._dmarc.elsewhere.test. 3600 IN TXT \"v=DMARC1\""),
                ("dkim-missing", "s._domainkey.{d}. 3600 IN TXT \"{v}\""),
                ("dkim-several", "s._domainkey.{d}. 3600 IN TXT \"{v}\""),
                ("dkim-revoked", "old._domainkey.{d}. 3600 IN TXT \"v=DKIM1; k=ed25519; p=\""),
                ("dkim-cut", "s._domainkey.{d}. 3600 IN TXT \"{v1}\" \"{v2}\"")):
            with self.subTest(name):
                domain = self.domains[name]
                pasted = "".join(finding["paste"] for finding in self.trouble(self.findings_for(name)))
                self.assertEqual(pasted, line.format(d=domain.domain, a=domain.address, a6=domain.address_6,
                                                     v=domain.value, v1=domain.value[:255],
                                                     v2=domain.value[255:]) + "\n")

    def test_the_lookups_of_a_record_are_counted(self):
        (good,) = [finding for finding in self.findings_for("spf-include") if finding["topic"] == "spf"]
        self.assertIn("(2 of 10 lookups)", good["what"])

    def test_without_a_resolver_everything_is_unknown(self):
        found = self.findings_for("healthy", resolver=f"{DEAD}@53")
        self.assertEqual({finding["severity"] for finding in found}, {"unknown"}, found)
        self.assertEqual({finding["topic"] for finding in found}, TOPICS)

    def test_with_a_resolver_that_refuses_everything_is_unknown(self):
        # This server does not know the zone.
        found = self.findings_for("healthy", resolver=f"{self.world.other}@53")
        of_zone = [finding for finding in found if finding["topic"] not in ("ptr", "helo")]
        self.assertEqual({finding["severity"] for finding in of_zone}, {"unknown"}, found)
        self.assertIn("answers REFUSED", found[1]["what"])

    def test_without_an_address_coverage_is_unknown(self):
        found = self.findings(self.domains["healthy"].domain)
        self.assertEqual([(finding["topic"], finding["severity"]) for finding in self.trouble(found)],
                         [("spf", "unknown")])

    def dmarc_of(self, domain, *options):
        return [finding for finding in self.findings(domain, *options) if finding["topic"] == "dmarc"]

    def test_signing_as_another_domain(self):
        """Mail signed as the parent is good if the walk finds one organization, and broken if the record is strict or
        psd=n makes the domain another organization."""
        for name, broken in (("news", False), ("host.news", False), ("a.b.c.d.e.f.g.h", False), ("strict", True),
                             ("tree", True), ("there.tree", True)):
            with self.subTest(name):
                found = self.dmarc_of(f"{name}.{OTHER_ZONE}", f"signing={OTHER_ZONE}",
                                      f"envelope={name}.{OTHER_ZONE}")
                self.assertEqual([finding["severity"] for finding in self.trouble(found)
                                  if finding["severity"] != "note"], ["broken"] * broken, found)
        self.assertEqual(self.trouble(self.dmarc_of(f"there.tree.{OTHER_ZONE}", f"signing=tree.{OTHER_ZONE}")), [])
        found = self.trouble(self.dmarc_of(f"news.{OTHER_ZONE}", f"signing={ZONE}"))
        self.assertIn("do not count for mail From", found[0]["what"])

    def test_a_parent_without_a_record_is_another_organization(self):
        """The record to paste makes them one organization, like that of OTHER_ZONE."""
        domain = self.domains["healthy"]
        found = self.findings(domain.domain, f"address={domain.address}", f"signing={ZONE}")
        (finding,) = self.assert_only(found, "dmarc", "broken", "do not count for mail From")
        self.assertEqual(finding["paste"], f"_dmarc.{ZONE}. 3600 IN TXT \"v=DMARC1; p=none\"\n")

    def test_an_envelope_of_another_domain(self):
        domain = self.domains["healthy"]
        found = self.findings_for("healthy", f"envelope=wide.{OTHER_ZONE}")
        self.assert_only(found, "dmarc", "risk", "depends on the DKIM signature alone")
        other = self.domains["spf-other"].domain
        found = self.findings_for("healthy", f"envelope={domain.domain}", f"envelope={other}")
        self.assert_only(found, "spf", "broken", "does not cover")

    def test_a_relay(self):
        """The relay's address must be covered by SPF; its reverse DNS is not judged."""
        found = self.findings(self.domains["spf-include"].domain, f"relay=mail.{OTHER_ZONE}",
                              "address=10.0.0.1")
        self.assertEqual(self.trouble(found), [])
        self.assertNotIn("ptr", {finding["topic"] for finding in found})
        found = self.findings(self.domains["healthy"].domain, f"relay=[relay.{OTHER_ZONE}]")
        (finding,) = self.assert_only(found, "spf", "risk", "does not cover the relay relay.elsewhere.test")
        self.assertIn(f'a:relay.{OTHER_ZONE} -all"', finding["paste"])
        found = self.findings(self.domains["healthy"].domain, f"relay={OTHER_ZONE}")
        (finding,) = self.assert_only(found, "spf", "risk", "203.0.113.5")
        self.assertIn(f'mx:{OTHER_ZONE} -all"', finding["paste"])
        found = self.findings(self.domains["healthy"].domain, f"relay=nowhere.{OTHER_ZONE}")
        self.assert_only(found, "spf", "unknown", "has no address")

    def test_the_walk_up(self):
        """A record at any name on the way up can give the policy for a domain: p=, or sp= or np= of a name above."""
        for domain, policy in (
                ("", "_dmarc.elsewhere.test is reject"),
                ("deep.below.", "_dmarc.elsewhere.test for names below it is none"),
                ("1.2.3.4.5.6.7.8.9.deep.below.", "_dmarc.elsewhere.test for names below it is none"),
                ("news.", "_dmarc.news.elsewhere.test is none"),
                ("host.news.", "_dmarc.elsewhere.test for names below it is none"),
                ("two.news.", "_dmarc.elsewhere.test for names below it is none"),
                ("tree.", "_dmarc.tree.elsewhere.test is none"),
                ("there.tree.", "_dmarc.tree.elsewhere.test for names below it is quarantine"),
                ("below.tree.", "_dmarc.tree.elsewhere.test for names below it is quarantine"),
                ("alias.tree.", "_dmarc.tree.elsewhere.test for names below it is quarantine"),
                ("a.b.c.tree.", "_dmarc.tree.elsewhere.test for names that do not exist is reject")):
            with self.subTest(domain):
                found = [finding for finding in self.dmarc_of(domain + OTHER_ZONE)
                         if finding["what"].startswith("the policy at")]
                self.assertEqual([finding["severity"] for finding in found], ["good"])
                self.assertTrue(found[0]["what"].startswith(f"the policy at {policy}: "), found)

    def test_records_on_the_way_up_without_effect(self):
        found = self.trouble(self.dmarc_of(f"host.two.news.{OTHER_ZONE}"))
        self.assertEqual([finding["severity"] for finding in found], ["risk"])
        self.assertIn(f"_dmarc.two.news.{OTHER_ZONE} is there 2 times", found[0]["what"])


if __name__ == "__main__":
    unittest.main()
