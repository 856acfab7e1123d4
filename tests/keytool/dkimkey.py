"""Runs dkimkey, and has what its tests share: a store in a temporary directory, and checks of it."""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from sanitizers import with_option

PROGRAM = pathlib.Path(os.environ.get("DKIMKEY", ""))
# The daemon's group: any but root's.
GROUP = 65534


@functools.cache
def for_everybody(program=PROGRAM):
    """Returns a copy that every user can run; the build directory may be in a home that only its owner may enter."""
    holder = pathlib.Path(tempfile.mkdtemp(prefix="dkimkey-program-"))
    atexit.register(shutil.rmtree, holder)
    holder.chmod(0o755)
    copy = pathlib.Path(shutil.copyfile(program, holder / program.name))
    copy.chmod(0o755)
    return copy


def without_leak_check(environment=os.environ):
    """Returns the environment with the leak check off. A sanitizer looks for leaks with ptrace, which fails if the
    program is traced already or, without root's rights, not dumpable; the sanitizer then ends the program."""
    return with_option(environment, "detect_leaks=0")


def run(*arguments, **options):
    """Runs dkimkey without a terminal or input; returns the finished process, with its output as bytes."""
    options.setdefault("stdin", subprocess.DEVNULL)
    program = PROGRAM
    if "user" in options:
        program = for_everybody()
        options["env"] = without_leak_check(options.get("env", os.environ))
    return subprocess.run([program, *map(str, arguments)], capture_output=True, timeout=300, check=False, **options)


def succeed(*arguments, **options):
    done = run(*arguments, **options)
    if done.returncode != 0:
        raise AssertionError(f"dkimkey {arguments} ended with {done.returncode}: {done.stderr.decode()}")
    return done


class StoreTest(unittest.TestCase):
    """Has a temporary directory for each test, and the path of a key directory in it."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="dkimkey-test-")
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)
        self.keys = self.directory / "keys"

    def make_store(self):
        self.keys.mkdir(0o750)
        os.chown(self.keys, 0, GROUP)

    def generate(self, selector, *more, domain="example.com", **options):
        return run("generate", "-D", self.keys, "-d", domain, "-s", selector, *more, **options)

    def follow_advice(self, run_it):
        """Applies the remedy that a refused command names, until the command names none; returns its last run."""
        done = run_it()
        while b"fix it with: " in done.stdout + done.stderr:
            remedy = re.search(rb"fix it with: (.*)", done.stdout + done.stderr)[1].decode()
            self.assertIn(remedy.split()[0], ("chown", "chmod"))
            subprocess.run(["sh", "-c", remedy], check=True)
            before, done = done, run_it()
            self.assertNotEqual((done.stdout, done.stderr), (before.stdout, before.stderr))
        return done

    def listed(self):
        """Returns the keys of the store, as objects."""
        return json.loads(succeed("list", "-D", self.keys, "--json").stdout)

    def selectors(self):
        return sorted(key["selector"] for key in self.listed())

    @staticmethod
    def key_file(selector):
        """Returns the name of a key's file."""
        return f"{selector}.private"

    def assert_tidy(self, domain="example.com"):
        """Checks that there are no leftovers, that exactly the keys of the manifest have files (revoked ones no private
        key), that every record file is as show prints it, and that the daemon can read everything."""
        folder = self.keys / domain
        names = sorted(path.name for path in folder.iterdir())
        states = {key["selector"]: key["state"] for key in self.listed() if key["domain"] == domain}
        expected = [".lock", "keys.conf", *(f"{selector}.txt" for selector in states)]
        expected += [self.key_file(selector) for selector, state in states.items() if state != "revoked"]
        self.assertEqual(names, sorted(expected))
        for selector in states:
            shown = succeed("show", "-D", self.keys, "-d", domain, "-s", selector).stdout
            self.assertEqual((folder / f"{selector}.txt").read_bytes(), shown, selector)
        group = self.keys.stat().st_gid
        for path in [folder, *folder.iterdir()]:
            if path.name != ".lock":
                self.assertEqual(path.stat().st_gid, group, path)
        self.assertEqual(folder.stat().st_mode & 0o7777, 0o750)


if not PROGRAM.is_file():
    raise SystemExit("the environment variable DKIMKEY must name the program to test")
