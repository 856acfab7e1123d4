"""publish = hook: a program of the administrator publishes the records."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

from clock import with_clock
from dkimkey import PROGRAM
from dns_case import DONE, PROBLEM, WAITING, DnsCase, serve_file
from dns_world import DnsWorld, wait_for
from sanitizers import options, with_option


setUpModule, tearDownModule = serve_file(lambda directory: DnsWorld(directory, network="127.53.9"), secondary=False)


class Hook(DnsCase):
    def setUp(self):
        super().setUp()
        self.selector = self.selector_of_test()
        self.made(self.selector)
        self.told = self.directory / "told"
        self.program = self.directory / "hook"
        self.configure(f'{{ method = "hook"; program = "{self.program}"; }}')

    def hook(self, text, interpreter="/bin/sh", mode=0o755):
        self.program.write_text(f"#!{interpreter}\n{text}\n")
        self.program.chmod(mode)

    def assert_fails(self, *words, **options):
        """Checks that the failure is reported, nothing changes, and the next run tries again."""
        before = self.manifest()
        done = self.rotate("--due", **options)
        self.assert_ends(done, PROBLEM, "failed", self.name(self.selector), *words)
        self.assertEqual(self.manifest(), before)
        self.hook(f'printf "%s\\n" "$@" > {self.told}')
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS")
        self.assertIn(self.value(self.selector), self.told.read_text())
        return done

    def test_what_it_is_given(self):
        self.hook(f'import json, os, sys\n'
                  f'json.dump([sys.argv[1:], dict(os.environ), sys.stdin.read(), sorted(os.listdir("/proc/self/fd"))],'
                  f' open("{self.told}", "a"))', interpreter="/usr/bin/python3")
        self.rotate("--due", env={"PATH": "/usr/bin", "API_TOKEN": "a secret of the provider's", **options()})
        arguments, environment, given, descriptors = json.loads(self.told.read_text())
        self.assertEqual(arguments, ["set", self.name(self.selector), "TXT", "3600", self.value(self.selector)])
        self.assertEqual(environment["API_TOKEN"], "a secret of the provider's")
        self.assertEqual(environment["PATH"], "/usr/bin")
        self.assertEqual(given, "")
        # Three of its own, and the file and the directory that it opens; none of ours, such as a key or a lock.
        self.assertLessEqual(len(descriptors), 5, descriptors)

    def test_what_it_is_given_when_a_key_goes(self):
        self.hook(f'printf "%s|" "$@" >> {self.told}')
        self.world.put(self.name(self.selector), self.value(self.selector))
        self.key("revoke", "-s", self.selector)
        self.assertIn(f"set|{self.name(self.selector)}|TXT|3600|v=DKIM1; k=rsa; p=|", self.told.read_text())
        self.world.put(self.name(self.selector), "v=DKIM1; k=rsa; p=")
        self.told.unlink()
        self.rotate("--due", at="2038-01-01T00:00:00Z")
        self.assertTrue(self.told.read_text().startswith(f"remove|{self.name(self.selector)}|TXT|"), self.told.read_text())

    def test_it_publishes(self):
        """If the hook works, the key becomes active in the same run."""
        self.hook(f"import sys\nsys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})\n"
                  "sys.dont_write_bytecode = True\nfrom dns_world import DnsWorld, dns\n"
                  "update = DnsWorld.update_of('example.test')\n"
                  "value = sys.argv[5]\n"
                  "pieces = ' '.join('\"' + value[i:i + 255] + '\"' for i in range(0, len(value), 255))\n"
                  "update.replace(sys.argv[2] + '.', int(sys.argv[4]), 'TXT', pieces)\n"
                  f"DnsWorld.send(update, '{self.world.primary}')", interpreter="/usr/bin/python3")
        self.assert_ends(self.rotate("--due"), DONE, "into DNS", f"activated {self.selector}")

    def test_it_fails(self):
        self.hook("echo the provider says no >&2; exit 7")
        self.assertIn(b"hook: the provider says no\n", self.assert_fails("hook failed with status 7").stderr)

    def test_it_is_killed(self):
        self.hook("kill -9 $$")
        self.assert_fails("hook was killed by signal 9")

    def test_it_does_not_exist(self):
        self.assert_fails("hook cannot be started: No such file or directory")

    def test_it_may_not_be_run(self):
        self.hook("exit 0", mode=0o644)
        self.assert_fails("hook cannot be started: Permission denied")

    def test_others_may_change_it(self):
        """Otherwise root would run what another user put there."""
        if os.geteuid() != 0:
            self.fail("run this as root: only root refuses the files of other users")
        below = self.directory / "below"
        below.mkdir()
        self.program = below / "hook"
        self.configure(f'{{ method = "hook"; program = "{self.program}"; }}')
        for spoil, words in ((lambda: self.program.chmod(0o775), "chmod g-w"),
                             (lambda: self.program.chmod(0o757), "chmod o-w"),
                             (lambda: os.chown(self.program, 65534, -1), "belongs to user 65534"),
                             (lambda: below.chmod(0o777), "chmod go-w"),
                             (lambda: os.chown(below, 65534, -1), "belongs to user 65534")):
            with self.subTest(words):
                self.hook(f"touch {self.told}")
                spoil()
                before = self.manifest()
                self.assert_ends(self.rotate("--due"), PROBLEM, "the program is not run", words)
                self.assertFalse(self.told.exists(), "it was run")
                self.assertEqual(self.manifest(), before)
                os.chown(self.program, 0, -1)
                os.chown(below, 0, -1)
                below.chmod(0o755)
        self.hook(f'printf "%s\n" "$@" > {self.told}')
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS")
        self.assertTrue(self.told.exists())

    def test_it_hangs(self):
        """After two minutes, here only seconds, it is killed with everything that it has started."""
        self.hook(f"sleep 100000 & echo $! > {self.told}.child; wait")
        self.assert_fails("hook took longer than 120 s and was killed", env=with_clock("+0 x10"))
        self.assert_over("child")

    def assert_over(self, *names):
        """Waits until the processes whose numbers the hook has written have ended."""
        for name in names:
            process = int((self.directory / f"told.{name}").read_text())
            wait_for(lambda process=process: self.is_over(process), f"the hook's {name} to end")

    def begin(self, **options):
        """Starts dkimkey with a hook that does not end; returns once the hook runs."""
        self.hook(f"trap '' TERM INT HUP\nsleep 100000 & echo $! > {self.told}.child\n"
                  f"(sh -c 'sleep 100000' & echo $! > {self.told}.grandchild)\n"
                  f"echo $$ > {self.told}.new; mv {self.told}.new {self.told}.self; wait")
        command = [PROGRAM, "rotate", "--due", "--config", self.config, "-d", self.domain, *self.at_resolver()]
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for((self.directory / "told.self").exists, "the hook to begin")
        for name in ("child", "grandchild", "self"):
            self.assertFalse(self.is_over(int((self.directory / f"told.{name}").read_text())), name)
        return process

    def test_it_ends_with_its_caller(self):
        """It ends with everything that it has started, whatever ends the caller and whichever signals it ignores."""
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV):
            with self.subTest(number):
                # AddressSanitizer would otherwise report SIGSEGV, and end the process in its own way.
                process = self.begin(env=with_option(dict(os.environ), "handle_segv=0"))
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=30), -number)
                self.assert_over("self", "child", "grandchild")
                (self.directory / "told.self").unlink()

    def test_it_ends_with_its_callers_terminal(self):
        """The terminal sends its signal to a process group that the hook is not in."""
        process = self.begin(start_new_session=True)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), -signal.SIGINT)
        self.assert_over("self", "child", "grandchild")

    def test_the_process_that_watches_it_ends(self):
        """The process that ends the hook together with its caller ends with the hook."""
        children = f"ls /proc/$PPID/task/*/children >/dev/null; cat /proc/$PPID/task/*/children > {self.told}"
        self.hook(children)
        self.assert_ends(self.rotate("--due"), WAITING, "into DNS")
        helpers = self.told.read_text().split()
        self.assertEqual(len(helpers), 2, helpers)  # the hook, and the process that watches it
        for process in map(int, helpers):
            wait_for(lambda process=process: self.is_over(process), "it to end")

    @staticmethod
    def is_over(process):
        try:
            return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):  # it is reaped before it is opened, or before it is read
            return True

    def test_it_leaves_something_running(self):
        """The hook has ended, even if a process that it started still holds its output open."""
        self.hook(f"sleep 100000 & echo $! > {self.told}; exit 0")
        try:
            self.assert_ends(self.rotate("--due"), WAITING, "into DNS")
        finally:
            os.kill(int(self.told.read_text()), 9)

    def test_what_it_prints_is_escaped(self):
        self.hook(r"printf 'one\033[31m red\033]0;title\007\ntwo\ttab\rback\377\n'; printf 'no end'; exit 1")
        done = self.assert_fails("failed with status 1")
        self.assertEqual(done.stderr.count(b"hook: "), 3)
        self.assertIn(b"hook: no end\n", done.stderr)
        for byte in b"\x1b\x07\r\t\xff":
            self.assertNotIn(bytes([byte]), done.stdout + done.stderr)
        self.assertNotIn(b"red", done.stdout)

    def test_it_prints_without_end(self):
        self.hook("head -c 10000000 /dev/zero | tr '\\0' x; exit 3")
        self.assertLess(len(self.assert_fails("failed with status 3").stderr), 100_000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
