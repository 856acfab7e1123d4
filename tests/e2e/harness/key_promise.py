"""The promise of a rotation, checked message by message: at every instant every message carries at least one
signature that is valid by a record which every authoritative server of the zone serves at that instant.

The instant of a message is the time from before it was handed in until after its signature was there. A record
counts only if each server served it, and nothing else at its name, in every round of the watch from before that time
until after it. dkimpy judges, and gets its keys from those rounds and from nowhere else.
"""

import dataclasses
import multiprocessing
import signal

import dkim

from .dns_watch import served_by_all
from .message import tags
from .signing_load import Handled

FORK = multiprocessing.get_context("fork")
PASS = "pass"


@dataclasses.dataclass(frozen=True)
class Signature:
    selector: str
    algorithm: str
    verdict: str  # PASS, or what is wrong with it


@dataclasses.dataclass(frozen=True)
class Judged:
    handled: Handled
    signatures: tuple

    def selectors(self):
        return frozenset(signature.selector for signature in self.signatures)

    def is_kept(self):
        """Is the promise kept for this message?"""
        return any(signature.verdict == PASS for signature in self.signatures)

    def is_whole(self):
        """Is every one of its signatures good?"""
        return bool(self.signatures) and all(signature.verdict == PASS for signature in self.signatures)


def judge_all(handled, watch, domain, sender):
    """A Judged for each message. In two processes: dkimpy takes some milliseconds a message."""
    work = [(one, watch.during(one.handed_in, one.came_back), domain, sender) for one in handled]
    with FORK.Pool(2, initializer=die_quietly) as pool:
        return pool.starmap(judge, work, chunksize=64)


def die_quietly():
    """The pool ends its processes by SIGTERM, for which the workspace has a handler."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def judge(handled, rounds, domain, sender):
    judge_of_this = dkim.DKIM(handled.octets(sender), minkey=1024)
    signatures = []
    # Each is inserted at the top: the last is the first in the message.
    for index, (_, _, value) in enumerate(reversed(handled.inserted)):
        found = tags(value)
        verdict = judge_signature(judge_of_this, index, found, rounds, domain)
        signatures.append(Signature(found.get("s", ""), found.get("a", ""), verdict))
    return Judged(handled, tuple(signatures))


def judge_signature(judge_of_this, index, found, rounds, domain):
    if found.get("d") != domain:
        return f"signs as {found.get('d')}"
    record = served_by_all(rounds, found.get("s"))
    if record is None:
        return "not every server serves one and the same record"
    name = f"{found['s']}._domainkey.{domain}.".encode()
    try:
        good = judge_of_this.verify(idx=index, dnsfunc=lambda asked, timeout=5: record if asked == name else None)
        return PASS if good else "the signature does not verify"
    except dkim.DKIMException as error:
        return f"dkimpy: {error}"
