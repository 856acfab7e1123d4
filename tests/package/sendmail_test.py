#!/usr/bin/python3
"""A server with sendmail in the place of Postfix gets the package. The lines of dkimsignd(8) are enough for its mail to
be signed, and what sendmail changes afterwards is what the page says and what the log warns of."""

import json
import re
import shutil
import smtplib
import unittest

from built import CURRENT, package
from dns_world import ZONE
from harness.message import Message
from harness.workspace import wait_for
from machine import isolate, temporary_machine
from mail_host import RECEIVER, SENDER
from sendmail_host import HOST, SendmailHost, lines_of_the_page, vectors

FIELDS = {
    b"From": b" Alertmanager <" + SENDER.encode() + b">",
    b"To": f" bob@{RECEIVER}".encode(),
    b"Subject": b" [FIRING:1] DiskFull",
    b"Date": b" Tue, 24 Nov 2026 12:00:00 +0000",
    b"Message-ID": f" <1@{ZONE}>".encode(),
}
MIME = {b"MIME-Version": b" 1.0", b"Content-Type": b" text/plain; charset=utf-8", b"Content-Transfer-Encoding": b" 8bit"}
EIGHT_BIT = "Grüße\r\n".encode()
MASQUERADE = (f"MASQUERADE_AS(`{ZONE}')dnl", "FEATURE(`masquerade_envelope')dnl")


def letter(changes=(), body=b"/dev/sda1 is 91 % full.\r\n"):
    """Returns a message with some fields changed, or left out if their value is None."""
    fields = FIELDS | dict(changes)
    return b"".join(b"%b:%b\r\n" % field for field in fields.items() if field[1] is not None) + b"\r\n" + body


class SendmailTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = temporary_machine(cls)
        cls.machine.boot("server")
        cls.host = SendmailHost(cls, cls.machine)
        cls.host.install_sendmail()
        # What the package recommends must not be a reason to remove sendmail.
        cls.machine.install(cls.machine.put(package(CURRENT)), recommends=True)
        cls.machine.run("dkimkey", "generate", "--domain", ZONE, "--selector", "server", "--activate")
        cls.host.publish("server")
        cls.local, cls.inet = lines_of_the_page("INPUT_MAIL_FILTER")
        cls.host.configure(cls.local)

    def set(self, *settings):
        (self.machine.root / "etc/dkimsignd/dkimsignd.conf").write_text("".join(f"{line}\n" for line in settings))
        self.machine.run("systemctl", "restart", "dkimsignd")

    def verdict(self, raw):
        """Returns what dkimpy says of the one signature, after comparing it with Mail::DKIM."""
        try:
            selectors = self.host.signers(raw)
        except AssertionError as error:
            self.assertRegex(self.host.mail_dkim(raw), r'^\["fail')
            return str(error)
        self.assertEqual(selectors, ["server"])
        self.assertEqual(self.host.mail_dkim(raw), '["pass"]')
        return "pass"

    def assert_holds(self, raw):
        self.assertEqual(self.verdict(raw), "pass", raw.decode("utf-8", "replace"))

    def assert_broken(self, raw):
        self.assertNotEqual(self.verdict(raw), "pass")

    def said_of(self, raw):
        """Returns what the log says of a message, without the queue ID and the line that it is signed."""
        number = re.search(rb" by \S+ \(.*?\) with ESMTPS? id (\w+)",
                           re.sub(rb"\s+", b" ", Message(raw).values("Received")[0]))[1].decode()
        lines = [line.removeprefix(number + ": ") for line in self.host.log().splitlines() if line.startswith(number)]
        return [line for line in lines if not line.startswith("signed ")]

    def send(self, *messages, **how):
        return self.host.raw_by_smtp(messages, **how)

    def test_1_the_line_of_the_page_is_enough(self):
        self.assertIn("dkimsignd.service", self.machine.property("sendmail.service", "After").split())
        by_smtp = self.send(letter())[0]
        by_sendmail = self.host.raw_by_sendmail(letter().replace(b"\r\n", b"\n"), "-f", SENDER)
        for raw in (by_smtp, by_sendmail):
            self.assert_holds(raw)
            self.assertEqual(self.said_of(raw), [])
        # As cron sends it: sendmail adds From, Date and Message-ID before it hands the message to itself.
        raw = self.host.raw_by_sendmail(b"Subject: cron\n\nIt ran.\n")
        self.assert_holds(raw)
        self.assertEqual(Message(raw).values("From"), [f" root <root@{HOST}>".encode()])
        signed = Message(raw).signatures()[0]["h"].lower().split(":")
        self.assertLessEqual({"from", "date", "message-id"}, set(signed))

    def test_1_the_timer_s_service_tells_root_by_mail(self):
        self.machine.run("mkdir", "/etc/systemd/system/dkimkey-rotate.service.d")
        self.machine.run("cp", "/usr/share/doc/dkimsignd/examples/dkimkey-rotate-sendmail.conf",
                         "/etc/systemd/system/dkimkey-rotate.service.d/sendmail.conf")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("dkimkey", "generate", "--domain", ZONE, "--selector", "second")
        self.machine.run("systemctl", "start", "dkimkey-rotate.service", good=(0, 1))
        said = self.machine.run("journalctl", "--no-pager", "--output=cat", "--unit=dkimkey-rotate")
        # 3: the key waits for its record.
        self.assertEqual(self.machine.property("dkimkey-rotate", "ExecMainStatus"), "3", said)
        mailbox = self.machine.root / "var/mail/root"
        # Each mail ends with an empty line, also the one that is being written.
        wait_for(lambda: mailbox.exists() and "DKIM: something to do" in mailbox.read_text()
                 and mailbox.read_text().endswith("\n\n"), "mail to root")
        raw = mailbox.read_text().split("\n", 1)[1].replace("\n", "\r\n").encode()
        self.assertEqual(self.host.signers(raw), ["server"])
        self.assertEqual(Message(raw).values("From"), [f" dkimkey <root@{HOST}>".encode()])

    def test_1_a_client_with_ipv6_is_this_host_too(self):
        self.assert_holds(self.send(letter(), host="::1")[0])

    def test_1_doctor_knows_sendmail(self):
        def said():
            findings = json.loads(self.machine.run("dkimkey", "doctor", "--local", "--json", good=(0, 1, 3)))
            self.assertEqual([finding for finding in findings if finding["topic"] == "postfix"], [])
            return [(finding["severity"], finding["what"]) for finding in findings if finding["topic"] == "sendmail"]

        good, unknown = sorted(said())
        self.assertEqual(good, ("good", "sendmail hands mail to dkimsignd, and lets it wait while dkimsignd is down"))
        self.assertEqual(unknown, ("unknown", "what sendmail changes after signing is not examined here"))
        self.addCleanup(self.host.configure, self.local)
        self.host.configure(self.local.replace("INPUT_MAIL_FILTER", "MAIL_FILTER"))
        self.assertIn(("broken", "the milter dkimsignd is not in InputMailFilters: no mail is signed"), said())
        self.assertEqual(self.host.signers(self.send(letter())[0]), [])
        self.host.configure()
        self.assertEqual(sorted(said())[0][0], "broken")

    def test_2_missing_fields_are_added_after_signing(self):
        raw, unsigned = self.send(letter({b"Date": None, b"Message-ID": None, b"Subject": None, b"To": None}),
                                  letter({b"From": None}))
        self.assert_holds(raw)
        for name in ("Date", "Message-ID"):
            self.assertEqual(len(Message(raw).values(name)), 1, name)
        self.assertEqual(self.host.signers(unsigned), [])
        self.assertEqual(Message(unsigned).values("From"), [f" {SENDER}".encode()])
        self.assertEqual(self.said_of(unsigned), ["not signed: malformed: no From field, on_malformed=accept"])

    def test_2_what_has_odd_white_space_or_eight_bits_arrives_as_it_was_signed(self):
        odd = {b"Subject": b"none", b"X-A": b"  two", b"Comments": b"\ttab", b"Keywords": b" a\r\n\tb\r\n  c  "}
        bodies = (b"", b"\r\n\r\n", b"no end", b".\r\n..\r\n.a\r\n", b"From me\r\n", b"a \t b \r\n\r\n", EIGHT_BIT)
        for settings in ("", 'canonicalization = "simple/simple";'):
            self.set(settings)
            for raw in self.send(letter(odd), *(letter(body=body) for body in bodies)):
                self.assert_holds(raw)
        self.set()

    def test_3_address_fields_are_rewritten_as_the_log_foresees(self):
        records = vectors("sendmail_addresses.vec")
        arrived = self.send(*(letter({b"To": record["Value"]}) for record in records))
        for record, raw in zip(records, arrived):
            with self.subTest(value=record["Value"]):
                self.assertEqual("pass" if self.is_valid(raw) else "broken", "broken" if "Problem" in record else "pass")
                said = [re.fullmatch(r"header field To has (.*): sendmail writes .*", line)[1]
                        for line in self.said_of(raw)]
                self.assertEqual(said, [record["Problem"].decode()] if "Problem" in record else [])

    def is_valid(self, raw):
        """As dkimpy says alone: there are many."""
        try:
            return self.host.signers(raw) == ["server"]
        except AssertionError:
            return False

    def test_3_mail_from_sendmail_is_rewritten_before_signing(self):
        raw = self.host.raw_by_sendmail(f"From: J. Doe <{SENDER}>\nTo: a,b@{ZONE}\n\nText\n".encode())
        self.assert_holds(raw)
        self.assertEqual(self.said_of(raw), [])
        self.assertEqual(Message(raw).values("From"), [f' "J. Doe" <{SENDER}>'.encode()])

    def test_3_recipients_may_be_left_out_of_the_signature(self):
        self.set('signed_headers = ( "-To", "-Cc" );')
        raw = self.send(letter({b"To": b" J. Doe <bob>"}))[0]
        self.assert_holds(raw)
        self.assertEqual(self.said_of(raw), [])
        self.set()

    def test_4_lines_and_eight_bits_as_sendmail_sends_them_by_default(self):
        where = {"sink": self.host.old_sink}
        self.host.configure(self.local, mailer="esmtp", **where)
        words = b" " + b"a " * 489
        self.assertEqual(len(b"Subject:" + words + b"xyz"), 990)
        kept = self.send(letter(body=b"x" * 990 + b"\r\n"), letter({b"Subject": words + b"xyz"}), **where)
        for raw in kept:
            self.assert_holds(raw)
            self.assertEqual(self.said_of(raw), [])
        cut = self.send(letter(body=b"\r\n" + b"x" * 991 + b"\r\n"), letter({b"Subject": words + b"vxyz"}),
                        letter(MIME, body=EIGHT_BIT), **where)
        expected = ("body line 2 is longer than 990 bytes", "a line of header field Subject is longer than 990 bytes",
                    "note: the body is not 7-bit from line 1 on")
        for raw, start in zip(cut, expected):
            self.assert_broken(raw)
            said = self.said_of(raw)
            self.assertEqual([line[:len(start)] for line in said], [start])

    def test_4_the_remedies_of_the_page_help(self):
        where = {"sink": self.host.old_sink}
        remedies = [line for name in ("SMTP_MAILER_FLAGS", "SMTP_MAILER_LL")
                    for line in lines_of_the_page(f"define(\\(ga{name}")]
        self.assertEqual(len(remedies), 2)
        self.host.configure(self.local, *remedies, mailer="esmtp", **where)
        for raw in self.send(letter(body=b"x" * 998 + b"\r\n"), letter(MIME, body=EIGHT_BIT), **where):
            self.assert_holds(raw)

    def test_5_a_masquerade_belongs_into_both_files(self):
        self.host.configure(self.local, *MASQUERADE)
        self.assert_broken(self.host.raw_by_sendmail(b"Subject: cron\n\nIt ran.\n"))
        self.host.configure(self.local, *MASQUERADE, submit=MASQUERADE)
        raw = self.host.raw_by_sendmail(b"Subject: cron\n\nIt ran.\n")
        self.assert_holds(raw)
        self.assertEqual(Message(raw).values("From"), [f" root <root@{ZONE}>".encode()])

    def test_6_mail_waits_while_the_daemon_is_down(self):
        self.host.configure(self.local)
        self.machine.run("systemctl", "stop", "dkimsignd")
        with self.assertRaises(smtplib.SMTPResponseException) as refused:
            self.send(letter())
        self.assertEqual(refused.exception.smtp_code, 451)
        waiting = self.host.submit_by_sendmail(b"Subject: cron\n\nIt ran.\n")
        self.assertIn(waiting, self.machine.run("mailq", "-Ac"))
        self.machine.run("systemctl", "start", "dkimsignd")
        self.machine.run("sendmail", "-Ac", "-q")
        self.assert_holds(self.host.arrived([waiting])[waiting])

    def test_7_the_name_of_a_port_marks_mail_as_ours(self):
        self.set("trusted_networks = ( );", 'macros = ( { name = "{daemon_name}"; values = ( "MTA-v6" ); } );')
        self.assert_holds(self.send(letter(), host="::1")[0])
        raw = self.send(letter())[0]
        self.assertEqual(self.host.signers(raw), [])
        self.assertEqual(self.said_of(raw), ["not signed: client 127.0.0.1 is neither trusted nor authenticated, "
                                             f"sender=<{SENDER}>"])
        self.set()

    def test_8_with_a_port_and_the_drop_in_for_it(self):
        place = self.machine.root / "etc/systemd/system/dkimsignd.service.d"
        place.mkdir()
        shutil.copy(self.machine.root / "usr/share/doc/dkimsignd/examples/dkimsignd-inet.conf", place / "inet.conf")
        self.machine.run("systemctl", "daemon-reload")
        self.set('socket = "inet:8891@127.0.0.1";')
        # A user that sendmail runs as may not use a socket in somebody else's directory, but a port.
        self.host.configure(self.inet, "define(`confRUN_AS_USER', `smmta')dnl")
        self.assert_holds(self.send(letter())[0])


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
