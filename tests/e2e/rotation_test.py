#!/usr/bin/python3
"""Keys turn while mail flows: two name servers of which one lags, a running dkimsignd under load on two connections,
`dkimkey rotate` with a hook that sends an update, and a clock that the test moves on by libfaketime. The hook does
without that clock: the time is part of an update's signature, and the server's is the real one.

Every message is judged by the promise of harness/key_promise.py. The secondary gets a change only when the test
lets it through, so that each step of the cycle is seen with servers that differ.
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

import dns_world
from clock import CLOCK, at_time
from dns_world import ZONE, DnsWorld

from harness.dns_watch import DnsWatch, served_by_all
from harness.key_promise import judge, judge_all
from harness.message import tags
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program
from harness.signing_load import SigningLoad
from harness.verifiers import NO_ED25519, PERL
from harness.workspace import Workspace, stop_process

# An address for each of the servers; no other test has this network.
NETWORK = "127.53.40"
SENDER = f"alerts@{ZONE}"
RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
DONE, PROBLEM, WAITING = 0, 1, 3
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
# What dkimkey publishes with; longer than the zone's negative TTL.
RECORD_TTL = 3600 * SECOND
EVERY, DRAIN, FORGET = 180 * DAY, 7 * DAY, 30 * DAY
# What a provider's hook would do: in real time, in Debian's python3.
HOOK = """\
#!/bin/sh
exec env {unset} /usr/bin/python3 -B - "$@" <<'END'
import sys
sys.path.insert(0, {tests!r})
from dns_world import DnsWorld
action, name, _, ttl, value = sys.argv[1:]
DnsWorld({directory!r}, network={network!r}, notify=False).put(
    name, *([value] if action == "set" else []), ttl=int(ttl))
