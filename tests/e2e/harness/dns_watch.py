"""Watches what each authoritative server of a zone serves for each key while a test runs.

A separate process asks every server directly, again and again, for the TXT record of every selector of the key store,
and notes when it asked and what it got. `during` then returns what the servers served from before a message was handed
in until after its signature came back.
"""

import bisect
import contextlib
import dataclasses
import functools
import multiprocessing
import pickle
import select
import socket
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from .workspace import join, wait_for

FORK = multiprocessing.get_context("fork")
PORT = 53
# Answers on loopback come within a millisecond; a server that needs longer than this does not answer.
PATIENCE = 5.0
# The pause between two rounds, which leaves the processor to the servers.
BREATH = 0.002


@dataclasses.dataclass(frozen=True)
class Round:
    """All servers asked once. The times are time.monotonic_ns."""
    began: int
    ended: int
    # Server to selector to its TXT values; None for a server that did not answer every question.
    served: dict


@functools.lru_cache
def question(name):
    """Returns the query in wire format, without the ID in front."""
    query = dns.message.make_query(name, dns.rdatatype.TXT, use_edns=0, payload=1232)
    query.flags &= ~dns.flags.RD
    return query.to_wire()[2:]


class Server:
    """Asks one server over one connected socket, so that a dead server is noticed at once (ICMP), without waiting."""

    def __init__(self, address):
        self.address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((address, PORT))
        self._socket.setblocking(False)
        self._known = {}  # an answer without its ID to its values: most answers repeat the last one
        self._id = 0

    def close(self):
        self._socket.close()

    def ask(self, names):
        """Returns the TXT values of each name, or None if the server did not answer every question."""
        try:
            waiting = {}
            for name in names:
                self._id = (self._id + 1) % 65536
                self._socket.send(self._id.to_bytes(2, "big") + question(name))
                waiting[self._id] = name
            found = {}
            deadline = time.monotonic() + PATIENCE
            while waiting:
                if not select.select([self._socket], [], [], max(0, deadline - time.monotonic()))[0]:
                    return None
                wire = self._socket.recv(65535)
                name = waiting.pop(int.from_bytes(wire[:2], "big"), None)
                if name is None:
                    continue  # the answer belongs to a round that was given up
                texts = self._texts(name, wire)
                if texts is None:
                    return None
                found[name] = texts
            return found
        except OSError:
            return None

    def _texts(self, name, wire):
        rest = wire[2:]
        if rest not in self._known:
            self._known[rest] = self._parse(name, wire)
        return self._known[rest]

    def _parse(self, name, wire):
        try:
            answer = dns.message.from_wire(wire, ignore_trailing=True)
            if answer.flags & dns.flags.TC:
                answer = dns.query.tcp(dns.message.make_query(name, dns.rdatatype.TXT), self.address, PATIENCE)
        except dns.exception.DNSException:
            return None
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not answer.flags & dns.flags.AA:
            return None
        return tuple(sorted(b"".join(record.strings) for rrset in answer.answer
                            if rrset.rdtype == dns.rdatatype.TXT for record in rrset))


class DnsWatch:
    def __init__(self, workspace, servers, domain, key_directory):
        self._ending = FORK.Event()
        self._path = workspace.directory("watch", 0o700) / str(time.monotonic_ns())
        self._rounds_done = FORK.Value("L", 0)
        self._process = FORK.Process(target=self._watch, args=(servers, domain, key_directory), daemon=True)
        self._process.start()
        workspace.on_close(self._close)
        self.rounds = []
        self.wait_for_rounds(1)

    def _watch(self, addresses, domain, key_directory):
        written = None
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(contextlib.closing(Server(address))) for address in addresses]
            out = stack.enter_context(open(self._path, "wb"))
            while not self._ending.is_set():
                # A rotation makes a record's file long before the key may sign.
                selectors = sorted(path.stem for path in (key_directory / domain).glob("*.txt"))
                names = [f"{selector}._domainkey.{domain}" for selector in selectors]
                began = time.monotonic_ns()
                served = {}
                for server in servers:
                    found = server.ask(names)
                    served[server.address] = found and {selector: found[name] for selector, name in zip(selectors, names)}
                ended = time.monotonic_ns()
                pickle.dump((began, ended, None if served == written else served), out)
                written = served
                self._rounds_done.value += 1
                time.sleep(BREATH)

    def wait_for_rounds(self, count):
        """Waits until that many rounds have begun and ended since this call."""
        wanted = self._rounds_done.value + count + 1
        wait_for(lambda: self._rounds_done.value >= wanted, "the watch to go on", alive=self._process.is_alive)

    def stop(self):
        """Ends the watch, at the earliest after a round that began after this call."""
        self.wait_for_rounds(1)
        self._ending.set()
        join(self._process, "the watch")
        served = None
        with open(self._path, "rb") as log:
            while True:
                try:
                    began, ended, changed = pickle.load(log)
                except EOFError:
                    break
                served = changed if changed is not None else served
                self.rounds.append(Round(began, ended, served))
        self._ends = [one.ended for one in self.rounds]
        self._begins = [one.began for one in self.rounds]

    def _close(self):
        self._ending.set()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def during(self, begin, end):
        """Returns what was served in the rounds from the last that ended before `begin` to the first that began after
        `end`: the `served` of these rounds, without repetitions."""
        first = bisect.bisect_right(self._ends, begin) - 1
        last = bisect.bisect_left(self._begins, end)
        if first < 0 or last >= len(self.rounds):
            raise AssertionError("the watch began too late or ended too early")
        # One object as long as nothing changes.
        return list({id(one.served): one.served for one in self.rounds[first:last + 1]}.values())


def served_by_all(rounds, selector):
    """Returns the one TXT value that every answering server served for a selector in all of these rounds, or None."""
    values = set()
    for served in rounds:
        answers = [texts for texts in served.values() if texts is not None]
        if not answers:
            return None
        values.update(texts.get(selector, ()) for texts in answers)
    if len(values) != 1:
        return None
    texts = values.pop()
    return texts[0] if len(texts) == 1 else None
