"""Tries the examples in the manual pages and the README."""

import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import programs
from pages import PAGES, the_display
from programs import DKIMKEY, DKIMSIGND, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")

COMMAND = re.compile(
    r"(?:^|[|;&]|\bdo\b|\bsudo(?: -u \w+)?)[ $]*(dkimkey|dkimsignd)(?= |$)([^|;&>\n]*)", re.M
)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.options = {name: programs.options_in(programs.help_of(name)) for name in programs.subcommands()}
        cls.of_daemon = programs.options_in(programs.output_of(DKIMSIGND, "--help"))

    def assert_exists(self, program, text, where):
        words = shlex.split(text, comments=True)
        options = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
        if program == "dkimsignd":
            self.assertLessEqual(options, self.of_daemon, f"{where}: dkimsignd {text}")
            return
        if options <= {"--help", "--version"} and len(words) == len(options):
            return
        name = " ".join(words[:2] if words[0] == "fleet" and words[1:] else words[:1])
        self.assertIn(name, self.options, f"{where}: dkimkey {text}")
        self.assertLessEqual(options, self.options[name], f"{where}: dkimkey {text}")

    def test_commands_in_examples_exist(self):
        places = [(page.path.name, display) for page in PAGES.values() for display in page.displays()]
        places += [("README", block) for block in re.findall(r"^```\n(.*?)^```", README, re.M | re.S)]
        count = 0
        for where, text in places:
            if "  done " in text or text.lstrip().startswith("#!"):
                continue  # output of dkimkey, or a script
            for program, arguments in COMMAND.findall(text.replace("\\\n", " ")):
                # A line of the README's list of subcommands, or the line of a unit that starts the daemon.
                if "   " in arguments.strip().split("#")[0]:
                    arguments = arguments.split()[0]
                self.assert_exists(program, arguments.replace("DIR/*", "x"), where)
                count += 1
        self.assertGreater(count, 50)

    def test_commands_in_the_text_exist(self):
        count = 0
        for page in PAGES.values():
            for program, arguments in re.findall(r"^\.Ql (dkimkey|dkimsignd) (.*)$", page.source, re.M):
                if arguments == "WHAT .":
                    continue
                self.assert_exists(program, re.sub(r"( [.,;)])+$", "", arguments), page.path.name)
                count += 1
        for arguments in re.findall(r"`dkimkey ([^`]*)`", README):
            self.assert_exists("dkimkey", arguments, "README")
            count += 1
        self.assertGreater(count, 30)


class Configurations(unittest.TestCase):
    def test_each_is_accepted(self):
        names = {name for name in programs.settings() if "." not in name}
        count = 0
        for page in PAGES.values():
            for display in page.displays():
                first = next((line for line in display.splitlines() if not re.match(r"\s*(#|$)", line)), "")
                if (
                    re.match(r"\w+", first)
                    and re.match(r"(\w+)\s*=", first)
                    and re.match(r"\w+", first)[0] in names
                ):
                    text = re.sub(r"^@include.*$", "", display, flags=re.M)
                    self.assertIsNone(programs.config_error(text), f"{page.path.name}:\n{display}")
                    count += 1
        self.assertGreater(count, 10)


class Postfix(unittest.TestCase):
    """Tries the settings for Postfix in a configuration made for the test."""

    def test_postconf_accepts_the_commands(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            (directory / "main.cf").write_text("compatibility_level = 3.6\n")
            (directory / "master.cf").write_text("")
            wrapper = f"postconf() {{ /usr/sbin/postconf -c {name} \"$@\"; }}; set -e; "
            count = 0
            for page in PAGES.values():
                for display in page.displays():
                    for line in re.findall(r"^postconf -e .*", display.replace("\\\n", " "), re.M):
                        done = subprocess.run(
                            ["bash", "-c", wrapper + line.split(" && ")[0]],
                            capture_output=True,
                            text=True,
                            check=False,
                        )
                        self.assertEqual((done.returncode, done.stderr), (0, ""), line)
                        count += 1
            self.assertGreater(count, 4)
            done = subprocess.run(
                ["/usr/sbin/postconf", "-c", name, "-n"], capture_output=True, text=True, check=True
            )
            self.assertEqual(done.stderr, "", "postconf warns of unknown parameters")
            self.assertIn("smtpd_milters = unix:dkimsignd/dkimsignd.sock\n", done.stdout)

    def test_parameters_in_the_text_exist(self):
        names = {
            name
            for page in PAGES.values()
            for name in re.findall(r"\bCm ([a-z0-9]+(?:_[a-z0-9]+)+)", page.source, re.M)
        }
        self.assertGreater(len(names), 8)
        done = subprocess.run(
            ["/usr/sbin/postconf", "-d", *names], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.stderr, "")


class Installed(unittest.TestCase):
    """The package installs the files that the pages and the README name."""

    def test_units_and_examples(self):
        text = README + "".join(page.source for page in PAGES.values())
        there = {path.name for path in (ROOT / "packaging").rglob("*") if path.is_file()}
        units = set(re.findall(r"\bdkim[\w-]+\.(?:service|timer)\b(?!\.d)", text))
        self.assertLessEqual({"dkimsignd.service", "dkimkey-rotate.timer"}, units)
        examples = set(re.findall(r"/usr/share/doc/dkimsignd/examples/([\w.-]+\w)", text))
        self.assertGreater(len(examples), 1)
        self.assertLessEqual(units | examples, there)


class FromOpenDkim(unittest.TestCase):
    def test_the_tables_become_the_rules_that_the_page_shows(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            keys = the_display("dkimsignd-from-opendkim.7", "main    example.com:server:")
            for selector in re.findall(r"/etc/dkimkeys/(\w+)\.private", keys):
                subprocess.run(
                    ["openssl", "genrsa", "-out", directory / f"{selector}.private", "2048"],
                    check=True,
                    capture_output=True,
                )
            (directory / "key.table").write_text(keys.replace("/etc/dkimkeys", name))
            (directory / "signing.table").write_text(
                the_display("dkimsignd-from-opendkim.7", "example.com   ")
            )
            (directory / "opendkim.conf").write_text(
                f"KeyTable {name}/key.table\nSigningTable {name}/signing.table\n"
            )
            printed = programs.output_of(
                DKIMKEY,
                "import",
                "--opendkim",
                f"{name}/opendkim.conf",
                "--dry-run",
                "-D",
                f"{name}/keys",
                "--output",
                f"{name}/dkimsignd.conf",
            )
            self.assertIn(the_display("dkimsignd-from-opendkim.7", "rules = ("), printed)


if __name__ == "__main__":
    unittest.main()
