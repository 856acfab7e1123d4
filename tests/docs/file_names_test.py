"""Files that comments, messages and pages name exist: by their paths from the root, or by bare names like session.cpp.

Functions and types that the pages for developers name exist as well.
"""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The top folders. Paths are written from the root; one without an ending means the .hpp and the .cpp.
FOLDERS = r"canon|crypto|milter|keytool|packaging|tests|\.ci|\.github"
PATH = re.compile(rf"(?<![\w/.~<>$\"}}-])(?:{FOLDERS})/[\w./*{{}},-]*[\w*}}/]")
BARE = re.compile(r"(?<![\w/.*<>$-])\w+(?:\.[ch]pp|\.cmake|_test\.py)\b(?!/)")

# Targets of the build look like paths, and instructions have placeholders.
TARGETS = {"milter/all", "keytool/all", "tests/milter/all", "tests/keytool/all", "tests/all"}
PLACEHOLDERS = re.compile(r"\bNAME\b|\bDIR\b|\bBUILD")


def names_of_the_repository():
    """Returns the paths of all files, from the root."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    # An unpacked archive has no list, and may have build directories.
    return [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*")
            if path.is_file() and not path.relative_to(ROOT).parts[0].startswith("build")]


NAMES = names_of_the_repository()
BASES = {name.rsplit("/", 1)[-1] for name in NAMES}
ENDINGS = ("", ".hpp", ".cpp", ".py", "_test.cpp", "_test.py")


def exists(name):
    name = name.rstrip("/")
    if "*" in name:
        return any(ROOT.glob(name))
    return any((ROOT / (name + ending)).exists() for ending in ENDINGS)


def prose(name, text):
    """Returns what can name files: C++ without its includes, the comments of CMake, all of any other file."""
    if name.endswith((".cpp", ".hpp")):
        return "\n".join(line if not line.lstrip().startswith("#include") else "" for line in text.splitlines())
    if name.endswith(("CMakeLists.txt", ".cmake")):
        return "\n".join(line[line.index("#") :] if "#" in line else "" for line in text.splitlines())
    return text


def named_files():
    """Yields each place, and the name of a file there."""
    for name in NAMES:
        if not name.endswith((".cpp", ".hpp", ".txt", ".cmake", ".md", ".yml", ".5", ".7", ".8", ".py", "/run", "/rules")):
            continue
        if name.startswith("tests/") and not name.endswith((".cpp", ".hpp", ".md", "CMakeLists.txt")):
            continue  # scripts and sessions: their paths are often in temporary directories
        text = prose(name, (ROOT / name).read_text(encoding="utf-8", errors="replace"))
        for pattern in (PATH, BARE):
            for match in pattern.finditer(text):
                number = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{number}", match[0]


class FileNames(unittest.TestCase):
    def test_named_files_exist(self):
        count, wrong = 0, []
        for where, name in named_files():
            if PLACEHOLDERS.search(name) or name in TARGETS:
                continue
            count += 1
            if not (exists(name) if "/" in name else name in BASES):
                wrong.append(f"{where}: {name}")
        self.assertGreater(count, 50)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_names_in_the_pages_for_developers_exist(self):
        """Functions, types and constants in backquotes: `Session::mail`, `plan_rotation`, `DomainTransaction`."""
        code = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in NAMES
                         if name.endswith((".cpp", ".hpp", "CMakeLists.txt", ".cmake", "CMakePresets.json")))
        words = set(re.findall(r"\w+", code))
        count = 0
        for page in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
            text = re.sub(r"^```.*?^```", "", (ROOT / ".github" / page).read_text(encoding="utf-8"), flags=re.M | re.S)
            for quoted in re.findall(r"`([A-Za-z_]\w*(?:::\w+)*)`", text):
                if re.search(r"_|::|[a-z][A-Z]", quoted) and quoted not in ("snake_case", "PascalCase", "_GLIBCXX_ASSERTIONS"):
                    count += 1
                    for part in quoted.split("::"):
                        self.assertTrue(part in words or exists(part), f"{page}: {quoted}")
        self.assertGreater(count, 50)


if __name__ == "__main__":
    unittest.main()
