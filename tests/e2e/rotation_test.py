#!/usr/bin/python3
"""Rotates keys while mail flows. A running dkimsignd has load on two connections. `dkimkey rotate` publishes by a hook
that sends an update, and the test moves its clock on by libfaketime. The hook does not use that clock: the time is part
of an update's signature, and the name server has the real time.

Every message is judged by the promise of harness/key_promise.py. There are two name servers: the secondary gets a
change only when the test lets it through, so that each step of the turn happens while the servers differ.
"""

import dataclasses
import datetime
import json
import re
import shutil
import subprocess
import sys
import time
import unittest

from clock import at_time
from dns_world import ZONE, DnsWorld

from harness.dns_watch import DnsWatch, served_by_all
from harness.key_promise import judge, judge_all
from harness.message import tags
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program
from harness.signing_load import SigningLoad
from harness.update_hook import make_update_hook
from harness.verifiers import PERL, mail_dkim_accepts
from harness.workspace import Workspace, next_line, stop_process

# Each server has an address in this network, which no other test uses.
NETWORK = "127.53.40"
SENDER = f"alerts@{ZONE}"
RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
DONE, PROBLEM, WAITING = 0, 1, 3
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
# The TTL with which dkimkey publishes; it is longer than the zone's negative TTL.
RECORD_TTL = 3600 * SECOND
EVERY, DRAIN, FORGET = 180 * DAY, 7 * DAY, 30 * DAY
# How many messages each connection brings through after each step.
AFTER_A_STEP = 15


def utc_text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class MailDkim:
    """Mail::DKIM in one perl process, which asks one of the servers directly."""

    def __init__(self, workspace, address):
        self._directory = workspace.directory(f"perl-{address}", 0o700)
        self._process = subprocess.Popen(["perl", str(PERL), "53", address], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, bufsize=0)
        workspace.on_close(self._close)

    def _close(self):
        self._process.stdin.close()
        stop_process(self._process)
        self._process.stdout.close()

    def verdicts(self, raw):
        """Returns one verdict per signature, top first."""
        path = self._directory / "message.eml"
        path.write_bytes(raw)
        self._process.stdin.write(f"{path}\n".encode())
        line = next_line(self._process.stdout)
        if not line:
            raise AssertionError("Mail::DKIM gave up")
        return json.loads(line)


