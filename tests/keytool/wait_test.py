"""rotate --wait, several rotates at once, and rotate over many domains."""

import os
import pty
import select
import signal
import subprocess
import time
import unittest

from dkimkey import PROGRAM, run
from dns_case import DONE, PROBLEM, WAITING, DnsCase, serve_file
from dns_world import wait_for
from wide_world import WideWorld

NETWORK = "127.53.10"
setUpModule, tearDownModule = serve_file(lambda directory: WideWorld(directory, NETWORK))


class Waiting(DnsCase):
    domain = "quick.test"  # resolvers forget within a second

    def setUp(self):
        super().setUp()
        self.old = self.selector_of_test(longest=40)
        self.made(self.old, "--activate")
        self.world.put(self.name(self.old), self.value(self.old))

    def command(self, *more):
        return [PROGRAM, "rotate", "--config", self.config, "-d", self.domain, *self.at_resolver(), "--wait", *more]

    def begin(self, *more):
        process = subprocess.Popen(list(map(str, self.command(*more))), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def pending(self):
        return [s for s, state in self.states().items() if state == "pending"]

    def new_selector(self):
        wait_for(self.pending, "the new key to be made")
        return self.pending()[0]

    def test_on_a_pipe(self):
        process = self.begin()
        # Waits until it has looked and found nothing.
        shown = self.read_while(process, b"waits")
        new = self.new_selector()
        self.world.put(self.name(new), self.value(new), ttl=1)
        out, err = process.communicate(timeout=120)
        err = shown + err
        self.assertEqual(process.returncode, DONE, out + err)
        self.assertEqual(self.states(), {self.old: "retiring", new: "active"})
        # While it waits, it says what must be done; the result is on standard output.
        self.assertIn(f"made {new}", err.decode())
        self.assertIn("put this record into DNS", err.decode())
        self.assertIn(f"activated {new}", out.decode())
        # Each state is shown once, without control characters.
        self.assertEqual(err.count(b"put this record into DNS"), 1)
        self.assertNotIn(b"\r", err)
        self.assertNotIn(b"waiting for", err)

    def test_on_a_terminal(self):
        master, slave = pty.openpty()
        try:
            with open(self.directory / "out", "wb") as out:
                process = subprocess.Popen(list(map(str, self.command())), stdout=out, stderr=slave,
                                           stdin=subprocess.DEVNULL)
            self.addCleanup(self.end, process)
            os.close(slave)
            shown = self.read_until(master, b"next look in 4 s")
            self.assertIn(b"put this record into DNS", shown)
            new = self.new_selector()
            self.world.put(self.name(new), self.value(new), ttl=1)
            shown += self.read_until(master, None)
            self.assertEqual(process.wait(timeout=120), DONE, shown)
        finally:
            os.close(master)
        # The line is overwritten, and erased at the end.
        self.assertIn(b"\r  waited for ", shown)
        self.assertRegex(shown, rb"\r +\r$")
        self.assertIn(f"activated {new}", (self.directory / "out").read_text())

    @staticmethod
    def read_until(master, words):
        """Returns the text on the terminal up to the words, or until the program ends."""
        shown = b""
        deadline = time.monotonic() + 60
        while words is None or words not in shown:
            if time.monotonic() > deadline:
                raise AssertionError(f"the terminal shows only {shown}")
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                break
            shown += piece
        return shown

    def test_ended_by_a_signal(self):
        """The next run continues as if nothing had happened."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process = self.begin("--due") if self.pending() else self.begin()
                new = self.new_selector()
                self.read_while(process, b"waits")
                before = self.manifest()
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=30), -number)
                self.assertEqual(self.manifest(), before)
                self.assert_tidy(self.domain)
        self.world.put(self.name(new), self.value(new), ttl=1)
        self.assert_ends(self.rotate("--due", "--wait"), DONE, f"activated {new}")

    @staticmethod
    def read_while(process, words):
        shown = b""
        deadline = time.monotonic() + 120
        while words not in shown:
            if not select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"the program shows only {shown}")
            piece = os.read(process.stderr.fileno(), 4096)
            if not piece:
                raise AssertionError(f"the program ended early: {shown}")
            shown += piece
        return shown

    def test_nothing_is_under_way(self):
        self.assert_ends(self.rotate("--due", "--wait"), DONE, "nothing to do")

    def test_a_hook_is_run_once(self):
        hook = self.directory / "hook"
        hook.write_text(f"#!/bin/sh\necho run >> {self.directory}/runs\n")
        hook.chmod(0o755)
        self.configure(f'{{ method = "hook"; program = "{hook}"; }}')
        self.domain = "odd.test"
        self.made("hooked")
        process = self.begin("--due")
        self.read_while(process, b"waits")
        # The hook publishes nothing; the servers are asked twice more.
        for _ in range(2):
            asked = len(self.world.odd.asked)
            wait_for(lambda asked=asked: len(self.world.odd.asked) > asked, "another look")
        self.world.put(self.name("hooked"), self.value("hooked"))
        self.assertEqual(process.wait(timeout=120), DONE)
        self.assertEqual((self.directory / "runs").read_text(), "run\n")

    def test_an_overtaken_key_is_not_waited_for(self):
        self.made("by-hand")
        self.made("newer")
        self.world.put(self.name("newer"), self.value("newer"), ttl=1)
        process = self.begin("--due")
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, WAITING, out + err)
        self.assertIn(b"activated newer", out)
        self.assertEqual(self.states(), {self.old: "retiring", "by-hand": "pending", "newer": "active"})


class Many(DnsCase):
    def test_one_broken_domain_does_not_stop_the_others(self):
        for domain in ("bogus.test", "odd.test", "quick.test", "signed.test"):
            self.domain = domain
            self.made("server")
            self.world.put(self.name("server"), self.value("server"))
        (self.keys / "odd.test" / "keys.conf").write_text("nonsense")
        (self.keys / "bogus.test" / "server.private").write_text("no key")
        done = run("rotate", "--config", self.config, "--all", "--due", *self.at_resolver())
        self.assertEqual(done.returncode, PROBLEM)
        errors = done.stderr.decode()
        self.assertRegex(errors, r"(?m)^odd\.test: .*keys\.conf")
        self.assertRegex(errors, r"(?m)^bogus\.test: .*server\.private")
        for domain in ("quick.test", "signed.test"):
            self.domain = domain
            self.assertEqual(self.listed_of(domain), "active", errors)

    def listed_of(self, domain):
        text = (self.keys / domain / "keys.conf").read_text()
        return "active" if 'state = "active"' in text else text


if __name__ == "__main__":
    unittest.main(verbosity=2)
