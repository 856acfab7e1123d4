"""A machine as a mail administrator has it: Postfix as Debian sets it up, a domain whose name server answers,
and a next hop.

To sign, only the three commands of README.md are run.
"""

import re
import smtplib
import threading
import time

from dns_world import ZONE, DnsWorld
from harness.message import Message
from harness.sink import Sink
from harness.verifiers import dkimpy_verdict
from harness.workspace import PATIENCE, Workspace, join, wait_for

# The machine has its own network; even so, no other test uses these addresses.
NETWORK = "127.53.60"
SENDER = f"alerts@{ZONE}"
RECEIVER = "receiver.example"
# The answers of an administrator to Postfix's questions.
ANSWERS = f"""\
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string {ZONE}
"""
# An upgrade on a slow machine takes less, in seconds.
DOWNTIME = 600
SOCKET = "unix:dkimsignd/dkimsignd.sock"


class MailHost:
    """Sets up the surroundings of a running machine."""

    # Where the machine finds the next hop.
    next_hop = "127.0.0.1"

    def __init__(self, test, machine):
        self.machine = machine
        self.workspace = Workspace()
        test.addClassCleanup(self.workspace.close)
        self.dns = DnsWorld(self.workspace.directory("dns", 0o700), network=NETWORK)
        self.workspace.on_close(self.dns.close)
        self.dns.start_knot("primary", self.dns.primary, [(ZONE, "primary")], secondary=False)
        # The machine's resolver knows nothing but our zone.
        (machine.root / "etc/resolv.conf").write_text(f"nameserver {self.dns.primary}\n")
        self.sink = Sink(self.workspace)
        self._number = 0

    def install_postfix(self):
        self.machine.run("debconf-set-selections", input=ANSWERS.encode())
        self.machine.install("postfix")
        # These settings say where mail goes in the test; they do not concern signing.
        self.machine.run("postconf", "-e", f"relayhost=[{self.next_hop}]:{self.sink.port}",
                         "smtp_dns_support_level=disabled", "smtpd_peername_lookup=no")
        self.machine.run("systemctl", "restart", "postfix")

    def three_commands(self):
        """Runs the three commands, and has Postfix reload; returns the output of the first, which prints the record."""
        said = self.machine.run("dkimkey", "generate", "--selector", "server")
        self.tell_postfix()
        return said

    def tell_postfix(self):
        self.machine.run("postconf", "-e", f"smtpd_milters={SOCKET}")
        self.machine.run("postconf", "-e", f"non_smtpd_milters={SOCKET}")
        self.machine.run("systemctl", "reload", "postfix")

    def publish(self, selector):
        """Publishes the record of a key, as a person does in the web form of a DNS provider."""
        value = self.machine.run("dkimkey", "show", "--selector", selector, "--format", "value").strip()
        self.dns.put(f"{selector}._domainkey.{ZONE}", value)

    # Mail.

    def message(self, recipient):
        return (f"From: Alertmanager <{SENDER}>\r\nTo: {recipient}\r\nSubject: [FIRING:1] DiskFull\r\n"
                f"Message-ID: <{recipient}>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\n"
                "/dev/sda1 is 91 % full.\r\n").encode()

    def next_recipient(self, kind):
        self._number += 1
        return f"{kind}-{self._number}@{RECEIVER}"

    def by_smtp(self):
        recipient = self.next_recipient("smtp")
        self.submit(recipient)
        return recipient

    def submit(self, recipient):
        with smtplib.SMTP("127.0.0.1", 25, timeout=PATIENCE) as postfix:
            postfix.sendmail(SENDER, [recipient], self.message(recipient))

    def by_sendmail(self):
        recipient = self.next_recipient("sendmail")
        self.machine.run("sendmail", "-i", "-f", SENDER, "--", recipient,
                         input=self.message(recipient).replace(b"\r\n", b"\n"), timeout=PATIENCE)
        return recipient

    def arrived(self, recipients):
        return self.sink.wait(recipients)

    def signers(self, raw):
        """Returns the selectors of the signatures, top first; raises AssertionError if dkimpy finds one invalid."""
        signatures = Message(raw).signatures()
        for index, signature in enumerate(signatures):
            verdict = dkimpy_verdict(raw, index, self.txt)
            if verdict != "pass" or signature["d"] != ZONE:
                raise AssertionError(f"a bad signature: {verdict}: {signature}")
        return [signature["s"] for signature in signatures]

    def txt(self, name, timeout=5):
        del timeout
        values = self.dns.texts(self.dns.primary, name.decode())
        return values[0].encode() if values else None

    def postfix_unit(self):
        """Returns the unit in which Postfix runs; since Debian 13, it is no longer an instance of a template."""
        master = self.machine.run("cat", "/var/spool/postfix/pid/master.pid").strip()
        groups = self.machine.run("cat", f"/proc/{master}/cgroup")
        return re.search(r"/([^/\n]+\.service)$", groups, re.MULTILINE)[1]

    # The daemon.

    def log(self):
        self.machine.run("journalctl", "--sync")  # what was said may still wait to be read
        return self.machine.run("journalctl", "--no-pager", "--output=cat", "--identifier=dkimsignd")

    def daemon(self):
        return int(self.machine.property("dkimsignd", "MainPID"))


class Senders:
    """Sends mail without a pause: by sendmail(1), and by SMTP from programs that try again as servers do."""

    def __init__(self, host, connections=3):
        self._host = host
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.accepted = []
        self._error = None
        self._threads = [threading.Thread(target=self._run, args=(self._smtp,), daemon=True) for _ in range(connections)]
        self._threads.append(threading.Thread(target=self._run, args=(host.by_sendmail,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _run(self, send):
        try:
            while not self._stop.is_set():
                recipient = send()
                with self._lock:
                    self.accepted.append(recipient)
        except Exception as error:  # the test must report it in its own thread, whatever it is
            self._error = error

    def _smtp(self):
        with self._lock:
            recipient = self._host.next_recipient("smtp")
        deadline = time.monotonic() + DOWNTIME
        while True:
            try:
                self._host.submit(recipient)
                return recipient
            except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused,
                    smtplib.SMTPServerDisconnected) as error:
                code = getattr(error, "smtp_code", 421)
                if isinstance(error, smtplib.SMTPRecipientsRefused):
                    code = next(iter(error.recipients.values()))[0]
                if code // 100 != 4 or time.monotonic() > deadline:
                    raise

    def wait_for_more(self, number):
        """Waits until that many more messages have been accepted than at this moment."""
        wanted = len(self.accepted) + number
        wait_for(lambda: len(self.accepted) >= wanted, f"{number} more messages",
                 alive=lambda: self._error is None)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            join(thread, "a sender", DOWNTIME)
        if self._error:
            raise self._error
        return self.accepted
