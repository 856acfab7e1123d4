"""The processor time and the memory of a process with its children, as /proc has them."""

import os
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def _stat_fields(pid):
    # The command name is in parentheses and may contain anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _descendants(pid):
    """Returns the process and all its children, each parent before its children."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _descendants(int(child))
    return found


def _measured(pid, measure):
    """Returns what `measure` gives for a process and for each of its children. Raises ProcessLookupError if the process
    itself does not exist. If a child ends meanwhile, measures again: only its parent, which was read before, has its
    time then."""
    while True:
        os.kill(pid, 0)
        try:
            return [measure(process) for process in _descendants(pid)]
        except (FileNotFoundError, ProcessLookupError):
            continue


def tree_seconds(pid):
    """Returns the user and system time of a process and its children, including dead ones that it has waited for."""
    return sum(_measured(pid, lambda process: sum(map(int, _stat_fields(process)[11:15])))) / CLOCK_TICKS


def tree_peak_kib(pid):
    """Returns the largest resident set of the largest process: a sum would count shared pages twice."""
    return max(_measured(pid, _peak_kib))


def _peak_kib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
