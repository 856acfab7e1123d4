#!/usr/bin/python3
"""Runs packaging/build-deb on the sources as they are, and on an unpacked archive. lintian checks the package, and the
test checks what the linker left in the programs."""

import pathlib
import re
import shutil
import tempfile
import unittest

from built import CURRENT, PACKAGING, PLACE, PREVIOUS, ROOT, package, run, version


def build(sources, *options):
    run(sources / "packaging/build-deb", "--output", PLACE, *options)


class BuildTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        PLACE.mkdir(parents=True, exist_ok=True)
        for old in PLACE.glob("dkimsignd*_*"):
            old.unlink()
        build(ROOT)
        cls.archive = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.archive)
        # This is like an unpacked release: no history, and another directory.
        for name in ("CMakeLists.txt", "CHANGELOG.md", "LICENSE", "README.md", "canon", "crypto", "keytool",
                     "milter", "packaging", "tests/support"):
            place = ROOT / name
            (shutil.copytree if place.is_dir() else shutil.copy)(place, cls.archive / name)
        build(cls.archive, "--version", PREVIOUS)
        cls.tree = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.tree)
        run("dpkg-deb", "-x", package(CURRENT), cls.tree)

    def test_versions(self):
        for built in (CURRENT, PREVIOUS):
            self.assertEqual(run("dpkg-deb", "-f", package(built), "Version").strip(), built)
        for program in ("dkimsignd", "dkimkey"):
            said = run(self.tree / "usr/sbin" / program, "--version").strip()
            self.assertEqual(said, f"{program} {version()}")
        self.assertEqual([p for p in self.archive.iterdir() if p.name.startswith("build")], [])
        self.assertEqual(sorted(p.name.split("_")[0] for p in PLACE.glob("*.deb")), ["dkimsignd", "dkimsignd"])

    def test_lintian(self):
        changes = package(CURRENT).with_suffix(".changes")
        self.assertEqual(run("lintian", "--fail-on", "error,warning", "--allow-root", changes), "")
        # The file that holds these overrides gives a reason for each.
        said = run("lintian", "--show-overrides", "--allow-root", changes)
        self.assertEqual(re.findall(r"^O: \S+: (\S+)", said, re.MULTILINE), ["unknown-field"])

    def test_the_package_says_which_libraries_are_in_it(self):
        field = run("dpkg-deb", "-f", package(CURRENT), "Static-Built-Using").strip()
        sources = set()
        for library, origin in (("libmilter", "libmilter-dev"), ("libconfig", "libconfig++-dev")):
            sources.add(run("dpkg-query", "-W", "-f", "${source:Package} (= ${source:Version})", origin))
            for program in ("dkimsignd", "dkimkey"):
                self.assertNotIn(library, run("readelf", "-d", self.tree / "usr/sbin" / program))
            licence = self.tree / f"usr/share/doc/dkimsignd/copyright.{library}"
            if not licence.exists():
                licence = licence.with_suffix(licence.suffix + ".gz")
            original = pathlib.Path(f"/usr/share/doc/{origin}/copyright")
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

    def test_nothing_of_ours_is_missing_and_nothing_else_is_there(self):
        files = {str(p.relative_to(self.tree)) for p in self.tree.rglob("*") if not p.is_dir()}
        doc = "usr/share/doc/dkimsignd"
        expected = {
            "etc/dkimsignd/dkimsignd.conf", "usr/sbin/dkimsignd", "usr/sbin/dkimkey",
            "usr/lib/sysusers.d/dkimsignd.conf", "usr/lib/tmpfiles.d/dkimsignd.conf",
            "usr/share/lintian/overrides/dkimsignd",
            *(f"lib/systemd/system/{unit.name}" for pattern in ("*.service", "*.timer")
              for unit in (PACKAGING / "systemd").glob(pattern)),
            *(f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
              for page in (PACKAGING / "man").glob("*.[1-8]")),
            *(f"usr/share/bash-completion/completions/{file.name}"
              for file in (PACKAGING / "completion").glob("*")),
            *(f"{doc}/{name}" for name in ("README.md.gz", "changelog.gz", "changelog.Debian.gz", "copyright",
                                           "copyright.libconfig", "copyright.libmilter.gz")),
            *(f"{doc}/examples/{file.name}"
              for pattern in ("systemd/*.conf", "prometheus/*.yml", "grafana/*.json")
              for file in PACKAGING.glob(pattern)),
        }
        self.assertEqual(files, expected)
        conffiles = run("dpkg-deb", "-I", package(CURRENT), "conffiles")
        self.assertEqual(conffiles.split(), ["/etc/dkimsignd/dkimsignd.conf"])


if __name__ == "__main__":
    unittest.main()
