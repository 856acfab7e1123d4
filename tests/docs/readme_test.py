"""The README and the sample configuration: all settings and subcommands, and nothing that does not exist."""

import re
import unittest

import programs
from mdoc import plain
from pages import PAGES
from programs import DKIMSIGND, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = (ROOT / "packaging/dkimsignd.conf").read_text(encoding="utf-8")


def header_lists():
    """The header fields that are signed, and oversigned, where nothing is configured."""
    text = programs.output_of(DKIMSIGND, "--config", "/dev/null", "--print-config")
    return [
        re.search(rf"^# in effect, {kind}: +(.*)", text, re.M)[1].split()
        for kind in ("signed", "oversigned")
    ]


class Readme(unittest.TestCase):
    maxDiff = None

    def test_settings(self):
        rows = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", README, re.M))
        self.assertEqual(rows, programs.defaults())

    def test_subcommands(self):
        listed = re.findall(r"^dkimkey (\w+)  +\w", README, re.M)
        self.assertEqual(sorted(listed), sorted(programs.subcommands()))

    def test_header_fields(self):
        text = " ".join(README.split())
        for names, heading in zip(header_lists(), (r"\*\*Signed\*\* by default", r"\*\*Oversigned\*\*")):
            self.assertEqual(re.search(rf"{heading}: ([^.]*)\.", text)[1].split(", "), names)

    def test_header_fields_of_the_manual_page(self):
        text = plain(PAGES["dkimsignd.conf.5"].source)
        lists = re.findall(r"Empty stands for: -ragged -offset indent ((?:[\w-]+\??, )+[\w-]+\??) ", text)
        self.assertEqual([names.split(", ") for names in lists], header_lists())

    def test_oversigned_fields_where_they_are_explained(self):
        always, where_present = [], []
        for name in header_lists()[1]:
            (where_present if name.endswith("?") else always).append(name.rstrip("?"))
        text = " ".join(plain(PAGES["dkimsignd.8"].source).split())
        said = re.search(r"([\w-]+(?:, [\w-]+)* and [\w-]+) are oversigned in every message; "
                         r"([\w-]+(?:, [\w-]+)* and [\w-]+) only where", text)
        self.assertEqual([re.split(", | and ", names) for names in said.groups()], [always, where_present])


class SampleConfiguration(unittest.TestCase):
    def test_it_is_taken_and_changes_nothing(self):
        self.assertIsNone(programs.config_error(SAMPLE))
        self.assertEqual(re.findall(r"^[^#\n].*", SAMPLE, re.M), [])

    def test_each_setting_is_there_with_its_default(self):
        self.assertEqual(dict(re.findall(r"^#(\w+) = (.*);$", SAMPLE, re.M)), programs.defaults())


if __name__ == "__main__":
    unittest.main()
