"""What the tests of a fleet have in common: how it begins, the steps of a turn, and the verdict."""

import sys
import unittest

from dns_world import ZONE

from .fleet_databases import FleetDatabases
from .fleet_world import DAY, DRAIN, FORGET, LEASE, TTL, FleetWorld
from .moved_clock import MovedClock
from .workspace import Workspace

# Each server has an address in this network, which no other test uses.
NETWORK = "127.53.46"
TEMPFAIL = b"t"


class FleetCase(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        clock = MovedClock(self.workspace)
        self.databases = FleetDatabases(self.workspace, clock.environment())
        self.world = FleetWorld(self.workspace, NETWORK, clock, self.databases)
        self.mx1, self.mx2, self.mx3 = self.world.machines
        self.begin_alone()

    # The beginning: one machine with a store of its own.

    def begin_alone(self):
        self.mx1.dkimkey("generate", "-d", ZONE, "-s", "server", "--algorithm", "both", "--activate")
        for selector in self.world.states():
            record = self.mx1.results("show", "-d", ZONE, "-s", selector, "--format", "value").strip()
            self.world.dns.put(self.world.name(selector), record, ttl=int(TTL.total_seconds()))
        self.world.let_through()
        self.world.pass_time(DAY)
        self.world.start_loads(self.mx1)

    def make_fleet(self):
        """Moves mx1 in, and has the others join, while mx1 signs."""
        self.databases.query(self.mx1.results("fleet", "init", "--print-roles"))
        self.configure(self.mx1, "owner")
        self.mx1.dkimkey("fleet", "init")
        for machine, role in ((self.mx1, "writer"), (self.mx2, "writer"), (self.mx3, "signer")):
            self.configure(machine, role)
        self.mx1.dkimkey("fleet", "push")
        for machine in (self.mx2, self.mx3):
            machine.sealing_key.write_bytes(self.mx1.sealing_key.read_bytes())
            machine.sealing_key.chmod(0o640)
            machine.dkimkey("fleet", "join")
        for machine in self.world.machines:
            machine.start_agent()
        self.world.settle()
        self.world.start_loads(self.mx2, self.mx3)

    def configure(self, machine, role):
        machine.configure(self.databases.connection(role, machine.name), lease=LEASE.days)

    # The steps of a turn, from one machine.

    def begin_turn(self, **options):
        """Makes the new keys; every server and every machine gets them."""
        self.world.rotate(**options)
        self.world.let_through()
        self.world.settle()
        self.world.rotate(**options)
        pending = {name for name, state in self.world.states().items() if state == "pending"}
        self.assertEqual(len(pending), 2)
        return pending

    def activate(self, new):
        # A machine that lacks only what rotate noted a moment ago holds the keys back, too.
        self.world.settle()
        self.world.pass_time(TTL)
        self.world.rotate()
        self.assertEqual(self.world.signing(), new)
        self.world.settle()
        for machine in self.world.machines:
            machine.wait_until_it_signs_with(new)

    def finish_turn(self, old, without=()):
        """Empties and removes the records of the old keys. without: machines that are cut off."""
        self.world.settle(without)
        self.world.rotate()  # notes that nobody signs with them any more
        self.world.pass_days(DRAIN.days, without)
        self.world.rotate()
        self.assertEqual({self.world.states()[selector] for selector in old}, {"revoked"})
        self.world.let_through()
        self.world.pass_days(FORGET.days, without)
        self.world.rotate()
        self.world.let_through()
        self.world.settle(without)

    def turn(self):
        """A whole turn with nothing in its way; returns the new selectors."""
        old = self.world.signing()
        new = self.begin_turn()
        self.activate(new)
        self.finish_turn(old)
        return new

    # The verdict.

    def assert_promise_kept(self, defers=()):
        """Asserts it for every message of every machine.

        defers: (machine's name, four instants): from the first to the last it may defer, between the others it must."""
        judged = self.world.judge()
        for name, messages in judged.items():
            numbers = [handled.number for handled, _ in messages]
            self.assertEqual(numbers, list(range(len(numbers))), name)
            spans = [instants for machine, instants in defers if machine == name]
            broken = []
            for handled, one in messages:
                surely = any(begin <= handled.handed_in and handled.came_back <= end for _, begin, end, _ in spans)
                perhaps = any(begin <= handled.came_back and handled.handed_in <= end for begin, _, _, end in spans)
                deferred = handled.verdict == TEMPFAIL and not handled.inserted
                if surely and not deferred:
                    broken.append(f"{name} signs without a lease: {one}")
                elif one.trouble and not (perhaps and deferred):
                    broken.append(f"{name}: {one}")
            self.assertEqual(broken[:3], [], f"{len(broken)} of {len(messages)} messages of {name}")
            self.assertGreater(len(messages), 50, name)
        counts = ", ".join(f"{name} {len(messages)}" for name, messages in judged.items())
        print(f"messages: {counts}", file=sys.stderr)
