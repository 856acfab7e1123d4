"""Two machines with systemd, Postfix and the package, and a cable between them; and the commands of dkimsignd-fleet(7)."""

import pathlib
import shutil
import sys

from built import CURRENT, PACKAGING, package, run
from dns_world import ZONE, DnsWorld
from harness.sink import Sink
from harness.workspace import HarnessError, Workspace, wait_for
from machine import SKIPPED, temporary_machine
from mail_host import MailHost
from mdoc import Page

PAGE = Page(PACKAGING / "man/dkimsignd-fleet.7")
# The network that the page takes for an example; RFC 5737 reserves it for that. The name server has the address in front
# of the machines' own.
NETWORK = "192.0.2"
OTHER_ZONES = ("shop.example", "late.example", "full.example")
# Installs what the archive has, without a question.
APT = 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n'


class Surroundings:
    """The zone's name server and the next hop, which are in the network of one machine and reached by both."""

    def __init__(self, test, first):
        first.ip("address", "add", f"{NETWORK}.1/32", "dev", "lo")
        first.enter_network()
        self.workspace = Workspace()
        test.addClassCleanup(self.workspace.close)
        # The zone's records are remembered for a second only, so that a new key need not wait.
        self.dns = DnsWorld(self.workspace.directory("dns", 0o700), negative_ttl=1, network=NETWORK)
        self.workspace.on_close(self.dns.close)
        zones = [(zone, "primary") for zone in (ZONE, *OTHER_ZONES)]
        self.dns.start_knot("primary", self.dns.primary, zones, secondary=False)
        self.sink = Sink(self.workspace, address=f"{NETWORK}.1")


class FleetHost(MailHost):
    """Has what MailHost has, on one of the machines."""

    next_hop = f"{NETWORK}.1"

    def __init__(self, name, machine, surroundings):  # pylint: disable=super-init-not-called
        self.name = name
        self.machine = machine
        self.dns = surroundings.dns
        self.sink = surroundings.sink
        self._number = 0
        machine.path("etc/resolv.conf").write_text(f"nameserver {self.dns.primary}\n")
        machine.path("etc/apt/apt.conf.d/50test").write_text(APT)
        self.install_postfix()
        machine.install(machine.put(package(CURRENT)))

    def publish(self, selector, domain=ZONE):
        # Standard error says how old the copy is.
        show = f"dkimkey show --domain {domain} --selector {selector} --format value 2>/dev/null"
        self.dns.put(f"{selector}._domainkey.{domain}", self.shell(show).strip(), zone=domain)

    def publish_automatically(self):
        """Has dkimkey publish the records from now on."""
        self.put("/etc/dkimsignd/tsig.key", self.dns.tsig_file.read_text())
        self.machine.path("/etc/dkimsignd/tsig.key").chmod(0o600)
        with open(self.machine.path("/etc/dkimsignd/dkimsignd.conf"), "a", encoding="utf-8") as configuration:
            configuration.write(f'publish = {{ method = "update"; server = "{self.dns.primary}"; '
                                'key_file = "/etc/dkimsignd/tsig.key"; };\n')

    def next_recipient(self, kind):
        return super().next_recipient(f"{self.name}-{kind}")

    def shell(self, text, given="", good=(0,)):
        """Runs the page's commands, which read `given`, until one fails; returns what they write."""
        return self.machine.run("bash", "-ec", text, input=given.encode(), good=good)

    def put(self, path, text):
        self.machine.path(path).write_text(text)

    def scp(self, other, command):
        """Copies files as the page's scp does, to a machine on which no sshd runs."""
        directory, line = command.strip().split("\n") if "\n" in command.strip() else ("cd /", command.strip())
        words = line.split()
        if words[:2] != ["scp", "-p"] or f"root@{other.name}.example.com:/etc/dkimsignd/" != words[-1]:
            raise AssertionError(f"not the command of a copy to {other.name}: {command}")
        for name in words[2:-1]:
            source = pathlib.PurePosixPath(directory.removeprefix("cd "), name)
            shutil.copy2(self.machine.path(source), other.machine.path("/etc/dkimsignd"))

    def status(self):
        """Returns the exit status of dkimkey fleet status."""
        return int(self.shell("dkimkey fleet status >/dev/null 2>&1 && code=0 || code=$?; echo $code"))

    def wait_until_well(self):
        wait_for(lambda: self.status() == 0, f"{self.name} to find the fleet well")


def two_machines(test):
    """Returns mx1, in whose network this thread is from then on, and mx2. Ends the test if this kernel has no cables."""
    try:
        run("unshare", "--net", "ip", "link", "add", "cable", "type", "veth")
    except HarnessError as error:
        print("skipped: no cable between two networks can be laid here:", error)
        sys.exit(SKIPPED)
    first, second = temporary_machine(test), temporary_machine(test)
    second.boot("mx2")
    first.boot("mx1")
    first.connect(f"{NETWORK}.11/24", second, f"{NETWORK}.12/24")
    surroundings = Surroundings(test, first)
    return FleetHost("mx1", first, surroundings), FleetHost("mx2", second, surroundings)
