"""check reports each way in which name servers can be wrong. rotate waits, names the reason, and goes on once the fault
is fixed."""

import contextlib
import shutil
import socket
import unittest

import dns.rcode
import odd_server
from clock import with_clock
from dkimkey import run
from dns_case import DONE, PROBLEM, WAITING, DnsCase, serve_file
from dns_world import OTHER_ZONE, ZONE
from wide_world import WideWorld, has_ipv6

NETWORK = "127.53.7"
setUpModule, tearDownModule = serve_file(lambda directory: WideWorld(directory, NETWORK, six=has_ipv6()))

NS1, NS2, NS3 = (f"ns{n}.{ZONE}." for n in (1, 2, 3))


class Secondaries(DnsCase):
    """Tests with knot as the primary, and knot and NSD as secondaries."""

    def put(self, selector, *values, **more):
        self.world.put(self.name(selector), *values, **more)

    def put_everywhere(self, selector, *values, **more):
        self.put(selector, *values, **more)
        self.world.let_through()

    def put_ahead(self, selector, *values):
        """Updates the primary and NSD, but not the other secondary."""
        self.put(selector, *values)
        self.world.let_through(self.world.nsd)
        self.assertLess(self.world.serial(self.world.secondary), self.world.serial(self.world.primary))

    def assert_only_the_secondary_is_wrong(self, selector, status):
        table, _ = self.checked(selector)
        rows = [line.split() for line in table.stdout.decode().splitlines()[1:]]
        serves = {row[3]: " ".join(row[4:]) for row in rows}
        self.assertEqual(serves[self.world.primary], "right")
        self.assertEqual(serves[self.world.nsd], "right")
        self.assertTrue(serves[self.world.secondary].startswith(status), serves)

    def test_the_secondary_lags(self):
        self.made("lag")
        self.put_ahead("lag", self.value("lag"))
        self.assert_check("lag", WAITING, "wrong", f"{NS2}", "missing")
        self.assert_only_the_secondary_is_wrong("lag", "missing")
        self.assert_rotate_waits("lag", f"{NS2} serves: missing")
        self.world.let_through()
        self.assert_goes_on("lag")

    def test_the_secondary_serves_the_old_key(self):
        self.made("old")
        self.made("former")
        self.put_everywhere("old", self.value("former"))
        self.put_ahead("old", self.value("old"))
        tail = self.value("former")[-16:]
        self.assert_check("old", WAITING, "wrong", f"{NS2}", "another key", f"p= ends in ...{tail} instead of")
        self.assert_only_the_secondary_is_wrong("old", "another key")
        self.key("revoke", "-s", "former")
        self.assert_rotate_waits("old", f"{NS2} serves: another key", f"...{tail}")
        self.world.let_through()
        self.assert_check("old", DONE, "right", "right")

    def test_the_secondary_serves_two_records(self):
        self.made("two")
        self.put_everywhere("two", self.value("two"), "v=spf1 -all")
        self.put_ahead("two", self.value("two"))
        self.assert_check("two", WAITING, "wrong", "several records", "2 TXT records")
        self.assert_only_the_secondary_is_wrong("two", "several records")
        self.assert_rotate_waits("two", f"{NS2} serves: several records")
        self.world.let_through()
        self.assert_goes_on("two")

    def test_the_secondary_is_dead(self):
        self.made("dead")
        self.put_everywhere("dead", self.value("dead"))
        self.world.stop("secondary")
        try:
            self.assert_check("dead", WAITING, "unknown", NS2, "does not answer")
            self.assert_rotate_waits("dead", "could be asked", f"{NS2} does not answer")
        finally:
            self.world.start_secondary()
        self.assert_goes_on("dead")

    def test_an_active_key_whose_record_is_wrong_somewhere(self):
        self.made("used", "--activate")
        self.put_ahead("used", self.value("used"))
        self.assert_check("used", PROBLEM, "wrong", NS2, "missing")
        self.assert_ends(self.rotate("--dry-run"), WAITING, "mail is signed with it", f"{NS2} serves: missing")
        self.world.let_through()
        self.assert_check("used", DONE, "right", "right")

    def test_what_people_paste_wrongly(self):
        self.made("paste", "--bits", "4096")
        whole = self.value("paste")
        strings = [whole[i:i + 255] for i in range(0, len(whole), 255)]
        self.assertEqual(len(strings), 3)
        for values, words in (
            ([whole.replace("; p=", "; t=y; p=")], ["t=y is still on"]),
            (["v=DKIM1; k=rsa; p="], ["revoked"]),
            (["v=DKIM1; k=rsa; p=%%%"], ["syntax error", "at byte 17"]),
            (["v=DKIM1; k=rsa; p"], ["syntax error", "at byte 17"]),
            # The form takes only one string: cut where the base64 is whole, and where it is not.
            ([whole[:255]], [f"cut off after 255 of {len(whole)} bytes; it needs 3 strings of at most 255"]),
            ([whole[:254]], [f"cut off after 254 of {len(whole)} bytes"]),
            # The form makes a record of each string.
            (strings, ["several records", "3 TXT records; each of the 3 strings of one record has become a record"]),
        ):
            with self.subTest(values):
                self.put_everywhere("paste", *values)
                self.assert_check("paste", WAITING, "wrong", *words)
                self.assert_rotate_waits("paste", *words)
        # The record does not fit into a datagram.
        self.put_everywhere("paste", whole)
        self.assert_goes_on("paste")

    def test_a_record_too_large_for_a_datagram(self):
        self.made("large", "--note", "word " * 200)
        self.assertGreater(len(self.value("large")), 1232)
        self.put_everywhere("large", self.value("large"), ttl=1)
        self.assert_goes_on("large")

    def test_a_cname_within_the_zone(self):
        self.made("alias")
        self.put_everywhere("alias", f"real.{ZONE}.", kind="CNAME")
        self.assert_check("alias", WAITING, "wrong", NS1, NS2, NS3, f"missing (by CNAME real.{ZONE}.)")
        self.assert_rotate_waits("alias", f"{NS3} serves: missing")
        self.world.put(f"real.{ZONE}", self.value("alias"))
        self.world.let_through()
        self.assert_check("alias", DONE, "right", f"right (by CNAME real.{ZONE}.)")
        self.assert_goes_on("alias")

    def test_a_cname_into_another_zone(self):
        self.made("away")
        target = f"away.{OTHER_ZONE}"
        self.put_everywhere("away", target + ".", kind="CNAME")
        self.assert_check("away", WAITING, "wrong", self.world.other, f"missing (by CNAME {target}.)")
        self.assert_rotate_waits("away", f"ns1.{OTHER_ZONE}. serves: missing")
        self.world.put(target, self.value("away"))
        # The target's own servers are asked, not the ones that led there.
        table, _ = self.checked("away")
        self.assertNotIn(self.world.nsd, table.stdout.decode())
        self.assert_goes_on("away")

    def test_a_cname_through_two_zones_and_back(self):
        self.made("there")
        self.put_everywhere("there", f"and.{OTHER_ZONE}.", kind="CNAME")
        self.world.put(f"and.{OTHER_ZONE}", f"back.{ZONE}.", kind="CNAME")
        self.assert_check("there", WAITING, "wrong", NS1, NS2, NS3, f"missing (by CNAME back.{ZONE}.)")
        self.world.put(f"back.{ZONE}", self.value("there"))
        self.world.let_through()
        self.assert_goes_on("there")

    def test_a_loop_of_cnames(self):
        self.made("loop")
        self.put("pool", f"{self.name('loop')}.", kind="CNAME")
        self.put_everywhere("loop", f"{self.name('pool')}.", kind="CNAME")
        self.assert_check("loop", WAITING, "unknown", "a loop of CNAMEs")
        self.assert_rotate_waits("loop", "a loop of CNAMEs")
        # A name that leads back to itself through another zone.
        self.made("round")
        self.put_everywhere("round", f"round.{OTHER_ZONE}.", kind="CNAME")
        self.world.put(f"round.{OTHER_ZONE}", self.name("round") + ".", kind="CNAME")
        self.assert_check("round", WAITING, "unknown", "a loop of CNAMEs")

    def test_a_chain_of_cnames_without_end(self):
        self.made("chain")
        self.put("chain", f"chain1.{ZONE}.", kind="CNAME")
        for i in range(1, 9):
            self.world.put(f"chain{i}.{ZONE}", f"chain{i + 1}.{ZONE}.", kind="CNAME")
        self.world.put(f"chain9.{ZONE}", self.value("chain"))
        self.world.let_through()
        self.assert_check("chain", WAITING, "unknown", "a chain of more than")

    def test_a_cname_to_nowhere(self):
        self.made("nowhere")
        self.put_everywhere("nowhere", "x.lost.test.", kind="CNAME")
        self.assert_check("nowhere", WAITING, "unknown", "x.lost.test.", "the resolver, asked for the zone of")
        self.assert_rotate_waits("nowhere", "x.lost.test.")

    def test_a_wildcard(self):
        self.made("wild")
        wildcard = f"*._domainkey.{ZONE}"
        try:
            for value in ("v=spf1 -all", "v=DKIM1; k=rsa; p="):
                self.world.put(wildcard, value)
                self.world.let_through()
                if value.startswith("v=spf1"):
                    self.assert_check("wild", WAITING, "wrong", f"missing: the wildcard {wildcard}. answers in its place")
                    self.assert_rotate_waits("wild", NS1, NS2, NS3, f"the wildcard {wildcard}.")
            # The key's own record takes precedence.
            self.put_everywhere("wild", self.value("wild"))
            self.assert_goes_on("wild")
        finally:
            self.world.put(wildcard)
            self.world.let_through()

    def test_how_long_a_resolver_may_remember(self):
        """The largest counts of the record's TTL, the TTL of a CNAME on the way and each zone's negative TTL (60 s)."""
        self.made("before", "--activate")
        for selector, ttl, alias_ttl, memory in (("brief", 5, None, "01:00"), ("long", 300, None, "05:00"),
                                                 ("byname", 5, 240, "04:00")):
            self.made(selector)
            target = self.name(selector)
            if alias_ttl:
                target = f"{selector}.{OTHER_ZONE}"
                self.put(selector, target + ".", kind="CNAME", ttl=alias_ttl)
            self.world.put(target, self.value(selector), ttl=ttl)
            self.world.let_through()
            self.assert_ends(self.rotate("--due", at="2037-01-01T00:00:00Z"), WAITING,
                             f"found the record of {selector} on every server", f"2037-01-01T00:{memory}Z")
            self.key("revoke", "-s", selector)


