#!/usr/bin/python3
"""Runs packaging/quickstart with the built programs: it says what it should, and leaves nothing behind.

One run goes to its end, others are interrupted in each phase (by a signal to the script alone, or to its process
group, as a terminal sends it), and others are made to fail. After each run, its temporary directory must be gone,
with every process that had to do with it, and the system's mail must be untouched.
"""

import os
import pathlib
import select
import shutil
import signal
import subprocess
import time
import unittest

from harness.processes import processes_about
from harness.workspace import PATIENCE, HarnessError, Workspace, stop_process, wait_for

QUICKSTART = pathlib.Path(__file__).parents[2] / "packaging" / "quickstart"
PHASES = 7


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.temporary = self.workspace.directory("tmp")
        self.before = self.system_state()

    @staticmethod
    def system_state():
        """Returns the state of the system's mail files, which quickstart must not touch."""
        state = {}
        for place in ("/etc/postfix", "/var/spool/postfix", "/usr/sbin/policy-rc.d", "/var/lib/postfix"):
            for path in [pathlib.Path(place), *pathlib.Path(place).rglob("*")]:
                if path.is_symlink() or path.exists():
                    about = path.lstat()
                    state[str(path)] = (about.st_mode, about.st_uid, about.st_gid, about.st_size, about.st_mtime_ns)
        return state

    def start(self, **environment):
        process = subprocess.Popen(
            ["bash", str(QUICKSTART)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "TMPDIR": str(self.temporary), **environment})
        self.workspace.on_close(self.end, process)
        return process

    @staticmethod
    def end(process):
        # Needed only if the test itself has failed: at SIGTERM, quickstart removes everything.
        stop_process(process, PATIENCE)
        process.stdout.close()

    @staticmethod
    def wait_for_end(process):
        """Returns its exit status, and the rest of its output."""
        rest, _ = process.communicate(timeout=5 * PATIENCE)
        return process.returncode, rest.decode("utf-8", "replace")

    def output_until(self, process, text):
        """Reads its output until it contains the text; returns it."""
        said = b""
        deadline = time.monotonic() + PATIENCE
        while text not in said.decode("utf-8", "replace"):
            readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise HarnessError(f"it did not print {text!r}: {said!r}")
            more = os.read(process.stdout.fileno(), 65536)
            if not more:
                raise HarnessError(f"it ended before {text!r}: {said!r}")
            said += more
        return said.decode("utf-8", "replace")

    def nothing_is_left(self):
        wait_for(lambda: not processes_about(self.temporary), f"the processes {processes_about(self.temporary)} to end")
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(self.system_state(), self.before)

    def test_it_shows_two_signed_messages(self):
        status, said = self.wait_for_end(self.start())
        self.assertEqual(status, 0, said)
        for number in range(1, PHASES + 1):
            self.assertIn(f"[{number}/{PHASES}]", said)
        # The records to publish, the messages as they arrived, and four verdicts.
        self.assertRegex(said, r'server\._domainkey\.home\.example\.\s.*TXT')
        self.assertRegex(said, r'server-ed25519\._domainkey\.home\.example\.\s.*TXT')
        self.assertEqual(said.count("| DKIM-Signature: "), 4, said)
        self.assertIn("The message by SMTP, as it arrived", said)
        self.assertIn("The message by sendmail(1), as it arrived", said)
        for selector, algorithm in (("server", "rsa-sha256"), ("server-ed25519", "ed25519-sha256")):
            self.assertEqual(said.count(f"pass: d=home.example s={selector} a={algorithm}"), 2, said)
        self.assertNotIn("FAIL", said)
        self.assertNotIn("\x1b", said, "it writes colours into a pipe")
        self.assertIn("On your real system", said)
        self.nothing_is_left()

    def interrupt(self, moment, whole_group):
        """Returns false if the script had come to its end before the signal reached it, which proves nothing."""
        process = self.start()
        said = self.output_until(process, moment)
        if whole_group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        status, rest = self.wait_for_end(process)
        if status == 0 and "It works" in said + rest:
            return False
        self.assertEqual(status, 130, said + rest)
        self.assertIn("everything that was started has been stopped and removed", rest)
        self.assertNotIn("It works", rest)
        self.nothing_is_left()
        return True

    def test_interrupted_in_each_phase(self):
        # Each phase is interrupted as it begins, and also in its middle if there is much to stop. Ctrl-C on a
        # terminal goes to the whole process group, a signal of kill(1) to the script alone.
        moments = [f"[{phase}/{PHASES}]" for phase in range(1, PHASES + 1)]
        moments += ["with this configuration", "Both arrived"]
        for number, moment in enumerate(moments):
            with self.subTest(moment):
                tries = (self.interrupt(moment, whole_group=number % 2 == 0) for _ in range(5))
                self.assertTrue(any(tries), "it always ended first")

    def test_a_daemon_that_does_not_sign_is_a_failure(self):
        # The daemon of this build directory ends at once: the message must not go out unsigned and unnoticed.
        build = self.workspace.directory("build")
        shutil.copytree(pathlib.Path(os.environ["DKIMSIGND_BUILD_DIR"]) / "keytool", build / "keytool",
                        ignore=lambda folder, names: [n for n in names if n != "dkimkey"])
        broken = self.workspace.directory("build/milter") / "dkimsignd"
        broken.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo broken && exit 0\n"
                          "echo 'no such luck' >&2\nexit 1\n")
        broken.chmod(0o755)
        status, said = self.wait_for_end(self.start(DKIMSIGND_BUILD_DIR=str(build)))
        self.assertEqual(status, 1, said)
        self.assertIn("no such luck", said)
        self.assertNotIn("It works", said)
        self.nothing_is_left()

    def test_a_build_directory_without_programs_is_a_failure(self):
        status, said = self.wait_for_end(self.start(DKIMSIGND_BUILD_DIR=str(self.temporary / "nothing")))
        self.assertEqual(status, 1, said)
        self.assertIn("there are no programs in", said)
        self.nothing_is_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)
