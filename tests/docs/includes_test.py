"""Files include only files of their own folder and of folders below it, there are no cycles, and no file is too long."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = ("canon", "crypto", "milter", "keytool")

# The folders that each folder may include.
BELOW = {
    "canon": (),
    "crypto": ("canon",),
    "milter": ("crypto", "canon"),
    "keytool": ("crypto", "canon"),
}
CRYPTO = ("signatures", "store", "settings", "keys", "")
KEYTOOL = ("", "commands", "notify", "doctor", "doctor/host", "doctor/domain", "doctor/postfix", "doctor/findings", "rotation",
           "messages", "messages/damage", "opendkim", "fleet", "generate", "cli", "keys", "spf", "dns", "lexicon", "system",
           "output")
# The files directly in milter/ that its inner folders may include: the log of troubles, and what metrics report.
MILTER = {
    "libmilter": {"milter/troubles.hpp"},
    "metrics": {"milter/config.hpp", "milter/key_cache.hpp", "milter/mta_error.hpp", "milter/shared.hpp"},
}


def includes():
    """Returns each of our files with the files of ours that it includes, as paths from the root."""
    found = {}
    for folder in TOP:
        for path in sorted((ROOT / folder).rglob("*.?pp")):
            name = path.relative_to(ROOT).as_posix()
            found[name] = re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE)
    return found


def inner_folder(name):
    """Returns the folder below the top one: "doctor/host" for keytool/doctor/host/own_address.hpp."""
    return "/".join(name.split("/")[1:-1])


class IncludesTest(unittest.TestCase):
    def setUp(self):
        self.files = includes()
        self.assertGreater(len(self.files), 200)

    def test_includes_are_written_from_the_root(self):
        for file, included in self.files.items():
            for name in included:
                self.assertIn(name, self.files, f"{file} includes it")

    def test_top_folders_include_only_those_below(self):
        for file, included in self.files.items():
            top = file.split("/")[0]
            for name in included:
                self.assertIn(name.split("/")[0], (top, *BELOW[top]), f"{file} includes {name}")

    def test_inner_folders_include_only_those_below(self):
        for top, order in (("crypto", CRYPTO), ("keytool", KEYTOOL)):
            for file, included in self.files.items():
                if not file.startswith(top + "/"):
                    continue
                self.assertIn(inner_folder(file), order, f"{file} is in a folder without a place in the order")
                for name in included:
                    if name.startswith(top + "/") and inner_folder(name) != inner_folder(file):
                        self.assertGreater(order.index(inner_folder(name)), order.index(inner_folder(file)),
                                           f"{file} includes {name}: upwards or sideways")

    def test_inner_folders_of_the_daemon_include_few_of_its_files(self):
        for file, included in self.files.items():
            if not file.startswith("milter/") or not inner_folder(file):
                continue
            for name in included:
                if name.startswith("milter/") and inner_folder(name) != inner_folder(file):
                    self.assertIn(name, MILTER[inner_folder(file)], f"{file} includes it")

    def test_joined_lists_have_their_header(self):
        """fmt::join has been in a header of its own since libfmt 11."""
        for file in self.files:
            text = (ROOT / file).read_text()
            if "fmt::join" in text:
                self.assertIn("#include <fmt/ranges.h>", text, file)

    def test_one_file_calls_libmilter(self):
        users = [file for file in self.files if "<libmilter/mfapi.h>" in (ROOT / file).read_text()]
        self.assertEqual(users, ["milter/callbacks.cpp"])

    def test_each_file_has_fewer_than_300_lines(self):
        for file in self.files:
            self.assertLess((ROOT / file).read_text().count("\n"), 300, file)

    def test_there_are_no_cycles(self):
        done = set()

        def visit(file, way):
            self.assertNotIn(file, way, " > ".join((*way, file)))
            if file in done:
                return
            for name in self.files[file]:
                visit(name, (*way, file))
            done.add(file)

        for file in self.files:
            visit(file, ())

    def test_few_files_include_libmilter(self):
        users = [file for file in self.files
                 if re.search(r"^#include <libmilter/", (ROOT / file).read_text(), re.MULTILINE)]
        self.assertEqual(users, ["milter/callbacks.cpp", "milter/libmilter/served_connection.cpp", "milter/negotiation.cpp"])


if __name__ == "__main__":
    unittest.main()
