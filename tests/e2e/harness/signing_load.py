"""Sends messages to a milter on several connections at once, each in its own process; without a pause, if none is given.

No two messages are alike, and each is made from its numbers alone. Only the times, the verdict and the inserted fields
are kept: they are enough to put the message together again for a verifier.
"""

import dataclasses
import multiprocessing
import pickle
import time

from .milter_client import MilterClient, applied
from .workspace import PATIENCE, HarnessError, join, wait_for

FORK = multiprocessing.get_context("fork")


@dataclasses.dataclass(frozen=True)
class Handled:
    """One message's way through the milter. The times are time.monotonic_ns, which all processes share."""
    connection: int
    number: int
    handed_in: int
    came_back: int
    verdict: bytes
    inserted: tuple  # (index, name, value), in the order in which the milter asked for them
    trouble: str = ""

    def raw(self, sender):
        """Returns the message as the MTA sends it on."""
        return applied(*message(sender, self.connection, self.number), self)


def message(sender, connection, number):
    """Returns the fields and the body, about 2 kB."""
    host = sender.partition("@")[2].encode()
    fields = [
        (b"From", b" Alerts <" + sender.encode() + b">"),
        (b"To", b" operator@receiver.example"),
        (b"Subject", b" Disk %d of host %d\r\n is nearly full" % (number, connection)),
        (b"Date", b" Tue, 24 Nov 2026 06:00:00 +0000"),
        (b"Message-ID", b" <%d.%d@" % (connection, number) + host + b">"),
        (b"MIME-Version", b" 1.0"),
        (b"Content-Type", b" text/plain; charset=us-ascii"),
    ]
    body = b"".join(b"host %d  metric %d  value %d \r\n" % (connection, line, number * line) for line in range(50))
    return fields, body


class SigningLoad:
    """Begins at once. A connection that ends early (no daemon, no reply) says so in its last Handled."""

    def __init__(self, workspace, address, sender, connections=2, pause=0):
        """pause: seconds between two messages of a connection, for a test that goes on for minutes."""
        directory = workspace.directory("load", 0o700)
        self._pause = pause
        self._ending = FORK.Event()
        self._counts = [FORK.Value("L", 0) for _ in range(connections)]
        self._paths = [directory / f"{time.monotonic_ns()}-{number}" for number in range(connections)]
        self._processes = [
            FORK.Process(target=self._send, args=(number, address, sender), daemon=True) for number in range(connections)]
        for process in self._processes:
            process.start()
        self._readers = [open(path, "rb") for path in map(self._made, self._paths)]
        self._read = [0] * connections
        self._kept_up_with = [0] * connections
        workspace.on_close(self._close)
        self.handled = []

    @staticmethod
    def _made(path):
        wait_for(path.exists, "the load to begin")
        return path

    def _send(self, connection, address, sender):
        number = 0
        with open(self._paths[connection], "wb", buffering=0) as out:
            try:
                with MilterClient(address) as client:
                    while not self._ending.wait(self._pause):
                        fields, body = message(sender, connection, number)
                        handed_in = time.monotonic_ns()
                        outcome = client.message(fields, body, sender, queue_id=f"Q{connection}N{number}")
                        came_back = time.monotonic_ns()
                        out.write(pickle.dumps((connection, number, handed_in, came_back, outcome.verdict,
                                                tuple(outcome.inserted))))
                        number += 1
                        self._counts[connection].value = number
            except (HarnessError, OSError) as error:
                now = time.monotonic_ns()
                out.write(pickle.dumps((connection, number, now, now, b"", (), repr(error))))
                self._counts[connection].value = number + 1

    def wait_for_more(self, count):
        """Waits until every connection has brought that many more messages through since this call."""
        self.wait_for([number + count for number in self.under_way()])

    def under_way(self):
        """Returns the number of the message that is under way, or comes next, on each connection."""
        return [value.value for value in self._counts]

    def wait_for(self, numbers):
        """Waits until the message of that number is through on each connection."""
        wait_for(lambda: all(value.value > number for value, number in zip(self._counts, numbers)), "the load to go on",
                 alive=lambda: all(process.is_alive() for process in self._processes))

    def keep_up(self):
        """Waits until every connection has brought a message through since the last call: then no message was under way at
        both."""
        self.wait_for(self._kept_up_with)
        self._kept_up_with = self.under_way()

    def latest(self):
        """Returns the newest message of each connection."""
        self._collect()
        newest = {}
        for handled in self.handled:
            newest[handled.connection] = handled
        return list(newest.values())

    def _collect(self):
        for connection, reader in enumerate(self._readers):
            for _ in range(self._counts[connection].value - self._read[connection]):
                self.handled.append(Handled(*pickle.load(reader)))
                self._read[connection] += 1

    def stop(self):
        """Ends the load; returns all messages that were handled. The messages of each connection are in order."""
        self._ending.set()
        for process in self._processes:
            # A sender waits that long for each reply.
            join(process, "the load", 2 * PATIENCE)
        self._collect()
        return self.handled

    def _close(self):
        self._ending.set()
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()
                process.join()
        for reader in self._readers:
            reader.close()
