"""A Postfix outside the containers, a name server and a next hop; and the commands of dkimsignd-container(7)."""

import re
import smtplib

from built import PACKAGING, version
from containers import HOST_ADDRESS
from dns_world import ZONE, DnsWorld
from harness.postfix import Postfix
from harness.sink import Sink
from harness.workspace import PATIENCE
from mail_host import SENDER, MailHost
from mdoc import Page

PAGE = Page(PACKAGING / "man/dkimsignd-container.7")


# The lines of the page that no test has taken yet.
UNUSED = {" ".join(line.split()) for display in PAGE.displays() for line in display.replace("\\\n", " ").splitlines()}
_LINES = frozenset(UNUSED)


def page_command(beginning):
    """Returns the line of the page that begins so, for this version and the tests' domain."""
    found = [line for line in _LINES if line.startswith(beginning)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} lines of the page begin with {beginning!r}")
    UNUSED.discard(found[0])
    return re.sub(r"\bVERSION\b", version(), found[0]).replace("example.com", ZONE)


class OutsideMail(MailHost):
    """Has what MailHost has, on the host of the containers."""

    def __init__(self, workspace, host):  # pylint: disable=super-init-not-called
        self.host = host
        self.sink = Sink(workspace, address=HOST_ADDRESS)
        # The zone's records are remembered for a second only, so that a rotation need not wait.
        self.dns = DnsWorld(workspace.directory("dns", 0o700), negative_ttl=1, network=HOST_ADDRESS.rsplit(".", 1)[0])
        workspace.on_close(self.dns.close)
        self.dns.start_knot("primary", self.dns.primary, [(ZONE, "primary")], secondary=False)
        self.port = None
        self._number = 0

    def start_postfix(self, workspace, milter):
        relay = f"[{HOST_ADDRESS}]:{self.sink.port}"
        self.postfix = Postfix(workspace, self.sink.port, ZONE, smtpd_milters=milter, non_smtpd_milters=milter,
                               relayhost=relay)
        self.postfix.start(workspace)
        self.port = self.postfix.port

    def submit(self, recipient):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE) as smtp:
            smtp.sendmail(SENDER, [recipient], self.message(recipient))

    def by_sendmail(self):
        recipient = self.next_recipient("sendmail")
        self.postfix.sendmail(SENDER, recipient, self.message(recipient))
        return recipient

    def publish(self, selector):
        show = f"podman exec dkimsignd dkimkey show --domain {ZONE} --selector {selector} --format value"
        self.dns.put(f"{selector}._domainkey.{ZONE}", self.host.run(show).strip(), ttl=1)
