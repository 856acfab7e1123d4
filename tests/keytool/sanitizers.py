"""Helps tests that replace the environment of a program, or look at how it ends, in builds with sanitizers.

Reports of sanitizers go where tests/support/under_watch looks for them only if these variables reach the program.
"""

import functools
import os
import pathlib
import re

VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def options():
    """Returns the variables that are set, for a new environment."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def with_option(environment, option):
    """Returns the environment with one more option for AddressSanitizer, such as "detect_leaks=0"."""
    given = environment.get("ASAN_OPTIONS")
    return {**environment, "ASAN_OPTIONS": f"{given}:{option}" if given else option}


@functools.cache
def is_sanitized(program):
    """Returns whether the program was built with AddressSanitizer or ThreadSanitizer."""
    return re.search(rb"__[at]san_init", pathlib.Path(program).read_bytes()) is not None
