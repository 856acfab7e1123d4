"""check, activate, rotate and revoke with real name servers (dns_world)."""

import concurrent.futures
import json
import unittest

from dkimkey import run
from dns_case import DONE, PROBLEM, USAGE, WAITING, DnsCase, serve_file
from dns_world import KEY_NAME, OTHER, OTHER_ZONE, PRIMARY, RESOLVER, SECONDARY, ZONE, DnsWorld
from name_server import knot_version

AT_RESOLVER = ("--resolver", f"{RESOLVER}@5353")
# The secondary has a change when a test says so: how fast it is must not decide what dkimkey finds.
setUpModule, tearDownModule = serve_file(lambda directory: DnsWorld(directory, notify=False))


class DnsTest(DnsCase):
    def setUp(self):
        super().setUp()
        self.world.reset()

    def publish(self, selector, *values):
        self.world.put(self.name(selector), *(values or [self.value(selector)]))
        self.world.let_through()


class Check(DnsTest):
    def test_right_on_both_servers(self):
        self.made("server", "--algorithm", "both", "--activate")
        self.publish("server")
        self.publish("server-ed25519")
        done = self.key("check")
        self.assert_ends(done, DONE, PRIMARY, SECONDARY, "ns1.example.test.", "ns2.example.test.", "right")
        objects = json.loads(self.key("check", "--json").stdout)
        self.assertEqual([(o["selector"], o["dns"]) for o in objects], [("server", "right"), ("server-ed25519", "right")])

    def test_missing(self):
        self.made("server", "--activate")
        self.assert_ends(self.key("check"), PROBLEM, "missing")

    def test_a_pending_key_waits(self):
        self.made("server")
        self.assert_ends(self.key("check"), WAITING, "missing")

    def test_another_key(self):
        self.made("server", "--activate")
        self.made("other")
        self.publish("server", self.value("other"))
        self.assert_ends(self.key("check", "-s", "server"), PROBLEM, "another key", "p= ends in")

    def test_flags_and_several_and_revoked_and_syntax(self):
        self.made("server", "--activate")
        for value, words in (
            (self.value("server").replace("; p=", "; t=y; p="), ["t=y is still on"]),
            ("v=DKIM1; k=rsa; p=", ["revoked"]),
            ("v=DKIM1; k=rsa; p=%%%", ["syntax error", "at byte 17"]),
            ("hello", ["syntax error"]),
        ):
            self.publish("server", value)
            self.assert_ends(self.key("check"), PROBLEM, *words)
        self.publish("server", self.value("server"), "v=spf1 -all")
        self.assert_ends(self.key("check"), PROBLEM, "several records", "2 TXT records")

    def test_hostile_text_does_not_reach_the_terminal(self):
        self.made("server", "--activate")
        self.publish("server", 'v=DKIM1; k=\\027[31m; p=')
        done = self.key("check")
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)
        self.assertEqual(done.returncode, PROBLEM)

    def test_the_secondary_lags(self):
        self.made("server", "--activate")
        self.publish("server", "v=DKIM1; k=rsa; p=")
        self.world.stop("secondary")
        self.world.put(self.name("server"), self.value("server"))
        self.assert_ends(self.key("check"), WAITING, "does not answer", "right")
        self.world.start_knot("secondary", SECONDARY, [(ZONE, "secondary")])

    def test_a_server_that_does_not_know_the_zone(self):
        self.made("server", "--activate")
        self.publish("server")
        self.world.stop("secondary")
        self.world.start_knot("lame", SECONDARY, [(OTHER_ZONE, "alone")])
        self.assert_ends(self.key("check"), WAITING, SECONDARY)

    def test_a_record_too_large_for_a_datagram(self):
        self.made("server", "--note", "word " * 200, "--activate")
        self.assertGreater(len(self.value("server")), 1232)
        self.publish("server")
        self.assert_ends(self.key("check"), DONE, "right")

    def test_a_cname_into_another_zone(self):
        self.made("server", "--activate")
        target = f"server.keys.{OTHER_ZONE}"
        self.world.put(self.name("server"), target + ".", kind="CNAME")
        self.world.let_through()
        self.assert_ends(self.key("check"), PROBLEM, "missing", OTHER)
        self.world.put(target, self.value("server"), address=OTHER, zone=OTHER_ZONE)
        self.assert_ends(self.key("check"), DONE, "right", OTHER, "by CNAME")

    def test_only_the_resolver(self):
        self.made("server", "--activate")
        self.publish("server")
        done = self.key("check", "--no-authoritative")
        self.assert_ends(done, DONE, "resolver", "right")
        self.assertNotIn(SECONDARY, done.stdout.decode())

    def test_a_resolver_that_does_not_answer(self):
        self.made("server", "--activate")
        done = run("check", "-D", self.keys, "-d", ZONE, "--resolver", "127.53.0.77@5353")
        self.assert_ends(done, WAITING, "does not answer")

    def test_wrong_arguments(self):
        self.made("server")
        self.assert_ends(self.key("check", "--resolver", "resolver.example"), USAGE, "--resolver")
        self.assert_ends(self.key("check", "-s", "nosuch"), PROBLEM, "no key nosuch")
        self.assert_ends(self.key("check", "--all"), USAGE)

    def test_all_domains_and_one_of_them_broken(self):
        self.made("server", "--activate")
        self.publish("server")
        self.assertEqual(self.generate("server", domain="broken.test").returncode, 0)
        (self.keys / "broken.test" / "keys.conf").write_text("nonsense")
        done = run("check", "--config", self.config, "--all", *AT_RESOLVER)
        self.assert_ends(done, PROBLEM, "broken.test", "right")


