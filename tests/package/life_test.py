#!/usr/bin/python3
"""The package is installed before Postfix, upgraded while mail flows, removed and purged; also without systemd running."""

import os
import re
import unittest

from built import CURRENT, PREVIOUS, package, run
from dns_world import ZONE
from machine import isolate, temporary_machine
from mail_host import MailHost, Senders

CONFIGURATION = "/etc/dkimsignd"
KEYS = f"{CONFIGURATION}/keys"
SOCKET_DIRECTORY = "/var/spool/postfix/dkimsignd"
OWNERS = {
    CONFIGURATION: "root:dkimsignd 750",
    KEYS: "root:dkimsignd 750",
    SOCKET_DIRECTORY: "dkimsignd:postfix 2710",
}


class LifeTest(unittest.TestCase):
    """The tests tell one story, in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.machine = temporary_machine(cls)
        cls.machine.boot()
        cls.host = MailHost(cls, cls.machine)

    def assert_signed(self, recipients):
        for recipient, raw in self.host.arrived(recipients).items():
            self.assertEqual(self.host.signers(raw), ["server"], recipient)

    def start_agent(self):
        """Makes the key directory the copy of a fleet whose database is away; returns the agent's process."""
        (self.machine.root / "etc/dkimsignd/fleet.conf").write_text(
            'connection = "host=127.0.0.1 dbname=none user=none sslmode=disable";\n'
            'sealing_key_file = "/etc/dkimsignd/sealing.key";\n')
        self.machine.run("chmod", "0640", "/etc/dkimsignd/fleet.conf")
        for name, text in ((".fleet", 'fleet = "5e9c9b0e-6c7c-4b53-9d1d-0a1b2c3d4e5f"; host = "mx1"; sequence = 0; '
                                      'contact = "2026-11-24T06:00:00Z";'), (".lease", 'end = "2099-01-01T00:00:00Z";')):
            (self.machine.root / KEYS.lstrip("/") / name).write_text(f"format = 1; {text}\n")
            self.machine.run("chown", "root:dkimsignd", f"{KEYS}/{name}")
            self.machine.run("chmod", "0640", f"{KEYS}/{name}")
        self.machine.run("systemctl", "start", "dkimkey-fleet")
        return self.machine.property("dkimkey-fleet", "MainPID")

    def end_fleet(self):
        for path in (f"{KEYS}/.fleet", f"{KEYS}/.lease", "/etc/dkimsignd/fleet.conf"):
            self.machine.run("rm", path)

    def test_1_it_may_be_there_before_postfix(self):
        self.machine.install(self.machine.put(package(PREVIOUS)))
        self.assertEqual(self.machine.active("dkimsignd"), "active")
        self.host.install_postfix()
        self.host.three_commands()
        self.host.publish("server")
        self.machine.run("dkimkey", "activate")
        self.assert_signed([self.host.by_smtp(), self.host.by_sendmail()])
        self.assertEqual(self.machine.run("id", "-gn", "postfix").strip(), "postfix")
        self.assertEqual(self.machine.run("postfix", "check"), "")
        self.assertEqual({path: self.machine.owner(path) for path in OWNERS}, OWNERS)

    def test_2_an_upgrade_loses_no_message_and_lets_none_out_unsigned(self):
        configuration = self.machine.root / "etc/dkimsignd/dkimsignd.conf"
        ours = configuration.read_text() + 'log_level = "debug";\n'
        configuration.write_text(ours)
        before = self.host.daemon()
        agent = self.start_agent()
        senders = Senders(self.host)
        try:
            senders.wait_for_more(30)
            self.machine.install(self.machine.put(package(CURRENT)))
            senders.wait_for_more(30)
        finally:
            accepted = senders.stop()
        # Postfix looks again at mail that was refused and is still in maildrop when the next mail comes.
        accepted.append(self.host.by_sendmail())
        self.assert_signed(accepted)
        self.assertEqual([r for r in accepted if self.host.sink.copies(r) != 1], [])

        self.assertNotEqual(self.host.daemon(), before)
        started = [line for line in self.host.log().splitlines() if " listens on " in line]
        self.assertEqual([line.split()[1] for line in started],
                         [version.split("-")[0] for version in (PREVIOUS, CURRENT)])
        self.assertEqual(configuration.read_text(), ours)
        self.assertEqual(self.machine.active("dkimkey-rotate.timer"), "active")
        # Without its agent a machine of a fleet would stop signing one day.
        self.assertEqual(self.machine.active("dkimkey-fleet"), "active")
        self.assertNotEqual(self.machine.property("dkimkey-fleet", "MainPID"), agent)

    def test_3_removed_it_leaves_configuration_and_keys(self):
        self.machine.run("apt-get", "-q", "-y", "remove", "dkimsignd")
        for path in (f"{CONFIGURATION}/dkimsignd.conf", f"{KEYS}/{ZONE}/server.private"):
            self.assertTrue(self.machine.exists(path), path)
        self.assertFalse(self.machine.exists(SOCKET_DIRECTORY))
        self.assertFalse(self.machine.exists("/usr/sbin/dkimsignd"))
        self.assertEqual(self.machine.active("dkimsignd"), "inactive")
        self.assertEqual(self.machine.active("dkimkey-rotate.timer"), "inactive")
        self.assertIn(self.machine.active("dkimkey-fleet"), ("inactive", "failed"))
        self.end_fleet()
        # No mail goes out unsigned: Postfix keeps it.
        kept = self.host.by_sendmail()
        # After an installation everything is as before, and the kept mail is signed.
        self.machine.install(self.machine.put(package(CURRENT)))
        self.assertEqual({path: self.machine.owner(path) for path in OWNERS}, OWNERS)
        self.assert_signed([kept, self.host.by_sendmail(), self.host.by_smtp()])

    def test_4_postfix_may_be_purged_and_come_back_and_the_keys_may_be_elsewhere(self):
        place, elsewhere = self.machine.root / KEYS.lstrip("/"), self.machine.root / "srv/moved"
        place.rename(elsewhere)
        place.symlink_to("/srv/moved")
        # Our socket is removed with Postfix's spool. The daemon does not notice, and the test does nothing about it.
        self.machine.run("apt-get", "-q", "-y", "purge", "postfix")
        self.host.install_postfix()
        self.host.tell_postfix()
        self.assertEqual(self.machine.owner(SOCKET_DIRECTORY), OWNERS[SOCKET_DIRECTORY])
        self.assert_signed([self.host.by_smtp(), self.host.by_sendmail()])
        place.unlink()
        elsewhere.rename(place)

    def test_5_purged_it_takes_the_keys_and_says_so(self):
        elsewhere = self.machine.root / "srv/keys/other.example"
        elsewhere.mkdir(parents=True)
        (elsewhere / "theirs.private").write_text("a key\n")
        inside = self.machine.root / KEYS.lstrip("/")
        os.symlink("/srv/keys/other.example", inside / "linked.example")
        os.symlink("/srv/keys/other.example/theirs.private", inside / ZONE / "linked.private")
        self.machine.run("dkimkey", "generate", "--domain", "second.example", "--selector", "s",
                         "--algorithm", "both")
        (self.machine.root / "etc/dkimsignd/tsig.key").write_text("a secret\n")
        (self.machine.root / "etc/dkimsignd/sealing.key").write_text("a secret\n")
        (inside / "x\x1b[2J\ny").mkdir()
        self.machine.run("test", "-d", "/run/dkimsignd")

        said = self.machine.run("apt-get", "-q", "-y", "purge", "dkimsignd")
        ours = [line for line in said.splitlines() if line.startswith("dkimsignd: ")]
        self.assertEqual(ours, [
            f"dkimsignd: removing 1 private key of {ZONE}",
            "dkimsignd: removing 2 private keys of second.example",
            "dkimsignd: removing 0 private keys of x?[2J?y",
            f"dkimsignd: removed {KEYS}; the records of these keys are still in DNS",
            f"dkimsignd: {CONFIGURATION}/sealing.key stays: with the fleet's database it opens all keys; keep a copy in a safe "
            "place if this is the last machine, and destroy it here",
            f"dkimsignd: {CONFIGURATION} stays, because it has files that are not the package's",
            "dkimsignd: the user and the group dkimsignd stay",
        ])
        self.assertEqual(sorted(os.listdir(self.machine.root / "etc/dkimsignd")), ["sealing.key", "tsig.key"])
        self.assertEqual((elsewhere / "theirs.private").read_text(), "a key\n")
        self.assertFalse(self.machine.exists(SOCKET_DIRECTORY))
        # The last metrics would raise an alert forever.
        self.machine.run("test", "!", "-e", "/run/dkimsignd")
        self.assertTrue(self.machine.exists("/var/spool/postfix/public"))
        self.machine.run("getent", "passwd", "dkimsignd")
        units = self.machine.run("systemctl", "list-unit-files", "--no-legend", "dkim*", good=(0, 1))
        self.assertEqual(units, "")


