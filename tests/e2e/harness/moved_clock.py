"""A wall clock that the test turns, for programs that go on running: tests/e2e/moved_clock.cpp."""

import datetime
import os
import pathlib
import shutil
import struct

from sanitizers import with_option

from .workspace import HarnessError


class MovedClock:
    def __init__(self, workspace, now):
        library = pathlib.Path(os.environ.get("DKIMSIGND_BUILD_DIR", "")) / "tests/e2e/moved_clock.so"
        if not library.is_file():
            raise HarnessError(f"{library} has not been built")
        directory = workspace.directory("clock", 0o755)
        # The build directory may be in a home that only its owner may enter.
        self._library = shutil.copy(library, directory)
        self._path = directory / "now"
        self._path.write_bytes(self._bytes(now))
        self._path.chmod(0o644)

    @staticmethod
    def _bytes(now):
        return struct.pack("=q", int(now.replace(tzinfo=datetime.timezone.utc).timestamp()))

    def turn_to(self, now):
        """now: UTC, as a datetime without a time zone."""
        # In place: the programs have mapped this file.
        with open(self._path, "r+b") as file:
            file.write(self._bytes(now))

    def environment(self):
        """Returns the environment of a program that is to have this clock."""
        # AddressSanitizer's library insists on being loaded first unless this option is given.
        return with_option(dict(os.environ, LD_PRELOAD=self._library, MOVED_CLOCK=str(self._path), TZ="UTC"),
                           "verify_asan_link_order=0")
