"""Slots, with real name servers of the domain's owner and of ours: every mistake that the owner can make with a CNAME is
named, and who has to act; a slot gets its next key only after all trace of the last one has passed."""

import json
import subprocess
import unittest

from dkimkey import PROGRAM, run, succeed
from dns_case import DONE, PROBLEM, WAITING, serve_file
from dns_world import wait_for
from slots_case import SlotsCase
from slots_world import OURS, OWNERS, SlotsWorld

NETWORK = "127.53.3"
setUpModule, tearDownModule = serve_file(lambda directory: SlotsWorld(directory, NETWORK))


class Owner(SlotsCase):
    """What the owner does wrong with the CNAME of a slot whose record is right."""

    def setUp(self):
        super().setUp()
        self.slots("s1", "s2")
        self.owner_makes("s2")
        self.own_name = self.name("s1")
        self.rotate("--due")
        self.world.ours.let_through()
        self.assertEqual(self.served("s1"), [self.value("s1")])

    def assert_named(self, *words, cname="wrong", elsewhere=()):
        """Checks that check, rotate and doctor name the mistake, and that the key does not sign. What is to be found
        `elsewhere` in the zone is not asked for by rotate, which may run for many domains."""
        demand = f"the owner of {OWNERS} has to make {self.own_name} a CNAME to {self.target('s1')}"
        self.world.owners.let_through()
        found = self.assert_check("s1", WAITING, "wrong", *words, *elsewhere)
        self.assertEqual(found["cname"], cname)
        self.assertIn(demand, found["detail"])
        # Ours is right, and nothing is to be published.
        self.assertIn(f"ns1.{OURS}. {self.world.ours.primary} right", found["servers"])
        self.assert_rotate_waits("s1", demand, *words)
        self.assertNotIn(b"into DNS", self.rotate("--due").stdout)
        doctor = json.loads(run("--config", self.config, "doctor", self.domain, *self.at_resolver(), "--json").stdout)
        (finding,) = [entry for entry in doctor if entry["subject"] == self.own_name]
        self.assertEqual(finding["severity"], "broken", finding)
        for word in (demand, *words, *elsewhere):
            self.assertIn(word, finding["what"])
        self.assertIn(f"{self.own_name}. 3600 IN CNAME {self.target('s1')}.", json.dumps(finding))
        activate = self.key("activate", "-s", "s1")
        self.assert_ends(activate, WAITING, "stays pending", demand)
        self.assertEqual(self.states(), {"s1": "pending"})

    def assert_goes_on_when_right(self):
        self.owner_makes("s1")
        self.assert_goes_on("s1")

    def test_none(self):
        self.assert_named(f"ns1.{OWNERS}. has no CNAME", f"ns2.{OWNERS}. has no CNAME", cname="missing")
        self.assert_ends(self.key("check", "-s", "s1", "--no-authoritative"), WAITING, "resolver has no CNAME")
        self.assert_goes_on_when_right()
        self.assert_ends(self.key("check", "--no-authoritative"), DONE, "the right CNAME")

    def test_on_one_server_only(self):
        self.world.owners.alias(self.own_name, self.target("s1") + ".")
        found = self.assert_check("s1", WAITING, "wrong", f"ns2.{OWNERS}. ")
        self.assertIn(f"ns1.{OWNERS}. {self.world.owners.primary} the right CNAME", found["servers"])
        self.assert_rotate_waits("s1", f"ns2.{OWNERS}. has no CNAME")
        self.world.owners.let_through()
        self.assert_goes_on("s1")

    def test_elsewhere(self):
        self.world.owners.alias(self.own_name, f"dkim.{OWNERS}.")
        self.assert_named(f"ns1.{OWNERS}. has a CNAME to dkim.{OWNERS}.")
        # Not even a copy of the record there helps: the next key would not be found.
        self.world.owners.put(f"dkim.{OWNERS}", self.value("s1"))
        self.assert_named(f"ns1.{OWNERS}. has a CNAME to dkim.{OWNERS}.")
        self.world.owners.clear(f"dkim.{OWNERS}")
        self.assert_goes_on_when_right()

    def test_to_another_slot(self):
        self.world.owners.alias(self.own_name, self.target("s2") + ".")
        self.assert_named(f"has a CNAME to {self.target('s2')}.")

    def test_a_record_in_its_place(self):
        self.world.owners.put(self.own_name, self.value("s1"))
        self.assert_named(f"ns1.{OWNERS}. has a TXT record instead of a CNAME")
        self.assert_goes_on_when_right()

    def test_the_domain_twice(self):
        place = f"{self.own_name}.{OWNERS}"
        self.world.owners.alias(place, self.target("s1") + ".")
        self.assert_named(f"ns1.{OWNERS}. has no CNAME", cname="missing",
                          elsewhere=[f"it is at {place} instead; the form adds {OWNERS} automatically"])

    def test_domainkey_left_out(self):
        place = f"s1.{self.domain}"
        self.world.owners.alias(place, self.target("s1") + ".")
        self.assert_named(f"ns1.{OWNERS}. has no CNAME", cname="missing",
                          elsewhere=[f"it is at {place} instead; enter the name as "])

    def test_a_target_without_its_dot(self):
        self.world.owners.alias(self.own_name, f"{self.target('s1')}.{OWNERS}.")
        self.assert_named(f"the form has added {OWNERS} to the target: enter it with a dot at its end")

    def test_a_wildcard_record(self):
        self.world.owners.put(f"*._domainkey.{self.domain}", "v=spf1 -all")
        self.assert_named(f"the wildcard *._domainkey.{self.domain}. answers in its place", cname="missing")
        self.world.owners.clear(f"*._domainkey.{self.domain}")

    def test_a_wildcard_cname(self):
        self.world.owners.put(f"*._domainkey.{self.domain}", f"www.{OWNERS}.", kind="CNAME")
        self.assert_named(f"has a CNAME to www.{OWNERS}.", f"the wildcard *._domainkey.{self.domain}. answers in its place")
        self.world.owners.clear(f"*._domainkey.{self.domain}")

    def test_by_way_of_another(self):
        """A CNAME may lead to the target by way of another; a loop never does."""
        step = f"step.{self.domain}"
        self.world.owners.alias(self.own_name, step + ".")
        self.assert_named(f"has a CNAME to {step}.")
        self.world.owners.alias(step, self.own_name + ".")
        self.assert_named(f"has a CNAME to {step}.")
        self.world.owners.alias(step, self.target("s1") + ".")
        self.world.owners.let_through()
        self.assert_check("s1", DONE, "right", f"the right CNAME by way of {step}.")
        self.assert_goes_on("s1")

    def test_a_silent_server(self):
        self.owner_makes("s1")
        self.world.owners.stop("secondary")
        self.addCleanup(self.world.owners.start_knot, "secondary", self.world.owners.secondary, [(OWNERS, "secondary")])
        found = self.assert_check("s1", WAITING, "unknown", f"ns2.{OWNERS}. ")
        self.assertEqual(found["cname"], "unknown")
        self.assert_rotate_waits("s1", f"not every server of {OWNERS} could be asked for {self.own_name}")


