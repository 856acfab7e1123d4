
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

PROGRAM = pathlib.Path(os.environ.get("DKIMKEY", ""))
# Any group that is not root's will do for the daemon's.
GROUP = 65534


@functools.cache
def for_everybody(program=PROGRAM):
    """A copy that every user can reach; the build directory may lie in a home that is its owner's alone to enter."""
    holder = pathlib.Path(tempfile.mkdtemp(prefix="dkimkey-program-"))
    atexit.register(shutil.rmtree, holder)
    holder.chmod(0o755)
    copy = pathlib.Path(shutil.copyfile(program, holder / program.name))
    copy.chmod(0o755)
    return copy


def without_leak_check(environment=os.environ):
    """The environment, changed. A sanitizer looks for leaks by ptrace, which it cannot do in a program that is traced already,
    nor, without root's rights, in one that keeps its memory to itself; it ends the program then."""
    others = environment.get("ASAN_OPTIONS")
    return dict(environment, ASAN_OPTIONS=":".join(filter(None, [others, "detect_leaks=0"])))


def run(*arguments, **options):
    """The finished process; text as bytes. It is given no terminal and no input."""
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
    """A temporary directory for each test, with the path of a key directory in it."""

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

    def do_as_told(self, run_it):
        """Runs what is refused again and again, each time after the remedy that it names; how it ends at last."""
        done = run_it()
        while b"fix it with: " in done.stdout + done.stderr:
            remedy = re.search(rb"fix it with: (.*)", done.stdout + done.stderr)[1].decode()
            self.assertIn(remedy.split()[0], ("chown", "chmod"))
            subprocess.run(["sh", "-c", remedy], check=True)
            before, done = done, run_it()
            self.assertNotEqual((done.stdout, done.stderr), (before.stdout, before.stderr))
        return done

    def listed(self):
        """What the store holds, as objects."""
        return json.loads(succeed("list", "-D", self.keys, "--json").stdout)

    def selectors(self):
        return sorted(key["selector"] for key in self.listed())

    def assert_tidy(self, domain="example.com"):
        """No leftovers, no key that the manifest does not know, none that it knows and that is not there, none
        of a revoked key, every record file as show prints it, and all of it open to the daemon."""
        folder = self.keys / domain
        names = sorted(path.name for path in folder.iterdir())
        states = {key["selector"]: key["state"] for key in self.listed() if key["domain"] == domain}
        expected = [".lock", "keys.conf", *(f"{selector}.txt" for selector in states)]
        expected += [f"{selector}.private" for selector, state in states.items() if state != "revoked"]
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
