"""publish = update, with knot, BIND, NSD and a server that misbehaves: dkimkey explains a refusal in words, changes no
state, and tries again."""

import base64
import os
import unittest

import dns.rcode
import odd_server
from clock import with_clock
from dns_case import DONE, PROBLEM, WAITING, DnsCase, serve_file
from dns_world import KEY_NAME, OTHER_ZONE, SECRET
from name_server import knot_version
from wide_world import NOBODY, WideWorld

NETWORK = "127.53.8"
setUpModule, tearDownModule = serve_file(lambda directory: WideWorld(directory, NETWORK))

WRONG_SECRET = base64.b64encode(b"another secret of many bytes ...").decode()
UPDATE = 5  # the opcode
BAD_KEY = "does not know the TSIG key, or not with its algorithm, or not for this zone (BADKEY)"


class UpdateCase(DnsCase):
    def setUp(self):
        super().setUp()
        self.selector = self.selector_of_test()
        # The tested key is not the first one, so that it does not become active at once.
        self.made("first", "--activate")
        self.world.put(self.name("first"), self.value("first"))
        self.made(self.selector)

    def tsig_file(self, name=KEY_NAME, secret=SECRET, algorithm="hmac-sha256", mode=0o600, text=None):
        path = self.directory / "tsig.key"
        path.write_text(text or f'key "{name}" {{\n\talgorithm {algorithm};\n\tsecret "{secret}";\n}};\n')
        path.chmod(mode)
        return path

    def run_shifted(self, shift):
        """Runs rotate with a wrong clock."""
        return self.rotate("--due", env=with_clock(shift))

    def assert_refused(self, *words, done=None):
        """Checks for a failure with these words, which changes neither the manifest nor DNS."""
        before = self.manifest()
        done = done or self.rotate("--due")
        self.assert_ends(done, PROBLEM, "failed", self.name(self.selector), *words)
        self.assertEqual(self.manifest(), before)
        self.assertEqual(self.world.texts(self.home(), self.name(self.selector)), [])

    def home(self):
        return self.world.home(self.domain)

    def assert_published(self):
        """Checks that the next run tries again, and succeeds."""
        self.update_method(server=self.home())
        self.assert_ends(self.rotate("--due"), WAITING, f"put the record {self.name(self.selector)} into DNS")
        self.assertEqual(self.world.texts(self.home(), self.name(self.selector)), [self.value(self.selector)])


class TsigErrors:
    """Tests that apply to every make of primary."""

    def refused(self, *words, done=None, **file):
        self.update_method(key_file=self.tsig_file(**file), server=self.home())
        self.assert_refused(*words, done=done)
        self.assert_published()

    def test_wrong_secret(self):
        self.refused("the TSIG secret is wrong (BADSIG)", secret=WRONG_SECRET)

    def test_unknown_key(self):
        self.refused(self.unknown_key, name="nobody")

    def test_wrong_algorithm(self):
        self.refused(self.wrong_algorithm, algorithm="hmac-sha512")

    def test_not_allowed(self):
        self.refused(self.not_allowed, name="restricted")

    def test_expired_clock(self):
        self.update_method(server=self.home())
        for shift in ("+1h", "-1h"):
            with self.subTest(shift):
                self.assert_refused("our clock and its own differ by more than 300 s (BADTIME)",
                                    done=self.run_shifted(shift))
        self.assert_published()

    def test_a_clock_that_is_a_little_off(self):
        self.update_method(server=self.home())
        self.assert_ends(self.run_shifted("-4m"), WAITING, "into DNS")


class Knot(TsigErrors, UpdateCase):
    domain = "odd.test"
    # knot 3.2 says BADKEY in a TSIG record; knot 3.4 says NOTAUTH without one.
    unknown_key = BAD_KEY if knot_version() < (3, 4) else (
        "is not responsible for the zone odd.test., or does not accept the TSIG key for it (NOTAUTH)")
    wrong_algorithm = unknown_key
    not_allowed = unknown_key


class Bind(TsigErrors, UpdateCase):
    domain = "bind.test"
    unknown_key = BAD_KEY
    wrong_algorithm = unknown_key
    not_allowed = "does not allow this key to change the name (REFUSED)"


