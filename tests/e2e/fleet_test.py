#!/usr/bin/python3
"""Rotates keys on three signers with a database, while mail goes through each of them. The test kills, cuts off, restores
and moves in and out; every message is judged by the promise of harness/fleet_world.py.
"""

import datetime
import sys
import time
import unittest

from dns_world import ZONE

from harness.fleet_case import FleetCase
from harness.fleet_machine import DONE, PROBLEM, WAITING
from harness.fleet_world import DAY, DRAIN, HOUR, LEASE, TTL
from harness.workspace import wait_for


class InAndOut(FleetCase):
    def test_a_store_moves_into_a_fleet_and_out_again(self):
        first = self.world.signing()
        self.make_fleet()
        second = self.turn()
        # Out again: each machine takes its copy as its own, and the database ends.
        for machine in self.world.machines:
            machine.stop_agent()
            machine.dkimkey("fleet", "leave", "--keep")
            self.assertEqual([path.name for path in machine.keys.glob(".fleet")], [])
            self.assertEqual([path.name for path in machine.keys.glob(".lease")], [])
        self.databases.stop()
        for machine in (self.mx2, self.mx3):  # only one of them may rotate from now on
            machine.load.wait_for_more(5)
            self.assertEqual(machine.newest_selectors(), second)
            machine.ended = machine.load.stop()
        self.assertEqual(len(first | second), 4)
        self.world.machines, others = [self.mx1], [self.mx2, self.mx3]
        third = self.turn_alone()
        self.assertEqual(self.mx1.newest_selectors(), third)
        self.world.machines = [self.mx1, *others]
        self.assert_promise_kept()

    def turn_alone(self):
        self.world.rotate()
        self.world.let_through()
        self.world.rotate()
        self.world.pass_time(TTL)
        self.world.rotate()
        new = self.world.signing()
        self.mx1.wait_until_it_signs_with(new)
        self.world.pass_time(DRAIN)
        self.world.rotate()
        self.world.let_through()
        return new


class CutOff(FleetCase):
    def test_a_machine_is_cut_off_and_heals_and_is_cut_off_for_good(self):
        self.make_fleet()
        first = self.world.signing()
        second = self.begin_turn()
        self.world.settle()
        self.databases.line("mx3").tell("cut")
        # It holds the new keys, so they become active; what it does with the old ones nobody knows.
        self.world.pass_time(TTL)
        self.world.rotate()
        self.assertEqual(self.world.signing(), second)
        self.world.settle(without=("mx3",))
        self.world.pass_days(2 * DRAIN.days, without=("mx3",))
        self.assertIn("mx3", self.world.rotate(codes=(WAITING,)))
        self.assertEqual({self.world.states()[selector] for selector in first}, {"retiring"})
        self.assertEqual(self.mx3.newest_selectors(), first)
        self.databases.line("mx3").tell("heal")
        self.world.settle()
        self.mx3.wait_until_it_signs_with(second)
        self.world.wait_for_leases()
        self.finish_turn(first)
        # Cut off before it has the next keys: they never become active, until a person says that it is gone.
        self.databases.line("mx3").tell("cut")
        self.world.rotate()
        self.world.let_through()
        self.world.settle(without=("mx3",))
        self.world.rotate()
        self.world.pass_days(1, without=("mx3",))
        self.assertIn("mx3", self.world.rotate(codes=(WAITING,)))
        self.assertEqual(self.world.signing(), second)
        self.mx1.dkimkey("fleet", "leave", "mx3")
        self.world.settle()
        self.world.rotate()
        self.world.settle()
        self.world.pass_time(TTL)
        self.world.rotate()
        third = self.world.signing()
        self.assertEqual(len(third - second), 2)
        begin, over = self.its_lease_ends(second)
        # Only now the drain begins.
        self.finish_turn(second, without=("mx3",))
        joins = self.come_back(third)
        self.assert_promise_kept(defers=[("mx3", (begin, over, joins, time.monotonic_ns()))])

    def its_lease_ends(self, selectors):
        """Lets the lease of mx3 end. Returns an instant before that, and one from which on it must not sign."""
        ((seconds,),) = self.databases.query("SELECT extract(epoch FROM lease_end)::bigint FROM dkimsignd.signers "
                                             "WHERE host = 'mx3'")
        end = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).replace(tzinfo=None)
        self.assertGreater(end, self.world.clock.now())
        self.world.pass_days((end - self.world.clock.now() - HOUR).days, without=("mx3",))
        self.world.pass_time(end - self.world.clock.now() - HOUR / 2)
        self.world.wait_for_leases(without=("mx3",))
        self.mx3.load.wait_for_more(3)
        self.assertEqual(self.mx3.newest_selectors(), selectors)
        self.world.rotate()
        self.assertEqual({self.world.states()[selector] for selector in selectors}, {"retiring"})
        begin = time.monotonic_ns()
        self.world.pass_time(HOUR)
        over = time.monotonic_ns()
        self.mx3.load.wait_for_more(3)
        self.assertEqual(self.mx3.newest_selectors(), set())
        return begin, over

    def come_back(self, selectors):
        """mx3 has a network again. It stays out until it joins; returns an instant before that."""
        self.databases.line("mx3").tell("heal")
        self.mx3.stop_agent()
        self.mx3.load.wait_for_more(3)
        self.assertEqual(self.mx3.newest_selectors(), set())
        joins = time.monotonic_ns()
        self.mx3.dkimkey("fleet", "join")
        self.mx3.start_agent()
        self.world.settle()
        self.mx3.wait_until_it_signs_with(selectors)
        self.mx3.load.wait_for_more(5)
        return joins