class Odd(DnsCase):
    """Tests with a secondary that misbehaves."""

    domain = "odd.test"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.world.odd.__setattr__, "behave", odd_server.honest)

    def behaves(self, behave, *words, selector, dns_state="unknown"):
        self.made(selector)
        self.world.put(self.name(selector), self.value(selector))
        self.world.odd.behave = behave
        self.assert_check(selector, WAITING, dns_state, "ns2.odd.test.", *words)
        self.assert_rotate_waits(selector, "ns2.odd.test.", *words)
        self.world.odd.behave = odd_server.honest
        self.assert_goes_on(selector)
        shutil.rmtree(self.keys / self.domain)  # so that the next key is a first one again

    def test_silent(self):
        self.behaves(odd_server.silent, "does not answer", selector="silent")

    def test_a_silent_server_is_waited_for_once(self):
        for selector in ("one", "other"):
            self.made(selector)
            self.world.put(self.name(selector), self.value(selector))
        self.world.odd.behave = odd_server.silent
        self.world.odd.asked.clear()
        done = self.key("check")
        self.assert_ends(done, WAITING)
        self.assertEqual(done.stdout.count(b"does not answer"), 2)
        # It is asked twice over UDP, since a datagram can be lost, and once over TCP, all for the first key only.
        self.assertEqual(self.world.odd.asked, [(0, False), (0, False), (0, True)])

    def test_only_over_tcp(self):
        self.behaves(odd_server.only_tcp, "does not answer over UDP, only over TCP", selector="tcp")

    def test_truncated(self):
        """A server with a rate limit does this: the answer comes over TCP, and counts."""
        self.made("slip")
        self.world.put(self.name("slip"), self.value("slip"))
        self.world.odd.behave = odd_server.always_truncated
        self.world.odd.asked.clear()
        self.assert_goes_on("slip")
        self.assertIn((0, True), self.world.odd.asked)

    def test_truncated_and_silent_over_tcp(self):
        self.behaves(odd_server.truncated_and_no_tcp, "sends a truncated answer, and does not answer over TCP",
                     selector="cut")

    def test_an_answer_byte_by_byte(self):
        """Each byte comes in time for a single read, but the whole answer not within the time limit."""
        self.world.odd.bytes_a_second = 1
        self.addCleanup(setattr, self.world.odd, "bytes_a_second", None)
        self.behaves(odd_server.always_truncated, "sends a truncated answer, and does not answer over TCP",
                     selector="slow")

    def test_unusable_answers(self):
        for selector, behave, words in (
            ("refused", odd_server.failing(dns.rcode.REFUSED), "answers REFUSED"),
            ("servfail", odd_server.failing(dns.rcode.SERVFAIL), "answers SERVFAIL"),
            ("formerr", odd_server.failing(dns.rcode.FORMERR), "answers FORMERR"),
            ("lame", odd_server.not_authoritative, "does not know the zone (a lame delegation)"),
            ("referral", odd_server.referral("_domainkey.odd.test."), "leaves the name to the servers of _domainkey.odd.test."),
            ("garbage", odd_server.garbage, "sends an answer that is not a DNS message"),
            ("number", odd_server.wrong_number, "answers another question"),
            ("question", odd_server.another_question, "answers another question"),
            ("tctc", odd_server.truncated_even_over_tcp, "sends a truncated answer over TCP"),
        ):
            with self.subTest(selector):
                self.behaves(behave, words, selector=selector)

    def test_a_spoofed_datagram_is_not_believed(self):
        self.made("spoof", "--activate")
        self.world.put(self.name("spoof"))
        self.world.odd.behave = odd_server.spoofed_over_udp(f'"{self.value("spoof")[:200]}" "{self.value("spoof")[200:]}"')
        found = self.assert_check("spoof", PROBLEM, "wrong", "missing")
        self.assertNotIn("right", found["servers"])

    def test_a_server_whose_name_has_no_address(self):
        self.made("homeless")
        self.world.put(self.name("homeless"), self.value("homeless"))
        self.world.put("odd.test", "nobody.odd.test.", kind="NS")
        self.addCleanup(self.world.take_away, "odd.test", "NS", "nobody.odd.test.")
        self.assert_check("homeless", WAITING, "unknown", "nobody.odd.test.", "has no address")
        self.assert_rotate_waits("homeless", "nobody.odd.test. has no address")

    def test_more_servers_than_it_asks(self):
        self.made("crowd")
        self.world.put(self.name("crowd"), self.value("crowd"))
        more = [f"n{n}.odd.test." for n in range(20)]
        for name in more:
            self.world.put(name.rstrip("."), self.world.primary, kind="A")
            self.addCleanup(self.world.take_away, name.rstrip("."), "A", self.world.primary)
        self.world.put("odd.test", *more, kind="NS")
        self.addCleanup(self.world.take_away, "odd.test", "NS", *more)
        self.assert_check("crowd", WAITING, "unknown", "2 more", "were not asked: the zone has 22 name servers")
        self.assert_rotate_waits("crowd", "2 more were not asked: the zone has 22 name servers")

    def test_more_addresses_than_it_asks(self):
        self.made("wide")
        self.world.put(self.name("wide"), self.value("wide"))
        more = [f"127.53.7.{n}" for n in range(200, 208)]
        self.world.put("ns1.odd.test", *more, kind="A")
        self.addCleanup(self.world.take_away, "ns1.odd.test", "A", *more)
        # The resolver chooses the eight addresses, so the outcome may differ from one check to the next.
        table = self.key("check", "-s", "wide").stdout.decode()
        self.assertIn("has more than 8 addresses: the others were not asked", table)
        self.assertEqual(table.count(" ns1.odd.test. "), 9, table)


