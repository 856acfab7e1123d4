"""Finds the processes that a test may have left behind."""

import os
import pathlib
import re


def processes_about(directory):
    """Returns the processes with the directory in their command line, as working directory or as root."""
    found = {}
    needle = str(directory)
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            # A zombie has ended; it only waits for its parent to notice.
            if re.search(r"^State:\s+Z", (entry / "status").read_text(), re.MULTILINE):
                continue
            about = [(entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")]
            about += [os.readlink(entry / link) for link in ("cwd", "root")]
        except OSError:
            continue  # it has ended meanwhile
        if any(needle in text for text in about):
            found[int(entry.name)] = about
    return found
