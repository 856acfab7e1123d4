"""Nothing that dkimsignd-compatibility(7) promises vanishes unnoticed.

promises.txt has each setting, option, log line, metric, member of --json and exit code that a release had. If this test
fails because one has vanished, either keep it, or note it in CHANGELOG.md under "Changed" or "Removed" and write the list
again, as promised.py says. What is new joins the list in the same way.
"""

import re
import unittest

import programs
from pages import PAGES
from promised import promised
from programs import ROOT

COMPATIBILITY = PAGES["dkimsignd-compatibility.7"]
LISTED = (ROOT / "tests/docs/promises.txt").read_text(encoding="utf-8").splitlines()
# The beginnings of the lines for each promise of the page. Other tests hold the rest: sessions the formats of show, the
# tests of the package the files and accounts, the end-to-end tests signatures and hooks.
PROMISES = {
    "Settings": ("setting ", "default ", "word of "),
    "Command lines": ("subcommand ", "option "),
    "Exit codes": ("exit code ",),
    "Output of --json": ("member of ", "topic of ", "reason of "),
    "Log lines": ("log line, ",),
    "Metrics": ("metric ", "label of "),
}


class Compatibility(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.now = promised()

    def test_no_promise_vanishes(self):
        gone = sorted(set(LISTED) - set(self.now))
        self.assertEqual(gone, [], "promised, but no longer there:\n" + "\n".join(gone))

    def test_all_promises_are_listed(self):
        new = sorted(set(self.now) - set(LISTED))
        self.assertEqual(new, [], "new; write tests/docs/promises.txt again:\n" + "\n".join(new))

    def test_the_page_has_each_kind_of_promise(self):
        heads = {item.head.removeprefix("Sy ") for item in COMPATIBILITY.items() if item.section == "PROMISES"}
        self.assertLessEqual(set(PROMISES), heads)
        for name, beginnings in PROMISES.items():
            for beginning in beginnings:
                self.assertTrue(any(line.startswith(beginning) for line in LISTED), f"{name}: {beginning}")
        every = tuple(beginning for beginnings in PROMISES.values() for beginning in beginnings)
        self.assertEqual([line for line in LISTED if not line.startswith(every)], [])

    def test_exit_codes(self):
        codes = {item.head for item in COMPATIBILITY.items() if item.section == "EXIT STATUS"}
        used = set().union(*(programs.exit_codes_in(programs.help_of(name)) for name in programs.subcommands()))
        self.assertEqual(codes, used)
        # The page says how many of them the daemon uses.
        daemon = programs.exit_codes_in(programs.output_of(programs.DKIMSIGND, "--help"))
        self.assertEqual(daemon, set(sorted(codes)[:3]))
        self.assertIn("uses the first three", " ".join(re.sub(r"\n\.Xr \S+ \S+", "", COMPATIBILITY.source).split()))


if __name__ == "__main__":
    unittest.main()
