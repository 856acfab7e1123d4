#!/usr/bin/python3
"""Builds and installs without Debian's help: below a prefix, with other libraries and another standard, with and without
systemd. The installed programs find each other, their configuration and their keys."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from built import PACKAGING, ROOT
from built_elsewhere import BUILD, PATIENCE, Sources, files_below, shared_libmilter, without_prometheus
from harness.milter_client import MilterClient
from harness.products import GROUP, USER, Daemon, KeyStore
from harness.workspace import Workspace, output, wait_for

UNITS = {"dkimsignd.service", "dkimkey-rotate.service", "dkimkey-rotate.timer", "dkimkey-fleet.service"}
PAGES = {f"man{page.suffix[1:]}/{page.name}" for page in (PACKAGING / "man").glob("*.[1-8]")}
COMPLETIONS = {file.name for file in (PACKAGING / "completion").glob("*")}
# No text that is installed below the prefix "own" names these.
DEBIAN = re.compile(r"(?<!/own)(/etc/dkimsignd|/usr/sbin/|/usr/share/doc/|/var/spool/postfix|(group|directory,|^g) postfix)",
                    re.MULTILINE)


class SourcesCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="prefix-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.directory.chmod(0o755)
        cls.sources = Sources(cls.directory / "source")


class ElsewhereTest(SourcesCase):
    """A system with a shared libmilter, without prometheus-cpp, that compiles with C++23 and _FORTIFY_SOURCE=3."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.directory / "own"
        cls.spool = cls.directory / "spool"
        cls.library = shared_libmilter(cls.directory / "libmilter")
        if cls.library is None:
            raise unittest.SkipTest("this system has no shared libmilter")
        missing, environment = without_prometheus(cls.directory / "pkgconfig")
        cls.said = cls.sources.configure(
            # As distributions do: the level of optimization is theirs as well.
            "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_STANDARD=23", f"-DCMAKE_INSTALL_PREFIX={cls.prefix}",
            f"-DMILTER_ROOT={cls.directory / 'libmilter'}", f"-DDKIMSIGND_POSTFIX_SPOOL={cls.spool}",
            "-DDKIMSIGND_POSTFIX_GROUP=mail", "-DDKIMSIGND_INSTALL_SYSTEMD=ON", *missing,
            cxxflags="-O1 -D_FORTIFY_SOURCE=3", **environment)
        cls.sources.make()
        cls.sources.install("--prefix", cls.prefix)

    def program(self, name):
        return self.prefix / "sbin" / name

    def texts(self):
        return {name: (self.prefix / name).read_text().replace(str(self.directory), "PREFIX")
                for name in files_below(self.prefix) if "sbin/" not in name}

    def test_cmake_says_what_is_off(self):
        for line in ("Metrics: off, metrics_file does nothing: prometheus-cpp-core was not found",
                     "Read-ahead: off, messages take more system calls: libmilter is a shared library",
                     f"Configuration and keys: {self.prefix}/etc/dkimsignd"):
            self.assertIn(line, self.said)

    def test_the_chosen_standard_and_level_stay(self):
        commands = self.sources.commands()
        self.assertGreater(len(commands), 100)
        for source, words in commands.items():
            self.assertEqual([word for word in words if word.startswith("-std=")], ["-std=c++23"], source)
            self.assertEqual([word for word in words if "FORTIFY" in word], ["-D_FORTIFY_SOURCE=3"], source)
        macros = self.sources.predefined("milter/main.cpp")
        self.assertEqual(macros["_FORTIFY_SOURCE"], "3")
        self.assertGreater(int(macros["__cplusplus"].rstrip("L")), 202002)

    def test_everything_is_below_the_prefix(self):
        self.assertEqual(files_below(self.prefix), {
            "etc/dkimsignd/dkimsignd.conf", "sbin/dkimkey", "sbin/dkimsignd",
            "lib/sysusers.d/dkimsignd.conf", "lib/tmpfiles.d/dkimsignd.conf",
            *(f"lib/systemd/system/{unit}" for unit in UNITS),
            *(f"share/doc/dkimsignd/examples/{file.name}" for file in (PACKAGING / "systemd").glob("*.conf")),
            *(f"share/man/{page}" for page in PAGES),
            *(f"share/bash-completion/completions/{name}" for name in COMPLETIONS),
        })

    def test_no_text_names_another_place(self):
        for name, text in self.texts().items():
            if name.endswith("/dkimsignd-container.7"):
                # The image's places are Debian's.
                self.assertEqual(text, (PACKAGING / "man/dkimsignd-container.7").read_text())
            else:
                self.assertIsNone(DEBIAN.search(text), name)

    def test_the_units_start_the_installed_programs(self):
        units = self.prefix / "lib/systemd/system"
        output("systemd-analyze", "verify", "--man=no", *(units / name for name in UNITS))
        texts = self.texts()
        service = texts["lib/systemd/system/dkimsignd.service"]
        for line in ("ExecStart=PREFIX/own/sbin/dkimsignd", "ReadWritePaths=-PREFIX/spool/dkimsignd",
                     "ExecStartPre=-+systemd-tmpfiles --create PREFIX/own/lib/tmpfiles.d/dkimsignd.conf"):
            self.assertIn(f"\n{line}\n", service)
        rotate = texts["lib/systemd/system/dkimkey-rotate.service"]
        for line in ("ExecStart=PREFIX/own/sbin/dkimkey rotate --due --all", "ReadWritePaths=PREFIX/own/etc/dkimsignd/keys",
                     "ReadWritePaths=-PREFIX/spool/maildrop -/var/spool/mqueue-client"):
            self.assertIn(f"\n{line}\n", rotate)
        directories = re.findall(r"^d (\S+) +\d+ (\S+) +(\S+) -$", texts["lib/tmpfiles.d/dkimsignd.conf"], re.MULTILINE)
        self.assertEqual(directories, [("PREFIX/spool/dkimsignd", "dkimsignd", "mail"),
                                       ("PREFIX/own/etc/dkimsignd", "root", "dkimsignd"),
                                       ("PREFIX/own/etc/dkimsignd/keys", "root", "dkimsignd")])
        self.assertIn("\ng mail -\n", texts["lib/sysusers.d/dkimsignd.conf"])

    def test_man_finds_the_pages(self):
        path = f"{self.prefix}/sbin:{os.environ['PATH']}"
        for page in PAGES:
            section, name = re.fullmatch(r"man./(.*)\.(\d)", page).group(2, 1)
            self.assertEqual(output("man", "-w", section, name, env={"PATH": path}).strip(), f"{self.prefix}/share/man/{page}")

    def test_the_installed_daemon_signs_with_its_own_configuration_and_keys(self):
        configuration = self.prefix / "etc/dkimsignd"
        (configuration / "keys").mkdir(mode=0o750)
        (self.spool / "dkimsignd").mkdir(parents=True)
        with open(configuration / "dkimsignd.conf", "a", encoding="utf-8") as file:
            file.write('log = "stderr";\n')
        said = output(ROOT / "tests/support/try_daemon", self.program("dkimsignd"), self.program("dkimkey"),
                      BUILD / "tests/support/send_message", self.spool / "dkimsignd/dkimsignd.sock", timeout=PATIENCE)
        self.assertRegex(said, "was signed and verified")
        self.assertTrue((configuration / "keys/example.com/trial.private").exists())
        # Another installation keeps what an administrator has written.
        before = (configuration / "dkimsignd.conf").read_bytes()
        self.sources.install()
        self.assertEqual((configuration / "dkimsignd.conf").read_bytes(), before)

    def test_the_log_says_what_is_off(self):
        with contextlib.closing(Workspace()) as workspace:
            socket = workspace.directory("socket")
            shutil.chown(socket, USER, GROUP)
            metrics = socket / "m.prom"
            store = KeyStore(workspace)
            daemon = Daemon(workspace, socket / "s", store.path, self.program("dkimsignd"), metrics_file=str(metrics))
            lines = ("dkimsignd: read-ahead is off, messages take more system calls: libmilter is a shared library\n",
                     "dkimsignd: warning: metrics not written, mail goes on: dkimsignd was built without metrics\n")
            wait_for(lambda: all(line in daemon.log_text() for line in lines), "the log to say what is off", alive=daemon.alive)
            with MilterClient(daemon.socket) as connection:
                self.assertEqual(connection.message([(b"From", b" a@example.com")], b"").verdict, b"a")
            self.assertEqual(daemon.stop(), 0)
            self.assertFalse(metrics.exists())
            checked = subprocess.run([self.program("dkimsignd"), "--config", daemon.config, "--check"], capture_output=True,
                                     text=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr),
                             (1, "metrics_file is set, but dkimsignd was built without metrics\n"))

    def test_the_version_says_that_there_are_no_metrics(self):
        self.assertRegex(output(self.program("dkimsignd"), "--version"), r"\Adkimsignd \S+, built without metrics\n\Z")

    def test_another_prefix_at_the_installation_is_refused(self):
        other = self.directory / "other"
        said = self.sources.install("--prefix", other, good=(1,))
        self.assertIn(f"This was built for the prefix {self.prefix}, and not for {other}.", said)
        self.assertFalse(other.exists())


