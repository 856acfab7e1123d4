#!/usr/bin/python3
"""A year of one domain on slots. The customer's two name servers have the CNAMEs, ours have the targets; servers lag and
die; dkimkey runs at odd hours and is killed again and again; a dkimsignd signs all the while.

The test moves the clock of dkimkey on by libfaketime. Every message is judged by the promise of harness/long_promise.py.
"""

import datetime
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

from clock import at_time
from dns_world import OTHER_ZONE, ZONE, ZONE_TEXT, DnsWorld

from harness.long_promise import Calendar, LongJudge, ServedHistory
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program
from harness.signing_load import SigningLoad
from harness.update_hook import make_update_hook
from harness.workspace import Workspace

NETWORK = "127.53.43"
CUSTOMER = OTHER_ZONE
SENDER = f"alerts@{CUSTOMER}"
DONE, WAITING = 0, 3
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
# The TTL with which dkimkey publishes; the zones' negative TTL and that of the CNAMEs are shorter.
TTL = HOUR
EVERY, DRAIN = 40 * DAY, 7 * DAY
SLOTS = ("s1", "s2")
# Seconds between two messages of a connection.
PAUSE = 0.05


class TwoZones(DnsWorld):
    """Our zone, with a secondary that lags until the test lets a change through, and a customer's with two servers."""

    def __init__(self, directory):
        super().__init__(directory, network=NETWORK, notify=False)
        self.customers = {"other": self.other, "another": f"{NETWORK}.4"}

    def start(self, secondary=True):
        for name, address in self.customers.items():
            root = self.directory / name
            root.mkdir()
            (root / f"{CUSTOMER}.zone").write_text(ZONE_TEXT.format(
                negative=self.negative_ttl, second="@ IN NS ns2", first_address=self.customers["other"],
                second_address=self.customers["another"]))
        super().start(secondary)
        self.start_customer("another")

    def start_customer(self, name):
        self.start_knot(name, self.customers[name], [(CUSTOMER, "alone")])

    def start_secondary(self):
        self.start_knot("secondary", self.secondary, [(ZONE, "secondary")])