class WithoutSystemdTest(unittest.TestCase):
    """systemd is installed but does not run, as while an image is made."""

    @classmethod
    def setUpClass(cls):
        cls.machine = temporary_machine(cls)
        run("mount", "-t", "proc", "proc", cls.machine.root / "proc")
        cls.addClassCleanup(run, "umount", cls.machine.root / "proc")

    def test_1_installed(self):
        self.machine.install(self.machine.put(package(CURRENT)))
        self.assertEqual({path: self.machine.owner(path) for path in OWNERS}, OWNERS)
        self.machine.run("dkimkey", "generate", "--domain", ZONE, "--selector", "server")
        self.assertEqual(self.machine.owner(f"{KEYS}/{ZONE}/server.private"), "root:dkimsignd 640")
        for unit in ("multi-user.target.wants/dkimsignd.service",
                     "timers.target.wants/dkimkey-rotate.timer"):
            self.assertTrue(self.machine.exists(f"/etc/systemd/system/{unit}"), unit)
        self.assertFalse(self.machine.exists("/etc/systemd/system/multi-user.target.wants/dkimkey-fleet.service"))

    def test_2_a_key_directory_that_is_a_link_is_not_purged(self):
        place = self.machine.root / "etc/dkimsignd/keys"
        kept = self.machine.root / "srv/keys"
        place.rename(kept)
        place.symlink_to("/srv/keys")
        said = self.machine.run("apt-get", "-q", "-y", "purge", "dkimsignd")
        self.assertIn(f"dkimsignd: {KEYS} is reached through a symbolic link: its target is not removed\n",
                      said)
        self.assertTrue((kept / ZONE / "server.private").exists())

    def test_3_without_postfix_nothing_is_left_of_its_spool(self):
        self.assertFalse(self.machine.exists("/var/spool/postfix"))

    def test_4_what_hides_the_package_is_named_and_keys_on_a_file_system_of_their_own_are_purged(self):
        place = self.machine.root / KEYS.lstrip("/")
        place.unlink()
        by_hand = ("/usr/local/sbin/dkimsignd", "/usr/local/lib/systemd/system/dkimsignd.service")
        for path in by_hand:
            file = self.machine.root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#!/bin/sh\n")
        said = self.machine.install(self.machine.put(package(CURRENT)))
        hiding = re.findall(r"^dkimsignd: (\S+) overrides the package's", said, re.MULTILINE)
        self.assertEqual(sorted(hiding), sorted(by_hand))
        run("mount", "-t", "tmpfs", "tmpfs", place)
        try:
            (place / ZONE).mkdir()
            (place / ZONE / "server.private").write_text("a key\n")
            said = self.machine.run("apt-get", "-q", "-y", "purge", "dkimsignd")
            self.assertEqual(os.listdir(place), [])
        finally:
            run("umount", place)
        self.assertIn(f"dkimsignd: could not remove all of {KEYS}: see what is left there\n", said)


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
