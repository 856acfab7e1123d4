#!/usr/bin/python3
"""Plays a session: runs its commands, and compares their output and exit codes with the expected ones.

usage: run_session.py --dkimkey PROGRAM SESSION.txt

A session file reads like a terminal:

    $ command            run by bash; all commands of a file share one new directory; $TESTS is the folder that
                         sessions/ is in
    > more               the next line of the same command
    text                 a line of standard output
    | text               an empty line of standard output, or one that begins with one of $ > ! = # |
    ! text               a line of standard error
    = 1                  the exit code, if it is not 0
    # text               a comment
    ? /path              a program that the session needs; without it, the session is skipped with exit code 77

In an expected line, {{...}} is a regular expression; the line "..." stands for any number of lines. A stream without
expected lines must be empty. Blank lines are ignored.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

from sanitizers import options

SKIPPED = 77


class Step:
    def __init__(self, number, command):
        self.number = number
        self.command = command
        self.stdout = []
        self.stderr = []
        self.code = 0


def read_session(path):
    steps = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("$ "):
            steps.append(Step(number, line[2:]))
        elif line == "" or line.startswith(("#", "? ")):
            continue
        elif not steps:
            sys.exit(f"{path}:{number}: output before any command")
        elif line.startswith("> "):
            steps[-1].command += "\n" + line[2:]
        elif line.startswith("! "):
            steps[-1].stderr.append(line[2:])
        elif line.startswith("= "):
            steps[-1].code = int(line[2:])
        else:
            steps[-1].stdout.append(re.sub(r"^\| ?", "", line))
    if not steps:
        sys.exit(f"{path}: no commands")
    return steps


def pattern(lines):
    """Returns one regular expression for all lines."""
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        pieces = re.split(r"\{\{(.*?)\}\}", line)
        for i in range(0, len(pieces), 2):
            pieces[i] = re.escape(pieces[i])
        parts.append("".join(f"(?:{piece})" if i % 2 else piece for i, piece in enumerate(pieces)) + r"\n")
    return re.compile("".join(parts))


def check(what, expected, got):
    if got and not got.endswith("\n"):
        got += "\n"
    if pattern(expected).fullmatch(got):
        return []
    return [f"{what} was", *("  " + line for line in got.splitlines()),
            "and should have been", *("  " + line for line in expected)]


def play(step, directory, environment):
    done = subprocess.run(["bash", "-c", step.command], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)
    problems = check("standard output", step.stdout, done.stdout.decode("utf-8", "backslashreplace"))
    problems += check("standard error", step.stderr, done.stderr.decode("utf-8", "backslashreplace"))
    if done.returncode != step.code:
        problems.append(f"it ended with {done.returncode} instead of {step.code}")
    return problems


def lacks(path):
    """Returns the programs that a session needs and that are not installed."""
    wanted = re.findall(r"^\? (.*)$", path.read_text("utf-8"), re.M)
    return [program for program in wanted if not pathlib.Path(program).exists()]


def check_session(session, directory, environment):
    """Returns 0 if every step does as the session says, and otherwise prints the first that does not."""
    for step in read_session(session):
        problems = play(step, directory, environment)
        if problems:
            print(f"{session}:{step.number}: $ {step.command}", *problems, sep="\n")
            return 1
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dkimkey", type=pathlib.Path, required=True)
    parser.add_argument("session", type=pathlib.Path)
    arguments = parser.parse_args()
    if missing := lacks(arguments.session):
        print("skipped, because this release of Debian has no", *missing)
        return SKIPPED
    path = str(arguments.dkimkey.resolve().parent) + ":/usr/sbin:/usr/bin:/sbin:/bin"
    with tempfile.TemporaryDirectory(prefix="dkimkey-session-") as directory:
        environment = {"PATH": path, "HOME": directory, "LC_ALL": "C.UTF-8",
                       "TESTS": str(arguments.session.resolve().parent.parent), **options()}
        return check_session(arguments.session, directory, environment)


if __name__ == "__main__":
    sys.exit(main())