class FreeSlot(SlotsCase):
    def test_its_cname_is_checked_before_a_key_needs_it(self):
        self.slots("s1", "s2")
        self.owner_makes("s1")
        self.assert_ends(self.goes_on(), DONE, "activated s1")
        done = self.key("check")
        self.assert_ends(done, WAITING, "free", "has no CNAME",
                         f"the owner of {OWNERS} has to make {self.name('s2')} a CNAME to {self.target('s2')}")
        (slot,) = [key for key in json.loads(self.key("check", "--json").stdout) if key["selector"] == "s2"]
        self.assertEqual((slot["state"], slot["dns"], slot["cname"], slot["bits"]), ("free", "wrong", "missing", None))
        doctor = json.loads(run("--config", self.config, "doctor", self.domain, *self.at_resolver(), "--json").stdout)
        found = {entry["subject"]: entry["severity"] for entry in doctor}
        self.assertEqual((found[self.name("s1")], found[self.name("s2")]), ("good", "risk"))
        self.owner_makes("s2")
        self.assert_ends(self.key("check"), DONE)


class OurSide(SlotsCase):
    def test_the_record_is_ours_to_publish(self):
        """Without the record, it is we who have to act, and the owner is not blamed."""
        self.slots("s1", "s2")
        self.owner_makes("s1", "s2")
        found = self.assert_check("s1", WAITING, "wrong", "missing")
        self.assertEqual((found["cname"], found["name"]), ("right", self.target("s1")))
        self.assertIn(f"at {self.target('s1')}, which is ours: ns", found["detail"])
        self.assertNotIn("the owner", found["detail"])
        # Our secondary lags.
        self.assert_ends(self.rotate("--due"), WAITING, f"put the record {self.target('s1')} into DNS")
        self.assert_rotate_waits("s1", f"ns2.{OURS}. serves: missing")
        self.world.ours.let_through()
        self.assert_goes_on("s1")

    def test_by_hand(self):
        self.configure(more=self.more())
        self.slots("s1", "s2")
        done = self.rotate("--due")
        self.assert_ends(done, WAITING, "put this record into DNS", f"{self.target('s1')}. 3600 IN TXT",
                         f"the owner of {OWNERS} has to make")
        self.assertNotIn(f"{self.name('s1')}. 3600 IN TXT", done.stdout.decode())
        (key,) = json.loads(self.rotate("--due", "--json").stdout)
        self.assertEqual((key["to_do"], key["name"]), ("set", self.target("s1")))

    def test_by_hook(self):
        told, program = self.directory / "told", self.directory / "hook"
        program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {told}\n')
        program.chmod(0o755)
        self.configure(f'{{ method = "hook"; program = "{program}"; }}', self.more())
        self.slots("s1", "s2")
        self.rotate("--due")
        self.assertEqual(told.read_text(), f"set|{self.target('s1')}|TXT|3600|{self.value('s1')}|")


