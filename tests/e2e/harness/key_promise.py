"""Checks the promise of a rotation, message by message: at every instant every message carries at least one
signature that is valid by a record which every authoritative server of the zone serves at that instant.

The instant of a message is the time from before it was handed in until after its signature came back. A record
counts only if each server served it, and nothing else at its name, in every round of the watch from before that time
until after it. dkimpy judges, and gets its keys only from these rounds.
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
        """Returns whether the promise is kept for this message."""
        return any(signature.verdict == PASS for signature in self.signatures)

    def is_whole(self):
        """Returns whether the message has signatures and all of them are valid."""
        return bool(self.signatures) and all(signature.verdict == PASS for signature in self.signatures)


def judge_all(handled, watch, domain, sender):
    """Returns a Judged for each message. Uses two processes, because dkimpy takes some milliseconds per message."""
    work = [(one, watch.during(one.handed_in, one.came_back), domain, sender) for one in handled]
    with FORK.Pool(2, initializer=die_quietly) as pool:
        return pool.starmap(judge, work, chunksize=64)


def die_quietly():
    """Removes the workspace's handler of SIGTERM, by which the pool ends its processes."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def judge(handled, rounds, domain, sender):
    judge_of_this = dkim.DKIM(handled.raw(sender), minkey=1024)
    signatures = []
    # Each signature is inserted at the top, so the last one is the first in the message.
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