END
"""
# How many messages each connection brings through after each step.
AFTER_A_STEP = 15


def utc_text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class MailDkim:
    """Mail::DKIM in one perl that asks one of the servers itself."""

    def __init__(self, workspace, address):
        self._directory = workspace.directory(f"perl-{address}", 0o700)
        self._process = subprocess.Popen(["perl", str(PERL), "53", address], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        workspace.on_close(self._close)

    def _close(self):
        self._process.stdin.close()
        stop_process(self._process)
        self._process.stdout.close()

    def verdicts(self, raw):
        """One a signature, top first."""
        path = self._directory / "message.eml"
        path.write_bytes(raw)
        self._process.stdin.write(f"{path}\n".encode())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
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
        hook = self.workspace.directory("hook", 0o755) / "hook"
        hook.write_text(HOOK.format(unset=" ".join(f"-u {name}" for name in CLOCK), tests=dns_world.__file__.rsplit("/", 1)[0],
                                    directory=str(hook.parent), network=NETWORK))
        hook.chmod(0o755)
        # One configuration for both programs, as on a real host.
        self.daemon = Daemon(self.workspace, self.socket, self.store.path,
                             publish=Raw(f'{{ method = "hook"; program = "{hook}"; }}'))
        for selector in self.states():
            self.world.put(self.name(selector), self.record(selector))
        self.world.let_through()
        self.made = max(datetime.datetime.strptime(key["created"], "%Y-%m-%dT%H:%M:%SZ") for key in self.keys())
        self.verifiers = [MailDkim(self.workspace, address) for address in self.servers]
        self.watch = DnsWatch(self.workspace, self.servers, ZONE, self.store.path)
        # (from, to, selectors): messages wholly in that time are signed with exactly those.
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
        """What the primary serves, and what the secondary does."""
        return [self.world.texts(address, self.name(selector)) for address in self.servers]

    def has_private_key(self, selector):
        return (self.store.path / ZONE / f"{selector}.private").exists()

    # The steps.

    def expect(self, *selectors):
        """From now on mail is signed with exactly these; with none: with what it is, this may change."""
        now = time.monotonic_ns()
        if self.times and self.times[-1][1] is None:
            self.times[-1] = (self.times[-1][0], now, self.times[-1][2])
        if selectors:
            self.times.append((now, None, frozenset(selectors)))

    def rotate(self, moment, code, *words, how=("--due",), without=()):
        """One run; it ends with the code, says the words and not the others. The mail goes on after it."""
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
        """Mail flows, the watch sees it, and Mail::DKIM accepts the newest message by each server that lives."""
        self.load.wait_for_more(AFTER_A_STEP)
        self.watch.wait_for_rounds(1)
        for handled in self.load.latest():
            for address, verifier in zip(self.servers, self.verifiers):
                if address == self.world.secondary and "secondary" not in self.world.processes:
                    continue
                algorithms = [tags(value)["a"] for _, _, value in reversed(handled.inserted)]
                self.assertEqual(verifier.verdicts(handled.raw(SENDER)),
                                 ["pass" if algorithm == RSA else NO_ED25519 for algorithm in algorithms], address)

    def begin_turn(self, moment, old, new, how=("--due",)):
        """The new keys are made, and in DNS as far as the primary goes."""
        self.rotate(moment, WAITING, *(f"made {selector}" for selector in new), how=how)
        self.assert_states(old, "active", new, "pending")
        for selector in new:
            self.assertEqual(self.served(selector), [[self.record(selector)], []])

    def assert_states(self, old, old_state, new, new_state):
        states = self.states()
        self.assertEqual({selector: states[selector] for selector in (*old, *new)},
                         {**dict.fromkeys(old, old_state), **dict.fromkeys(new, new_state)})

    def activate(self, moment, old, new):
        """Every server has served the records for long enough."""
        self.expect()
        self.rotate(moment, DONE, *(f"activated {selector}" for selector in new), *(f"{selector} retires" for selector in old))
        self.expect(*new)
        self.assert_states(old, "retiring", new, "active")
        self.go_on()

    # The judgement.

    def end(self):
        """Stops the mail and the watch; every message, judged."""
        handled = self.load.stop()
        self.watch.stop()
        self.assertEqual(self.daemon.stop(), 0)
        print(f"{len(handled)} messages, {len(self.watch.rounds)} rounds of the watch", file=sys.stderr)
        return judge_all(handled, self.watch, ZONE, SENDER)

    def assert_promise_kept(self, judged, dead=()):
        """`dead`: (from, to) in which the secondary need not answer."""
        self.assert_everything_was_signed([one.handled for one in judged])
        broken = [one for one in judged if not one.is_kept()]
        self.assertEqual(broken[:3], [], f"{len(broken)} of {len(judged)} messages")
        # More than is promised: in a turn without haste both signatures are good by all servers, always.
        self.assertEqual([one for one in judged if not one.is_whole()][:3], [])
        for one in self.watch.rounds:
            self.assertIsNotNone(one.served[self.world.primary])
            if not any(begin <= one.ended and one.began <= end for begin, end in dead):
                self.assertIsNotNone(one.served[self.world.secondary])

    def assert_everything_was_signed(self, handled):
        """Twice each, once by each algorithm."""
        # No connection lost one: their numbers run from 0 without a gap.
        for connection in {one.connection for one in handled}:
            numbers = [one.number for one in handled if one.connection == connection]
            self.assertEqual(numbers, list(range(len(numbers))))
        odd = [one for one in handled if one.verdict not in b"ac" or len(one.inserted) != 2 or one.trouble]
        self.assertEqual(odd[:3], [], f"{len(odd)} of {len(handled)} messages; the daemon says\n{self.complaints()}")
        self.assertEqual(self.complaints(), "")

    def complaints(self):
        """Log lines of messages that are not about a signature."""
        return "\n".join([line for line in self.daemon.log_text().splitlines()
                          if re.search(r"Q\d+N\d+", line) and ": signed d=" not in line][:5])

    def assert_signed_as_expected(self, judged):
        """Each message with the selectors of its time, at once after the command had ended; never with a mixture."""
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
        """A whole cycle from the day on which it is due; the new selectors, and when they became active."""
        new = [re.sub(r"-\d{8}$", "", selector) + f"-{due:%Y%m%d}" for selector in old]
        self.rotate(due - SECOND, DONE, "nothing to do")
        self.begin_turn(due, old, new)
        # The secondary lags for two days: nothing may go on, nor does another turn begin.
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
        """Begun at once, and without the drain: the old keys are void as soon as the new ones sign."""
        how = ("--compromised",)
        new = [re.sub(r"-\d{8}$", "", selector) + f"-{moment:%Y%m%d}" for selector in old]
        self.begin_turn(moment, old, new, how)
        # Haste is no reason to sign with what not every server serves, or resolvers may not find.
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
        # However long it is dead: nobody knows what it will serve when it comes back.
        self.rotate(due + 30 * DAY, WAITING, "ns2", without=("activated", "made "))
        self.assert_states(old, "active", new, "pending")
        # It comes back as it went, without the new records.
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
    """That the judgement of the other tests sees what it is there to see."""

    def test_a_key_that_only_one_server_knows_is_found_out(self):
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
        # Nor does a signature pass that was made for another message.
        for one in judged[:5]:
            other = dataclasses.replace(one.handled, number=one.handled.number + 1)
            rounds = self.watch.during(one.handled.handed_in, one.handled.came_back)
            self.assertTrue(judge(one.handled, rounds, ZONE, SENDER).is_kept())
            self.assertFalse(judge(other, rounds, ZONE, SENDER).is_kept())

    def force(self, selector):
        done = self.dkimkey("activate", "--force", "-d", ZONE, "-s", selector)
        self.assertEqual(done.returncode, DONE, done.stderr)


class ServedByAll(unittest.TestCase):
    def test_only_what_every_server_serves_all_the_time(self):
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