class OtherPrimaries(UpdateCase):
    domain = "odd.test"

    def refused(self, server, *words):
        self.update_method(server=server)
        self.assert_refused(*words)

    def test_servers_that_take_no_updates(self):
        """One knows other zones, one does not accept updates, and one does not exist."""
        self.refused(self.world.other, "is not responsible for the zone odd.test.", "NOTAUTH")
        self.refused(self.world.nsd, f"the primary {self.world.nsd}", "does not accept dynamic updates (NOTIMPL)")
        self.refused(NOBODY, f"the primary {NOBODY} does not answer over TCP")
        self.assert_published()

    def test_unusable_answers(self):
        def for_updates(behave):
            return lambda server, wire, by_tcp: (behave if wire[2] >> 3 & 15 == UPDATE else odd_server.honest)(
                server, wire, by_tcp)

        odd = self.world.odd
        self.addCleanup(odd.__setattr__, "behave", odd_server.honest)
        for behave, words in (
            (odd_server.failing(dns.rcode.NOERROR), "gives an answer that is not signed with our TSIG key"),
            (odd_server.failing(dns.rcode.YXRRSET), "gives an answer that is not signed with our TSIG key"),
            (odd_server.failing(dns.rcode.REFUSED), "does not allow this key to change the name (REFUSED)"),
            (odd_server.failing(dns.rcode.SERVFAIL), "answers SERVFAIL"),
            (odd_server.failing(dns.rcode.FORMERR), "answers FORMERR"),
            (odd_server.garbage, "gives an answer that is not a DNS message"),
            (odd_server.silent, "does not answer over TCP"),
        ):
            with self.subTest(words):
                odd.behave = for_updates(behave)
                self.refused(self.world.odd_address, words)
        # The signature covers every byte of the answer.
        odd.behave = for_updates(odd_server.wrong_number)
        self.update_method(server=self.world.odd_address)
        self.assert_ends(self.rotate("--due"), PROBLEM, "not signed with our TSIG key")

    def test_key_files(self):
        whole = f'key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'
        for file, words in (
            ({"mode": 0o644}, ["must not be open to others", "chmod 0640"]),
            ({"mode": 0o660}, ["writable by its group", "chmod 0640"]),
            ({"text": "nonsense"}, ["neither a key of BIND"]),
            ({"text": whole.replace("hmac-sha256", "hmac-md5")}, ["an algorithm other than"]),
            ({"text": whole.replace(SECRET, "%%%")}, ["a secret that is not base64"]),
            ({"text": whole.replace(SECRET, "")}, ["a secret that is not base64"]),
            # Bits are left over after the last whole byte.
            ({"text": whole.replace(SECRET, "AC==")}, ["a secret that is not base64"]),
            ({"text": whole.replace("};", "")}, ["without its closing }"]),
        ):
            with self.subTest(words):
                path = self.tsig_file(**file)
                self.update_method(key_file=path)
                self.assert_refused("the TSIG key file ", f" {path} ", *words)
        # Updates would be signed with another user's key, so this secret is not read.
        path = self.tsig_file()
        os.chown(path, 65534, -1)
        self.update_method(key_file=path)
        self.assert_refused("the TSIG key file ", f"{path} belongs to user 65534", "chown root")
        os.chown(path, 0, -1)
        below = self.directory / "below"
        below.mkdir()
        below.chmod(0o777)
        self.update_method(key_file=path.rename(below / path.name))
        self.assert_refused("the TSIG key file ", f"{below} has mode 0777")
        # The file may have comments and line breaks, as tools and editors leave them.
        self.update_method(key_file=self.tsig_file(text=f"// of the provider\n# 2026\n/* for\nus */ {whole}\n"))
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS")

    def test_the_primary_that_the_zone_names(self):
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS")
        self.assertEqual(self.world.texts(self.home(), self.name(self.selector)), [self.value(self.selector)])

    def test_the_target_of_a_cname(self):
        """A server silently ignores a record beside a CNAME (RFC 2136 3.4.2.2), so the record goes to its target."""
        target = f"target.{OTHER_ZONE}"
        self.world.put(self.name(self.selector), target + ".", kind="CNAME")
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS", "found the record")
        self.assertEqual(self.world.texts(self.world.other, target), [self.value(self.selector)])
        # It is removed there when the key is forgotten.
        self.key("revoke", "-s", self.selector)
        self.assertEqual(self.world.texts(self.world.other, target), ["v=DKIM1; k=rsa; p="])
        self.grow_older(days=31)
        self.assert_ends(self.rotate("--due"), DONE, "out of DNS")
        self.assertEqual(self.world.texts(self.world.other, target), [])

    def test_somebody_elses_record_at_the_target_of_a_cname(self):
        """The owner of the CNAME must not be able to replace or remove another record of ours by it."""
        target = f"used.{OTHER_ZONE}"
        self.world.put(self.name(self.selector), target + ".", kind="CNAME")
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        before = self.manifest()
        # DMARC's record has a tag p=, as a key's has.
        for record in ("v=spf1 -all", "v=DMARC1; p=none"):
            with self.subTest(record):
                self.world.put(target, record, zone=OTHER_ZONE, address=self.world.other)
                self.assert_ends(self.rotate("--due"), PROBLEM,
                                 f"leads to {target}, which has a TXT record that is no key", record)
                self.assertEqual(self.manifest(), before)
                self.assertEqual(self.world.texts(self.world.other, target), [record])

    def test_a_wildcard_at_the_target_of_a_cname(self):
        target = f"new.wild.{OTHER_ZONE}"
        self.world.put(f"*.wild.{OTHER_ZONE}", "v=spf1 -all", zone=OTHER_ZONE, address=self.world.other)
        self.world.put(self.name(self.selector), target + ".", kind="CNAME")
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS", "found the record")
        self.assertEqual(self.world.texts(self.world.other, target), [self.value(self.selector)])

    def test_a_cname_that_leads_nowhere(self):
        self.world.put(self.name(self.selector), "x.lost.test.", kind="CNAME")
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        before = self.manifest()
        self.assert_ends(self.rotate("--due"), PROBLEM, "does not say where it leads", "x.lost.test.")
        self.assertEqual(self.manifest(), before)

    def test_other_records_beside_ours_are_replaced(self):
        self.world.put(self.name(self.selector), "v=spf1 -all", "hello")
        self.update_method()
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS", "found the record")


if __name__ == "__main__":
    unittest.main(verbosity=2)
