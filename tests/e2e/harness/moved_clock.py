"""A wall clock that a test turns on, for programs that go on running: tests/e2e/moved_clock.cpp."""

import datetime
import os
import pathlib
import shutil
import struct
import time

from sanitizers import with_option

from .workspace import HarnessError


class MovedClock:
    """Knows which time the programs had at an instant of time.monotonic_ns. Times are UTC, without a time zone."""

    def __init__(self, workspace):
        library = pathlib.Path(os.environ.get("DKIMSIGND_BUILD_DIR", "")) / "tests/e2e/moved_clock.so"
        if not library.is_file():
            raise HarnessError(f"{library} has not been built")
        directory = workspace.directory("clock", 0o755)
        # The build directory may be in a home that only its owner may enter.
        self._library = shutil.copy(library, directory)
        self._path = directory / "ahead"
        self._path.write_bytes(struct.pack("=q", 0))
        self._path.chmod(0o644)
        self._begin = time.monotonic_ns(), datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self._turns = [(self._begin[0], datetime.timedelta())]  # (instant, how far it is ahead from then on)

    def turn_on(self, more):
        """more: a timedelta; whole seconds of it count."""
        ahead = self._turns[-1][1] + datetime.timedelta(seconds=int(more.total_seconds()))
        # Before the programs see it: what they do with the new time is never taken for older.
        self._turns.append((time.monotonic_ns(), ahead))
        # In place: the programs have mapped this file.
        with open(self._path, "r+b") as file:
            file.write(struct.pack("=q", int(ahead.total_seconds())))

    def time_at(self, instant):
        ahead = next(ahead for begin, ahead in reversed(self._turns) if begin <= instant)
        return self._begin[1] + datetime.timedelta(microseconds=(instant - self._begin[0]) / 1000) + ahead

    def now(self):
        return self.time_at(time.monotonic_ns())

    def times_of(self, begin, end):
        """Returns the first and the last time that the programs had between two instants."""
        return self.time_at(begin), self.time_at(end)

    def environment(self):
        """Returns the environment of a program that is to have this clock."""
        # AddressSanitizer's library insists on being loaded first unless this option is given.
        return with_option(dict(os.environ, LD_PRELOAD=self._library, MOVED_CLOCK=str(self._path), TZ="UTC"),
                           "verify_asan_link_order=0")
