#!/usr/bin/python3
"""tests/bench/through_postfix measures every way with every milter, notices mail that is not as it should be, and leaves
nothing behind when it is interrupted. No time is asserted."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

import dkim

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from harness.processes import processes_about  # noqa: E402
from harness.workspace import Workspace, next_line, run, stop_process, wait_for  # noqa: E402
from peers import DOMAIN, SELECTOR, Rspamd  # noqa: E402
from preparation import make_key  # noqa: E402
from signature_sample import problem_of  # noqa: E402

BUILD = pathlib.Path(os.environ["DKIMSIGND_BUILD_DIR"])
COMMAND = [HERE / "through_postfix", "--build", BUILD, "--rounds", "1"]
WAYS = ("2 kB, SMTP, 1 connection", "2 kB, SMTP, 20 connections", "2 kB, sendmail(1)", "100 kB, SMTP, 1 connection",
        "100 kB, SMTP, 20 connections")


class Measuring(unittest.TestCase):
    def setUp(self):
        # Where the program itself puts its queues: a slow disk is not what it measures.
        self.workspace = Workspace("/dev/shm")
        self.addCleanup(self.workspace.close)

    def test_each_way_is_measured_with_each_milter(self):
        directory = self.workspace.directory("q")
        done = subprocess.run([*COMMAND, "--messages", "20", "--directory", directory], capture_output=True, text=True,
                              check=False, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        milters = ["none", "dkimsignd", "OpenDKIM"] + (["rspamd"] if Rspamd.program() else [])
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()
                if re.search(r"\d messages/s", line)]
        self.assertEqual([row[:2] for row in rows], [[way, milter] for way in WAYS for milter in milters])
        self.assertEqual({len(row) for row in rows}, {8})
        self.assertEqual(list(directory.iterdir()), [])

    def test_nothing_is_left_after_an_interruption(self):
        # As a terminal sends it, to all of its processes, and as a service manager may, to the program alone.
        for number, end in ((signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)):
            with self.subTest(number):
                # Short, because the path of a UNIX socket must fit into 107 bytes.
                directory = self.workspace.directory(str(number.value))
                process = subprocess.Popen(
                    [*COMMAND, "--messages", "1000000", "--without", "OpenDKIM", "--without", "rspamd", "--directory",
                     directory],
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
                self.addCleanup(process.stderr.close)
                self.addCleanup(stop_process, process)
                self.assertEqual(next_line(process.stderr), b"2 kB, SMTP, 1 connection\n")
                wait_for(lambda: len(list(directory.glob("*/arrived/*"))) > 200, "mail to flow",
                         alive=lambda: process.poll() is None)
                end(process.pid, number)
                self.assertEqual(process.wait(120), 130)
                self.assertEqual(process.stderr.read(), b"")
                self.assertEqual(list(directory.iterdir()), [])
                # A process of Postfix may still be on its way out.
                wait_for(lambda: not processes_about(directory), f"the processes {processes_about(directory)} to end")


class Sample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        workspace = Workspace()
        cls.addClassCleanup(workspace.close)
        store, key = make_key(BUILD, workspace.path, "rsa")
        cls.key = key.read_bytes()
        cls.record = run(BUILD / "keytool/dkimkey", "show", "-D", store, "--domain", DOMAIN, "--selector", SELECTOR,
                         "--format", "value").stdout

    @staticmethod
    def message(number):
        return b"From: a@%s\r\nMessage-ID: <%d@x.example>\r\n\r\nbody\r\n" % (DOMAIN.encode(), number)

    def signed(self, number, canonicalize=(b"relaxed", b"relaxed"), selector=SELECTOR, **more):
        raw = self.message(number)
        return dkim.sign(raw, selector.encode(), DOMAIN.encode(), self.key, canonicalize=canonicalize, **more) + raw

    def assert_problem(self, messages, expected, count=2, is_signed=True):
        said = problem_of(messages, count, is_signed, self.record)
        if expected is None:
            self.assertIsNone(said)
        else:
            self.assertIn(expected, str(said))

    def test_what_is_right(self):
        self.assert_problem([self.signed(1), self.signed(2)], None)
        self.assert_problem([self.message(1), self.message(2)], None, is_signed=False)

    def test_what_is_wrong(self):
        good = self.signed(1)
        for expected, bad in (
            ("has 0 signatures", self.message(2)),
            ("has 2 signatures", dkim.sign(self.signed(2), b"x", DOMAIN.encode(), self.key) + self.signed(2)),
            ("c=simple/simple instead of relaxed/relaxed", self.signed(2, (b"simple", b"simple"))),
            ("s=other instead of server", self.signed(2, selector="other")),
            ("covers only a part", self.signed(2, length=True)),
            ("dkimpy says", self.signed(2) + b"more\r\n"),
            ("only 1 different Message-IDs", good),
        ):
            with self.subTest(expected):
                self.assert_problem([good, bad], expected)
        self.assert_problem([good], "1 messages have arrived instead of 2")
        self.assert_problem([], "0 messages have arrived")
        self.assert_problem([self.message(1), good], "has 1 signatures", is_signed=False)
        for value, expected in ((b"QUJD", "has 3 bytes instead of 256"), (b"!", "has no value")):
            other = re.sub(rb"\bb=[\s\S]*?(?=\r\n\S)", b"b=" + value, good)
            self.assert_problem([other], expected, count=1)


if __name__ == "__main__":
    unittest.main()