class RotationTest(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.store = KeyStore(self.workspace)
        self.world = DnsWorld(self.workspace.directory("dns", 0o700), network=NETWORK, notify=False)
        self.workspace.on_close(self.world.close)
        self.world.start()
        self.servers = (self.world.primary, self.world.secondary)
        directory = self.workspace.directory("socket", 0o750)
        shutil.chown(directory, USER, GROUP)
        self.socket = str(directory / "milter.sock")

        self.store.generate(ZONE, "server", "both", "--activate")
        hook = make_update_hook(self.workspace, NETWORK)
        # One configuration for both programs, as on a real host.
        self.daemon = Daemon(self.workspace, self.socket, self.store.path,
                             publish=Raw(f'{{ method = "hook"; program = "{hook}"; }}'))
        for selector in self.states():
            self.world.put(self.name(selector), self.record(selector))
        self.world.let_through()
        self.made = max(datetime.datetime.strptime(key["created"], "%Y-%m-%dT%H:%M:%SZ") for key in self.keys())
        self.verifiers = [MailDkim(self.workspace, address) for address in self.servers]
        self.watch = DnsWatch(self.workspace, self.servers, ZONE, self.store.path)
        # (from, to, selectors): messages wholly within that time must be signed with exactly these selectors.
        self.times = []
        self.load = SigningLoad(self.workspace, self.socket, SENDER)
        self.expect("server", "server-ed25519")

    # The parts of the world.

    def dkimkey(self, *arguments, **options):
        return subprocess.run([program("dkimkey"), "--config", self.daemon.config, *arguments], capture_output=True,
                              text=True, timeout=300, check=False, **options)

    def keys(self):
        return json.loads(self.dkimkey("list", "--json").stdout)

    def states(self):
        return {key["selector"]: key["state"] for key in self.keys()}

    def name(self, selector):
        return f"{selector}._domainkey.{ZONE}"

    def record(self, selector):
        return self.dkimkey("show", "-d", ZONE, "-s", selector, "--format", "value").stdout.strip()

    def served(self, selector):
        """Returns what the primary serves, and what the secondary serves."""
        return [self.world.texts(address, self.name(selector)) for address in self.servers]

    def has_private_key(self, selector):
        return (self.store.path / ZONE / f"{selector}.private").exists()

    # The steps.

    def expect(self, *selectors):
        """From now on, mail must be signed with exactly these selectors; without any, they may change."""
        now = time.monotonic_ns()
        if self.times and self.times[-1][1] is None:
            self.times[-1] = (self.times[-1][0], now, self.times[-1][2])
        if selectors:
            self.times.append((now, None, frozenset(selectors)))

    def rotate(self, moment, code, *words, how=("--due",), without=()):
        """Runs dkimkey rotate; expects the exit status, the words, and none of those in `without`. Mail goes on."""
        done = self.dkimkey("rotate", *how, "-d", ZONE, "--resolver", f"{self.world.resolver}@5353",
                            env=at_time(utc_text(moment), program("dkimkey")))
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        for word in words:
            self.assertIn(word, said)
        for word in without:
            self.assertNotIn(word, said)
        self.go_on()

    def let_through(self):
        self.world.let_through()
        self.go_on()

    def go_on(self):
        """Waits for mail and for the watch; expects Mail::DKIM to accept the newest messages by each running server."""
        self.load.wait_for_more(AFTER_A_STEP)
        self.watch.wait_for_rounds(1)
        for handled in self.load.latest():
            for address, verifier in zip(self.servers, self.verifiers):
                if address == self.world.secondary and "secondary" not in self.world.processes:
                    continue
                algorithms = [tags(value)["a"] for _, _, value in reversed(handled.inserted)]
                self.assertEqual(verifier.verdicts(handled.raw(SENDER)),
                                 [mail_dkim_accepts(algorithm) for algorithm in algorithms], address)

    def begin_turn(self, moment, old, new, how=("--due",)):
        """Begins a turn: the new keys are made, and only the primary serves their records."""
        self.rotate(moment, WAITING, *(f"made {selector}" for selector in new), how=how)
        self.assert_states(old, "active", new, "pending")
        for selector in new:
            self.assertEqual(self.served(selector), [[self.record(selector)], []])

    def assert_states(self, old, old_state, new, new_state):
        states = self.states()
        self.assertEqual({selector: states[selector] for selector in (*old, *new)},
                         {**dict.fromkeys(old, old_state), **dict.fromkeys(new, new_state)})

    def activate(self, moment, old, new):
        """Activates the new keys: every server has served their records for long enough."""
        self.expect()
        self.rotate(moment, DONE, *(f"activated {selector}" for selector in new), *(f"{selector} retires" for selector in old))
        self.expect(*new)
        self.assert_states(old, "retiring", new, "active")
        self.go_on()

    # The verdict.

    def end(self):
        """Stops the mail, the daemon and the watch; returns a Judged for every message."""
        handled = self.load.stop()
        self.watch.stop()
        self.assertEqual(self.daemon.stop(), 0)
        print(f"{len(handled)} messages, {len(self.watch.rounds)} rounds of the watch", file=sys.stderr)
        return judge_all(handled, self.watch, ZONE, SENDER)

    def assert_promise_kept(self, judged, dead=()):
        """Asserts the promise for every message. `dead` has times (from, to) in which the secondary need not answer."""
        self.assert_everything_was_signed([one.handled for one in judged])
        broken = [one for one in judged if not one.is_kept()]
        self.assertEqual(broken[:3], [], f"{len(broken)} of {len(judged)} messages")
        # This is more than the promise: both signatures are always valid by all servers.
        self.assertEqual([one for one in judged if not one.is_whole()][:3], [])
        for one in self.watch.rounds:
            self.assertIsNotNone(one.served[self.world.primary])
            if not any(begin <= one.ended and one.began <= end for begin, end in dead):
                self.assertIsNotNone(one.served[self.world.secondary])

    def assert_everything_was_signed(self, handled):
        """Asserts that every message was signed twice."""
        # No connection lost a message: the numbers run from 0 without a gap.
        for connection in {one.connection for one in handled}:
            numbers = [one.number for one in handled if one.connection == connection]
            self.assertEqual(numbers, list(range(len(numbers))))
        odd = [one for one in handled if one.verdict not in b"ac" or len(one.inserted) != 2 or one.trouble]
        self.assertEqual(odd[:3], [], f"{len(odd)} of {len(handled)} messages; the daemon says\n{self.complaints()}")
        self.assertEqual(self.complaints(), "")

    def complaints(self):
        """Returns the first log lines about messages that do not report a signature."""
        return "\n".join([line for line in self.daemon.log_text().splitlines()
                          if re.search(r"Q\d+N\d+", line) and ": signed d=" not in line][:5])

    def assert_signed_as_expected(self, judged):
        """Asserts that each message has the selectors of its time, as soon as the command has ended, and no mixture."""
        sets = {selectors for _, _, selectors in self.times}
        self.times[-1] = (self.times[-1][0], time.monotonic_ns(), self.times[-1][2])
        seen = dict.fromkeys(sets, 0)
        for one in judged:
            self.assertIn(one.selectors(), sets)
            seen[one.selectors()] += 1
            for begin, end, selectors in self.times:
                if begin <= one.handled.handed_in and one.handled.came_back <= end:
                    self.assertEqual(one.selectors(), selectors, one)
        for selectors, count in seen.items():
            self.assertGreater(count, AFTER_A_STEP, selectors)

    def assert_algorithms_of(self, judged, selectors):
        found = {(one.selector, one.algorithm) for message in judged for one in message.signatures}
        self.assertEqual(found, {(selector, ED25519 if "ed25519" in selector else RSA) for selector in selectors})


class WholeRotation(RotationTest):
    def turn(self, due, old):
        """Goes through a whole turn from the day it is due; returns the new selectors, and when they became active."""
        new = [re.sub(r"-\d{8}$", "", selector) + f"-{due:%Y%m%d}" for selector in old]
        self.rotate(due - SECOND, DONE, "nothing to do")
        self.begin_turn(due, old, new)
        # The secondary lags for two days: the turn may not go on, and no other turn may begin.
        for moment in (due + RECORD_TTL, due + 2 * DAY):
            self.rotate(moment, WAITING, "not on every server", without=("made ", "activated"))
            self.assert_states(old, "active", new, "pending")
        self.let_through()
        everywhere = due + 2 * DAY
        for moment in (everywhere, everywhere + RECORD_TTL - SECOND):
            self.rotate(moment, WAITING, utc_text(everywhere + RECORD_TTL), without=("activated",))
            self.assert_states(old, "active", new, "pending")
        activated = everywhere + RECORD_TTL
        self.activate(activated, old, new)

        records = {selector: self.record(selector) for selector in old}
        self.rotate(activated + DRAIN - SECOND, DONE, without=("revoked",))
        self.assert_states(old, "retiring", new, "active")
        for selector in old:
            self.assertTrue(self.has_private_key(selector))
            self.assertEqual(self.served(selector), [[records[selector]], [records[selector]]])

        revoked = activated + DRAIN
        self.rotate(revoked, WAITING, *(f"revoked {selector}" for selector in old))
        self.assert_states(old, "revoked", new, "active")
        for selector in old:
            self.assertFalse(self.has_private_key(selector))
            kind = "ed25519" if "ed25519" in selector else "rsa"
            self.assertEqual(self.served(selector), [[f"v=DKIM1; k={kind}; p="], [records[selector]]])
        self.let_through()
        for selector in old:
            self.assertEqual(*self.served(selector))

        self.rotate(revoked + FORGET - SECOND, DONE, without=("from DNS",))
        self.rotate(revoked + FORGET, WAITING, "from DNS")
        for selector in old:
            self.assertEqual([len(texts) for texts in self.served(selector)], [0, 1])
        self.let_through()
        for selector in old:
            self.assertEqual(self.served(selector), [[], []])
        self.rotate(revoked + FORGET, DONE, "nothing is left to do for this key")
        self.rotate(revoked + FORGET, DONE, "nothing to do")
        return new, activated

    def compromised_turn(self, moment, old):
        """Begins at once and skips the drain: the old keys are revoked as soon as the new ones sign."""
        how = ("--compromised",)
        new = [re.sub(r"-\d{8}$", "", selector) + f"-{moment:%Y%m%d}" for selector in old]
        self.begin_turn(moment, old, new, how)
        # Even in haste, a key may not sign before every server serves its record and every resolver finds it.
        self.rotate(moment + RECORD_TTL, WAITING, "not on every server", how=how, without=("activated", "revoked"))
        self.let_through()
        everywhere = moment + 2 * RECORD_TTL
        for later in (everywhere, everywhere + RECORD_TTL - SECOND):
            self.rotate(later, WAITING, utc_text(everywhere + RECORD_TTL), how=how, without=("activated", "revoked"))
            self.assert_states(old, "active", new, "pending")
        self.expect()
        self.rotate(everywhere + RECORD_TTL, WAITING, *(f"activated {selector}" for selector in new),
                    *(f"revoked {selector}" for selector in old), how=how)
        self.expect(*new)
        self.assert_states(old, "revoked", new, "active")
        for selector in old:
            self.assertFalse(self.has_private_key(selector))
            self.assertIn("p=", self.served(selector)[0][0][-2:])
        self.let_through()
        for selector in old:
            self.assertEqual(*self.served(selector))
        return new

    def test_a_whole_turn_and_one_in_haste(self):
        first = ["server", "server-ed25519"]
        second, activated = self.turn(self.made + EVERY, first)
        third = self.compromised_turn(activated + 90 * DAY, second)
        self.assertEqual(self.states(), {**dict.fromkeys(first + second, "revoked"), **dict.fromkeys(third, "active")})
        self.assertEqual(sorted(path.stem for path in (self.store.path / ZONE).glob("*.private")), sorted(third))
        judged = self.end()
        self.assert_promise_kept(judged)
        self.assert_signed_as_expected(judged)
        self.assert_algorithms_of(judged, first + second + third)
        self.assertGreater(len(judged), 2000)

    def test_the_secondary_dies_in_the_middle_of_a_turn(self):
        old = ["server", "server-ed25519"]
        due = self.made + EVERY
        new = [f"{selector}-{due:%Y%m%d}" for selector in old]
        self.begin_turn(due, old, new)
        died = time.monotonic_ns()
        self.world.stop("secondary")
        # The turn does not go on, however long the server is dead: nobody knows what it will serve when it returns.
        self.rotate(due + 30 * DAY, WAITING, "ns2", without=("activated", "made "))
        self.assert_states(old, "active", new, "pending")
        # It returns without the new records.
        self.world.start_knot("secondary", self.world.secondary, [(ZONE, "secondary")])
        dead = (died, time.monotonic_ns())
        self.world.let_through()
        back = due + 31 * DAY
        self.rotate(back, WAITING, utc_text(back + RECORD_TTL), without=("activated",))
        self.activate(back + RECORD_TTL, old, new)
        judged = self.end()
        self.assert_promise_kept(judged, dead=[dead])
        self.assert_signed_as_expected(judged)
        self.assert_algorithms_of(judged, old + new)


class TheCheckItself(RotationTest):
    """Proves that the other tests would notice a broken promise."""

    def test_a_key_that_only_one_server_knows_is_noticed(self):
        new = ["next", "next-ed25519"]
        self.store.generate(ZONE, "next", "both")
        for selector in new:
            self.world.put(self.name(selector), self.record(selector))
        self.go_on()
        self.expect()
        self.force(new[0])
        self.load.wait_for_more(AFTER_A_STEP)  # the Ed25519 signature is still good: the promise is kept
        self.force(new[1])
        forced = time.monotonic_ns()
        self.load.wait_for_more(AFTER_A_STEP)
        lagged = time.monotonic_ns()
        self.world.let_through()
        self.watch.wait_for_rounds(1)
        good_again = time.monotonic_ns()
        self.load.wait_for_more(AFTER_A_STEP)
        judged = self.end()
        self.assert_everything_was_signed([one.handled for one in judged])
        self.assertRaises(AssertionError, self.assert_promise_kept, judged)
        counts = dict.fromkeys(["before", "half", "forced", "again"], 0)
        for one in judged:
            verdicts = {signature.selector: signature.verdict for signature in one.signatures}
            if one.selectors() == {"server", "server-ed25519"}:
                self.assertTrue(one.is_whole(), one)
                counts["before"] += 1
            elif one.selectors() == {"next", "server-ed25519"}:
                self.assertTrue(one.is_kept(), one)
                self.assertEqual(verdicts["next"], "not every server serves one and the same record")
                counts["half"] += 1
            elif one.handled.handed_in > forced and one.handled.came_back < lagged:
                self.assertFalse(one.is_kept(), one)
                counts["forced"] += 1
            elif one.handled.handed_in > good_again:
                self.assertTrue(one.is_whole(), one)
                counts["again"] += 1
        for count in counts.values():
            self.assertGreater(count, AFTER_A_STEP, counts)
        # A signature that was made for another message does not pass either.
        for one in judged[:5]:
            other = dataclasses.replace(one.handled, number=one.handled.number + 1)
            rounds = self.watch.during(one.handled.handed_in, one.handled.came_back)
            self.assertTrue(judge(one.handled, rounds, ZONE, SENDER).is_kept())
            self.assertFalse(judge(other, rounds, ZONE, SENDER).is_kept())

    def force(self, selector):
        done = self.dkimkey("activate", "--force", "-d", ZONE, "-s", selector)
        self.assertEqual(done.returncode, DONE, done.stderr)


class ServedByAll(unittest.TestCase):
    def test_it_returns_only_what_every_server_serves_all_the_time(self):
        right, other = (b"right",), (b"other",)
        for rounds, expected in (
            ([{"one": {"s": right}, "two": {"s": right}}], b"right"),
            ([{"one": {"s": right}, "two": None}], b"right"),  # a dead server serves nothing wrong
            ([{"one": None, "two": None}], None),
            ([{"one": {"s": right}, "two": {"s": other}}], None),
            ([{"one": {"s": right}, "two": {"s": ()}}], None),
            ([{"one": {"s": right}, "two": {}}], None),
            ([{"one": {"s": ()}, "two": {"s": ()}}], None),
            ([{"one": {"s": right + other}, "two": {"s": right + other}}], None),
            ([{"one": {"s": right}}, {"one": {"s": other}}], None),
            ([{"one": {"s": right}}, {"one": None}], None),
        ):
            self.assertEqual(served_by_all(rounds, "s"), expected, rounds)


if __name__ == "__main__":
    unittest.main(verbosity=2)