class DyingPrimary(FleetCase):
    # The statements of a run at which the primary dies: every so many, each step of the turn beginning with another one.
    # That a change survives its death at each single statement is the matter of tests/keytool/fleet_store_test.py.
    STRIDE = 9

    def test_the_primary_dies_in_the_middle_of_a_rotation(self):
        self.make_fleet()
        self.databases.add_standby()
        # The agent of mx1 has a line of its own: only the statements of rotate count.
        self.config = self.mx1.configure_also(self.databases.connection("writer", "rotate"), LEASE.days)
        old = self.world.signing()
        self.deaths = 0
        for first, step in enumerate((self.world.let_through, lambda: self.world.pass_time(TTL),
                                      lambda: self.world.pass_days(DRAIN.days), self.world.let_through), 1):
            self.rotate_among_deaths(2 * first)
            # Whatever was left to do: each machine follows, and rotate says that it has gone on as far as it can.
            self.world.settle()
            self.world.rotate()
            self.world.settle()
            step()
        self.world.rotate()
        new = self.world.signing()
        self.assertEqual(len(new - old), 2)
        print(f"the primary died {self.deaths} times", file=sys.stderr)
        self.assertGreater(self.deaths, 8)
        self.world.settle()
        for machine in self.world.machines:
            machine.wait_until_it_signs_with(new)
        self.assert_promise_kept()

    def rotate_among_deaths(self, first):
        """Runs rotate until it comes through: each run before that loses the primary some statements later."""
        line = self.databases.line("rotate")
        for number in range(first, 1000, self.STRIDE):
            line.tell("kill", self.databases.primary.pid, ("before", "after")[self.deaths % 2], number)
            self.world.rotate(codes=(DONE, PROBLEM, WAITING), config=self.config)
            if int(line.tell("count")) < number:
                return
            self.deaths += 1
            # In turn: the standby takes its place, or it comes back.
            if self.deaths % 3 == 0:
                self.databases.promote()
                self.databases.add_standby()
            else:
                self.databases.restart()
        raise AssertionError("rotate never ended its statements")


