"""Returns environments in which dkimkey sees another time, through libfaketime.

--at changes nothing in the store, so a test of the store at another time has to set the clock.
"""

import functools
import glob
import os
import re
import subprocess
import unittest

from sanitizers import is_sanitized, with_option

PROGRAM = os.environ.get("DKIMKEY", "")
# The variables that change the time.
CLOCK = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DISABLE_SHM", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT", "TZ")


@functools.cache
def preload(program):
    (library,) = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    # Clang links its sanitizers statically. They call functions that libfaketime replaces before it is ready, and hang.
    if is_sanitized(program) and not re.search(r"/lib[at]san\.so", linked):
        raise unittest.SkipTest("libfaketime does not work with a sanitizer that is linked statically")
    return library


def with_clock(fake, program=PROGRAM):
    """Returns an environment whose clock is wrong ("+1h"), or runs faster ("+0 x60"), which shortens waiting."""
    # AddressSanitizer's library insists on being loaded first unless this option is given. It is not preloaded, since
    # programs without it, such as a shell that runs a hook, hang with both libraries.
    return with_option(dict(os.environ, LD_PRELOAD=preload(str(program)), FAKETIME=fake, FAKETIME_DISABLE_SHM="1"),
                       "verify_asan_link_order=0")


def at_time(moment, program=PROGRAM):
    """Returns an environment whose clock stands still at a UTC time such as 2037-01-01T00:00:00Z. This changes only the
    wall clock: waiting takes as long as usual, and files keep their times."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment):
        raise ValueError(moment)
    return dict(with_clock(moment.replace("T", " ").rstrip("Z"), program), TZ="UTC", FAKETIME_DONT_FAKE_MONOTONIC="1",
                NO_FAKE_STAT="1")
