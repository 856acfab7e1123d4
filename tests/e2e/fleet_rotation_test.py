#!/usr/bin/python3
"""Rotates keys on three signers with a database, and holds up one of them: rotation waits for it, names it, and goes on
when it has caught up. Messages go through each machine, and are judged by the promise of harness/fleet_world.py.
"""

import json
import os
import re
import signal
import sys
import unittest

from dns_world import ZONE

from harness.fleet_case import FleetCase
from harness.fleet_machine import DONE, WAITING
from harness.fleet_world import DRAIN, TTL
from harness.workspace import wait_for

SAID_SEEN = r"\(last contact \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class HeldUp(FleetCase):
    def setUp(self):
        super().setUp()
        self.make_fleet()
        self.old = self.world.signing()

    # An agent that hangs, as in a machine whose disk does not answer.

    def stop(self, machine):
        os.kill(machine.agent.pid, signal.SIGSTOP)
        self.addCleanup(self.go_on, machine)

    @staticmethod
    def go_on(machine):
        if machine.agent and machine.agent.poll() is None:
            os.kill(machine.agent.pid, signal.SIGCONT)

    def prepare_turn(self, without):
        """Makes the new keys, and lets time pass until only a machine can hold them up. Returns them."""
        self.world.rotate()
        self.world.let_through()
        self.world.settle(without)
        self.world.rotate()
        self.world.settle(without)
        self.world.pass_time(TTL)
        self.wait_for_contact(without)
        new = {name for name, state in self.world.states().items() if state == "pending"}
        self.assertEqual(len(new), 2)
        return new

    def wait_for_contact(self, without):
        """Waits until the other agents have been in contact since the clock was turned on."""
        def seen():
            rows = self.databases.query("SELECT host FROM dkimsignd.signers WHERE last_seen < now() - interval '1 minute'")
            return {host for (host,) in rows} <= set(without)

        self.databases.wake_agents()
        wait_for(seen, "the agents to be in contact", patience=120)

    def waits(self, *options, machine=None):
        """Returns what rotate --json says that each key waits for: (reason, machines)."""
        listed = (machine or self.mx1).results("rotate", "-d", ZONE, "--json", *options, "--resolver",
                                               f"{self.world.dns.resolver}@5353", codes=(WAITING,))
        self.world.look()
        return {key["selector"]: (key["waits_for"], key["waits_for_machines"]) for key in json.loads(listed)}

    def turn_to_next_key(self):
        """Has rotate begin another turn, so that no machine but mx3 lacks a change when it is asked again."""
        self.world.rotate(machine=self.mx2, codes=(WAITING,))
        self.world.settle(("mx3",))

    def test_a_machine_that_does_not_answer_blocks_with_its_name(self):
        self.stop(self.mx3)
        new = self.prepare_turn(("mx3",))
        said = self.world.rotate(codes=(WAITING,))
        self.assertRegex(said, "a machine does not have the key yet: mx3 " + SAID_SEEN)
        self.assertIn("dkimkey fleet leave mx3", said)
        self.assertEqual({machines for selector, (_, machines) in self.waits().items() if selector in new}, {"mx3"})
        by_hand = self.mx2.dkimkey("activate", "-d", ZONE, "-s", min(new), "--resolver",
                                   f"{self.world.dns.resolver}@5353", codes=(WAITING,))
        self.assertRegex(by_hand, "stays pending: .*mx3 " + SAID_SEEN)
        self.assertEqual(self.world.signing(), self.old)
        self.go_on(self.mx3)
        self.world.settle()
        self.stop(self.mx3)
        # It has the new keys, and will not hear that the old ones retire.
        self.world.rotate()
        self.assertEqual(self.world.signing(), new)
        self.world.settle(("mx3",))
        self.world.pass_days(2 * DRAIN.days, ("mx3",))
        self.turn_to_next_key()
        waits = self.waits(machine=self.mx2)
        for selector in self.old:
            self.assertRegex(waits[selector][0], "the drain begins when no machine signs with it any more; until then: mx3 ")
            self.assertEqual(waits[selector][1], "mx3")
        self.assertEqual(self.mx3.newest_selectors(), self.old)
        self.go_on(self.mx3)
        self.world.settle()
        self.mx3.wait_until_it_signs_with(new)
        self.world.wait_for_leases()
        # Time that passed before does not count.
        self.world.rotate()
        self.assertEqual({self.world.states()[selector] for selector in self.old}, {"retiring"})
        self.finish_turn(self.old)
        self.assert_promise_kept()

    def test_a_machine_that_refuses_the_domain_blocks_with_its_reason(self):
        self.stop(self.mx3)
        new = self.prepare_turn(("mx3",))
        # It tries again each minute, and perhaps at once: the reason lasts until it is taken away.
        sealing_key = self.mx3.sealing_key.read_text()
        start = re.search(r'key = "(..)', sealing_key)[1]
        self.mx3.sealing_key.write_text(sealing_key.replace(f'key = "{start}', f'key = "{"AB" if start != "AB" else "BA"}'))
        self.go_on(self.mx3)
        wait_for(lambda: self.databases.query("SELECT 1 FROM dkimsignd.refused WHERE host = 'mx3'"), "mx3 to refuse the domain")
        said = self.world.rotate(codes=(WAITING,))
        self.assertRegex(said, "mx3 " + SAID_SEEN + "; it refuses the domain: .*sealing key")
        self.assertEqual(self.world.signing(), self.old)
        self.mx3.load.wait_for_more(3)
        self.assertEqual(self.mx3.newest_selectors(), self.old)
        self.mx3.sealing_key.write_text(sealing_key)
        self.world.pass_time(TTL)
        self.databases.wake_agents()
        wait_for(lambda: not self.databases.query("SELECT 1 FROM dkimsignd.refused"), "mx3 to accept the domain", patience=120)
        self.world.settle()
        self.world.rotate()
        self.assertEqual(self.world.signing(), new)
        self.world.settle()
        self.finish_turn(self.old)
        self.assert_promise_kept()

    def test_compromised_names_the_machine_that_still_signs_and_does_not_wait(self):
        self.stop(self.mx3)
        new = self.prepare_turn(("mx3",))
        command = ("rotate", "-d", ZONE, "--compromised", "--resolver", f"{self.world.dns.resolver}@5353")
        said = self.mx1.dkimkey(*command, codes=(WAITING,))
        self.assertEqual({name for name, state in self.world.states().items() if state == "active"}, new)
        self.assertEqual({self.world.states()[selector] for selector in self.old}, {"revoked"})
        self.assertRegex(said, "it is revoked, but may still sign mail on mx3 " + SAID_SEEN)
        self.assertIn("systemctl stop dkimsignd", said)
        self.assertIn("dkimkey fleet leave mx3", said)
        # The others stopped before the key was void.
        self.assertNotRegex(said, "mx2")
        self.mx2.wait_until_it_signs_with(new)
        # It is said until somebody has acted, without the option, too.
        self.world.let_through()
        self.turn_to_next_key()
        waits = self.waits(machine=self.mx2)
        self.assertEqual({waits[selector][1] for selector in self.old}, {"mx3"})
        self.mx1.dkimkey("fleet", "leave", "mx3")
        self.world.settle()
        said = self.mx1.dkimkey("rotate", "-d", ZONE, "--due", "--resolver", f"{self.world.dns.resolver}@5353",
                                codes=(DONE, WAITING))
        self.assertRegex(said, r"may still sign mail on mx3 \(has left; may sign until ")

    def test_two_rotates_at_the_same_second_make_one_turn(self):
        for step in (lambda: None, self.world.let_through, lambda: self.world.pass_time(TTL), lambda: None,
                     lambda: self.world.pass_days(DRAIN.days), self.world.let_through):
            step()
            self.world.settle()
            both = [machine.begin("rotate", "-d", ZONE, *(["--due"] if self.has_begun() else []), "--resolver",
                                  f"{self.world.dns.resolver}@5353") for machine in (self.mx1, self.mx2)]
            for process in both:
                said, _ = process.communicate(timeout=300)
                self.assertIn(process.returncode, (DONE, WAITING), said)
            self.world.look()
            self.world.settle()
        states = self.world.states()
        new = {name for name, state in states.items() if state == "active"}
        self.assertEqual({name: state for name, state in states.items() if name not in new},
                         dict.fromkeys(self.old, "revoked"))
        self.assertEqual(len(new), 2)
        for machine in self.world.machines:
            machine.wait_until_it_signs_with(new)
            manifest = (machine.keys / ZONE / "keys.conf").read_text()
            self.assertEqual(len(re.findall(r"\bstopped = ", manifest)), 2, manifest)
        self.assert_promise_kept()

    def has_begun(self):
        return self.world.signing() != self.old or "pending" in self.world.states().values()


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
