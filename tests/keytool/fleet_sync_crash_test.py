#!/usr/bin/python3
"""A pass of a fleet's agent that is killed before any of its system calls, in the key directory or to the database, or
finds the disk full there: the copy reads as before or as after, the database never believes that this machine holds what it
does not, and the next pass completes the work.
"""

import collections
import json
import re
import shutil
import subprocess
import unittest

from dkimkey import run, without_leak_check
from fleet_author import files
from fleet_sync_case import DONE, PROBLEM, SyncCase
from interrupted import CALLS, FULL_DISK, READING

# To and from the database. It does not matter to the server which of them was the last.
TALK = ("connect", "sendto", "recvfrom")


class CrashTest(SyncCase):
    def prepare(self, signer):
        self.prepared = self.workspace.path / "prepared"
        shutil.rmtree(self.prepared, ignore_errors=True)
        subprocess.run(["cp", "-a", signer.keys, self.prepared], check=True)
        self.row = self.query("SELECT applied, lease_end FROM dkimsignd.signers")[0]

    def begin_again(self, signer):
        shutil.rmtree(signer.keys)
        subprocess.run(["cp", "-a", self.prepared, signer.keys], check=True)
        self.query(f"UPDATE dkimsignd.signers SET applied = {self.row[0]}, lease_end = '{self.row[1]}'; "
                   "DELETE FROM dkimsignd.refused")

    def strace(self, command, *options):
        """Returns the finished process, and its calls."""
        log = self.workspace.path / "trace"
        done = subprocess.run(["strace", "-f", "-y", "-o", log, *options, *command], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False, env=without_leak_check())
        return done, re.findall(r"^(\d+) +(\w+)\((.*)$", log.read_text(), re.M)

    def instants(self, signer, command):
        """Returns the paths that an undisturbed run touches, and how often it makes each call."""
        self.begin_again(signer)
        done, lines = self.strace(command, "-e", "trace=" + ",".join(CALLS))
        self.assertEqual(done.returncode, DONE, done.stderr)
        paths = sorted({path for line in lines for path in re.findall(rf'["<]({signer.keys}[^">]*)', line[2])})
        counts = {}
        for selected, calls in (([option for path in paths for option in ("-P", path)], CALLS), ([], TALK)):
            self.begin_again(signer)
            done, lines = self.strace(command, *selected, "-e", "trace=" + ",".join(calls))
            self.assertEqual(done.returncode, DONE, done.stderr)
            # strace counts the calls of each thread separately.
            self.assertEqual(len({thread for thread, _, _ in lines}), 1, lines)
            counts.update(collections.Counter(call for _, call, _ in lines))
        return paths, counts

    def interrupt(self, signer, command, check):
        paths, counts = self.instants(signer, command)
        selected = [option for path in paths for option in ("-P", path)]
        self.assertGreater(sum(counts.get(call, 0) for call in CALLS), 40)
        self.assertGreater(counts["sendto"], 5)
        for call, number in ((call, number + 1) for call in counts for number in range(counts[call])):
            faults = ["signal=KILL"]
            if call not in (*READING, *TALK):
                faults.append("error=ENOSPC" if call in FULL_DISK else "error=EIO")
            for fault in faults:
                with self.subTest(call=call, number=number, fault=fault):
                    self.begin_again(signer)
                    done, _ = self.strace(command, *([] if call in TALK else selected), "-e", f"trace={call}",
                                          "-e", f"inject={call}:{fault}:when={number}")
                    if fault == "signal=KILL":
                        self.assertEqual(done.returncode, -9, "nothing was killed")
                    else:
                        self.assertIn(done.returncode, (DONE, PROBLEM))
                    self.assertNotIn(b"terminate called", done.stderr)
                    check()

    def states(self, keys, domain):
        done = run("list", "-D", keys, "-d", domain, "--json")
        return {key["selector"]: key["state"] for key in json.loads(done.stdout)} if done.returncode == DONE else {}

    def check_a_pass(self, signer, domain, before):
        after = self.states(self.author.keys, domain)
        seen = set()

        def check():
            states = self.states(signer.keys, domain)
            self.assertIn(states, (before, after))
            for selector, state in states.items():
                if state != "revoked":
                    self.assertEqual(run("show", "-D", signer.keys, "-d", domain, "-s", selector).returncode, DONE)
            applied, lease_end = signer.row()
            # First the files, then the sequence, then the database.
            self.assertLessEqual(applied, signer.sequence())
            self.assertLessEqual(signer.lease_end(), lease_end)
            if signer.sequence() == self.newest():
                self.assertEqual(states, after)
            seen.add((states == after, signer.sequence() == self.newest(), applied == self.newest()))
            signer.sync()
            self.assertEqual((signer.sequence(), signer.row()[0]), (self.newest(), self.newest()))
            self.assert_equal_copy(signer, *sorted(path.name for path in self.author.keys.iterdir()))
            self.assertEqual([path for path in signer.keys.rglob("*") if path.name.endswith(".new")], [])

        self.interrupt(signer, signer.command("--once"), check)
        self.assertEqual(seen, {(False, False, False), (True, False, False), (True, True, False), (True, True, True)})

    def test_a_turn_of_a_key(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        before = self.states(signer.keys, "a.example")
        self.author.turn("a.example", "server", "second")
        self.prepare(signer)
        self.check_a_pass(signer, "a.example", before)

    def test_a_new_domain(self):
        signer = self.signer("mx1")
        signer.sync()
        self.author.make("a.example")
        self.prepare(signer)
        self.check_a_pass(signer, "a.example", {})

    def test_a_refusal(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        self.author.put("a.example", manifest="damaged")
        self.prepare(signer)
        before = files(signer.keys, "a.example")

        def check():
            self.assertEqual(files(signer.keys, "a.example"), before)
            # The sequence never goes past a domain that the database does not know to be refused.
            if signer.sequence() == self.newest():
                self.assertEqual(list(signer.refused()), ["a.example"])
            signer.sync(codes=(PROBLEM,))
            self.assertEqual((signer.sequence(), list(signer.refused())), (self.newest(), ["a.example"]))

        # An undisturbed pass says that there is a problem.
        paths = [option for path in (signer.keys, signer.keys / ".fleet", signer.keys / ".lease") for option in ("-P", path)]
        for call, selected in (("sendto", []), ("renameat", paths), ("fsync", paths)):
            self.begin_again(signer)
            count = len(self.strace(signer.command("--once"), *selected, "-e", f"trace={call}")[1])
            self.assertGreater(count, 0, call)
            for number in range(count):
                with self.subTest(call=call, number=number):
                    self.begin_again(signer)
                    done, _ = self.strace(signer.command("--once"), *selected, "-e", f"trace={call}",
                                          "-e", f"inject={call}:signal=KILL:when={number + 1}")
                    self.assertEqual(done.returncode, -9, "nothing was killed")
                    check()


if __name__ == "__main__":
    unittest.main()