class UsualTest(SourcesCase):
    """A system like Debian, without systemd and without fleets; and what is installed with both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.configure(systemd="OFF", fleet="OFF")
        cls.sources.make()
        cls.tree = cls.directory / "tree"
        cls.sources.install(DESTDIR=str(cls.tree))

    @classmethod
    def configure(cls, systemd, fleet):
        cls.sources.configure("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INSTALL_PREFIX=/usr",
                              f"-DDKIMSIGND_INSTALL_SYSTEMD={systemd}", f"-DDKIMSIGND_FLEET={fleet}")

    def test_nothing_is_for_systemd(self):
        self.assertEqual(files_below(self.tree), {
            "etc/dkimsignd/dkimsignd.conf", "usr/sbin/dkimkey", "usr/sbin/dkimsignd",
            "usr/share/doc/dkimsignd/examples/dkimsignd.json", "usr/share/doc/dkimsignd/examples/dkimsignd.rules.yml",
            *(f"usr/share/man/{page}" for page in PAGES),
            *(f"usr/share/bash-completion/completions/{name}" for name in COMPLETIONS),
        })

    def test_the_texts_are_those_of_the_sources(self):
        for name in PAGES:
            self.assertEqual((self.tree / "usr/share/man" / name).read_bytes(), (PACKAGING / "man" / name[5:]).read_bytes())
        # Configuring makes the copies that are to be installed.
        self.configure(systemd="ON", fleet="ON")
        copies = self.sources.build / "packaging"
        for folder in ("man", "systemd", "completion", "sysusers.d", "tmpfiles.d"):
            # The page of the image is installed as it is.
            sources = set(files_below(PACKAGING / folder)) - {"dkimsignd-container.7"}
            self.assertEqual(set(files_below(copies / folder)), sources)
            for name in sources:
                self.assertEqual((copies / folder / name).read_bytes(), (PACKAGING / folder / name).read_bytes(), name)
        self.assertEqual((copies / "dkimsignd.conf").read_bytes(), (PACKAGING / "dkimsignd.conf").read_bytes())

    def test_without_fleets_the_copy_of_a_fleet_stays_as_it_is(self):
        program = self.tree / "usr/sbin/dkimkey"
        self.assertNotIn("libpq", output("ldd", program))
        with contextlib.closing(Workspace()) as workspace:
            keys = KeyStore(workspace).path
            generate = (program, "generate", "-D", keys, "--selector", "s", "--domain")
            output(*generate, "example.com")
            (keys / ".fleet").write_text('format = 1; fleet = "5e9c9b0e-6c7c-4b53-9d1d-0a1b2c3d4e5f"; host = "mx1"; sequence = 0; '
                                         'contact = "2026-11-24T06:00:00Z";\n')
            (keys / ".fleet").chmod(0o640)
            before = files_below(keys)
            self.assertRegex(output(*generate, "example.net", good=(1,)), r"copy of a fleet's keys.*built without fleets")
            self.assertIn("built without fleets", output(program, "fleet", "status", good=(1,)))
            self.assertEqual(files_below(keys), before)

    def test_the_programs_look_where_debian_has_it(self):
        program = self.tree / "usr/sbin/dkimsignd"
        self.assertRegex(output(program, "--help"), r"\n  /etc/dkimsignd/dkimsignd.conf   the settings.*\n  /etc/dkimsignd/keys/  ")
        settings = output(program, "--config", "/dev/null", "--print-config")
        self.assertIn('\nkey_directory = "/etc/dkimsignd/keys";\n', "\n" + settings)
        self.assertIn('\nsocket = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";\n', "\n" + settings)
        for command, option in (("import", "--config, else /etc/dkimsignd/dkimsignd.conf)"), ("list", "else /etc/dkimsignd/keys)")):
            said = output(self.tree / "usr/sbin/dkimkey", command, "--help")
            self.assertIn(option, " ".join(said.split()))


class ChoiceTest(SourcesCase):
    """What CMake makes of options, without compiling anything."""

    def refusal(self, *options, **environment):
        return self.sources.configure(*options, good=(1,), **environment)

    def flags(self, pattern):
        return [word for word in self.sources.commands()["milter/main.cpp"] if re.search(pattern, word)]

    def test_a_wrong_value_is_refused(self):
        for option, words in (
                ("DKIMSIGND_METRICS=auto", 'DKIMSIGND_METRICS is "auto": it must be AUTO, ON or OFF'),
                ("DKIMSIGND_READ_AHEAD=1", 'DKIMSIGND_READ_AHEAD is "1": it must be AUTO, ON or OFF'),
                ("DKIMSIGND_INSTALL_SYSTEMD=no", 'DKIMSIGND_INSTALL_SYSTEMD is "no": it must be AUTO, ON or OFF'),
                ("DKIMSIGND_POSTFIX_SPOOL=spool", 'DKIMSIGND_POSTFIX_SPOOL is "spool": it must be an absolute path'),
                ("CMAKE_INSTALL_SYSCONFDIR=/a b", 'DKIMSIGND_CONFIG_DIR is "/a b/dkimsignd": it must be an absolute path'),
                ("DKIMSIGND_POSTFIX_GROUP=a b", 'DKIMSIGND_POSTFIX_GROUP is "a b": it must be the name of a group'),
                ("CMAKE_CXX_STANDARD=17", "CMAKE_CXX_STANDARD is 17: it must be 20 or later")):
            self.assertIn(words, self.refusal(f"-D{option}"))

    def test_metrics_that_are_wanted_and_cannot_be_had(self):
        missing, environment = without_prometheus(self.directory / "pkgconfig")
        self.assertIn("DKIMSIGND_METRICS is ON, but neither pkg-config knows prometheus-cpp-core nor CMake prometheus-cpp",
                      self.refusal("-DDKIMSIGND_METRICS=ON", *missing, **environment))

    def test_the_configuration_is_in_etc_or_below_a_prefix_of_ones_own(self):
        for options, directory in (([], "/etc"), (["-DCMAKE_INSTALL_PREFIX=/usr/local"], "/etc"),
                                   (["-DCMAKE_INSTALL_PREFIX=/opt/x"], "/etc/opt/x"),
                                   (["-DCMAKE_INSTALL_PREFIX=/srv/x"], "/srv/x/etc"),
                                   (["-DCMAKE_INSTALL_SYSCONFDIR=/usr/local/etc"], "/usr/local/etc"),
                                   (["-DCMAKE_INSTALL_PREFIX=/opt/x", "-DCMAKE_INSTALL_SYSCONFDIR=/etc"], "/etc")):
            self.assertIn(f"Configuration and keys: {directory}/dkimsignd ", self.sources.configure(*options))

    def test_a_standard_in_the_flags_stays_if_it_is_late_enough(self):
        for flags, standards in (("", ["-std=c++20"]), ("-std=c++17", ["-std=c++17", "-std=c++20"]), ("-std=c++23", ["-std=c++23"]),
                                 ("-std=c++20", ["-std=c++20"])):
            self.sources.configure(cxxflags=flags)
            self.assertEqual(self.flags("^-std="), standards)

    def test_code_that_does_not_depend_on_its_place_is_a_choice(self):
        self.sources.configure()
        self.assertEqual(self.flags("-fPI[CE]"), ["-fPIE"])
        self.sources.configure("-DCMAKE_POSITION_INDEPENDENT_CODE=OFF")
        self.assertEqual(self.flags("-fPI[CE]"), [])

    def test_a_level_of_the_compiler_stays_and_none_becomes_two(self):
        self.sources.configure()
        self.assertEqual(self.sources.predefined("milter/main.cpp")["_FORTIFY_SOURCE"], "2")
        compiler = self.directory / "compiler"
        compiler.write_text('#!/bin/sh\nexec c++ -D_FORTIFY_SOURCE=3 "$@"\n')
        compiler.chmod(0o755)
        self.sources.configure(f"-DCMAKE_CXX_COMPILER={compiler}")
        self.assertEqual(self.sources.predefined("milter/main.cpp")["_FORTIFY_SOURCE"], "3")


if __name__ == "__main__":
    unittest.main()
