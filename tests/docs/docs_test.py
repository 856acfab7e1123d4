"""The manual pages describe what the programs do, and nothing else.

The tests compare them with the output of the programs (--help, --print-config, the errors for unknown settings) and,
where that says nothing, with tables in the sources: log lines, reasons, OpenDKIM's settings.
"""

import re
import subprocess
import unittest

import programs
from mdoc import options_of, plain
from pages import PAGES
from programs import DKIMKEY, DKIMSIGND, ROOT

DAEMON, SETTINGS, KEY = PAGES["dkimsignd.8"], PAGES["dkimsignd.conf.5"], PAGES["dkimkey.8"]
OPENDKIM = PAGES["dkimsignd-from-opendkim.7"]

# The program's words for what a value must be, and how the description of such a setting begins.
TYPES = {
    "a text in quotes": "Text",
    "true or false": "True or false",
    "a whole number": "Number of",
    "a list of texts": "List of texts",
    "a list of groups": "List of groups",
    "a group": "Group",
}


def first_word(head, macro):
    return re.match(rf"{macro} (\S+)", head)[1]


def section_of(subcommand):
    """Returns the section of dkimkey(8) that describes a subcommand."""
    return "FLEET" if subcommand.startswith("fleet ") else "SUBCOMMANDS"


def rendered(page):
    """Returns the page as a reader sees it, in one line."""
    text = programs.output_of("mandoc", "-T", "utf8", "-O", "width=500", page.path)
    return " ".join(re.sub(".\b", "", text).split())


class Case(unittest.TestCase):
    maxDiff = None

    def assert_same(self, documented, real, what):
        self.assertEqual(set(real) - set(documented), set(), f"{what}: not documented")
        self.assertEqual(set(documented) - set(real), set(), f"{what}: documented, but does not exist")


class Form(Case):
    def test_mandoc_and_groff_accept_them(self):
        for page in PAGES.values():
            with self.subTest(page.path.name):
                lint = subprocess.run(
                    ["mandoc", "-T", "lint", page.path], capture_output=True, text=True, check=False
                )
                # It does not matter whether other pages are installed here; test_references checks ours.
                said = [
                    line for line in lint.stdout.splitlines() if "referenced manual not found" not in line
                ]
                self.assertEqual(said, [])
                # These are lintian's options for man.
                man = subprocess.run(
                    ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page.path],
                    capture_output=True,
                    text=True,
                    check=True,
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
                )
                self.assertEqual(man.stderr, "")

    def test_references(self):
        """Each reference to a page of ours leads to one, and each page lists all the others under SEE ALSO."""
        for page in PAGES.values():
            with self.subTest(page.path.name):
                for name, section in re.findall(r"^\.(?:.* )?Xr (dkim\S+) (\d)", page.source, re.M):
                    self.assertIn(f"{name}.{section}", PAGES)
                others = set(PAGES) - {page.path.name}
                see_also = re.findall(r"Xr (dkim\S+) (\d)", "\n".join(page.section("SEE ALSO")))
                self.assertEqual({f"{name}.{section}" for name, section in see_also}, others)

    def test_references_to_sections_lead_to_one(self):
        headings = {
            heading for page in PAGES.values() for macro in ("Sh", "Ss") for heading in page.headings(macro)
        }
        for page in PAGES.values():
            for line in page.lines:
                if line.startswith(".Sx "):
                    self.assertIn(plain(line).rstrip(" .;,"), headings, page.path.name)


