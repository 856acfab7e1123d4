"""Kills a dkimkey command before each of its system calls that touch the store, or makes the call fail.

Other calls change nothing that outlives the process, so a kill at one of them has the same effect as a kill at the next
call that does.
"""

import os
import re
import shutil
import subprocess

from clock import CLOCK, at_time
from dkimkey import PROGRAM, StoreTest, run, succeed
from sanitizers import with_option

# The calls that create, remove or change a file or directory.
CALLS = ("mkdirat", "openat", "write", "ftruncate", "fchown", "fchmod", "fsync", "linkat", "renameat", "renameat2",
         "unlinkat", "flock", "close")
# Their counterparts for whole paths. dkimkey changes nothing in the store with them: they follow links on the way.
BY_PATH = ("mkdir", "chown", "lchown", "chmod", "open", "creat", "truncate", "link", "symlink", "rename", "unlink", "rmdir")
# A kill at these covers the time between two others; their failures say nothing about the disk.
READING = ("flock", "close")
# These calls can fail because of a full disk; the others fail as on a broken one.
FULL_DISK = ("mkdirat", "openat", "write", "linkat")


class InterruptedTest(StoreTest):
    """Prepares a store, and tries commands on copies of it."""

    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.log = self.directory / "log"
        self.prepared = self.directory / "prepared"
        self.prepared.mkdir()
        self.holder = self.directory / "holder"
        self.keys = self.holder / "keys"
        self.environment = dict(os.environ)  # of the interrupted command

    def prepare(self, make):
        """Calls make() to fill the prepared store."""
        self.keys = self.prepared / "keys"
        make()
        self.keys = self.holder / "keys"

    def fresh_store(self):
        if self.holder.exists():
            shutil.rmtree(self.holder)
        subprocess.run(["cp", "-a", self.prepared, self.holder], check=True)

    def strace(self, command, *options):
        # LeakSanitizer is a tracer too, and a process can have only one. Only the program gets the environment: strace
        # keeps the real time.
        environment = with_option(self.environment, "detect_leaks=0")
        changed = [f"--env={name}={environment[name]}" for name in (*CLOCK, "ASAN_OPTIONS") if name in environment]
        return subprocess.run(["strace", "-f", "-y", "-o", self.log, *options, *changed, self.program, *map(str, command)],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)

    def instants(self, command, codes):
        """Returns the paths of the store that an undisturbed run touches, and how often it makes each call on them."""
        def lines_of(*options):
            self.fresh_store()
            done = self.strace(command, *options)
            self.assertIn(done.returncode, codes, done.stderr)
            return [line for line in self.log.read_text().splitlines() if str(self.holder) in line]

        # No other call may change the store.
        everything = lines_of("-e", "trace=" + ",".join((*CALLS, *BY_PATH)))
        self.assertEqual([line for line in everything if re.match(rf"\d+ +({'|'.join(BY_PATH)})\(", line)], [])
        paths = sorted({path for line in everything for path in re.findall(rf'["<]({self.holder}[^">]*)', line)})
        # Counts as strace does: by the paths in a call's arguments, not by the path that it opens.
        lines = lines_of("-e", "trace=" + ",".join(CALLS), *(option for path in paths for option in ("-P", path)))
        # strace counts the calls of each thread separately, so a number identifies a call only in a single thread.
        self.assertEqual(len({line.split()[0] for line in lines}), 1, lines)
        counts = dict.fromkeys(CALLS, 0)
        for line in lines:
            if match := re.match(r"\d+ +(\w+)\(", line):
                counts[match[1]] += 1
        self.assertGreater(sum(counts.values()), 20)
        return paths, counts

    def interrupt(self, command, codes, check, calls=CALLS):
        """Runs check(done, fault, call) after each interruption of a command that ends with one of the codes if it is
        not interrupted."""
        paths, counts = self.instants(command, codes)
        selected = [option for path in paths for option in ("-P", path)]
        for call, number in ((call, number + 1) for call in calls for number in range(counts[call])):
            faults = ["signal=KILL"]
            if call not in READING:
                faults.append("error=ENOSPC" if call in FULL_DISK else "error=EIO")
            for fault in faults:
                with self.subTest(call=call, number=number, fault=fault):
                    self.fresh_store()
                    done = self.strace(command, *selected, "-e", f"trace={call}",
                                       "-e", f"inject={call}:{fault}:when={number}")
                    # Either strace died by the same signal, or the failure was reported.
                    if fault == "signal=KILL":
                        self.assertEqual(done.returncode, -9, "nothing was killed")
                    else:
                        self.assertIn("(INJECTED)", self.log.read_text())
                        self.assertNotEqual(done.returncode, 2)
                    self.assertNotIn(b"terminate called", done.stderr)
                    check(done, fault, call)


class CycleTest(InterruptedTest):
    """Interrupts a command that takes keys from one state to another."""

    domain = "example.com"

    def states(self):
        return {key["selector"]: key["state"] for key in self.listed()}

    def go_through(self, command, before, after, codes=(0,), retry_codes=(0,), also=lambda: None, at=None):
        """Checks that the store is as before or as after with all its keys, and that the next run completes the work;
        then calls also(). `at` sets the clock to a UTC time."""
        seen = []
        if at:
            self.environment = at_time(at)

        def check(_done, _fault, _call):
            states = self.states()
            self.assertIn(states, (before, after))
            seen.append(states == after)
            for selector, state in states.items():
                if state != "revoked":
                    succeed("show", "-D", self.keys, "-d", self.domain, "-s", selector)
            again = run(*command, env=self.environment)
            self.assertIn(again.returncode, retry_codes, again.stderr)
            self.assertEqual(self.states(), after)
            self.assert_tidy(self.domain)
            also()

        self.interrupt(command, codes, check)
        # Both outcomes occurred.
        self.assertIn(True, seen)
        self.assertIn(False, seen)
