"""What tests that change a program's environment, or look at how it ends, need in builds with sanitizers.

Their reports go where tests/support/under_watch looks for them, as long as the variables here reach the program.
"""

import functools
import os
import pathlib
import re

VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def options():
    """The variables that are set, for an environment that is made anew."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def with_option(environment, option):
    """The environment with one more option of AddressSanitizer's, such as "detect_leaks=0"."""
    given = environment.get("ASAN_OPTIONS")
    return {**environment, "ASAN_OPTIONS": f"{given}:{option}" if given else option}


@functools.cache
def is_sanitized(program):
    """Is it of a build with AddressSanitizer or ThreadSanitizer?"""
    return re.search(rb"__[at]san_init", pathlib.Path(program).read_bytes()) is not None