def utc_text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class YearOnSlots(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(20261126)
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.store = KeyStore(self.workspace)
        self.world = TwoZones(self.workspace.directory("dns", 0o700))
        self.workspace.on_close(self.world.close)
        self.world.start()
        directory = self.workspace.directory("socket", 0o750)
        shutil.chown(directory, USER, GROUP)
        socket = str(directory / "milter.sock")
        # One configuration for both programs, as on a real host.
        self.daemon = Daemon(
            self.workspace, socket, self.store.path, slot_target=f"%selector%.%domain%.dkim.{ZONE}",
            publish=Raw(f'{{ method = "hook"; program = "{make_update_hook(self.workspace, NETWORK)}"; }}'),
            rotation=Raw(f"{{ every = {EVERY.days}; drain = {DRAIN.days}; }}"))
        self.history, self.calendar = ServedHistory(), Calendar()
        self.dead = set()  # the names of the servers that do not run
        self.made(self.dkimkey("generate", "-d", CUSTOMER, "--slots", ",".join(SLOTS)))
        for address in self.world.customers.values():
            for slot in SLOTS:
                self.world.put(self.name(slot), f"{self.target(slot)}.", address=address, zone=CUSTOMER, kind="CNAME")
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0) + HOUR
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        # The first key: nothing signs until its record is on every server.
        self.rotate()
        self.world.let_through()
        self.now += DAY
        self.rotate()
        self.assertEqual(self.states(), {"s1": "active"})
        self.now += DAY
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        self.look()
        self.load = SigningLoad(self.workspace, socket, SENDER, pause=PAUSE)

    def dkimkey(self, *arguments, **options):
        return subprocess.run([program("dkimkey"), "--config", self.daemon.config, *arguments], capture_output=True,
                              text=True, timeout=300, check=False, **options)

    def made(self, done):
        self.assertEqual(done.returncode, DONE, done.stderr)

    def states(self):
        return {key["selector"]: key["state"] for key in json.loads(self.dkimkey("list", "--json").stdout)}

    @staticmethod
    def name(slot):
        return f"{slot}._domainkey.{CUSTOMER}"

    @staticmethod
    def target(slot):
        return f"{slot}.{CUSTOMER}.dkim.{ZONE}"

    # What happens.

    def look(self):
        """Notes what every server that runs now gives to resolvers."""
        served = {}
        ours = {name: address for name, address in
                (("primary", self.world.primary), ("secondary", self.world.secondary)) if name not in self.dead}
        for slot in SLOTS:
            for server, address in ours.items():
                served[server, self.name(slot)] = tuple(
                    text.encode() for text in self.world.texts(address, self.target(slot)))
            for server, address in self.world.customers.items():
                if server not in self.dead and not self.world.records(address, self.name(slot), "CNAME"):
                    served[server, self.name(slot)] = ()
        self.history.look(self.now, served)

    def rotate(self, *how):
        """Runs `rotate --due`, as the timer does; before that, sometimes, a run that is killed somewhere."""
        words = [program("dkimkey"), "--config", self.daemon.config, "rotate", "--due", "-d", CUSTOMER, *how,
                 "--resolver", f"{self.world.resolver}@5353"]
        environment = at_time(utc_text(self.now), program("dkimkey"))
        if self.random.random() < 0.4:
            victim = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                victim.wait(self.random.random() * 0.3)
            except subprocess.TimeoutExpired:
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait()
            self.look()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
        self.assertIn(done.returncode, (DONE, WAITING), f"{utc_text(self.now)}: {done.stdout}{done.stderr}")
        self.look()
        return done.stdout + done.stderr

    def let_servers_act(self):
        """The secondary gets the zone, or not; now and then a server dies, or returns."""
        if "secondary" not in self.dead and self.random.random() < 0.3:
            self.world.let_through()
        if self.random.random() < 0.03 and not self.dead:
            server = self.random.choice(("secondary", "another"))
            self.world.stop(server)
            self.dead.add(server)
        elif self.dead and self.random.random() < 0.1:
            server = self.dead.pop()
            if server == "secondary":
                self.world.start_secondary()
            else:
                self.world.start_customer(server)
        self.look()

    def pass_time(self):
        self.now += datetime.timedelta(minutes=self.random.randint(20, 20 * 60))
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        self.look()

    # What must be true.

    def assert_promise_kept(self):
        handled = self.load.stop()
        judged = LongJudge(self.history, self.calendar, CUSTOMER, SENDER, DRAIN, TTL).judge_all(handled)
        broken = [one for one in judged if one.trouble]
        self.assertEqual(broken[:3], [], f"{len(broken)} of {len(judged)} messages")
        return judged

    def test_every_message_verifies_wherever_it_is_on_its_way(self):
        end = self.now + 365 * DAY
        used = []
        while self.now < end:
            self.pass_time()
            self.let_servers_act()
            self.rotate()
            signs = [slot for slot, state in self.states().items() if state == "active"]
            self.assertEqual(len(signs), 1)
            if used[-1:] != signs:
                used += signs
        judged = self.assert_promise_kept()
        print(f"{len(judged)} messages, slots {' '.join(used)}", file=sys.stderr)
        self.assertGreater(len(used), 5)
        self.assertGreater(len(judged), 1000)
        # Whatever was killed left nothing behind.
        self.assertEqual(sorted(path.suffix for path in (self.store.path / CUSTOMER).iterdir()
                                if path.suffix not in (".conf", ".txt", "")), [".private"])


class TheCheckItself(YearOnSlots):
    """Proves that the year would notice a broken promise."""

    test_every_message_verifies_wherever_it_is_on_its_way = None

    def test_a_record_that_changes_too_early_is_noticed(self):
        self.load.wait_for_more(20)
        self.pass_time()
        self.world.put(self.target("s1"), "v=DKIM1; k=rsa; p=")
        self.look()
        self.load.wait_for_more(20)
        with self.assertRaisesRegex(AssertionError, "a resolver may answer"):
            self.assert_promise_kept()


if __name__ == "__main__":
    unittest.main()
