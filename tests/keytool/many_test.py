#!/usr/bin/python3
"""Counts what list, rotate --due --all and the daemon do for each domain of a large store.

Times are not asserted: system calls, open files and memory decide whether the work takes seconds or hours
(tests/bench/many_domains prints times).
"""

import collections
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import unittest

from dkimkey import GROUP, PROGRAM, StoreTest, for_everybody, run
from harness.milter_client import MilterClient
from harness.workspace import wait_for
from many_domains import make_due, make_store, name_of

DKIMSIGND = pathlib.Path(os.environ["DKIMSIGND"])
# Nobody listens at this address.
NO_RESOLVER = ("--resolver", "127.53.41.77@5353")
CALLS = re.compile(r"^\d+ +(\w+)\((.*)$", re.MULTILINE)


def calls_of(text):
    """Returns (name, arguments and result) of each system call in the output of strace -f."""
    return CALLS.findall(text)


class ManyTest(StoreTest):
    def make_many(self, count, name="keys"):
        self.keys = self.directory / name
        make_store(PROGRAM, self.keys, count, GROUP)

    def traced(self, *arguments):
        """Returns the system calls of one run, and what it printed."""
        log = self.directory / "strace.log"
        done = subprocess.run(["strace", "-f", "-qq", "-o", log, PROGRAM, *arguments, "-D", self.keys],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return calls_of(log.read_text()), done.stdout

    def peak_memory(self, *arguments):
        """Returns kB, as time(1) measures: a process also counts the memory that it had before exec. Takes the least of
        three runs, since the kernel sometimes maps some hundred kB of libraries ahead of their use."""
        command = ["/usr/bin/time", "-f", "%M", PROGRAM, *arguments, "-D", self.keys]
        return min(int(subprocess.run(command, capture_output=True, check=True).stderr) for _ in range(3))


COMMANDS = (("list",), ("list", "--json"), ("rotate", "--due", "--all"), ("rotate", "--due", "--all", "--json"))


class EachDomain(ManyTest):
    def test_costs_one_small_file(self):
        count = 200
        self.make_many(count)
        for command in COMMANDS:
            calls, _ = self.traced(*command)
            opened = collections.Counter(
                re.search(r'"([^"]*)"', rest)[1] for name, rest in calls if name in ("open", "openat"))
            # Only the manifest is opened, once, by its name in a directory that was checked: no key, record or lock.
            self.assertEqual(opened["keys.conf"], count, command)
            others = [path for path in opened if path.endswith((".private", ".txt", ".lock"))]
            self.assertEqual(others, [], command)
            # DNS is not asked, nothing is written, and no process is started.
            for name in ("socket", "connect", "fsync", "flock", "rename", "renameat", "unlink", "unlinkat", "mkdir",
                         "mkdirat", "linkat", "fchmod", "fchown", "fork", "vfork"):
                self.assertEqual([rest for call, rest in calls if call == name], [], command)

    def test_costs_a_handful_of_system_calls(self):
        figures = {}
        for count in (100, 400):
            self.make_many(count, f"keys{count}")
            for command in COMMANDS:
                calls, _ = self.traced(*command)
                # The load of the machine decides how often threads wait for each other and memory is mapped.
                figures[command, count] = sum(name not in ("futex", "brk", "mmap", "munmap", "mprotect", "madvise")
                                              for name, _ in calls)
        for command in COMMANDS:
            a_domain = (figures[command, 400] - figures[command, 100]) / 300
            # For each domain, its directory and manifest are opened and checked; the directories above only once.
            self.assertLess(a_domain, 21 if command[0] == "rotate" else 13, command)

    def test_leaves_no_file_open(self):
        self.make_many(1000)
        few = (40, 40)
        for command in COMMANDS:
            done = subprocess.run([PROGRAM, *command, "-D", self.keys], capture_output=True, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few))
            self.assertEqual((done.returncode, done.stderr), (0, b""), command)

    def test_takes_little_memory(self):
        self.make_many(1000, "fewer")
        fewer = {command: self.peak_memory(*command) for command in COMMANDS}
        self.make_many(4000, "more")
        for command in COMMANDS:
            # The names are kept for sorting, some 50 bytes each. All rows of the table would take 3000 kB.
            self.assertLess(self.peak_memory(*command) - fewer[command], 2000, command)


