#!/usr/bin/python3
"""A year of one domain whose DNS is not ours, in two ways. On slots: the customer's two name servers have the CNAMEs, ours
have the targets. By API: the zone is at a provider, whose API is down, refuses, or takes changes and makes them late or
wrong, and lexicon speaks it.

In both, servers lag and die; dkimkey runs at odd hours and is killed again and again; a dkimsignd signs all the while.
The test moves the clock of dkimkey on by libfaketime. Every message is judged by the promise of harness/long_promise.py.
"""

import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

import pdns_world
from clock import at_time
from dns_world import OTHER_ZONE, ZONE, ZONE_TEXT, DnsWorld
from pdns_world import PdnsWorld

from harness.long_promise import Calendar, LongJudge, ServedHistory
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program
from harness.signing_load import SigningLoad
from harness.update_hook import make_update_hook
from harness.workspace import Workspace

DONE, PROBLEM, WAITING = 0, 1, 3
HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
# The TTL with which dkimkey publishes; the zones' negative TTL and that of the CNAMEs are shorter.
TTL = HOUR
EVERY, DRAIN = 40 * DAY, 7 * DAY


class TwoZones(DnsWorld):
    """Our zone, with a secondary that lags until the test lets a change through, and a customer's with two servers."""

    def __init__(self, directory, network):
        super().__init__(directory, network=network, notify=False)
        self.customers = {"other": self.other, "another": f"{network}.4"}

    def start(self, secondary=True):
        for name in self.customers:
            root = self.directory / name
            root.mkdir()
            (root / f"{OTHER_ZONE}.zone").write_text(ZONE_TEXT.format(
                negative=self.negative_ttl, second="@ IN NS ns2", first_address=self.customers["other"],
                second_address=self.customers["another"]))
        super().start(secondary)
        self.start_customer("another")

    def start_customer(self, name):
        self.start_knot(name, self.customers[name], [(OTHER_ZONE, "alone")])


def utc_text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Year(unittest.TestCase):
    """What both ways have in common. `domain` is signed as; `zone` has its records."""

    domain = zone = None
    hours = 10    # how many pass between two runs, on average
    pause = 0.05  # seconds between two messages of a connection

    def setUp(self):
        self.random = random.Random(20261126)
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.store = KeyStore(self.workspace)
        self.world = self.make_world(self.workspace.directory("dns", 0o700))
        self.workspace.on_close(self.world.close)
        self.world.start()
        directory = self.workspace.directory("socket", 0o750)
        shutil.chown(directory, USER, GROUP)
        socket = str(directory / "milter.sock")
        # One configuration for both programs, as on a real host.
        self.daemon = Daemon(self.workspace, socket, self.store.path,
                             rotation=Raw(f"{{ every = {EVERY.days}; drain = {DRAIN.days}; }}"), **self.settings())
        self.history, self.calendar = ServedHistory(), Calendar()
        self.dead = set()  # the names of the servers that do not run
        self.make_first_key()
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0) + HOUR
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        # The first key: nothing signs until its record is on every server.
        self.rotate()
        self.world.let_through()
        self.now += DAY
        self.rotate()
        self.assertEqual(list(self.states().values()), ["active"])
        self.now += DAY
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        self.look()
        self.load = SigningLoad(self.workspace, socket, f"alerts@{self.domain}", pause=self.pause)

    def dkimkey(self, *arguments, **options):
        return subprocess.run([program("dkimkey"), "--config", self.daemon.config, *arguments], capture_output=True,
                              text=True, timeout=300, check=False, **options)

    def generate(self, *options):
        done = self.dkimkey("generate", "-d", self.domain, *options)
        self.assertEqual(done.returncode, DONE, done.stderr)

    def states(self):
        return {key["selector"]: key["state"] for key in json.loads(self.dkimkey("list", "--json").stdout)}

    def name(self, selector):
        return f"{selector}._domainkey.{self.domain}"

    def selectors(self):
        """Returns all selectors that have ever had a key."""
        return [path.stem for path in (self.store.path / self.domain).glob("*.txt")]

    # What happens.

    def look(self):
        """Notes what every server that runs now gives to resolvers."""
        served = {}
        ours = {name: address for name, address in
                (("primary", self.world.primary), ("secondary", self.world.secondary)) if name not in self.dead}
        for selector in self.selectors():
            for server, address in ours.items():
                served[server, self.name(selector)] = tuple(
                    text.encode() for text in self.world.texts(address, self.published_at(selector)))
            for server in self.without_cname(selector):
                served[server, self.name(selector)] = ()
        self.history.look(self.now, served)

    def rotate(self):
        """Runs `rotate --due`, as the timer does; before that, sometimes, a run that is killed somewhere."""
        words = [program("dkimkey"), "--config", self.daemon.config, "rotate", "--due", "-d", self.domain,
                 "--resolver", f"{self.world.resolver}@5353"]
        environment = at_time(utc_text(self.now), program("dkimkey"))
        if self.random.random() < 0.4:
            victim = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                victim.wait(self.random.random() * self.longest_life)
            except subprocess.TimeoutExpired:
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait()
            self.look()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
        self.assertIn(done.returncode, self.codes(), f"{utc_text(self.now)}: {done.stdout}{done.stderr}")
        self.look()

    def codes(self):
        return DONE, WAITING

    def let_servers_act(self):
        """The secondary gets the zone, or not; now and then a server dies, or returns."""
        if "secondary" not in self.dead and self.random.random() < 0.3:
            self.world.let_through()
        if self.random.random() < 0.03 and not self.dead:
            server = self.random.choice(self.mortal)
            self.world.stop(server)
            self.dead.add(server)
        elif self.dead and self.random.random() < 0.1:
            self.start_server(self.dead.pop())
        self.look()

    def start_server(self, server):
        self.world.start_knot("secondary", self.world.secondary, [(self.zone, "secondary")])

    def pass_time(self):
        """Returns the messages that are under way, which must not be when rotate makes another key active."""
        # A message that a busy machine holds up must not be on its way for days of this clock before it is signed.
        self.load.keep_up()
        self.now += datetime.timedelta(minutes=self.random.randint(20, 2 * self.hours * 60))
        self.calendar.turn_to(time.monotonic_ns(), self.now)
        under_way = self.load.under_way()
        self.look()
        return under_way

    # What must be true.

    def assert_promise_kept(self):
        handled = self.load.stop()
        judged = LongJudge(self.history, self.calendar, self.domain, f"alerts@{self.domain}", DRAIN, TTL).judge_all(handled)
        broken = [one for one in judged if one.trouble]
        self.assertEqual(broken[:3], [], f"{len(broken)} of {len(judged)} messages")
        return judged

    def go_through_the_year(self):
        """Returns the selectors that signed, in their order."""
        end = self.now + 365 * DAY
        used = []
        while self.now < end:
            under_way = self.pass_time()
            self.let_servers_act()
            self.load.wait_for(under_way)
            self.rotate()
            signs = [selector for selector, state in self.states().items() if state == "active"]
            self.assertEqual(len(signs), 1)
            if used[-1:] != signs:
                used += signs
        judged = self.assert_promise_kept()
        print(f"{len(judged)} messages, signed by {' '.join(used)}", file=sys.stderr)
        self.assertGreater(len(judged), 1000)
        self.assertGreater(len(used), 5)
        # Whatever was killed left nothing behind.
        private = [path for path in (self.store.path / self.domain).iterdir()
                   if path.name not in (".lock", "keys.conf") and path.suffix != ".txt"]
        kept = [state for state in self.states().values() if state != "revoked"]
        self.assertEqual(([path.suffix for path in private], len(private)), ([".private"] * len(private), len(kept)))
        return used