class Cycle(SlotsCase):
    def test_around(self):
        self.start()
        first = self.value("s1")
        self.turn("s1", "s2")
        self.assertEqual(self.served("s1"), [first])
        self.drain("s1")
        # Not before the time "forget" is over: the empty record stays.
        self.assert_ends(self.rotate(), WAITING, "its successor waits for a free slot", "the empty record of s1 stays")
        self.grow_older(days=29)
        self.assert_ends(self.rotate(), WAITING, "its successor waits for a free slot")
        self.grow_older(days=2)
        done = self.rotate()
        self.assert_ends(done, WAITING, "the slot s1 is free", "made s1 (RSA, 1024 bits)")
        self.assertEqual(self.key_file("s1"), "s1+2.private")
        self.world.ours.let_through()
        second = self.value("s1")
        self.assertNotEqual(second, first)
        self.assertEqual(self.served("s1"), [second])
        self.assert_ends(self.rotate("--due"), WAITING, "found the record of s1")
        # Resolvers may remember the empty record.
        self.assert_ends(self.rotate("--due"), WAITING, "resolvers may still remember")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, "activated s1", "s2 retires")
        self.assert_ends(self.key("check"), DONE, "right")

    def test_the_cnames_ttl_counts(self):
        self.slots("s1", "s2")
        self.owner_makes("s1", "s2", ttl=200000)
        self.goes_on()
        self.assert_ends(self.rotate(), WAITING, "made s2")
        self.world.ours.let_through()
        self.assert_ends(self.rotate("--due"), WAITING, "found the record of s2")
        self.grow_older(hours=50)
        self.assert_ends(self.rotate("--due"), WAITING, "resolvers may still remember")
        self.grow_older(hours=6)
        self.assert_ends(self.rotate("--due"), DONE, "activated s2")
        self.assertIn("memory = 200000;", self.manifest().decode())

    def test_a_secondary_that_lags_keeps_the_slot(self):
        self.start()
        self.turn("s1", "s2")
        self.grow_older(days=7)
        self.assert_ends(self.rotate("--due"), WAITING, "revoked s1", "its record still holds a key",
                         f"ns2.{OURS}. serves: another key")
        self.grow_older(days=60)
        self.assert_ends(self.rotate(), WAITING, "its successor waits for a free slot",
                         "s1 waits for its empty record on every server")
        self.world.ours.let_through()
        # From now on it counts, not from the update.
        self.assert_ends(self.rotate(), WAITING, "found the empty record of s1", "resolvers may remember")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate(), WAITING, "the slot s1 is free", "made s1")

    def test_a_failed_update_keeps_the_slot(self):
        self.start()
        self.turn("s1", "s2")
        self.grow_older(days=70)
        self.configure(f'{{ method = "update"; server = "127.53.0.77"; key_file = "{self.world.tsig_file}"; }}',
                       self.more())
        self.assert_ends(self.rotate(), PROBLEM, "revoked s1", "does not answer over TCP")
        self.assertEqual(self.states(), {"s1": "revoked", "s2": "active"})
        self.use_updates()
        self.assert_ends(self.rotate("--due"), WAITING, f"put the record {self.target('s1')} into DNS")

    def test_a_record_that_comes_back_keeps_the_slot(self):
        self.start()
        first = self.value("s1")
        self.turn("s1", "s2")
        self.drain("s1")
        self.grow_older(days=31)
        self.assert_ends(self.rotate("--due"), DONE, "the slot s1 is free")
        # Somebody restores an old copy of our zone.
        self.world.ours.put(self.target("s1"), first)
        self.world.ours.let_through()
        self.assert_ends(self.rotate(), WAITING, "the empty record of s1 is no longer on every server",
                         f"put the record {self.target('s1')} into DNS", "its successor waits for a free slot")
        self.assertEqual(self.states(), {"s1": "revoked", "s2": "active"})
        self.world.ours.let_through()
        self.assert_ends(self.rotate(), WAITING, "resolvers may remember the last key of s1")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate(), WAITING, "the slot s1 is free", "made s1")

    def test_the_owner_copies_the_old_record(self):
        """A TXT record with the old key in place of the CNAME keeps the slot, and it is the owner who has to act."""
        self.start()
        old = self.value("s1")
        self.turn("s1", "s2")
        self.world.owners.clear(self.name("s1"))
        self.world.owners.put(self.name("s1"), old)
        self.world.owners.let_through()
        self.grow_older(days=7)
        self.rotate("--due")
        self.world.ours.let_through()
        demand = f"the owner of {OWNERS} has to make {self.name('s1')} a CNAME to {self.target('s1')}"
        self.assert_ends(self.rotate("--due"), WAITING, "it is revoked, but " + demand)
        self.grow_older(days=60)
        self.assert_ends(self.rotate(), WAITING, "its successor waits for a free slot", demand)
        self.owner_makes("s1")
        self.assert_ends(self.rotate("--due"), DONE, "found the empty record of s1")

    def test_due_waits_in_silence(self):
        self.start()
        self.turn("s1", "s2")
        self.configure(f'{{ method = "update"; server = "{self.world.ours.primary}"; '
                       f'key_file = "{self.world.tsig_file}"; }}',
                       self.more().replace("every = 180", "every = 1"))
        self.grow_older(days=2)
        done = self.rotate("--due")
        self.assert_ends(done, DONE, "its successor waits for a free slot: s1 drains until ", "s2 signs")
        # A person who asks for a turn and does not get it is told so by the exit code as well.
        self.assert_ends(self.rotate(), WAITING, "its successor waits for a free slot")


