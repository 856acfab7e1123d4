"""Comments, strings, pages, README and CHANGELOG use none of the words to avoid.

The glossary in .github/CONTRIBUTING.md has the words to use.
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

OCTETS = r"octets?"

# Patterns, and what to write instead.
AVOID = {
    r"put(?:s|ting)? (?:\w+ )?off": "defer; deferred",
    r"puts? (?:its|the|their|mail|new|them|messages?) (?:mail |ones |messages? )?off": "defer; deferred",
    OCTETS: "byte, except where the text of a standard counts octets: then name it in the line",
    r"mend(?:s|ed|ing)?": "fix, repair, correct",
    r"set right": "correct",
    r"lest": "so that ... not; otherwise",
    r"ere": "before",
    r"thereof": "of it, its",
    r"(?:where|there|here)(?:upon|in|to|unto)": "name the thing",
    r"whoso?ever": "anyone who",
    r"for want of": "because there is no",
    r"in (?:the|its|their) midst": "in the middle of",
    r"(?:[;,.] |^)of which|of which (?:the|none|each)": "whose, for which; or begin a new sentence",
    r"those that there are|(?:are|is|of) those that": "name the things: keys that, files that",
    r"(?:is|are|be|being) told (?:of|by itself)": "is reported, gets a line",
    r"tells? of": "says, reports, means",
    r"stands? no": "has no, does not",
    r"by (?:it|them)sel(?:f|ves)": "automatically; alone; without a signal",
    r"so that (?:it|they) (?:is|are) no more": "until it has ended",
    r"(?:is|are) no more(?! than)": "no longer exists",
    r"would have none of": "refuses",
    r"heed(?:s|ed)?": "uses, obeys",
    r"slips? of the finger": "mistyped",
    r"to go by|be gone by": "uses, relies on",
    r"anew": "again",
    r"be it": "whether; in X or elsewhere",
    r"none but": "only",
    r"but for": "except for",
    r"in wrong hands": "somebody else has",
    r"name spaces": "namespaces",
    r"beside what": "in addition to",
    r"wherever that|howsoever|albeit|nought|naught": "say it plainly",
}

# Places where one of these words is right: the file, and the text around the word.
ALLOWED = (
    # The lists themselves.
    ("tests/docs/words_test.py", ""),
    (".github/CONTRIBUTING.md", 'byte | eight bits; "octet" only where the text of a standard counts octets'),
)

# A comment must not begin with one of these: put the subject and the verb first.
BEGINNINGS = r"(?:Of|Those|The same|Whoever)\b"
# By the ending of a file: the beginning of a comment or a docstring.
COMMENT = {".cpp": "//", ".hpp": "//", ".py": '#|"""'}

TEXT = (".cpp", ".hpp", ".cmake", ".txt", ".md", ".yml", ".json", ".conf", ".service", ".timer", ".py", ".lua",
        ".5", ".7", ".8", "")


def files(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in name:
                yield name, path


def texts():
    """Yields each file of ours with its text."""
    folders = ("canon", "crypto", "milter", "keytool", "packaging", "tests", ".github", ".ci")
    named = [(name, ROOT / name) for name in ("README.md", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json")]
    for name, path in [*named, *files(folders)]:
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a message or key for tests


# A comment or a literal, in contrast to the names in the code.
SAID = re.compile(r"""//[^\n]*|"(?:[^"\\\n]|\\.)*"|R"\((?:.|\n)*?\)"|'(?:[^'\\\n]|\\.)+'""")


def without_code(text):
    """Returns the comments and literals of C++ at their places, with blanks for the rest."""
    parts, end = [], 0
    for match in SAID.finditer(text):
        parts += [re.sub(r"[^\n]", " ", text[end : match.start()]), match[0]]
        end = match.end()
    return "".join(parts)


def found_in(name, text):
    """Yields a complaint for each word to avoid."""
    if name.endswith((".cpp", ".hpp")):
        text = without_code(text)
    for pattern, instead in AVOID.items():
        for match in re.finditer(rf"\b(?:{pattern})\b", text, re.I):
            start = text.rfind("\n", 0, match.start()) + 1
            line = text[start : text.find("\n", match.end())]
            if pattern == OCTETS and re.search("RFC|§", line):
                continue
            if not any(name == allowed and around in line for allowed, around in ALLOWED):
                number = text.count("\n", 0, match.start()) + 1
                yield f'{name}:{number}: "{match[0]}": {instead}\n    {line.strip()[:110]}'


class Words(unittest.TestCase):
    def test_words_to_avoid_are_not_used(self):
        found = []
        for name, text in texts():
            found += found_in(name, text)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_each_exception_is_needed(self):
        for name, around in ALLOWED:
            self.assertIn(around, (ROOT / name).read_text(encoding="utf-8"))


class Comments(unittest.TestCase):
    def test_they_begin_with_a_subject_or_a_verb(self):
        found = []
        for name, path in files(("canon", "crypto", "milter", "keytool", "tests")):
            if path.suffix != ".hpp" and not (name.startswith("tests/") and path.suffix in COMMENT):
                continue
            text, comment = path.read_text(encoding="utf-8"), COMMENT[path.suffix]
            # Only the first line of a comment counts.
            for match in re.finditer(
                rf"(?:\A|^(?!\s*(?:{comment})).*\n)\s*(?:{comment}) ?({BEGINNINGS}.*)", text, re.M
            ):
                found.append(f"{name}: {match[1]}")
        self.assertEqual(found, [], "\n" + "\n".join(found))


if __name__ == "__main__":
    unittest.main()