class Activate(DnsTest):
    def test_only_a_record_that_is_published_counts(self):
        self.made("server")
        self.assert_ends(self.key("activate"), WAITING, "stays pending", "missing")
        self.assertEqual(self.states(), {"server": "pending"})
        self.publish("server")
        self.assert_ends(self.key("activate"), DONE, "activated server")
        self.assertEqual(self.states(), {"server": "active"})

    def test_the_old_key_retires_in_the_same_instant(self):
        self.made("old", "--activate")
        self.made("new")
        self.publish("new")
        self.assert_ends(self.key("activate", "-s", "new"), DONE, "old retires")
        self.assertEqual(self.states(), {"old": "retiring", "new": "active"})

    def test_force(self):
        self.made("server")
        self.assert_ends(self.key("activate", "--force"), DONE, "activated")

    def test_what_it_refuses(self):
        self.made("server", "--activate")
        self.assert_ends(self.key("activate"), PROBLEM, "no key of")
        self.assert_ends(self.key("activate", "-s", "server"), PROBLEM, "not pending but active")
        self.made("one")
        self.made("two")
        self.assert_ends(self.key("activate"), USAGE, "more than one")


class Rotate(DnsTest):
    def test_a_whole_cycle_by_hand(self):
        self.made("server", "--activate")
        self.publish("server")
        # A turn begins: the record has to be published.
        done = self.rotate(at="2037-01-01T00:00:00Z")
        new = "server-20370101"
        self.assert_ends(done, WAITING, f"made {new}", "put this record into DNS", "v=DKIM1")
        self.assertEqual(self.states(), {"server": "active", new: "pending"})
        # While the record is not on both servers, nothing changes, and no other turn begins.
        self.assert_ends(self.rotate(at="2037-01-02T00:00:00Z"), WAITING, "not on every server")
        self.assertEqual(self.states(), {"server": "active", new: "pending"})
        # The record is published, and the key becomes active once resolvers have forgotten that it was missing (60 s).
        self.publish(new)
        self.assert_ends(self.rotate(at="2037-01-02T00:00:00Z"), WAITING, "2037-01-02T00:01:00Z")
        self.assertEqual(self.states(), {"server": "active", new: "pending"})
        self.assert_ends(self.rotate("--due", at="2037-01-02T00:00:59Z"), WAITING)
        self.assert_ends(self.rotate("--due", at="2037-01-02T00:01:00Z"), DONE, f"activated {new}", "server retires")
        self.assertEqual(self.states(), {"server": "retiring", new: "active"})
        # After the drain the key is revoked: no private key is left, and an empty record has to be published.
        self.rotate("--due", at="2037-01-08T00:00:00Z")
        self.assertEqual(self.states(), {"server": "retiring", new: "active"})
        done = self.rotate("--due", at="2037-01-09T00:01:00Z")
        self.assert_ends(done, WAITING, "revoked server", "replace the record", "p=")
        self.assertFalse((self.keys / ZONE / "server.private").exists())
        self.assertEqual(self.value("server"), "v=DKIM1; k=rsa; p=")
        self.publish("server")
        self.assert_ends(self.rotate("--due", at="2037-01-10T00:00:00Z"), DONE)
        # Later the record has to be removed.
        self.assert_ends(self.rotate("--due", at="2037-02-09T00:00:00Z"), WAITING, "remove the TXT record")
        self.world.put(self.name("server"))
        self.world.let_through()
        self.assert_ends(self.rotate("--due", at="2037-02-09T00:00:00Z"), DONE, "out of DNS")
        self.assert_ends(self.rotate("--due", at="2037-02-10T00:00:00Z"), DONE, "nothing to do")
        # Half a year after the first, the next turn begins.
        self.assert_ends(self.rotate("--due", at="2037-06-30T00:00:00Z"), DONE, "nothing to do")
        self.assert_ends(self.rotate("--due", at="2037-07-01T00:01:00Z"), WAITING, "made server-20370701")

    def pending(self):
        return [selector for selector, state in self.states().items() if state == "pending"]

    def test_by_update(self):
        self.update_method()
        self.made("server", "--algorithm", "both", "--activate")
        self.publish("server")
        self.publish("server-ed25519")
        self.rotate()
        rsa, ed = sorted(self.pending(), key=len)
        self.world.let_through()
        for selector in (rsa, ed):
            self.assertEqual(self.world.texts(PRIMARY, self.name(selector)), [self.value(selector)])
        # The record has a TTL of an hour, so a resolver can remember another one for as long.
        self.assert_ends(self.rotate("--due"), WAITING, "found the record")
        self.grow_older(minutes=58)
        self.assert_ends(self.rotate("--due"), WAITING)
        self.grow_older(minutes=2)
        self.assert_ends(self.rotate("--due"), DONE)
        self.assertEqual(self.states(), {"server": "retiring", "server-ed25519": "retiring", rsa: "active", ed: "active"})
        self.grow_older(days=7)
        self.rotate("--due")
        self.assertEqual(self.world.texts(PRIMARY, self.name("server")), ["v=DKIM1; k=rsa; p="])
        self.world.let_through()
        self.grow_older(days=31)
        self.rotate("--due")
        self.assertEqual(self.world.texts(PRIMARY, self.name("server")), [])
        self.world.let_through()
        self.assert_ends(self.rotate("--due"), DONE)

    def test_an_update_that_is_refused_changes_no_state(self):
        self.made("server", "--activate")
        self.publish("server")
        wrong = self.directory / "wrong.key"
        wrong.write_text(f'key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{"A" * 43}="; }};')
        wrong.chmod(0o600)
        unknown = self.directory / "unknown.key"
        unknown.write_text(f'key "nobody" {{ algorithm hmac-sha256; secret "{"A" * 43}="; }};')
        unknown.chmod(0o600)
        open_to_all = self.directory / "open.key"
        open_to_all.write_text(self.world.tsig_file.read_text())
        open_to_all.chmod(0o644)
        bad_key = "BADKEY" if knot_version() < (3, 4) else "NOTAUTH"
        for file, words in ((wrong, ["BADSIG"]), (unknown, [bad_key]), (open_to_all, ["chmod 0640"]),
                            (self.directory / "none.key", ["does not exist"])):
            self.update_method(key_file=file)
            self.assert_ends(self.rotate(), PROBLEM, *words)
            pending = [s for s, state in self.states().items() if state == "pending"]
            self.assertEqual(len(pending), 1)
            self.assertEqual(self.world.texts(PRIMARY, self.name(pending[0])), [])
        self.update_method(server=SECONDARY)
        self.assert_ends(self.rotate(), PROBLEM, SECONDARY)
        self.update_method(server="127.53.0.77")
        self.assert_ends(self.rotate(), PROBLEM, "does not answer")
        # Once that is fixed, the same turn continues.
        self.update_method()
        self.rotate()
        self.assertEqual(self.world.texts(PRIMARY, self.name(pending[0])), [self.value(pending[0])])

    def test_by_hook(self):
        told = self.directory / "told"
        hook = self.directory / "hook"
        hook.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {told}\necho talk\n')
        hook.chmod(0o755)
        self.configure(f'{{ method = "hook"; program = "{hook}"; }}')
        self.made("server", "--activate")
        self.publish("server")
        done = self.rotate(at="2037-01-01T00:00:00Z")
        new = "server-20370101"
        self.assertEqual(told.read_text().split("\n")[:5], ["set", self.name(new), "TXT", "3600", self.value(new)])
        self.assertNotIn(b"talk", done.stdout)
        hook.write_text("#!/bin/sh\nexit 7\n")
        self.assert_ends(self.rotate("--due", at="2037-01-01T00:00:00Z"), PROBLEM, "failed with status 7")

    def test_dry_run_changes_nothing(self):
        self.update_method()
        self.made("server", "--activate")
        before = {path.name: path.read_bytes() for path in (self.keys / ZONE).iterdir()}
        ahead = ("--at", "2037-01-01T00:00:00Z")
        self.assert_ends(self.rotate("--dry-run", *ahead), WAITING, "would make server-20370101")
        self.assertEqual({path.name: path.read_bytes() for path in (self.keys / ZONE).iterdir()}, before)
        # --at is only for looking ahead: a mistyped date must not revoke a key.
        for more in ((), ("--due",), ("--compromised",), ("--due", "--all")):
            self.assert_ends(run("rotate", "--config", self.config, *more, *ahead, *self.at_resolver()), USAGE,
                             "--at", "only with --dry-run", "would revoke")
        self.assertEqual({path.name: path.read_bytes() for path in (self.keys / ZONE).iterdir()}, before)
        self.assertEqual(self.world.texts(PRIMARY, self.name("server")), [])

    def test_the_secondary_is_dead(self):
        self.made("server", "--activate")
        self.publish("server")
        self.rotate(at="2037-01-01T00:00:00Z")
        self.publish("server-20370101")
        self.world.stop("secondary")
        self.rotate("--due", at="2037-01-01T00:00:00Z")
        self.assert_ends(self.rotate("--due", at="2037-02-01T00:00:00Z"), WAITING, "could be asked", "ns2.example.test.")
        self.assertEqual(self.states(), {"server": "active", "server-20370101": "pending"})

    def test_compromised(self):
        self.update_method()
        self.made("server", "--activate")
        self.publish("server")
        self.rotate("--compromised")
        self.assertEqual(self.states()["server"], "active")
        (new,) = self.pending()
        self.world.let_through()
        self.rotate("--due")
        self.grow_older(hours=1)
        self.rotate("--compromised")
        self.assertEqual(self.states(), {"server": "revoked", new: "active"})
        self.assertFalse((self.keys / ZONE / "server.private").exists())

    def test_a_stolen_disk_has_the_next_key_too(self):
        """Given each hour, the command replaces the pending key as well, and ends with no key that was on the disk."""
        self.update_method()
        self.made("server", "--activate")
        self.publish("server")
        self.rotate()
        (pending,) = self.pending()
        stolen = {"server", pending}
        hours = 0
        while not all(self.states()[selector] == "revoked" for selector in stolen):
            # Each of two keys in turn is published, is found on every server an hour later, and becomes active after the
            # TTL of an hour; then the last stolen key is revoked.
            self.assertLess(hours, 7, self.states())
            self.rotate("--compromised")
            for new in self.pending():
                self.world.let_through()
            self.grow_older(hours=1)
            hours += 1
        (active,) = (selector for selector, state in self.states().items() if state == "active")
        self.assertNotIn(active, stolen)
        self.assertFalse(any((self.keys / ZONE / f"{selector}.private").exists() for selector in stolen))

    def test_two_at_once(self):
        self.made("server", "--activate")
        self.publish("server")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            ended = list(pool.map(lambda _: self.rotate(at="2037-01-01T00:00:00Z").returncode, range(4)))
        self.assertEqual(set(ended), {WAITING})
        self.assertEqual(self.states(), {"server": "active", "server-20370101": "pending"})

    def test_due_asks_no_name_server_if_nothing_is_under_way(self):
        self.made("server", "--activate")
        done = run("rotate", "--config", self.config, "--due", "--all", "--resolver", "127.53.0.77")
        self.assert_ends(done, DONE)


