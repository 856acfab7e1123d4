#!/usr/bin/python3
"""A server that has Postfix gets the package. The three commands of README.md are enough for its mail to be signed, and
the units keep their promises under a real systemd. The tests tell one story, in the order of their names."""

import re
import shutil
import unittest

from built import CURRENT, package
from dns_world import ZONE
from harness.workspace import wait_for
from machine import isolate, temporary_machine
from mail_host import MailHost

KEYS = "/etc/dkimsignd/keys"

# Its arguments are set or remove, name, type, TTL and value.
HOOK = f"""\
#!/bin/sh
exec >{KEYS}/told 2>&1
cat /proc/self/status
for place in {KEYS} /tmp /etc/dkimsignd /etc /run /run/lock /var/lib /var/spool/postfix/dkimsignd /usr/sbin \\
             /root; do
    touch $place/probe && rm $place/probe && echo "wrote $place"
done
exit 0
"""


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = temporary_machine(cls)
        cls.machine.boot()
        cls.host = MailHost(cls, cls.machine)
        cls.host.install_postfix()
        cls.machine.install(cls.machine.put(package(CURRENT)))
        cls.generated = cls.host.three_commands()

    def rotate(self):
        self.machine.run("systemctl", "start", "dkimkey-rotate.service")
        self.assertEqual(self.machine.property("dkimkey-rotate", "Result"), "success")
        return int(self.machine.property("dkimkey-rotate", "ExecMainStatus"))

    def status(self, pid):
        text = self.machine.run("cat", f"/proc/{pid}/status")
        return dict(re.findall(r"^(\w+):\t(.*)", text, re.MULTILINE))

    def mails_of_root(self, count):
        """Returns the mails in root's mailbox, once there are so many."""
        mailbox = self.machine.root / "var/mail/root"

        def mails():
            text = mailbox.read_text() if mailbox.exists() else ""
            # Each mail ends with an empty line, also the one that is being written.
            return re.split(r"^From (?=root@)", text, flags=re.MULTILINE)[1:] if text.endswith("\n\n") else []

        wait_for(lambda: len(mails()) >= count, "mail to root")
        self.assertEqual(len(mails()), count)
        return mails()

    def assert_signed_by(self, *selectors):
        recipients = [self.host.by_smtp(), self.host.by_sendmail()]
        for recipient, raw in self.host.arrived(recipients).items():
            self.assertEqual(self.host.signers(raw), list(selectors), recipient)

    def test_1_what_is_there(self):
        for unit in ("dkimsignd.service", "dkimkey-rotate.timer"):
            self.assertEqual(self.machine.active(unit), "active")
            self.assertEqual(self.machine.run("systemctl", "is-enabled", unit).strip(), "enabled")
        # Most machines are in no fleet.
        self.assertEqual(self.machine.active("dkimkey-fleet.service"), "inactive")
        self.assertEqual(self.machine.run("systemctl", "is-enabled", "dkimkey-fleet.service",
                                          good=(1,)).strip(), "disabled")
        owners = {
            "/etc/dkimsignd": "root:dkimsignd 750",
            "/etc/dkimsignd/dkimsignd.conf": "root:root 644",
            KEYS: "root:dkimsignd 750",
            f"{KEYS}/{ZONE}": "root:dkimsignd 750",
            f"{KEYS}/{ZONE}/keys.conf": "root:dkimsignd 640",
            f"{KEYS}/{ZONE}/server.private": "root:dkimsignd 640",
            "/var/spool/postfix/dkimsignd": "dkimsignd:postfix 2710",
            "/var/spool/postfix/dkimsignd/dkimsignd.sock": "dkimsignd:postfix 660",
            "/run/dkimsignd": "dkimsignd:dkimsignd 755",
        }
        self.assertEqual({path: self.machine.owner(path) for path in owners}, owners)
        account = self.machine.run("getent", "passwd", "dkimsignd").strip().split(":")
        self.assertEqual(account[4:], ["DKIM signing milter", "/", "/usr/sbin/nologin"])
        self.assertLess(int(account[2]), 1000)
        self.assertEqual(self.machine.run("dkimsignd", "--check"), "no problem found\n")
        self.assertIn("dkimsignd.service", self.machine.property(self.host.postfix_unit(), "After").split())
        self.assertEqual(self.machine.run("systemd-analyze", "verify", "--man=no", "dkimsignd.service",
                                          "dkimkey-rotate.service", "dkimkey-rotate.timer",
                                          "dkimkey-fleet.service"), "")

    def test_2_a_new_key_waits_for_its_record(self):
        self.assertIn(f"server._domainkey.{ZONE}", self.generated)
        waiting = 3
        self.assertEqual(self.rotate(), waiting)
        self.assertEqual(self.machine.active("dkimkey-rotate.service"), "inactive")
        self.assert_signed_by()
        # The package's configuration has root told by mail, which the unit's sandbox lets through.
        (told,) = self.mails_of_root(1)
        self.assertIn(f"Subject: DKIM: something to do for {ZONE}\n", told)
        self.assertIn(self.machine.run("dkimkey", "show", "--selector", "server", "--format", "zone"), told)
        # Once.
        self.assertEqual(self.rotate(), waiting)

    def test_3_with_the_record_in_dns_the_timer_s_service_makes_it_sign(self):
        self.host.publish("server")
        self.rotate()
        self.assert_signed_by("server")
        self.assertEqual(self.machine.owner(f"{KEYS}/{ZONE}/keys.conf"), "root:dkimsignd 640")
        _, told = self.mails_of_root(2)
        self.assertIn(f"Subject: DKIM: done for {ZONE}\n", told)
        self.assertIn("mail is signed with it now", told)
        # The mailbox has a line of its own before each message, and other line ends than SMTP.
        raw = told.split("\n", 1)[1].replace("\n", "\r\n").encode()
        self.assertEqual(self.host.signers(raw), ["server"])

    def test_4_the_daemon_is_confined(self):
        pid = self.host.daemon()
        status = self.status(pid)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        user = self.machine.run("id", "-u", "dkimsignd").strip()
        self.assertEqual(status["Uid"].split(), [user] * 4)
        self.assertEqual(status["Groups"].split(), [self.machine.run("id", "-g", "dkimsignd").strip()])
        self.assertRegex(self.machine.run("cat", f"/proc/{pid}/limits"), r"Max core file size +0 +0 ")
        # It has its own network, with only a loopback interface, which is down.
        network = self.machine.run("cat", f"/proc/{pid}/net/dev").splitlines()[2:]
        self.assertEqual([line.split(":")[0].strip() for line in network], ["lo"])
        self.assertNotEqual(self.machine.run("readlink", f"/proc/{pid}/ns/net"),
                            self.machine.run("readlink", "/proc/1/ns/net"))
        # In its place, even root can write only where the daemon may write.
        closed = (KEYS, "/var/lib", "/run", "/var/spool/postfix/public", "/etc/dkimsignd")
        for path in (*closed, "/var/spool/postfix/dkimsignd", "/run/dkimsignd"):
            done = self.machine.run("nsenter", f"--target={pid}", "--mount", "--", "sh", "-c",
                                    f"touch {path}/probe && rm {path}/probe", good=(0, 1))
            refused = f"touch: cannot touch '{path}/probe': Read-only file system\n"
            self.assertEqual(done, refused if path in closed else "")

    def test_5_reload(self):
        pid = self.host.daemon()
        before = self.host.log().count("configuration reloaded")
        self.machine.run("systemctl", "reload", "dkimsignd")
        wait_for(lambda: self.host.log().count("configuration reloaded") > before, "the reload")
        self.assertEqual(self.host.daemon(), pid)

    def test_6_metrics(self):
        configuration = self.machine.root / "etc/dkimsignd/dkimsignd.conf"
        setting = 'metrics_file = "/run/dkimsignd/dkimsignd.prom";\n'
        configuration.write_text(configuration.read_text() + setting)
        self.machine.run("systemctl", "restart", "dkimsignd")
        self.assert_signed_by("server")
        show = "if test -e /run/dkimsignd/dkimsignd.prom; then cat /run/dkimsignd/dkimsignd.prom; fi"
        text = wait_for(lambda: self.machine.run("sh", "-c", show), "the file")
        self.assertIn("dkimsignd_build_info", text)
        # node_exporter reads the file as another user.
        self.assertEqual(self.machine.owner("/run/dkimsignd/dkimsignd.prom"), "dkimsignd:dkimsignd 644")

    def test_7_killed_it_comes_back_without_a_limit_of_starts(self):
        # systemd's usual limit is five starts in ten seconds.
        for _ in range(7):
            pid = self.host.daemon()
            self.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "dkimsignd")
            wait_for(lambda pid=pid: self.host.daemon() not in (0, pid), "another dkimsignd")
            wait_for(lambda: self.machine.active("dkimsignd") == "active", "dkimsignd to be ready")
        self.assert_signed_by("server")

    def test_7_without_its_socket_it_is_started_again(self):
        # The unit's own interval is two minutes.
        drop_in = self.machine.root / "etc/systemd/system/dkimsignd.service.d/watchdog.conf"
        drop_in.parent.mkdir()
        drop_in.write_text("[Service]\nWatchdogSec=12\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "dkimsignd")
        pid = self.host.daemon()
        fed = "WatchdogTimestampMonotonic"
        for _ in range(2):
            before = self.machine.property("dkimsignd", fed)
            wait_for(lambda before=before: self.machine.property("dkimsignd", fed) != before, "the watchdog to be fed")
        self.assertEqual(self.host.daemon(), pid)
        self.machine.run("rm", "/var/spool/postfix/dkimsignd/dkimsignd.sock")
        wait_for(lambda: self.host.daemon() not in (0, pid), "another dkimsignd")
        wait_for(lambda: self.machine.active("dkimsignd") == "active", "dkimsignd to be ready")
        self.assertIn("the watchdog waits for one: No such file or directory", self.host.log())
        self.assert_signed_by("server")
        shutil.rmtree(drop_in.parent)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "dkimsignd")

    def test_8_the_timer_s_service_makes_new_keys_and_can_do_nothing_else(self):
        # The service publishes by a hook, which reports what it can see and do from inside.
        hook = self.machine.root / "usr/local/sbin/hook"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        configuration = self.machine.root / "etc/dkimsignd/dkimsignd.conf"
        configuration.write_text('publish = { method = "hook"; program = "/usr/local/sbin/hook"; };\n')
        # Makes the key older than `every`.
        manifest = self.machine.root / f"etc/dkimsignd/keys/{ZONE}/keys.conf"
        manifest.write_text(re.sub(r'"20\d\d-', '"2020-', manifest.read_text()))
        waiting = 3
        self.assertEqual(self.rotate(), waiting)
        keys = sorted(p.name for p in manifest.parent.glob("*.private"))
        self.assertEqual(len(keys), 2, keys)
        for name in keys:
            self.assertEqual(self.machine.owner(f"{KEYS}/{ZONE}/{name}"), "root:dkimsignd 640")
        self.assert_signed_by("server")

        told = (self.machine.root / "etc/dkimsignd/keys/told").read_text()
        status = dict(re.findall(r"^(\w+):\t(.*)", told, re.MULTILINE))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        # sendmail(1) needs its set-group-ID bit; with no capability in CapBnd, nobody can gain one.
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("0", "2"))
        self.assertEqual(re.findall("^wrote (.*)", told, re.MULTILINE), [KEYS, "/tmp"])

    def test_8_what_a_hook_may_ask_for(self):
        sample = self.machine.run("cat", "/usr/share/doc/dkimsignd/examples/dkimkey-rotate-hook.conf")
        place = self.machine.root / "etc/systemd/system/dkimkey-rotate.service.d"
        place.mkdir()
        self.addCleanup(shutil.rmtree, place)
        # Turns on all settings except for those that name files that do not exist here.
        settings = re.sub(r"^#(?=[A-Z]\w+=)(?!LoadCredential|ReadWritePaths)", "", sample, flags=re.MULTILINE)
        (place / "hook.conf").write_text(
            settings + "ExecStart=\nExecStart=su -s /bin/sh nobody -c id\n"
                       "ExecStart=touch /var/lib/dkimkey-hook/probe\n")
        self.machine.run("systemctl", "daemon-reload")
        self.assertEqual(self.rotate(), 0)
        self.machine.run("journalctl", "--sync")
        said = self.machine.run("journalctl", "--no-pager", "--output=cat", "--unit=dkimkey-rotate")
        self.assertIn("(nobody)", said)
        self.assertTrue(self.machine.exists("/var/lib/dkimkey-hook/probe"))

    def test_9_with_a_port_and_the_drop_in_for_it(self):
        self.machine.run("mkdir", "-p", "/etc/systemd/system/dkimsignd.service.d")
        self.machine.run("cp", "/usr/share/doc/dkimsignd/examples/dkimsignd-inet.conf",
                         "/etc/systemd/system/dkimsignd.service.d/inet.conf")
        configuration = self.machine.root / "etc/dkimsignd/dkimsignd.conf"
        configuration.write_text('socket = "inet:8891@127.0.0.1";\n')
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "restart", "dkimsignd")
        address = "inet:127.0.0.1:8891"
        self.machine.run("postconf", "-e", f"smtpd_milters={address}", f"non_smtpd_milters={address}")
        # After a reload, an smtpd with the old settings may still take one connection.
        self.machine.run("systemctl", "restart", "postfix")
        self.assert_signed_by("server")


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
