"""The README and the sample configuration name the subcommands, log lines, settings and files that there are."""

import re
import unittest

import programs
from mdoc import plain
from pages import PAGES
from programs import DKIMSIGND, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = (ROOT / "packaging/dkimsignd.conf").read_text(encoding="utf-8")


def header_lists():
    """Returns the header fields that are signed, and the ones that are oversigned, if nothing is configured."""
    text = programs.output_of(DKIMSIGND, "--config", "/dev/null", "--print-config")
    return [
        re.search(rf"^# in effect, {kind}: +(.*)", text, re.M)[1].split()
        for kind in ("signed", "oversigned")
    ]


def shape_pattern(shape):
    """Returns a pattern for all lines of a shape such as "ID: signed d=DOMAIN"."""
    return "".join(".*" if re.fullmatch("[A-Z]{2,}", part) else re.escape(part)
                   for part in re.split(r"(\b[A-Z]{2,}(?=\b|ms))", shape))


class Readme(unittest.TestCase):
    maxDiff = None

    def test_subcommands(self):
        listed = re.findall(r"^dkimkey ([\w-]+)  +\w", README, re.M)
        self.assertEqual(sorted(listed), sorted(programs.main_subcommands()))

    def test_log_lines(self):
        """Each example has the shape of one of the daemon's log lines."""
        examples = re.findall(r"^(?:4F1k|NOQUEUE): .*", README, re.M)
        self.assertGreater(len(examples), 3)
        patterns = [shape_pattern(shape) for shape in programs.log_lines() if shape.startswith("ID: ")]
        for example in examples:
            self.assertTrue(any(re.fullmatch(pattern, example) for pattern in patterns), example)

    def test_settings_in_the_text_exist(self):
        """Words in backquotes that look like settings are settings of ours or of Postfix."""
        words = set(re.findall(r"`([a-z]+_[a-z_]+)(?: = \w+)?`", README))
        postfix = {word for word in words if word.startswith(("milter_", "non_smtpd_", "smtpd_"))}
        self.assertGreater(len(words - postfix), 1)
        self.assertLessEqual(words - postfix, set(programs.defaults()))

    def test_linked_files_exist(self):
        for page in (ROOT / "README.md", ROOT / "tests/bench/README.md", *ROOT.glob(".github/*.md")):
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                self.assertTrue((page.parent / target).exists(), f"{page}: {target}")


def tables():
    """Yields each row of the tables of the benchmarks as a dictionary from heading to cell."""
    headings = []
    for line in (ROOT / "tests/bench/README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and headings and not cells[0].startswith("---"):
            yield dict(zip(headings, cells, strict=True))
        headings = headings or cells if cells else []


def number(cell):
    return float(re.match(r"[-+]?[\d.]+", cell)[0])


class Benchmarks(unittest.TestCase):
    """What a table compares is what its figures give, as far as they are rounded: they come from the same run."""

    def assert_ratio(self, shown, above, below, slack, row):
        self.assertGreaterEqual(shown + slack, (above - 0.5) / (below + 0.5), row)
        self.assertLessEqual(shown - slack, (above + 0.5) / (below - 0.5), row)

    def test_with_other_milters(self):
        compared = 0
        for row in tables():
            if row.get("milter") == "dkimsignd" and "dkimsignd is" in row:
                ours = number(row["speed"])
            elif row.get("dkimsignd is"):
                factor = number(row["dkimsignd is"])
                self.assert_ratio(factor, ours, number(row["speed"]), 0.05, row)
                if budget := re.search(r"budget ([\d.]+) ×: (met|MISSED)", row["dkimsignd is"]):
                    # A factor that is rounded to the budget may have met or missed it.
                    check = self.assertGreaterEqual if budget[2] == "met" else self.assertLessEqual
                    check(factor, float(budget[1]), row)
                compared += 1
        self.assertGreater(compared, 10)

    def test_through_postfix(self):
        compared = 0
        for row in tables():
            if row.get("milter") == "none":
                plain = row
            elif cell := row.get("compared with no milter"):
                self.assertEqual(row["messages"], plain["messages"])
                self.assert_ratio(number(cell) / 100, number(row["speed"]), number(plain["speed"]), 0.005, row)
                more = number(row["CPU per message: all"]) - number(plain["CPU per message: all"])
                self.assertAlmostEqual(number(cell.split(", ")[1]), more, delta=0.0101, msg=row)
                compared += 1
        self.assertGreater(compared, 10)


class ManualPage(unittest.TestCase):
    maxDiff = None

    def test_header_fields(self):
        text = plain(PAGES["dkimsignd.conf.5"].source)
        lists = re.findall(r"An empty list means: -ragged -offset indent ((?:[\w-]+\??, )+[\w-]+\??) ", text)
        self.assertEqual([names.split(", ") for names in lists], header_lists())

    def test_oversigned_fields_in_the_explanation(self):
        always, where_present = [], []
        for name in header_lists()[1]:
            (where_present if name.endswith("?") else always).append(name.rstrip("?"))
        text = " ".join(plain(PAGES["dkimsignd.8"].source).split())
        said = re.search(r"([\w-]+(?:, [\w-]+)* and [\w-]+) are oversigned in every message; "
                         r"([\w-]+(?:, [\w-]+)* and [\w-]+) only where", text)
        self.assertEqual([re.split(", | and ", names) for names in said.groups()], [always, where_present])


class SampleConfiguration(unittest.TestCase):
    # The one setting that is not the program's default: a person is told by mail.
    told = ' notify = "root";'

    def test_the_daemon_accepts_it_and_it_changes_one_setting(self):
        self.assertIsNone(programs.config_error(SAMPLE))
        (active,) = re.findall(r"^[^#\n].*", SAMPLE, re.M)
        self.assertRegex(active, rf"^rotation = {{ .*;{self.told} }};$")

    def test_each_setting_is_there_with_its_default(self):
        sample = SAMPLE.replace(self.told, "")
        self.assertEqual(dict(re.findall(r"^#?(\w+) = (.*);$", sample, re.M)), programs.defaults())


if __name__ == "__main__":
    unittest.main()