class Revoke(DnsTest):
    def test_a_successor_signs_from_the_same_instant(self):
        self.update_method()
        self.made("server", "--activate")
        self.publish("server")
        self.assert_ends(self.key("revoke", "-s", "server"), WAITING, "destroyed its private key", "from now on")
        states = self.states()
        self.assertEqual(states.pop("server"), "revoked")
        self.assertEqual(list(states.values()), ["active"])
        self.assertFalse((self.keys / ZONE / "server.private").exists())
        self.assertEqual(self.world.texts(PRIMARY, self.name("server")), ["v=DKIM1; k=rsa; p="])
        new = next(iter(states))
        self.assertEqual(self.world.texts(PRIMARY, self.name(new)), [self.value(new)])

    def test_a_pending_key_takes_over(self):
        self.made("server", "--activate")
        self.made("next")
        self.key("revoke", "-s", "server")
        self.assertEqual(self.states(), {"server": "revoked", "next": "active"})

    def test_one_of_two_leaves_the_other(self):
        self.made("one", "--activate")
        self.made("two", "--activate")
        self.key("revoke", "-s", "one")
        self.assertEqual(self.states(), {"one": "revoked", "two": "active"})

    def test_what_it_refuses(self):
        self.made("server")
        self.assert_ends(self.key("revoke"), USAGE, "--selector")
        self.assert_ends(self.key("revoke", "-s", "nosuch"), PROBLEM, "no key nosuch")
        self.key("revoke", "-s", "server")
        self.assert_ends(self.key("revoke", "-s", "server"), PROBLEM, "already")


if __name__ == "__main__":
    unittest.main(verbosity=2)
