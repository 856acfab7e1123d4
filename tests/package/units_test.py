#!/usr/bin/python3
"""Checks the units and the sample configuration as files, without an installation."""

import configparser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from built import PACKAGING, ROOT, run, version

UNITS = PACKAGING / "systemd"
DKIMSIGND = pathlib.Path(os.environ["DKIMSIGND_BUILD_DIR"]) / "milter/dkimsignd"


class UnitsTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        for unit in sorted(UNITS.glob("*.service")) + sorted(UNITS.glob("*.timer")):
            shutil.copy(unit, self.directory)

    def exposure(self, unit, drop_in=None):
        if drop_in:
            place = self.directory / f"{unit}.d"
            place.mkdir()
            shutil.copy(UNITS / drop_in, place)
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", self.directory / unit)
        return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)[1])

    def test_the_daemon_is_exposed_to_next_to_nothing(self):
        self.assertLessEqual(self.exposure("dkimsignd.service"), 1.0)

    def test_with_a_port_it_is_exposed_to_little_more(self):
        self.assertLessEqual(self.exposure("dkimsignd.service", "dkimsignd-inet.conf"), 1.5)

    def test_rotation_is_exposed_to_what_dns_takes(self):
        self.assertLessEqual(self.exposure("dkimkey-rotate.service"), 2.0)

    def test_the_agent_of_a_fleet_is_exposed_to_what_its_database_takes(self):
        self.assertLessEqual(self.exposure("dkimkey-fleet.service"), 2.0)

    def test_the_agent_may_write_only_the_keys_and_its_metrics(self):
        service = self.service("dkimkey-fleet.service")
        self.assertEqual(service["ReadWritePaths"], "/etc/dkimsignd/keys")
        self.assertEqual((service["ProtectSystem"], service["ReadOnlyPaths"]), ("strict", "/run"))
        self.assertIn(f" --metrics ${{RUNTIME_DIRECTORY}}/{service['RuntimeDirectory']}.prom", service["ExecStart"])
        # node_exporter reads it, as another user.
        self.assertEqual(service["RuntimeDirectoryMode"], "0755")

    def test_an_agent_that_fails_comes_back_unless_a_person_has_to_act(self):
        service = self.service("dkimkey-fleet.service")
        self.assertEqual((service["Type"], service.get("NotifyAccess", "main")), ("notify", "main"))
        self.assertEqual((service["Restart"], service["RestartPreventExitStatus"]), ("always", "2"))
        # Whatever the database does, the agent tries again after a pause of half a minute at most, and a statement ends
        # after 25 seconds.
        self.assertGreaterEqual(int(service["WatchdogSec"]), 120)
        self.assertGreater(int(service["TimeoutStartSec"]), 120)

    def test_a_hook_takes_nothing_that_it_does_not_ask_for(self):
        self.assertLessEqual(self.exposure("dkimkey-rotate.service", "dkimkey-rotate-hook.conf"), 2.0)

    def test_mail_by_sendmail_takes_two_capabilities(self):
        self.assertLessEqual(self.exposure("dkimkey-rotate.service", "dkimkey-rotate-sendmail.conf"), 2.5)

    def daemon_service(self):
        return self.service("dkimsignd.service")

    @staticmethod
    def service(name):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read(UNITS / name)
        return unit["Service"]

    def test_the_daemon_may_have_all_its_threads_and_no_more_than_its_share_of_memory(self):
        service = self.daemon_service()
        most = re.search(r"std::clamp\(4 \* [^,]+, 64U, (\d+)U\)", (ROOT / "milter/libmilter/worker_pool.cpp").read_text())[1]
        # Further threads: main, listener, signals, metrics, watchdog. tmpfiles and the sh of a reload count as well.
        self.assertGreaterEqual(int(service["TasksMax"]), int(most) + 16)
        self.assertRegex(service["MemoryHigh"], r"^\d+M$")
        # If the daemon were killed for its memory, it would only start again.
        self.assertNotIn("MemoryMax", service)

    def test_a_daemon_that_does_not_answer_is_started_again(self):
        service = self.daemon_service()
        # The daemon reports answers on the socket of Type=notify, which by default accepts only the main process.
        self.assertEqual((service["Type"], service.get("NotifyAccess", "main")), ("notify", "main"))
        self.assertEqual((service["Restart"], service["WatchdogSignal"]), ("always", "SIGTERM"))
        # A short shortage must pass. After the first question without an answer, half of this time is left.
        self.assertGreaterEqual(int(service["WatchdogSec"]), 60)
        # The daemon gives itself 20 seconds for an answer at its start, and systemd must not end it before.
        self.assertGreater(int(service.get("TimeoutStartSec", "90")), 20)


class TimeoutTest(unittest.TestCase):
    def test_a_run_of_the_timer_that_hangs_is_ended(self):
        """By default, a unit of this type has no time limit, and the timer waits for it."""
        text = (UNITS / "dkimkey-rotate.service").read_text()
        self.assertIn("Type=oneshot\n", text)
        (limit,) = re.findall(r"^TimeoutStartSec=(\S+)$", text, re.MULTILINE)
        said = run("systemd-analyze", "timespan", limit)
        seconds = int(re.search(r"[μu]s: (\d+)", said)[1]) // 1_000_000
        # A large store must be able to finish, and no turn of a key may be missed.
        self.assertGreater(seconds, 3600)
        self.assertLessEqual(seconds, 24 * 3600)


class SampleTest(unittest.TestCase):
    def print_config(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([DKIMSIGND, "--config", file.name, "--print-config"], capture_output=True,
                                  text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_it_names_every_setting_with_its_default(self):
        sample = (PACKAGING / "dkimsignd.conf").read_text()
        # One setting is not the program's default: a person is told by mail.
        told = 'rotation = { every = 180; drain = 7; forget = 30; notify = "root"; };'
        self.assertEqual([line for line in sample.splitlines() if line and not line.startswith("#")], [told])
        sample = sample.replace(told, "#" + told.replace(' notify = "root";', ""))
        settings = re.compile(r"^#(?=[a-z_]+ *=)", re.MULTILINE)
        defaults = self.print_config("")
        names = re.findall(r"^([a-z_]+) = ", defaults, re.MULTILINE)
        self.assertEqual(sorted(re.findall(r"^#([a-z_]+) *=", sample, re.MULTILINE)), sorted(names))
        self.assertEqual(self.print_config(settings.sub("", sample)), defaults)


class ControlTest(unittest.TestCase):
    def test_the_package_is_built_with_what_building_needs(self):
        control = (PACKAGING / "debian/control").read_text()
        field = re.search(r"^Build-Depends:(.*?)^(?=\S|$)", control, re.MULTILINE | re.DOTALL)[1]
        control_names = {re.sub(r"\(.*?\)", "", word).strip() for word in field.split(",")}
        lines = (PACKAGING / "packages-build").read_text().splitlines()
        names = {line.split("#")[0].strip() for line in lines} - {""}
        # Build-Depends need not name build-essential, which has g++. packages-build does not name debhelper.
        self.assertEqual(control_names - {"debhelper-compat", "dh-sequence-installsysusers"}, names - {"g++"})

    def test_the_newest_entry_of_the_changelog_has_the_version_of_the_sources(self):
        said = run("dpkg-parsechangelog", "-l", PACKAGING / "debian/changelog", "-S", "Version").strip()
        self.assertEqual(re.sub(r"-[^-]*$", "", said), version())


if __name__ == "__main__":
    unittest.main()
