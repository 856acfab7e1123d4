"""Checks the promise of a rotation over months of a clock that the test moves on: whatever a resolver may still answer for
a message on its way is the record by which the message verifies.

A message is on its way for as long as a record drains. A resolver may give an answer until its TTL after the last
instant at which some server gave it. The time of everything here is the test's, as a datetime.
"""

import collections
import dataclasses
import datetime
import multiprocessing

import dkim

from .key_promise import die_quietly
from .message import tags

FORK = multiprocessing.get_context("fork")


@dataclasses.dataclass
class Answer:
    """What some server gave for a name without a break."""
    texts: tuple
    began: datetime.datetime
    ended: datetime.datetime  # the last instant at which it was given


class ServedHistory:
    """Remembers what every server has given for every name. Between two looks nothing changes, because only the test
    and the commands that it runs change DNS, and it looks after each of them."""

    def __init__(self):
        self._answers = collections.defaultdict(list)  # by (server, name)

    def look(self, now, served):
        """served: the texts of each (server, name) that was asked; None if the server did not answer."""
        for place, texts in served.items():
            if texts is None:
                continue
            answers = self._answers[place]
            if answers and answers[-1].ended < now:
                answers[-1].ended = now  # it was given until just now
            if not answers or answers[-1].texts != texts:
                answers.append(Answer(texts, now, now))

    def remembered(self, name, begin, end, ttl):
        """Returns all answers for a name that a resolver may give at some instant from `begin` to `end`."""
        return {answer.texts for (_, asked), answers in self._answers.items() if asked == name
                for answer in answers if answer.began <= end and begin < answer.ended + ttl}


class Calendar:
    """Knows which time the test had at an instant of time.monotonic_ns."""

    def __init__(self):
        self._entries = []  # (instant, time)

    def turn_to(self, instant, now):
        self._entries.append((instant, now))

    def times_of(self, begin, end):
        """Returns the first and the last time that the test had between two instants."""
        before = [now for instant, now in self._entries if instant <= begin]
        until = [now for instant, now in self._entries if instant <= end]
        return before[-1], until[-1]


@dataclasses.dataclass(frozen=True)
class LongJudged:
    connection: int
    number: int
    selectors: tuple
    trouble: str  # empty if the promise is kept


class LongJudge:
    """Judges messages with dkimpy, which is given every answer that a resolver may give."""

    def __init__(self, history, calendar, domain, sender, drain, ttl):
        self._history, self._calendar = history, calendar
        self._domain, self._sender = domain, sender
        self._drain, self._ttl = drain, ttl

    def judge_all(self, handled):
        with FORK.Pool(2, initializer=die_quietly) as pool:
            return pool.map(self.judge, handled, chunksize=64)

    def judge(self, one):
        selectors = tuple(tags(value).get("s", "") for _, _, value in one.inserted)
        return LongJudged(one.connection, one.number, selectors, self._trouble(one, selectors))

    def _trouble(self, one, selectors):
        if one.verdict not in (b"a", b"c") or one.trouble or not selectors:
            return f"not signed: {one.verdict!r} {one.trouble}"
        signed, still_signed = self._calendar.times_of(one.handed_in, one.came_back)
        verifier = dkim.DKIM(one.raw(self._sender), minkey=1024)
        for index, selector in enumerate(reversed(selectors)):
            answers = self._history.remembered(f"{selector}._domainkey.{self._domain}", signed,
                                               still_signed + self._drain, self._ttl)
            if not answers:
                return f"nobody has ever served {selector}"
            for texts in answers:
                trouble = self._verify(verifier, index, texts)
                if trouble:
                    return f"{selector}, signed from {signed} to {still_signed}: a resolver may answer {texts}: {trouble}"
        return ""

    @staticmethod
    def _verify(verifier, index, texts):
        if len(texts) != 1:
            return f"{len(texts)} records"
        try:
            good = verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: texts[0])
            return "" if good else "the signature does not verify"
        except dkim.DKIMException as error:
            return f"dkimpy: {error}"
