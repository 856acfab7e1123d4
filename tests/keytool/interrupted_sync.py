"""Interrupts a command of a signer at its system calls, in the key directory or to the database."""

import collections
import json
import re
import shutil
import subprocess

from dkimkey import run, without_leak_check
from fleet_sync_case import DONE, PROBLEM, SyncCase
from harness.workspace import wait_for
from interrupted import CALLS, FULL_DISK, READING

# To and from the database. It does not matter to the server which of them was the last.
TALK = ("connect", "sendto", "recvfrom")
CHANGING = tuple(call for call in CALLS if call not in (*READING, "openat"))


class InterruptedSyncCase(SyncCase):
    def prepare(self, signer):
        self.prepared = self.workspace.path / "prepared"
        shutil.rmtree(self.prepared, ignore_errors=True)
        subprocess.run(["cp", "-a", signer.keys, self.prepared], check=True)
        self.row = self.query("SELECT applied, lease_end FROM dkimsignd.signers")[0]

    def has_no_client(self):
        return not self.query("SELECT 1 FROM pg_stat_activity WHERE usename IN ('dkimsignd_signer', 'dkimsignd_writer')")

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

    def states(self, keys, domain):
        done = run("list", "-D", keys, "-d", domain, "--json")
        return {key["selector"]: key["state"] for key in json.loads(done.stdout)} if done.returncode == DONE else {}

    def instants(self, signer, command, codes):
        """Returns the paths that an undisturbed run touches, and how often it makes each call."""
        self.begin_again(signer)
        done, lines = self.strace(command, "-e", "trace=" + ",".join(CALLS))
        self.assertIn(done.returncode, codes, done.stderr)
        paths = sorted({path for line in lines for path in re.findall(rf'["<]({signer.keys}[^">]*)', line[2])})
        counts = {}
        for selected, calls in (([option for path in paths for option in ("-P", path)], CALLS), ([], TALK)):
            self.begin_again(signer)
            done, lines = self.strace(command, *selected, "-e", "trace=" + ",".join(calls))
            self.assertIn(done.returncode, codes, done.stderr)
            # strace counts the calls of each thread separately. What changes anything is done by one thread, which makes
            # most of the calls.
            self.assertEqual(len({thread for thread, call, _ in lines if call in CHANGING}), len(selected) > 0, lines)
            for (_, call), count in collections.Counter((thread, call) for thread, call, _ in lines).items():
                counts[call] = max(counts.get(call, 0), count)
        return paths, counts

    def interrupt(self, signer, command, check, codes=(DONE,), without=()):
        """codes: with which the command ends when it is not disturbed. without: calls at which it is not."""
        paths, counts = self.instants(signer, command, codes)
        selected = [option for path in paths for option in ("-P", path)]
        self.assertGreater(sum(counts.get(call, 0) for call in CALLS), 40)
        self.assertGreater(counts["sendto"], 5)
        for call, number in ((call, number + 1) for call in counts if call not in without for number in range(counts[call])):
            faults = ["signal=KILL"]
            if call not in (*READING, *TALK):
                faults.append("error=ENOSPC" if call in FULL_DISK else "error=EIO")
            for fault in faults:
                with self.subTest(call=call, number=number, fault=fault):
                    self.begin_again(signer)
                    done, _ = self.strace(command, *([] if call in TALK else selected), "-e", f"trace={call}",
                                          "-e", f"inject={call}:{fault}:when={number}")
                    # How often a program talks to name servers differs from run to run.
                    if fault == "signal=KILL" and not (call in TALK and done.returncode in (*codes, PROBLEM)):
                        self.assertEqual(done.returncode, -9, "nothing was killed")
                    else:
                        self.assertIn(done.returncode, (*codes, PROBLEM))
                    self.assertNotIn(b"terminate called", done.stderr)
                    # What the killed command has sent is done by the server, or undone, at its own time.
                    wait_for(self.has_no_client, "the server to end the connection")
                    check()