class Dead(DnsCase):
    """Tests with more silent servers than there is time for: one minute for all of them, here only seconds."""

    domain = "odd.test"
    NAMES, ADDRESSES = 18, 5  # 9 s each, so that eight at once take 99 s

    def setUp(self):
        super().setUp()
        held = contextlib.ExitStack()
        self.addCleanup(held.close)
        numbers = iter(range(100, 250))
        self.names = [f"n{n}.odd.test." for n in range(self.NAMES)]
        for name in self.names:
            addresses = [f"{NETWORK}.{next(numbers)}" for _ in range(self.ADDRESSES)]
            for address in addresses:
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind((address, 53))
                # The kernel accepts datagrams and connections, and nobody reads them.
                tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tcp.bind((address, 53))
                tcp.listen(16)
            self.world.put(name.rstrip("."), *addresses, kind="A")
            self.addCleanup(self.world.take_away, name.rstrip("."), "A")
        self.world.put("odd.test", *self.names, kind="NS")
        self.addCleanup(self.world.take_away, "odd.test", "NS", *self.names)
        self.hurry = {"env": with_clock("+0 x5")}

    def test_unasked_servers_are_named_and_the_key_waits(self):
        for selector in ("late", "later"):
            self.made(selector)
            self.world.put(self.name(selector), self.value(selector))
        done = self.key("check", **self.hurry)
        self.assert_ends(done, WAITING)
        table = [line.split() for line in done.stdout.decode().splitlines()[1:]]
        served = {name: {" ".join(row[4:]) for row in table if row[0] == self.name("late") and row[2] == name}
                  for name in ("ns1.odd.test.", *self.names)}
        # A working server is asked, however many others do not work: first addresses come before second ones.
        self.assertEqual(served["ns1.odd.test."], {"right"})
        for name in self.names:
            self.assertEqual(served[name], {"does not answer", "was not asked: time is up"}, name)
        # The time limit is for both keys together.
        for row in table:
            if row[0] == self.name("later"):
                self.assertTrue(" ".join(row[4:]).endswith("time is up"), row)
        before = self.manifest()
        done = self.rotate("--due", **self.hurry)
        self.assert_ends(done, WAITING, "waits", "late", "time is up")
        self.assertEqual(self.manifest(), before)
        self.assert_ends(self.key("activate", "-s", "late", **self.hurry), WAITING, "time is up")
        self.assertEqual(self.manifest(), before)

    def test_doctor_ends_too(self):
        self.made("late", "--activate")
        self.world.put(self.name("late"), self.value("late"))
        done = run("doctor", "--config", self.config, *self.at_resolver(), **self.hurry)
        self.assertIn(b"time is up", done.stdout, done)