class OlderDatabase(FleetCase):
    def test_a_backup_is_restored_and_a_person_chooses(self):
        self.make_fleet()
        old = self.world.signing()
        new = self.begin_turn()
        backup = self.databases.dump()
        self.activate(new)
        self.databases.restore(backup)
        # Nothing is undone anywhere, and no lease is renewed.
        for machine in self.world.machines:
            wait_for(lambda machine=machine: "nothing is taken from the database" in machine.agent_log(), f"{machine.name} to notice")
        leases = [lease for _, _, lease in self.world.rows()]
        self.world.pass_time(DRAIN)
        self.databases.wake_agents()
        self.world.rotate(codes=(PROBLEM,))
        for machine in self.world.machines:
            machine.load.wait_for_more(5)
            self.assertEqual(machine.newest_selectors(), new)
        self.assertEqual([lease for _, _, lease in self.world.rows()], leases)
        # A person has mx1's state brought in, and the others take it.
        self.mx1.dkimkey("fleet", "sync", "--keep", "local")
        self.assertEqual(self.world.signing(), new)
        for machine in (self.mx2, self.mx3):
            machine.dkimkey("fleet", "sync", "--keep", "fleet")
        self.world.settle()
        self.world.wait_for_leases()
        self.finish_turn(old)
        self.assertEqual(self.turn() & new, set())
        self.assert_promise_kept()


class Outage(FleetCase):
    def test_an_outage_of_a_week_and_agents_that_die_and_two_rotations_at_once(self):
        self.make_fleet()
        old = self.world.signing()
        self.databases.stop()
        for _ in range(7):
            self.world.pass_time(DAY)
            self.world.rotate(codes=(PROBLEM,))
            self.mx2.kill_agent()
            self.mx2.start_agent()
            self.world.wait_for_mail()
        self.databases.start()
        self.world.wait_for_leases()
        # Two timers in the same second: one key of each algorithm is made, and not two.
        runs = [machine.begin("rotate", "-d", ZONE, "--resolver", f"{self.world.dns.resolver}@5353")
                for machine in (self.mx1, self.mx2)]
        for run in runs:
            said, _ = run.communicate(timeout=300)
            self.assertIn(run.returncode, (DONE, PROBLEM, WAITING), said)
        self.world.look()
        self.world.settle()
        for machine in self.world.machines:
            self.assertEqual(sorted(self.world.states(machine).values()), ["active", "active", "pending", "pending"])
        self.world.let_through()
        self.world.rotate(machine=self.mx2)
        self.world.settle()
        # The agents die while the change is on its way to them.
        self.world.pass_time(TTL)
        for machine in self.world.machines:
            machine.kill_agent()
        self.world.rotate()
        for machine in self.world.machines:
            machine.start_agent()
            machine.kill_agent()
            machine.start_agent()
        new = self.world.signing()
        self.world.settle()
        for machine in self.world.machines:
            machine.wait_until_it_signs_with(new)
        self.finish_turn(old)
        self.assert_promise_kept()


class TheCheckItself(FleetCase):
    """Proves that the other tests would notice a broken promise."""

    def test_a_machine_that_signs_with_a_key_whose_record_is_empty_is_noticed(self):
        self.make_fleet()
        self.world.pass_time(TTL)
        self.world.wait_for_mail()
        for selector in self.world.signing():
            self.world.dns.put(self.world.name(selector), "v=DKIM1; p=")
        self.world.let_through()
        self.world.wait_for_mail()
        self.world.pass_time(TTL)
        with self.assertRaisesRegex(AssertionError, "a resolver may answer"):
            self.assert_promise_kept()

    def test_a_message_that_is_not_signed_is_noticed(self):
        self.make_fleet()
        self.mx2.stop_agent()
        (self.mx2.keys / ZONE / "keys.conf").write_text("format = 1; keys = ( );\n")
        wait_for(lambda: not self.mx2.newest_selectors(), "mx2 to let a message go")
        for machine in self.world.machines:
            machine.load.wait_for_more(50)
        with self.assertRaisesRegex(AssertionError, "not signed"):
            self.assert_promise_kept()


if __name__ == "__main__":
    unittest.main(verbosity=2)
