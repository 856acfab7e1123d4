"""Three signers, a database with a standby, two name servers and the test's clock; and the judgement of every message.

The promise: no message of any machine leaves unsigned, and each of its signatures verifies by every answer that some
resolver may give at some instant until the drain is over (harness/long_promise.py). A machine whose lease is over
defers.
"""

import datetime
import json
import types

import dkim
from dns_world import ZONE, DnsWorld

from .fleet_machine import DONE, WAITING, Machine, Raw
from .long_promise import Answer, LongJudge, ServedHistory
from .update_hook import make_update_hook
from .workspace import wait_for

HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR
TTL = HOUR  # with which dkimkey publishes; the zone's negative TTL is shorter
EVERY, DRAIN, FORGET = 60 * DAY, 7 * DAY, 10 * DAY
LEASE = 30 * DAY
SENDER = f"alerts@{ZONE}"
PAUSE = 0.05


class HistoryInMotion(ServedHistory):
    """Knows a clock that goes on while commands run: what has changed since a look may have changed right after it."""

    def look(self, now, served):
        before = {place: answers[-1].ended for place, answers in self._answers.items()}
        super().look(now, served)
        for place, answers in self._answers.items():
            if place in before and answers[-1] == Answer(answers[-1].texts, now, now):
                answers[-1].began = before[place]


class JudgeOfItsTime(LongJudge):
    """Judges each message at the time at which it was signed: dkimpy refuses a signature of the future."""

    def _trouble(self, one, selectors):
        _, signed = self._calendar.times_of(one.handed_in, one.came_back)
        seconds = signed.replace(tzinfo=datetime.timezone.utc).timestamp()
        dkim.time = types.SimpleNamespace(time=lambda: seconds)  # in a process of the pool
        return super()._trouble(one, selectors)


class FleetWorld:
    def __init__(self, workspace, network, clock, databases):
        self.workspace, self.databases, self.clock = workspace, databases, clock
        self.history = HistoryInMotion()
        self.dns = DnsWorld(workspace.directory("dns", 0o700), network=network, notify=False)
        workspace.on_close(self.dns.close)
        self.dns.start()
        hook = make_update_hook(workspace, network)
        settings = {"publish": Raw(f'{{ method = "hook"; program = "{hook}"; }}'),
                    "rotation": Raw(f"{{ every = {EVERY.days}; drain = {DRAIN.days}; forget = {FORGET.days}; }}")}
        self.machines = [Machine(workspace, name, self.clock, **settings) for name in ("mx1", "mx2", "mx3")]
        self.first = self.machines[0]

    # DNS and time.

    def name(self, selector):
        return f"{selector}._domainkey.{ZONE}"

    def look(self):
        """Notes what every server gives to resolvers now."""
        selectors = {path.stem for machine in self.machines for path in (machine.keys / ZONE).glob("*.txt")}
        self.history.look(self.clock.now(), {
            (server, self.name(selector)): tuple(text.encode() for text in self.dns.texts(server, self.name(selector)))
            for selector in selectors for server in (self.dns.primary, self.dns.secondary)})

    def let_through(self):
        self.dns.let_through()
        self.look()

    def pass_time(self, time_passed):
        """Turns the clock on. No message is under way all the time, or is still under way when this ends: a busy machine may
        hold one up."""
        loads = [machine.load for machine in self.machines if machine.load]
        for load in loads:
            load.keep_up()
        self.clock.turn_on(time_passed)
        for load, under_way in [(load, load.under_way()) for load in loads]:
            load.wait_for(under_way)
        self.look()

    def pass_days(self, days, without=()):
        """Lets days go by in steps shorter than a lease, and the agents renew theirs after each step."""
        left = days * DAY
        while left:
            step = min(left, LEASE / 3)
            self.pass_time(step)
            left -= step
            self.wait_for_leases(without)

    # The fleet.

    def rows(self, without=()):
        """Returns what the database says of each machine: (host, changes it lacks, end of its lease)."""
        rows = self.databases.query(
            'SELECT host, (SELECT sequence FROM dkimsignd.store) - applied, extract(epoch FROM lease_end)::bigint '
            'FROM dkimsignd.signers WHERE "left" IS NULL ORDER BY host')
        return [row for row in rows if row[0] not in without]

    def settle(self, without=()):
        """Waits until every machine has every change."""
        wait_for(lambda: all(int(lacks) == 0 for _, lacks, _ in self.rows(without)), "every machine to have everything",
                 patience=120)

    def wait_for_leases(self, without=()):
        wanted = (self.clock.now() + LEASE * 0.85).replace(tzinfo=datetime.timezone.utc).timestamp()
        self.databases.wake_agents()
        wait_for(lambda: all(end and int(end) > wanted for _, _, end in self.rows(without)), "the leases to be renewed",
                 patience=120)

    def rotate(self, machine=None, codes=(DONE, WAITING), config=None):
        said = (machine or self.first).dkimkey("rotate", "-d", ZONE, "--resolver", f"{self.dns.resolver}@5353",
                                               codes=codes, config=config)
        self.look()
        return said

    def states(self, machine=None):
        listed = (machine or self.first).results("list", "-d", ZONE, "--json")
        return {key["selector"]: key["state"] for key in json.loads(listed)}

    def signing(self, machine=None):
        return {selector for selector, state in self.states(machine).items() if state == "active"}

    # Mail.

    def start_loads(self, *machines):
        self.look()
        for machine in machines:
            machine.start_load(SENDER, PAUSE)
            machine.load.wait_for_more(2)

    def wait_for_mail(self, count=5):
        for machine in self.machines:
            if machine.load:
                machine.load.wait_for_more(count)

    def judge(self):
        """Stops all mail. Returns, by the machine's name, each message with its judgement."""
        judge = JudgeOfItsTime(self.history, self.clock, ZONE, SENDER, DRAIN, TTL)
        judged = {}
        for machine in self.machines:
            if machine.load:
                handled = machine.load.stop()
                judged[machine.name] = list(zip(handled, judge.judge_all(handled)))
        return judged