class Order(ManyTest):
    def test_is_that_of_the_names_and_a_broken_domain_hides_no_other(self):
        count, broken, due = 2000, 777, 1234
        self.make_many(count)
        (self.keys / name_of(broken) / "keys.conf").write_text("nonsense")
        make_due(self.keys, due)
        names = [name_of(number) for number in range(count) if number != broken for _ in range(2)]

        done = run("list", "-D", self.keys)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([line.split()[0] for line in done.stdout.decode().splitlines()], ["DOMAIN", *names])
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn(f"{name_of(broken)}/keys.conf:1".encode(), done.stderr)
        done = run("list", "--json", "-D", self.keys)
        self.assertEqual([key["domain"] for key in json.loads(done.stdout)], names)

        # The domain that is due gets new keys, the broken one is named, and the others are not mentioned.
        done = run("rotate", "--due", "--all", "-D", self.keys, *NO_RESOLVER)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{name_of(broken)}: ".encode(), done.stderr)
        self.assertEqual(done.stdout.splitlines()[0].decode(), name_of(due))
        self.assertEqual(set(re.findall(rb"d\d{7}\.example", done.stdout)), {name_of(due).encode()})
        states = collections.Counter(key["state"] for key in json.loads(run("list", "--json", "-D", self.keys).stdout))
        self.assertEqual(states, {"active": len(names), "pending": 2})


class DaemonTest(ManyTest):
    def setUp(self):
        super().setUp()
        self.directory.chmod(0o711)
        self.sockets = self.directory / "sockets"
        self.sockets.mkdir(0o755)
        shutil.chown(self.sockets, GROUP, GROUP)

    def start(self):
        """Runs the daemon under strace for one message; returns the calls until it was ready, and those after."""
        path, log = self.sockets / "milter.sock", self.sockets / "strace.log"
        config = self.directory / "dkimsignd.conf"
        config.write_text(f'socket = "unix:{path}";\nkey_directory = "{self.keys}";\nlog = "stderr";\n')
        with open(self.directory / "daemon.log", "wb") as output:
            # strace stays root: the user nobody may not read the daemon's memory, and so no paths in it.
            tracer = subprocess.Popen(["strace", "-u", "nobody", "-f", "-qq", "-o", log, for_everybody(DKIMSIGND),
                                       "--config", config],
                                      stderr=output)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        wait_for(lambda: self.accepts(path), "the daemon to listen", alive=lambda: tracer.poll() is None)
        before = log.read_text()
        with MilterClient(str(path)) as client:
            sender = f"alerts@{name_of(0)}"
            outcome = client.message([(b"From", b" " + sender.encode()), (b"Subject", b" x")], b"text\r\n", sender)
        self.assertEqual(len(outcome.inserted), 2)
        os.kill(int(before.split(maxsplit=1)[0]), signal.SIGTERM)
        self.assertEqual(tracer.wait(60), 0)
        return calls_of(before), calls_of(log.read_text())[len(calls_of(before)):]

    @staticmethod
    def accepts(path):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(path)) == 0

    def test_start_does_not_look_at_the_domains(self):
        figures = []
        for count in (1, 1000):
            self.make_many(count, f"keys{count}")
            before, after = self.start()
            self.assertIn(f'"{self.directory}/dkimsignd.conf"', str(before))  # strace shows paths
            looked = [(name, rest) for name, rest in before if str(self.keys) in rest]
            self.assertFalse([call for call in looked if f"{self.keys}/d" in call[1]], looked)
            self.assertNotIn("getdents64", [name for name, _ in before])
            # At the first message it looks whether the store belongs to a fleet, and reads what that message needs.
            folders = {folder for _, rest in after for folder in re.findall(rf"{self.keys}/([^/\"]+)", rest)}
            self.assertEqual(folders, {".fleet", ".lease", name_of(0)})
            figures.append(len(looked))
        self.assertEqual(figures[0], figures[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