class Compromised(SlotsCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.turn("s1", "s2")

    def test_rotate(self):
        """s1 drains and s2 signs; it is s2 that is compromised."""
        done = self.rotate("--compromised")
        self.assert_ends(done, DONE if b"found the empty" in done.stdout else WAITING, "revoked s1",
                         "kept s2, which signs in the place of s1; if it is s2 that is compromised, run this once more")
        self.world.ours.let_through()
        done = self.rotate("--compromised")
        self.assert_ends(done, WAITING, "its successor waits for a free slot: resolvers may remember the last key of s1 "
                         "until ", "run this again then, or add --wait", "a further slot (dkimkey generate --slots)",
                         "dkimkey revoke --unsigned")
        self.grow_older(hours=2)
        # Without being told that the key is compromised, the slot is not free yet.
        self.assertNotIn(b"made s1", self.rotate().stdout)
        done = self.rotate("--compromised")
        self.assert_ends(done, WAITING, "the slot s1 is free", "made s1")
        self.world.ours.let_through()
        self.rotate("--compromised")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--compromised"), WAITING, "activated s1", "revoked s2")
        self.assertEqual(self.states(), {"s1": "active", "s2": "revoked"})

    def test_revoke(self):
        before = self.manifest()
        done = self.key("revoke", "-s", "s2")
        self.assert_ends(done, PROBLEM, "s2 signs mail that no other key signs", "no slot is free for a successor",
                         "dkimkey rotate --compromised --wait", "dkimkey generate --slots", "dkimkey revoke --unsigned")
        self.assertEqual(self.manifest(), before)
        self.assertEqual(self.served("s2"), [self.value("s2")])

    def test_revoke_unsigned(self):
        done = self.key("revoke", "-s", "s2", "--unsigned")
        self.assert_ends(done, WAITING, "revoked s2", "is unsigned from now on, because no slot is free: s1 drains until",
                         f"put the record {self.target('s2')} into DNS")
        self.assertEqual(self.states(), {"s1": "retiring", "s2": "revoked"})
        self.world.ours.let_through()
        self.assertEqual(self.served("s2"), ["v=DKIM1; k=rsa; p="])

    def test_a_further_slot(self):
        self.slots("s1", "s2", "s3")
        self.owner_makes("s3")
        self.rotate("--due")
        self.world.ours.let_through()
        self.assert_ends(self.rotate("--due"), WAITING, "found the record of s3")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, "activated s3", "s2 retires")


