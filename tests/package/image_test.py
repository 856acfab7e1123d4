#!/usr/bin/python3
"""An ordinary user runs the image with podman. A message through a Postfix outside the container arrives signed, keys are
made and rotated in it, and it stops without losing a message.

The commands are those of dkimsignd-container(7).
"""

import json
import os
import pathlib
import re
import signal
import unittest

from built import run
from container_mail import UNUSED, OutsideMail, page_command
from containers import ACCOUNT, ARCHIVES, HOST_ADDRESS, NUMBER, SUBORDINATE, ContainerHost
from dns_world import ZONE
from harness.workspace import Workspace, wait_for
from machine import isolate
from mail_host import Senders

# The user in the image, as the host sees it.
OUTSIDE = SUBORDINATE + ACCOUNT - 1
LOOKS_UP = f"--dns={HOST_ADDRESS} --dns-search=. "


class ContainerTest(unittest.TestCase):
    """The tests tell one story, in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.host = ContainerHost(cls.workspace)
        cls.host.skip_without_podman()
        cls.mail = OutsideMail(cls.workspace, cls.host)
        cls.mail.start_postfix(cls.workspace, "inet:127.0.0.1:8891")

    def start(self, *replacements):
        """Runs the page's command that starts the container, which can look up names in the test's DNS."""
        command = page_command("podman run --detach").replace("--detach", f"--detach {LOOKS_UP}")
        for old, new in replacements:
            self.assertIn(old, command)
            command = command.replace(old, new)
        before = self.log().count(" listens on ") if self.exists() else 0
        self.host.run(command)
        self.wait_for_log(" listens on ", before + 1)

    def exists(self):
        return self.host.attempt("podman container exists dkimsignd")[0] == 0

    def log(self):
        """Returns what the container has written to standard output."""
        status, out, err = self.host.attempt(page_command("podman logs"))
        self.assertEqual((status, err), (0, ""), "everything belongs on standard output")
        return out

    def wait_for_log(self, text, times=1):
        wait_for(lambda: self.log().count(text) >= times, f"{text!r} in the log", alive=self.runs)

    def runs(self):
        return self.host.inspect("dkimsignd")["State"]["Running"]

    def main_process(self):
        return self.host.inspect("dkimsignd")["State"]["Pid"]

    def status_of(self, process):
        return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines())

    def dkimkey(self, words, good=(0,)):
        return self.host.run(f"podman exec --user root dkimsignd dkimkey {words}", good=good)

    def edit(self, change):
        """Changes the settings, as the page says, by an editor that replaces the file."""
        self.host.run(page_command("editor ").replace("editor", f"sed -i '{change}'", 1))

    @staticmethod
    def metrics(volume):
        file = volume / "dkimsignd.prom"
        return file.read_text() if file.exists() else ""

    def states(self):
        listed = json.loads(self.dkimkey(f"list --domain {ZONE} --json"))
        return {key["selector"]: key["state"] for key in listed}

    def assert_signed(self, recipients, selectors):
        for recipient, raw in self.mail.arrived(recipients).items():
            self.assertEqual(self.mail.signers(raw), selectors, recipient)

    def test_01_it_runs_one_process_without_root_and_without_any_capability(self):
        load = page_command("podman load --input build-image/dkimsignd_")
        self.assertIn(run("dpkg", "--print-architecture").strip(), load)
        self.host.load(ARCHIVES["oci"])
        self.start()
        process = self.main_process()
        status = self.status_of(process)
        self.assertEqual(status["NSpid"].split()[-1], "1")
        self.assertEqual(status["Uid"].split(), [str(OUTSIDE)] * 4)
        self.assertEqual(status["Gid"].split(), [str(OUTSIDE)] * 4)
        self.assertEqual(status["Groups"].split(), [str(OUTSIDE)])
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(pathlib.Path(f"/proc/{process}/task/{process}/children").read_text(), "")
        root = next(line.split() for line in pathlib.Path(f"/proc/{process}/mountinfo").read_text().splitlines()
                    if line.split()[4] == "/")
        self.assertIn("ro", root[5].split(","))
        self.assertEqual(self.host.run(page_command("podman exec dkimsignd dkimsignd --check")), "no problem found\n")

    def test_02_a_message_through_a_postfix_outside_arrives_signed(self):
        self.host.run(page_command("podman exec --user root dkimsignd dkimkey generate"))
        self.mail.publish("server")
        self.assert_signed([self.mail.by_smtp()], [])
        self.host.run(page_command("podman exec --user root dkimsignd dkimkey activate"))
        self.assert_signed([self.mail.by_smtp(), self.mail.by_sendmail()], ["server"])
        wait_for(lambda: re.search(rf"dkimsignd: \w+: signed d={ZONE} s=server ", self.log()), "the line of a signature",
                 alive=self.runs)

    def test_03_root_owns_the_keys_and_the_daemon_cannot_write_them(self):
        listing = self.host.run(page_command("podman unshare ls -lnR"))
        self.assertRegex(listing, rf"-rw-r----- 1 0 {ACCOUNT} .* server\.private\n")
        refused = self.host.run(f"podman exec dkimsignd dkimkey generate --domain {ZONE} --selector own", good=(1,))
        self.assertIn("Permission denied", refused)
        for words in (f"list --domain {ZONE}", f"show --domain {ZONE} --selector server", f"check --domain {ZONE}",
                      f"explain alerts@{ZONE}"):
            self.host.run(f"podman exec dkimsignd dkimkey {words}")
        examined = self.host.run(f"podman exec dkimsignd dkimkey doctor --domain {ZONE}", good=(0, 1))
        self.assertIn("unknown  postfix: ", examined)
        self.assertIn("good     socket (inet:8891@0.0.0.0): a milter listens there\n", examined)
        # On the host, they are the person's.
        volume = pathlib.Path(self.host.run("podman volume inspect --format '{{.Mountpoint}}' dkimsignd").strip())
        owned = os.stat(volume / "keys" / ZONE / "server.private")
        self.assertEqual((owned.st_uid, owned.st_gid), (NUMBER, OUTSIDE))

    def test_04_a_rotation_in_it_replaces_the_key(self):
        rotate = page_command("podman exec --user root dkimsignd dkimkey rotate")
        self.assertEqual(self.states(), {"server": "active"})
        # Nothing is due; without --due, a turn begins at once and waits for the person who publishes the record.
        self.host.run(rotate)
        self.host.run(rotate.replace(" --due", ""), good=(3,))
        successor = next(selector for selector, state in self.states().items() if state == "pending")
        self.assert_signed([self.mail.by_smtp()], ["server"])
        self.mail.publish(successor)

        def replaced():
            self.host.run(rotate, good=(0, 3))
            return self.states() == {"server": "retiring", successor: "active"}

        wait_for(replaced, "the successor to become active")
        # Without a reload.
        self.assert_signed([self.mail.by_smtp(), self.mail.by_sendmail()], [successor])
        type(self).selector = successor

    def test_05_it_reads_changed_settings(self):
        reload = page_command("podman kill --signal=USR1")
        self.edit("$a expiration = 600000;")
        self.host.run(page_command("podman exec dkimsignd dkimsignd --check"))
        self.host.run(reload)
        self.wait_for_log("configuration reloaded")
        raw = self.mail.arrived([recipient := self.mail.by_smtp()])[recipient]
        self.assertRegex(raw, rb"\bx=\d+")
        self.edit("$a unknown = 1;")
        said = self.host.run(page_command("podman exec dkimsignd dkimsignd --check"), good=(1,))
        self.assertIn("unknown", said)
        self.host.run(reload)
        self.wait_for_log("configuration not reloaded")
        self.assert_signed([self.mail.by_smtp()], [self.selector])
        self.edit("/^unknown/d")

    def test_06_it_says_whether_it_is_healthy(self):
        probe = page_command("podman exec dkimsignd dkimsignd --probe")
        self.assertEqual(self.host.run(probe), "the daemon on inet:8891@0.0.0.0 answers\n")
        process = self.main_process()
        os.kill(process, signal.SIGSTOP)
        try:
            status, _, said = self.host.attempt(probe)
        finally:
            os.kill(process, signal.SIGCONT)
        self.assertEqual(status, 1)
        self.assertIn("dkimsignd: no answer on inet:8891@0.0.0.0: no answer in time", said)
        self.host.run(probe)

    def test_07_stopped_and_started_in_a_stream_of_mail_it_loses_nothing(self):
        senders = Senders(self.mail)
        try:
            senders.wait_for_more(30)
            self.host.run(page_command("podman stop"))
            state = self.host.inspect("dkimsignd")["State"]
            self.assertEqual((state["Running"], state["ExitCode"]), (False, 0))
            log = self.log().splitlines()
            self.host.run(page_command("podman start"))
            senders.wait_for_more(30)
        finally:
            accepted = senders.stop()
        # A message that came in the last moment may be deferred after this line.
        self.assertIn("dkimsignd: stopped", log)
        # Postfix looks again at mail that was refused and is still in maildrop when the next mail comes.
        accepted.append(self.mail.by_sendmail())
        self.assert_signed(accepted, [self.selector])
        self.assertEqual([recipient for recipient in accepted if self.mail.sink.copies(recipient) != 1], [])

    def test_08_a_new_container_on_the_same_volume_goes_on(self):
        self.host.run(f"{page_command('podman stop')} && {page_command('podman rm')}")
        self.host.load(ARCHIVES["docker"])
        self.start(("--volume", "--volume metrics:/run/dkimsignd --volume"))
        self.assert_signed([self.mail.by_smtp()], [self.selector])
        # Now with the health check of Docker's format.
        self.assertEqual(self.host.inspect("dkimsignd")["Config"]["Healthcheck"]["Test"], ["CMD", "dkimsignd", "--probe"])
        self.host.run("podman healthcheck run dkimsignd")

        # A volume for metrics belongs to the daemon.
        self.edit('$a metrics_file = "/run/dkimsignd/dkimsignd.prom";')
        self.host.run(page_command("podman kill --signal=USR1"))
        volume = pathlib.Path(self.host.run("podman volume inspect --format '{{.Mountpoint}}' metrics").strip())
        wait_for(lambda: "dkimsignd_signatures_total" in self.metrics(volume), "metrics in the volume")
        self.edit("/^metrics_file/d")

    def test_09_postfix_may_reach_it_by_a_shared_socket(self):
        self.edit(f"s|^socket = .*|{page_command('socket = ')}|")
        self.host.run(f"{page_command('podman stop')} && {page_command('podman rm')}")
        self.host.load(ARCHIVES["oci"])
        directory = self.mail.postfix.queue / "dkimsignd"
        make = page_command("install -d -o 108890").replace("/var/spool/postfix/dkimsignd", str(directory))
        run("bash", "-c", make.replace("108890", str(OUTSIDE)))
        volume = page_command("--volume /var/spool").replace("/var/spool/postfix/dkimsignd", str(directory))
        health = page_command("--health-cmd")
        self.start(("--publish 127.0.0.1:8891:8891", f"{volume} {health}"))
        self.host.run("podman healthcheck run dkimsignd")
        self.assertEqual(run("stat", "--format=%u %G %a", directory / "dkimsignd.sock").strip(), f"{OUTSIDE} postfix 660")
        socket = "unix:dkimsignd/dkimsignd.sock"
        self.mail.postfix.change(smtpd_milters=socket, non_smtpd_milters=socket)
        # A reload lets processes of Postfix go on for a while with the old settings.
        self.mail.postfix.stop()
        self.mail.postfix.start(self.workspace)
        self.assert_signed([self.mail.by_smtp(), self.mail.by_sendmail()], [self.selector])

    def test_10_no_other_command_stands_on_the_page(self):
        elsewhere = ("sudo packaging/image/build", "postconf -e ", "postfix reload",
                     # package.image_compose runs these.
                     "podman load --input build-image/dkimsignd-postfix.tar", "export ", "podman-compose ",
                     # These need a service manager.
                     "loginctl ", "systemctl --user ")
        self.assertEqual([line for line in UNUSED if not line.startswith(elsewhere)], [])


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
