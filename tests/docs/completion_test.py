"""bash completion offers the options that --help lists, and never runs a name from the key directory as a command."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

import programs
from programs import DKIMKEY, DKIMSIGND, ROOT

SCRIPTS = ROOT / "packaging/completion"
# Names that must never run as commands: each would leave a file behind.
EVIL = [
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "a b",
    "-rf",
    "new\nline",
    "quote'd",
    'quote"d',
    "${IFS}touch",
    "*",
    "a&touch pwned",
    "Upper.example",
    "\x1b[31m",
]


def bash(script, *words, user=None):
    command = ["bash", "--norc", "-c", f'. "$1"; shift; {script}', "bash", *words]
    if user is not None and os.getuid() == 0:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == "", done.stderr
    return done.stdout


def completions(*words, program="dkimkey", script=None, user=None):
    """Returns what bash offers for the last word; COMP_WORDBREAKS divides the others."""
    call = f'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _{program}; printf "%s\\0" "${{COMPREPLY[@]}}"'
    out = bash(call, str(script or SCRIPTS / program), program, *words, user=user)
    return sorted(word for word in out.split("\0") if word)


def offered(function, *arguments, program="dkimkey"):
    return bash(f'{function} "$@"', str(SCRIPTS / program), *arguments).split()


class Agreement(unittest.TestCase):
    def test_options_of_the_daemon(self):
        self.assertEqual(
            sorted(offered("_dkimsignd_options", program="dkimsignd")),
            sorted(programs.options_in(programs.output_of(DKIMSIGND, "--help"))),
        )

    def test_subcommands(self):
        self.assertEqual(offered("_dkimkey_subcommands"), programs.main_subcommands())
        self.assertEqual(offered("_dkimkey_fleet_subcommands"), programs.fleet_subcommands())

    def test_options_of_each_subcommand(self):
        for name in programs.subcommands():
            self.assertEqual(
                sorted(offered("_dkimkey_options", name)),
                sorted(programs.options_in(programs.help_of(name))),
                name,
            )

    def test_options_before_the_subcommand(self):
        for option in offered("_dkimkey_options", ""):
            words = [option] + (["x"] if option in ("--config", "-D", "--directory") else [])
            # --config x names a file that does not exist, which the subcommand reports.
            done = subprocess.run(
                [DKIMKEY, *words, "list", "--help"], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_values(self):
        formats = re.search(r"^Formats:\n(.*?)\n\n", programs.help_of("show"), re.M | re.S)[1]
        self.assertEqual(
            completions("show", "--format", ""), sorted(re.findall(r"^  (\w+)", formats, re.M))
        )
        # What is said of the option ends where the next one begins.
        algorithms = re.search(r"--algorithm ALGORITHM(.*?)\n  -", programs.help_of("generate"), re.S)[1]
        for word in completions("generate", "--algorithm", ""):
            self.assertRegex(algorithms, rf"\b{word}\b")

    def test_each_option_with_a_value_is_known_to_have_one(self):
        """After such an option, neither options nor subcommands are offered."""
        for name in programs.subcommands():
            for short, option in re.findall(
                r"^  (?:(-\w) \[ )?(--[\w-]+)(?: \])? [A-Z]", programs.help_of(name), re.M
            ):
                for word in filter(None, (short, option)):
                    self.assertEqual(
                        [found for found in completions(*name.split(), word, "-") if found.startswith("-")],
                        [],
                        f"{name} {word}",
                    )
                self.assertNotIn("generate", completions(option, ""))


class Names(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.keys = self.directory / "keys"
        self.keys.mkdir()
        for domain, selectors in {
            "example.com": ["server", "server-20261124", "news"],
            "example.net": ["s1"],
        }.items():
            (self.keys / domain).mkdir()
            for selector in selectors:
                (self.keys / domain / f"{selector}.txt").touch()
            (self.keys / domain / "keys.conf").touch()

    def test_domains(self):
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-d", ""), ["example.com", "example.net"]
        )
        self.assertEqual(
            completions("show", "-D", str(self.keys), "--domain", "=", "EXAMPLE.N"), ["example.net"]
        )
        self.assertEqual(
            completions("--directory", "=", str(self.keys), "rotate", "--domain", "=", "example.n"),
            ["example.net"],
        )
        self.assertEqual(
            completions("explain", "-D", str(self.keys), "alerts", "@", "example.c"), ["example.com"]
        )
        self.assertEqual(
            completions("explain", "-D", str(self.keys), "a&*b@example.c"), ["a&*b@example.com"]
        )

    def test_selectors(self):
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-d", "example.com", "-s", ""),
            ["news", "server", "server-20261124"],
        )
        self.assertEqual(
            completions("revoke", "-D", str(self.keys), "--domain", "=", "example.net", "--selector", ""),
            ["s1"],
        )
        self.assertEqual(completions("show", "-D", str(self.keys), "-s", ""), [], "whose selectors?")
        shutil.rmtree(self.keys / "example.net")
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-s", "ser"), ["server", "server-20261124"]
        )

    def test_the_key_directory_of_the_configuration(self):
        conf = self.directory / "dkimsignd.conf"
        conf.write_text(f'# key_directory = "/nowhere";\n  key_directory="{self.keys}";\n')
        self.assertEqual(completions("list", "--config", str(conf), "-d", "example.c"), ["example.com"])

    def test_odd_names_are_neither_offered_nor_run(self):
        for name in EVIL:
            (self.keys / name).mkdir()
            (self.keys / "example.com" / f"{name}.txt").touch()
        before = sorted(os.listdir(self.directory))
        os.chdir(self.directory)
        self.addCleanup(os.chdir, "/")
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-d", ""), ["example.com", "example.net"]
        )
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-d", "example.com", "-s", ""),
            ["news", "server", "server-20261124"],
        )
        for word in EVIL:
            completions("show", "-D", str(self.keys), "-d", word)
            completions("show", "-D", str(self.keys), "-d", word, "-s", word)
            completions("show", "-D", word, "-d", "")
            completions(word, "")
            completions("show", word)
        self.assertEqual(sorted(os.listdir(self.directory)), before)

    def test_nothing_is_offered_without_permission_to_read(self):
        script = self.directory / "dkimkey"
        shutil.copyfile(SCRIPTS / "dkimkey", script)
        script.chmod(0o644)
        self.directory.chmod(0o755)
        self.keys.chmod(0o000 if os.getuid() else 0o700)
        self.addCleanup(self.keys.chmod, 0o700)
        arguments = {"script": script, "user": 65534}
        self.assertEqual(completions("show", "-D", str(self.keys), "-d", "", **arguments), [])
        self.assertEqual(
            completions("show", "-D", str(self.keys), "-d", "example.com", "-s", "", **arguments), []
        )
        self.assertEqual(completions("show", "-D", str(self.directory / "none"), "-d", "", **arguments), [])

    def test_at_most_a_thousand_names_are_offered(self):
        for i in range(1100):
            (self.keys / f"many{i}.example").mkdir()
        self.assertEqual(len(completions("show", "-D", str(self.keys), "-d", "many")), 1000)
        self.assertEqual(completions("show", "-D", str(self.keys), "-d", "many1099"), ["many1099.example"])


class Interactive(unittest.TestCase):
    """Runs bash on a terminal, without the package bash-completion, as a person uses it with the Tab key."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        for name in ["example.com", *EVIL]:
            (self.directory / "keys" / name).mkdir(parents=True)
        (self.directory / "my message.eml").touch()
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.directory)
            os.execvpe(
                "bash",
                ["bash", "--norc", "--noprofile", "-i"],
                {
                    "PATH": os.environ["PATH"],
                    "PS1": "ready> ",
                    "TERM": "dumb",
                    "INPUTRC": "/dev/null",
                    "HOME": str(self.directory),
                    "HISTFILE": "/dev/null",
                },
            )
        self.addCleanup(self.stop, pid)
        self.seen = ""
        self.wait_for("ready> ")
        for name in ("dkimkey", "dkimsignd"):
            self.type(f". {SCRIPTS / name}\n")
            self.wait_for("ready> ")

    def stop(self, pid):
        os.close(self.terminal)
        os.waitpid(pid, 0)

    def type(self, keys):
        self.seen = ""
        os.write(self.terminal, keys.encode())

    def wait_for(self, text):
        deadline = time.monotonic() + 60
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"{text!r} did not appear: {self.seen!r}")
            self.seen += os.read(self.terminal, 4096).decode(errors="replace")

    def complete(self, keys, text):
        self.type(keys + "\t")
        self.wait_for(text)
        self.type("\x15")  # ^U clears the line
        self.type("\n")
        self.wait_for("ready> ")

    def test_words_are_completed(self):
        self.complete("dkimkey gen", "dkimkey generate ")
        self.complete("dkimkey generate --sel", "--selector ")
        self.complete("dkimkey show -D keys -d ", "example.com ")
        self.complete("dkimkey show -D keys --domain=ex", "--domain=example.com ")
        self.complete("dkimkey verify my", "my\\ message.eml ")
        self.complete("dkimkey import --opendkim my", "my\\ message.eml ")
        self.complete("dkimkey list -D ke", "keys/")
        self.complete("dkimsignd --pri", "--print-config ")
        self.complete("dkimsignd --config my", "my\\ message.eml ")
        self.assertNotIn("pwned", os.listdir(self.directory))


if __name__ == "__main__":
    unittest.main()