class Waits(SlotsCase):
    def publish(self, slot, value=None):
        """Puts a record into our zone by hand; resolvers forget it within a second."""
        self.world.ours.put(self.target(slot), value or self.value(slot), ttl=1)
        self.world.ours.let_through()

    def test_for_a_slot_and_then_for_its_key(self):
        """s2 signs and is compromised, while s1 has just been revoked: --wait stays until s1 has its next key, and signs."""
        self.configure(more=self.more())
        self.slots("s1", "s2")
        self.owner_makes("s1", "s2", ttl=1)
        self.publish("s1")
        self.assert_ends(self.rotate("--due"), DONE, "activated s1")
        self.rotate()
        self.publish("s2")
        self.rotate("--due")
        self.grow_older(hours=1)
        self.assert_ends(self.rotate("--due"), DONE, "activated s2")
        self.assert_ends(self.rotate("--compromised"), WAITING, "revoked s1")
        said = self.directory / "said"
        with open(said, "wb") as output:
            process = subprocess.Popen(list(map(str, [PROGRAM, "--config", self.config, "rotate", "-d", self.domain,
                                                      *self.at_resolver(), "--compromised", "--wait"])),
                                       stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            wait_for(lambda: b"its successor waits for a free slot" in said.read_bytes(), "it to wait for a slot")
            self.publish("s1", "v=DKIM1; k=rsa; p=")
            wait_for(lambda: self.states()["s1"] == "pending", "the next key of s1")
            self.publish("s1")
            process.wait(120)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.assertEqual(process.returncode, WAITING, said.read_bytes())
        self.assertIn(b"made s1", said.read_bytes())
        self.assertEqual(self.states(), {"s1": "active", "s2": "revoked"})


class Moves(SlotsCase):
    def test_to_slots_and_back(self):
        """A domain with an ordinary selector moves to slots, and back, by a turn each; its record stays as long as mail
        may need it, wherever it is."""
        self.configure(more=ROTATION_ONLY)
        self.made("old", "-b", "1024", "--activate")
        self.world.owners.put(self.name("old"), self.value("old"))
        self.world.owners.let_through()
        self.use_updates()
        self.slots("s1", "s2")
        self.owner_makes("s1", "s2")
        self.assert_ends(self.rotate("--due"), WAITING, f"put the record {self.target('s1')} into DNS")
        self.world.ours.let_through()
        self.assert_ends(self.rotate("--due"), WAITING, "found the record of s1")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, "activated s1", "old retires")
        # The next turn stays in the slots.
        self.turn("s1", "s2")
        self.drain_all("s1")
        # Back: the owner publishes the new record in the domain's own zone.
        self.configure(more=self.more())
        done = run("--config", self.config, "generate", "-d", self.domain, "-s", "new", "-b", "1024", "--no-slots")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.world.owners.put(self.name("new"), self.value("new"))
        self.world.owners.let_through()
        self.assert_ends(self.rotate("--due"), WAITING, "found the record of new")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, "activated new", "s2 retires")
        self.assertEqual(self.served("s2"), [self.value("s2")])
        # The slots are emptied and cleared where they lead, although the domain has left them.
        self.use_updates()
        self.grow_older(days=7)
        self.assert_ends(self.rotate("--due"), WAITING, "revoked s2", f"put the record {self.target('s2')} into DNS")
        self.world.ours.let_through()
        self.rotate("--due")
        self.world.owners.clear(self.name("old"))
        self.world.owners.let_through()
        self.grow_older(days=31)
        done = self.rotate("--due")
        self.assert_ends(done, WAITING, f"removed the record {self.target('s2')} from DNS")
        self.world.ours.let_through()
        self.rotate("--due")
        self.assertEqual((self.served("s1"), self.served("s2")), ([], []))
        self.assertEqual(self.states()["new"], "active")
        self.assertEqual(succeed("show", "-D", self.keys, "-d", self.domain).stdout.count(b"IN TXT"), 1)

    def drain_all(self, old):
        """Like drain, beside the record of the ordinary key, which its owner has to empty."""
        self.grow_older(days=7)
        self.rotate("--due")
        self.world.ours.let_through()
        self.world.owners.put(self.name("old"), "v=DKIM1; k=rsa; p=")
        self.world.owners.let_through()
        self.assert_ends(self.rotate("--due"), DONE, f"found the empty record of {old} on every server")


ROTATION_ONLY = "rotation = { every = 180; drain = 7; forget = 30; };"

if __name__ == "__main__":
    unittest.main(verbosity=2)