class OnSlots(Year):
    domain, zone = OTHER_ZONE, ZONE
    network = "127.53.43"
    mortal = ("secondary", "another")
    longest_life = 0.3

    def make_world(self, directory):
        return TwoZones(directory, self.network)

    def settings(self):
        hook = make_update_hook(self.workspace, self.network)
        return {"slot_target": f"%selector%.%domain%.dkim.{ZONE}",
                "publish": Raw(f'{{ method = "hook"; program = "{hook}"; }}')}

    def make_first_key(self):
        self.generate("--slots", "s1,s2")
        for address in self.world.customers.values():
            for slot in ("s1", "s2"):
                self.world.put(self.name(slot), f"{self.published_at(slot)}.", address=address, zone=OTHER_ZONE,
                               kind="CNAME")

    def published_at(self, selector):
        return f"{selector}.{self.domain}.dkim.{ZONE}"

    def without_cname(self, selector):
        return [server for server, address in self.world.customers.items()
                if server not in self.dead and not self.world.records(address, self.name(selector), "CNAME")]

    def start_server(self, server):
        if server == "secondary":
            super().start_server(server)
        else:
            self.world.start_customer(server)

    def test_every_message_verifies_wherever_it_is_on_its_way(self):
        self.assertEqual(set(self.go_through_the_year()), {"s1", "s2"})

    def test_a_record_that_changes_too_early_is_noticed(self):
        """Proves that the year would notice a broken promise."""
        self.load.wait_for_more(20)
        self.pass_time()
        self.world.put(self.published_at("s1"), "v=DKIM1; k=rsa; p=")
        self.look()
        self.load.wait_for_more(20)
        with self.assertRaisesRegex(AssertionError, "a resolver may answer"):
            self.assert_promise_kept()


@unittest.skipUnless(pathlib.Path("/usr/bin/lexicon").exists(), "this release of Debian has no package lexicon")
class ByApi(Year):
    domain = zone = pdns_world.ZONE
    network = "127.53.44"
    mortal = ("secondary",)
    longest_life = 2
    # Each run of lexicon takes a second, so there are fewer of them, and more time for messages.
    hours = 15
    pause = 0.2

    def make_world(self, directory):
        return PdnsWorld(directory, self.network, notify=False)

    def settings(self):
        credentials = self.workspace.directory("credentials", 0o700) / "powerdns.env"
        credentials.write_text(f'LEXICON_POWERDNS_AUTH_TOKEN="{pdns_world.TOKEN}"\n'
                               f"LEXICON_POWERDNS_PDNS_SERVER={self.world.proxy.url}\n")
        credentials.chmod(0o600)
        return {"publish": Raw('{ method = "lexicon"; provider = "powerdns"; zone = "%s"; credentials = "%s"; }'
                               % (self.zone, credentials))}

    def make_first_key(self):
        self.generate("--selector", "server")

    def published_at(self, selector):
        return self.name(selector)

    def without_cname(self, _selector):
        return ()

    def codes(self):
        return (DONE, WAITING) if self.world.proxy.mode == "pass" else (DONE, PROBLEM, WAITING)

    def let_servers_act(self):
        proxy = self.world.proxy
        if self.random.random() < 0.3:
            proxy.mode = self.random.choice(("pass", "pass", "pass", "401", "503", "garbage", "later", "quotes", "cut"))
        if proxy.mode != "later":
            proxy.release()
        super().let_servers_act()

    def test_every_message_verifies_wherever_it_is_on_its_way(self):
        used = self.go_through_the_year()
        self.assertEqual(len(set(used)), len(used))


if __name__ == "__main__":
    unittest.main()