class Settings(Case):
    @classmethod
    def setUpClass(cls):
        cls.real = programs.settings()
        cls.items = {}
        for item in SETTINGS.items():
            if item.section == "SETTINGS" and item.head.startswith("Va "):
                path = [first_word(head, "Va") for head in item.parents + (item.head,)]
                cls.items[".".join(path)] = item

    def test_each_setting_is_documented(self):
        self.assert_same(self.items, self.real, "settings")

    def test_types_and_ranges(self):
        for name, wanted in self.real.items():
            if wanted is None:
                continue
            with self.subTest(name):
                said = self.items[name].text
                begin = next(text for right, text in TYPES.items() if wanted.startswith(right))
                self.assertTrue(said.startswith(begin), f"{said[:60]}: {wanted}")
                for number in re.findall(r"\d+", wanted):
                    self.assertRegex(said, rf"\b{number}\b")
                for word in programs.words_of(name):
                    self.assertRegex(said.split("Default:")[0], rf"\b{word}\b")

    def test_defaults(self):
        shown = rendered(SETTINGS)
        for name, value in programs.defaults().items():
            with self.subTest(name):
                self.assertIn(f"Default: {value}.", self.items[name].text)
                # mdoc treats a single parenthesis as punctuation, and would put it outside the quotes.
                self.assertIn(f"Default: \u2018{value}\u2019.", shown)

    def test_settings_mentioned_elsewhere_exist(self):
        known = {part for name in self.real for part in name.split(".")}
        for page in PAGES.values():
            self.assertLessEqual(set(re.findall(r"\bVa ([\w-]+)", page.source)), known, page.path.name)


class Options(Case):
    def documented(self, page, section, subsection=""):
        found = set()
        for item in page.items():
            if (item.section, item.subsection) == (section, subsection) and not item.parents:
                found |= options_of(item.head)
        return found

    def test_options_of_the_daemon(self):
        text = programs.output_of(DKIMSIGND, "--help")
        self.assert_same(self.documented(DAEMON, "DESCRIPTION"), programs.options_in(text), "dkimsignd")

    def test_options_of_each_subcommand(self):
        common = self.documented(KEY, "DESCRIPTION", "Options of every subcommand")
        for name in programs.subcommands():
            with self.subTest(name):
                own = self.documented(KEY, section_of(name), name)
                self.assertEqual(own & common, set(), "documented twice")
                self.assert_same(own | common, programs.options_in(programs.help_of(name)), name)

    def test_options_of_dkimkey_itself(self):
        for option in self.documented(KEY, "DESCRIPTION"):
            self.assertTrue(programs.output_of(DKIMKEY, option))

    def test_each_subcommand_is_documented(self):
        for section, names in (
            ("SUBCOMMANDS", programs.main_subcommands()),
            ("FLEET", [name for name in programs.subcommands() if name.startswith("fleet ")]),
        ):
            documented = [plain(line[4:]) for line in KEY.section(section) if line.startswith(".Ss ")]
            self.assert_same(documented, names, f"dkimkey.8, {section}")

    def test_options_mentioned_elsewhere_exist(self):
        everywhere = programs.options_in(programs.output_of(DKIMSIGND, "--help")) | {"-V", "--version"}
        for name in programs.subcommands():
            everywhere |= programs.options_in(programs.help_of(name))
        for page in PAGES.values():
            self.assertLessEqual(options_of(page.source), everywhere, page.path.name)

    def test_exit_codes(self):
        def codes(page, section, subsection=""):
            return {
                item.head
                for item in page.items()
                if (item.section, item.subsection) == (section, subsection) and item.head.isdigit()
            }

        text = programs.output_of(DKIMSIGND, "--help")
        self.assertEqual(codes(DAEMON, "EXIT STATUS"), programs.exit_codes_in(text))
        used = set()
        for name in programs.subcommands():
            with self.subTest(name):
                real = programs.exit_codes_in(programs.help_of(name))
                self.assertEqual(codes(KEY, section_of(name), name), real)
                used |= real
        self.assertEqual(codes(KEY, "EXIT STATUS"), used)


