#!/usr/bin/python3
"""lintian examines the package, on a machine with only Debian's base system; the test checks which files are in it, and
what the linker left in the programs."""

import re
import unittest

from bare import BareMachine, base_of, leave_the_network
from built import CURRENT, PACKAGING, PLACE, SUITE, package, run, version
from machine import isolate

PLACE_INSIDE = "/var/tmp/built"
TREE = "/var/tmp/tree"


class ContentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = BareMachine(base_of(SUITE))
        cls.addClassCleanup(cls.machine.close)
        leave_the_network()
        cls.machine.path(PLACE_INSIDE).mkdir()
        for file in PLACE.glob(f"dkimsignd_{CURRENT}_*"):
            cls.machine.put(file, PLACE_INSIDE)
        deb = f"{PLACE_INSIDE}/{package(CURRENT).name}"
        # The dependencies come with it.
        cls.machine.install("lintian", "libmilter-dev", "libconfig++-dev", deb)
        cls.machine.run("dpkg-deb", "-x", deb, TREE)
        cls.tree = cls.machine.path(TREE)

    def test_versions(self):
        for program in ("dkimsignd", "dkimkey"):
            said = self.machine.run(program, "--version").strip()
            self.assertEqual(said, f"{program} {version()}")

    def test_lintian(self):
        changes = f"{PLACE_INSIDE}/{package(CURRENT).with_suffix('.changes').name}"
        self.assertEqual(self.machine.run("lintian", "--fail-on", "error,warning", "--allow-root", changes), "")
        # The file that holds these overrides gives a reason for each.
        said = self.machine.run("lintian", "--show-overrides", "--allow-root", changes)
        overrides = ["unknown-field"] if SUITE == "bookworm" else []
        self.assertEqual(sorted(re.findall(r"^O: \S+: (\S+)", said, re.MULTILINE)), overrides)

    def test_the_package_says_which_libraries_are_in_it(self):
        field = run("dpkg-deb", "-f", package(CURRENT), "Static-Built-Using").strip()
        sources = set()
        for library, origin in (("libmilter", "libmilter-dev"), ("libconfig", "libconfig++-dev")):
            sources.add(self.machine.run("dpkg-query", "-W", "-f", "${source:Package} (= ${source:Version})", origin))
            for program in ("dkimsignd", "dkimkey"):
                self.assertNotIn(library, run("readelf", "-d", self.tree / "usr/sbin" / program))
            licence = self.tree / f"usr/share/doc/dkimsignd/copyright.{library}"
            if not licence.exists():
                licence = licence.with_suffix(licence.suffix + ".gz")
            original = self.machine.path(f"/usr/share/doc/{origin}/copyright")
            self.assertEqual(run("gzip", "-dcf", licence), original.read_text())
        self.assertEqual(set(re.split(", *", field)), sources)

    def test_the_programs_are_hardened(self):
        for program in ("dkimsignd", "dkimkey"):
            path = self.tree / "usr/sbin" / program
            dynamic = run("readelf", "-dW", path)
            self.assertRegex(dynamic, r"\(FLAGS_1\).*\bNOW\b.*\bPIE\b")
            self.assertIn("GNU_RELRO", run("readelf", "-lW", path))
            stack = re.search(r"GNU_STACK.*", run("readelf", "-lW", path))[0]
            self.assertNotIn("RWE", stack)
            symbols = run("readelf", "--dyn-syms", "-W", path)
            self.assertIn("__stack_chk_fail", symbols)
            self.assertRegex(symbols, r"__\w+_chk@")

    def test_the_umask_of_the_caller_does_not_matter(self):
        closed = [line for line in run("dpkg-deb", "--contents", package(CURRENT)).splitlines()
                  if not re.match(r"(l|-r..r..r|dr.xr.xr.x)", line)]
        self.assertEqual(closed, [])

    def test_nothing_of_ours_is_missing_and_nothing_else_is_there(self):
        files = {str(p.relative_to(self.tree)) for p in self.tree.rglob("*") if not p.is_dir()}
        # debhelper compresses a licence that is large; libconfig's has grown.
        files = {re.sub(r"(/copyright\.\w+)\.gz$", r"\1", file) for file in files}
        doc = "usr/share/doc/dkimsignd"
        units = "lib/systemd/system" if SUITE == "bookworm" else "usr/lib/systemd/system"
        expected = {
            "etc/dkimsignd/dkimsignd.conf", "usr/sbin/dkimsignd", "usr/sbin/dkimkey",
            "usr/lib/sysusers.d/dkimsignd.conf", "usr/lib/tmpfiles.d/dkimsignd.conf",
            "usr/share/lintian/overrides/dkimsignd",
            *(f"{units}/{unit.name}" for pattern in ("*.service", "*.timer")
              for unit in (PACKAGING / "systemd").glob(pattern)),
            *(f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
              for page in (PACKAGING / "man").glob("*.[1-8]")),
            *(f"usr/share/bash-completion/completions/{file.name}"
              for file in (PACKAGING / "completion").glob("*")),
            *(f"{doc}/{name}" for name in ("README.md.gz", "changelog.gz", "changelog.Debian.gz", "copyright",
                                           "copyright.libconfig", "copyright.libmilter")),
            *(f"{doc}/examples/{file.name}"
              for pattern in ("systemd/*.conf", "prometheus/*.yml", "grafana/*.json")
              for file in PACKAGING.glob(pattern)),
        }
        self.assertEqual(files, expected)
        conffiles = run("dpkg-deb", "-I", package(CURRENT), "conffiles")
        self.assertEqual(conffiles.split(), ["/etc/dkimsignd/dkimsignd.conf"])


if __name__ == "__main__":
    isolate()
    unittest.main()