class Zones(DnsCase):
    def published(self, domain, selector):
        self.domain = domain
        self.made(selector)
        self.world.put(self.name(selector), self.value(selector))

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_a_server_with_ipv6_only(self):
        self.domain = "six.test"
        self.made("six")
        self.assert_check("six", WAITING, "wrong", "ns1.six.test.", "::1", "missing")
        self.assert_rotate_waits("six", "ns1.six.test. serves: missing")
        # An update goes there as well: to the primary that the SOA names.
        self.configure(f'{{ method = "update"; key_file = "{self.world.tsig_file}"; }}')
        self.assert_ends(self.rotate("--due"), DONE, "into DNS", "activated six")
        self.assertEqual(self.world.texts("::1", self.name("six")), [self.value("six")])
        self.assert_check("six", DONE, "right", "::1", "right")

    def test_dnssec_is_reported_and_changes_nothing(self):
        for domain, state, words in (("signed.test", "secure", "signed with DNSSEC"), ("quick.test", "insecure", ""),
                                     ("bogus.test", "bogus", "fails the resolver's DNSSEC checks")):
            with self.subTest(domain):
                self.published(domain, "sec")
                self.assertEqual(self.assert_check("sec", DONE, "right", "right")["dnssec"], state)
                told = self.key("check").stderr.decode()
                self.assertEqual(told.count("note:"), 1 if words else 0, told)
                self.assertIn(words, told)
                self.assert_ends(self.key("check", "--no-authoritative"), DONE, "right")
                self.assert_ends(self.rotate("--due"), DONE, "activated sec")

    def test_no_server_knows_the_zone(self):
        self.domain = "lost.test"
        self.made("gone")
        self.assert_check("gone", WAITING, "unknown", "the resolver, asked for the zone of")
        self.assert_rotate_waits("gone", "the resolver, asked for the zone of")


if __name__ == "__main__":
    unittest.main(verbosity=2)
