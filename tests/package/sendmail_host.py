"""A machine on which sendmail takes the place of Postfix, as Debian sets it up, with the lines of the page."""

import re
import smtplib

from built import PACKAGING, ROOT
from harness.sink import Sink
from harness.verifiers import PERL
from harness.workspace import PATIENCE, output, wait_for
from mail_host import RECEIVER, SENDER, MailHost

HOST = f"server.{SENDER.split('@')[1]}"
# The addresses that sendmail looks up, since there is no DNS.
HOSTS = f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {HOST} server\n127.0.1.2 {RECEIVER}\n"
# These lines say where mail goes in the test, and that a busy machine and many messages are no reason to refuse them;
# they do not concern signing.
SURROUNDINGS = """\
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {port}')dnl
define(`SMART_HOST', `{mailer}:[127.0.0.1]')dnl
define(`confCONNECTION_RATE_THROTTLE', `0')dnl
define(`confREFUSE_LA', `10000')dnl
FEATURE(`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(`Family=inet6, Name=MTA-v6, Port=smtp, Addr=::1')dnl
"""
PATIENT = "define(`confQUEUE_LA', `10000')dnl\n"
# Debian's file ends with these, after all settings.
BEFORE_MAILERS = "MAILER_DEFINITIONS\n"
BEFORE_MSP = "FEATURE(`msp'"
# They count clients, and make each one wait.
LIMITS = ("greet_pause", "conncontrol", "ratecontrol")


def lines_of_the_page(start):
    """Returns the lines of dkimsignd(8) that begin so, in its order, as they are to be typed."""
    text = (PACKAGING / "man/dkimsignd.8").read_text()
    return [line.replace("\\(ga", "`").replace("\\(aq", "'") for line in text.splitlines() if line.startswith(start)]


def vectors(name):
    """Returns the records of a file in tests/vectors, each a dictionary from key to bytes."""
    text = (ROOT / "tests/vectors" / name).read_text()
    found = []
    for block in re.split(r"\n\s*\n", text):
        pairs = [re.fullmatch(r"(\w+) = ?(.*)", line) for line in block.splitlines() if not line.startswith("#")]
        if pairs:
            found.append({pair[1]: unescaped(pair[2]) for pair in pairs})
    return found


def unescaped(value):
    simple = {"r": b"\r", "n": b"\n", "t": b"\t", "s": b" ", "\\": b"\\"}

    def byte(match):
        if match[1]:
            return int(match[2]) * match[3].encode()
        return bytes.fromhex(match[4]) if match[4] else simple[match[5]]

    pattern = r"(\\\{(\d+)\}(.))|\\x([0-9a-f]{2})|\\([rnts\\])"
    pieces, position = [], 0
    for match in re.finditer(pattern, value):
        pieces += [value[position:match.start()].encode(), byte(match)]
        position = match.end()
    return b"".join(pieces) + value[position:].encode()


class SendmailHost(MailHost):
    def __init__(self, test, machine):
        super().__init__(test, machine)
        # A server without 8BITMIME.
        self.old_sink = Sink(self.workspace, extensions=())

    def install_sendmail(self):
        (self.machine.root / "etc/hosts").write_text(HOSTS)
        self.machine.run("hostname", "server")
        self.machine.install("sendmail")
        place = self.machine.root / "etc/mail"
        self.debian = {name: (place / name).read_text() for name in ("sendmail.mc", "submit.mc")}

    def configure(self, *lines, submit=(), mailer="relay", sink=None):
        """Adds the lines to sendmail.mc and submit.mc as Debian has them, and restarts sendmail with them."""
        place = self.machine.root / "etc/mail"
        text = self.debian["sendmail.mc"]
        for limit in LIMITS:
            text = re.sub(rf"^FEATURE\(`{limit}'.*\n", "", text, flags=re.MULTILINE)
        ours = PATIENT + SURROUNDINGS.format(port=(sink or self.sink).port, mailer=mailer) + joined(lines)
        (place / "sendmail.mc").write_text(replaced(text, BEFORE_MAILERS, ours + BEFORE_MAILERS))
        text = replaced(self.debian["submit.mc"], BEFORE_MSP, PATIENT + joined(submit) + BEFORE_MSP)
        (place / "submit.mc").write_text(text)
        self.machine.run("make", "-C", "/etc/mail")
        self.machine.run("systemctl", "restart", "sendmail")
        wait_for(lambda: self._listens("127.0.0.1") and self._listens("::1"), "sendmail to listen")

    @staticmethod
    def _listens(address):
        try:
            with smtplib.SMTP(address, 25, timeout=PATIENCE):
                return True
        except (OSError, smtplib.SMTPException):
            return False

    # Mail.

    def raw_by_smtp(self, messages, host="127.0.0.1", sink=None):
        """Sends the messages on one connection; returns them as they arrive, in their order."""
        recipients = []
        with smtplib.SMTP(host, 25, timeout=PATIENCE) as sendmail:
            for message in messages:
                recipients.append(self.next_recipient("raw"))
                sendmail.sendmail(SENDER, recipients[-1:], message)
        arrived = (sink or self.sink).wait(recipients)
        return [arrived[recipient] for recipient in recipients]

    def raw_by_sendmail(self, text, *arguments):
        """Has sendmail(1) send a message as cron does; returns it as it arrives."""
        recipient = self.submit_by_sendmail(text, *arguments)
        return self.arrived([recipient])[recipient]

    def submit_by_sendmail(self, text, *arguments):
        recipient = self.next_recipient("local")
        self.machine.run("sendmail", "-i", *arguments, "--", recipient, input=text, timeout=PATIENCE)
        return recipient

    def mail_dkim(self, raw):
        """Returns what Mail::DKIM says of each signature."""
        path = self.workspace.directory("mail-dkim", 0o700) / "message.eml"
        path.write_bytes(raw)
        return output("perl", PERL, "53", self.dns.primary, input=f"{path}\n".encode()).strip()


def joined(lines):
    return "".join(f"{line}\n" for line in lines)


def replaced(text, old, new):
    if text.count(old) != 1:
        raise AssertionError(f"not once in Debian's file: {old}")
    return text.replace(old, new)
