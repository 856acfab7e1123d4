#!/usr/bin/python3
"""An ordinary user starts packaging/image/compose.yaml with podman-compose, as dkimsignd-container(7) says: mail submitted to
the Postfix beside dkimsignd comes out signed, and waits while dkimsignd is away."""

import re
import shutil
import unittest

from built import PACKAGING, PLACE, run
from container_mail import OutsideMail, page_command
from containers import ARCHIVES, HOST_ADDRESS, ContainerHost
from dns_world import ZONE
from harness.workspace import Workspace, wait_for
from machine import isolate

POSTFIX = PLACE / "image-postfix.tar"
PORT = 2525


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.host = ContainerHost(cls.workspace)
        cls.host.skip_without_podman()
        cls.mail = OutsideMail(cls.workspace, cls.host)
        cls.mail.port = PORT
        cls.host.load(ARCHIVES["oci"])
        cls.host.load(POSTFIX)
        # Where the page has the sources.
        place = cls.host.home / "packaging/image"
        place.mkdir(parents=True)
        shutil.copy(PACKAGING / "image/compose.yaml", place)
        relay = f"export RELAYHOST='[{HOST_ADDRESS}]:{cls.mail.sink.port}'"
        cls.compose = f"{page_command('export DKIMSIGND_VERSION=')}; {relay}; "
        said = cls.host.attempt(cls.compose + page_command("podman-compose --file"))
        # podman-compose ends with 0 although a container did not start.
        stopped = [name for name in ("dkimsignd", "dkimsignd-postfix") if not cls.host.inspect(name)["State"]["Running"]]
        if said[0] != 0 or stopped:
            raise AssertionError(f"podman-compose started no {' and no '.join(stopped)}: {said}")

    def logs(self, name):
        return self.host.attempt(f"podman logs {name}")[1]

    def wait_for_log(self, name, text, times=1):
        alive = lambda: self.host.inspect(name)["State"]["Running"]
        wait_for(lambda: self.logs(name).count(text) >= times, f"{text!r} in the log of {name}", alive=alive)

    def test_mail_comes_out_signed_and_waits_for_dkimsignd(self):
        self.wait_for_log("dkimsignd", " listens on inet:8891@0.0.0.0")
        self.wait_for_log("dkimsignd-postfix", "daemon started")
        generate = page_command("podman exec --user root dkimsignd dkimkey generate")
        self.host.run(f"{generate} --activate")
        self.mail.publish("server")
        recipient = self.mail.by_smtp()
        self.assertEqual(self.mail.signers(self.mail.arrived([recipient])[recipient]), ["server"])
        # As dkimsignd knows: this mail is ours although it comes from a gateway's address.
        wait_for(lambda: re.search(rf"signed d={ZONE} s=server ", self.logs("dkimsignd")), "the line of a signature")

        self.host.run("podman stop --time 70 dkimsignd")
        waits = self.mail.next_recipient("sendmail")
        self.host.run("podman exec --interactive dkimsignd-postfix sendmail -i -f "
                      f"alerts@{ZONE} -- {waits} <<'END'\n{self.mail.message(waits).decode()}END\n")
        self.wait_for_log("dkimsignd-postfix", "milter-reject: ")
        self.assertEqual(self.mail.sink.copies(waits), 0)
        listens = " listens on inet:8891@0.0.0.0"
        before = self.logs("dkimsignd").count(listens)
        self.host.run("podman start dkimsignd")
        self.wait_for_log("dkimsignd", listens, before + 1)
        self.host.run("podman exec dkimsignd-postfix postqueue -f")
        self.assertEqual(self.mail.signers(self.mail.arrived([waits])[waits]), ["server"])

    def test_dkimsignd_runs_as_the_page_says(self):
        seen = self.host.inspect("dkimsignd")
        self.assertTrue(seen["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(seen["EffectiveCaps"] or [], [])
        self.assertEqual(seen["NetworkSettings"]["Ports"].get("8891/tcp"), None)
        self.wait_for_log("dkimsignd", " listens on inet:8891@0.0.0.0")
        self.assertEqual(self.host.run("podman exec dkimsignd dkimsignd --probe"), "the daemon on inet:8891@0.0.0.0 answers\n")


if __name__ == "__main__":
    isolate()
    run(PACKAGING / "image/build-postfix", "--output", POSTFIX)
    unittest.main(failfast=True)