class Log(Case):
    """The log lines and the reasons in them."""

    # The source files of the reasons in each section of the page.
    REASONS = {
        "Reasons for mail without a key": ["crypto/signatures/identity.cpp"],
        "Reasons for malformed mail": ["crypto/signatures/identity.cpp", "crypto/signatures/identity.hpp", "milter/session.cpp"],
        "Faults": ["crypto/store/key_store.cpp", "crypto/file.cpp", "crypto/error.cpp", "crypto/trusted_path.cpp",
                   "milter/callbacks.cpp"],
        "": ["milter/listen_socket.cpp", "milter/callbacks.cpp"],  # DIAGNOSTICS
    }

    def heads(self, subsection, section="LOG LINES"):
        return [
            (plain(".It " + item.head), item)
            for item in DAEMON.items()
            if (item.section, item.subsection) == (section, subsection) and item.head.startswith("Sy ")
        ]

    def test_each_log_line_is_documented(self):
        documented = {}
        for subsection in DAEMON.headings("Ss"):
            if subsection not in self.REASONS:
                documented |= {
                    head: item.text.split(".")[0].lower() for head, item in self.heads(subsection)
                }
        real = programs.log_lines()
        self.assert_same(documented, real, "log lines")
        self.assertEqual(documented, real, "levels")

    def test_reasons_in_the_page_exist(self):
        for subsection, paths in self.REASONS.items():
            said = [text for path in paths for text in programs.literals(path)]
            heads = self.heads(subsection) if subsection else self.heads("", "DIAGNOSTICS")
            self.assertTrue(heads)
            for head, _ in heads:
                for part in re.split(r"[A-Z]{4,}", head):
                    with self.subTest(head, part=part):
                        self.assertTrue(any(part.strip(" :") in plain(text) for text in said))

    def test_reasons_in_the_sources_are_in_the_page(self):
        page = plain("\n".join(DAEMON.section("LOG LINES")))
        said = [text for text in programs.literals("crypto/signatures/identity.cpp") if " " in text.strip()]
        said += [text for text in programs.literals("canon/mailbox.cpp") if " " in text.strip()]
        said += [text for text in programs.literals("crypto/signatures/identity.hpp") if " " in text.strip()]
        self.assertGreater(len(said), 20)
        for text in said:
            # The page has other words in place of a format's {}.
            for part in re.split(r"\{[^}]*\}", text):
                with self.subTest(text, part=part):
                    self.assertTrue(plain(part).strip(" ,") in page)


class Doctor(Case):
    def test_topics_exist(self):
        paths = sorted((ROOT / "keytool/doctor").rglob("*.cpp"))
        said = {text for path in paths for text in programs.literals(path.relative_to(ROOT))}
        heads = [item.head for item in KEY.items() if item.subsection == "Topics of doctor"]
        topics = {word for head in heads for word in head.split() if word not in ("Ic", "Cm", ",")}
        self.assertGreater(len(topics), 25)
        self.assertEqual(topics - said, set())


class Verify(Case):
    def test_reasons(self):
        documented = {
            item.head.removeprefix("Li "): item.text.split(":")[0]
            for item in KEY.items()
            if item.subsection == "Reasons of verify"
        }
        self.assertEqual(documented, programs.verify_reasons())


class FromOpenDkim(Case):
    SECTIONS = {
        "taken": "OPTIONS THAT ARE TAKEN OVER",
        "elsewhere": "OPTIONS THAT NOTHING HAS TO REPLACE",
        "lost": "OPTIONS WITHOUT A COUNTERPART",
    }

    def test_each_setting_is_where_it_belongs(self):
        real = programs.opendkim_settings()
        self.assertEqual(set(real), set(self.SECTIONS) | {"verifying"})
        for fate, section in self.SECTIONS.items():
            names = [
                name
                for item in OPENDKIM.items()
                if item.section == section
                for name in re.findall(r"[A-Z][\w-]+", item.head.removeprefix("Cm "))
            ]
            self.assert_same(names, real[fate], section)
            self.assertEqual(len(names), len(set(names)), f"{section}: twice")
        names = re.findall(
            r"^\.Cm ([A-Z][\w-]+) [,.]$", "\n".join(OPENDKIM.section("OPTIONS FOR VERIFYING")), re.M
        )
        self.assert_same(names, real["verifying"], "verifying")


if __name__ == "__main__":
    unittest.main()
