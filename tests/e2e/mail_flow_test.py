#!/usr/bin/python3
"""Mail through a real Postfix, signed by dkimsignd, judged by three verifiers.

Every shape of shapes.py comes in by SMTP and by sendmail(1) under each of the four canonicalizations;
SIGUSR1 takes the daemon from one to the next. A message that arrives at the sink must carry exactly
the signatures that its domain's keys promise, every judge must accept each of them separately, and the
daemon must have said so in one log line.
"""

import dataclasses
import itertools
import sys
import unittest

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import shapes
from harness.dns_server import DnsServer
from harness.message import Message
from harness.milter_client import MilterClient
from harness.postfix import Postfix
from harness.products import Daemon, KeyStore, Raw
from harness.sink import Sink
from harness.smtp_client import Refused, SmtpClient
from harness.verifiers import Judges, complaints
from harness.workspace import HarnessError, Workspace

CANONICALIZATIONS = tuple("/".join(pair) for pair in itertools.product(("relaxed", "simple"), repeat=2))

# Domain to its active keys: selector to algorithm.
RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
KEYS = {
    "rsa.example": {"server": RSA},
    "ed.example": {"server": ED25519},
    "both.example": {"server": RSA, "server-ed25519": ED25519},
    "three.example": {"first": RSA, "second": RSA, "third": ED25519},
    "xn--mnchen-3ya.example": {"server": RSA, "server-ed25519": ED25519},
    "unreadable.example": {"server": ED25519},
    "open.example": {"server": ED25519},
}

TAG_ORDER = ["v", "a", "c", "d", "s", "t", "x", "h", "bh", "b"]


@dataclasses.dataclass
class Case:
    """One message on its way, and what must happen to it."""
    name: str
    recipient: str
    sent: bytes
    canonicalization: str
    # The domain that has to sign it; None if nobody may.
    domain: str | None
    foreign_signatures: int = 0
    # The text that the log must have about a message that is not signed.
    reason: str | None = None
    queue_id: str | None = None
    arrived: Message | None = None
    # Judges known to be wrong about this message.
    misjudged_by: tuple = ()
    sender: str = ""


class Scene:
    """Everything that runs, set up once for all tests of this file."""

    def __init__(self):
        self.workspace = Workspace()
        self.sink = Sink(self.workspace)
        self.postfix = Postfix(self.workspace, self.sink.port, origin="both.example")
        socket = self.postfix.make_socket_directory("nobody")
        self.keys = KeyStore(self.workspace)
        self.generate_keys()
        self.daemon = Daemon(self.workspace, socket, self.keys.path, **self.settings("relaxed/relaxed"))
        self.postfix.start(self.workspace)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.dns = DnsServer(self.workspace, {**self.keys.records(), "other.example": self.other_record()})
        self.judges = Judges(self.workspace, self.dns)
        self.numbers = itertools.count(1)

    def generate_keys(self):
        for domain, selectors in KEYS.items():
            if domain == "three.example":
                continue
            algorithm = {1: None, 2: "both"}[len(selectors)] or {RSA: "rsa", ED25519: "ed25519"}[selectors["server"]]
            self.keys.generate(domain, "server", algorithm, "--activate")
        for selector, algorithm in (("first", "rsa"), ("second", "rsa"), ("third", "ed25519")):
            self.keys.generate("three.example", selector, algorithm, "--activate")
        self.keys.generate("pending.example", "server", "both")

    @staticmethod
    def settings(canonicalization):
        return {
            "canonicalization": canonicalization,
            "trusted_networks": Raw('( "127.0.0.0/8", "::1", "198.51.100.0/24", "2001:db8:1::/48" )'),
            "rules": Raw('( { sender = "*@news.example"; domain = "both.example"; } )'),
        }

    def other_record(self):
        public = self.other_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        value = "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])
        strings = " ".join(f'"{value[n:n + 255]}"' for n in range(0, len(value), 255))
        return f"s1._domainkey.other.example. IN TXT ( {strings} )"

    def signed_by_other(self, raw):
        private = self.other_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())
        return dkim.sign(raw, b"s1", b"other.example", private, canonicalize=(b"relaxed", b"relaxed"),
                         include_headers=[b"from", b"subject", b"to"]) + raw

    def case(self, name, sent, canonicalization="relaxed/relaxed", domain=None, **more):
        number = next(self.numbers)
        return Case(f"{name} ({canonicalization})", f"case-{number}@receiver.example", sent, canonicalization,
                    domain, sender=f"bounces-{number}@both.example", **more)

    def collect(self, cases):
        """Waits until all messages have arrived, and notes their queue IDs."""
        arrived = self.sink.wait([case.recipient for case in cases])
        for case in cases:
            case.arrived = Message(arrived[case.recipient])
            case.queue_id = case.arrived.queue_id()


SCENE = None


def setUpModule():
    global SCENE
    SCENE = Scene()
    unittest.addModuleCleanup(SCENE.workspace.close)


def tearDownModule():
    # In a build with sanitizers, the exit status is not 0 if they found anything during the tests.
    status = SCENE.daemon.stop()
    if status != 0:
        raise AssertionError(f"dkimsignd ended with {status}:\n{SCENE.daemon.log_text()[-4000:]}")


class MailFlow(unittest.TestCase):
    def check(self, cases):
        """Checks everything about messages that have arrived."""
        verdicts = SCENE.judges.judge({case.recipient: case.arrived.raw for case in cases})
        for case in cases:
            with self.subTest(case.name):
                if case.domain is None:
                    self.check_unsigned(case)
                else:
                    self.check_signed(case, verdicts[case.recipient])

    def check_unsigned(self, case):
        self.assertEqual(len(case.arrived.signatures()), case.foreign_signatures, "it was signed")
        self.check_log(case, "not signed: ", case.reason)

    def check_signed(self, case, verdicts):
        signatures = case.arrived.signatures()
        own = signatures[:len(signatures) - case.foreign_signatures]
        expected = KEYS[case.domain]
        self.assertEqual({s["s"]: s["a"] for s in own}, expected, "not the signatures of the domain's keys")
        self.assertEqual(len(own), len(expected), "a key signed twice")
        for index, (signature, verdict) in enumerate(zip(own, verdicts)):
            self.check_tags(case, signature)
            for judge in case.misjudged_by:
                self.assertNotEqual(verdict.pop(judge), "pass", f"{judge} has been fixed: no longer excuse it")
                self.assertEqual(SCENE.judges.strict(case.arrived.raw, index), "pass")
            self.assertEqual(complaints(verdict, signature), {}, f"refused: {signature}")
        for value in case.arrived.values("DKIM-Signature")[:len(own)]:
            self.check_form(value)
        self.assertEqual(SCENE.sink.copies(case.recipient), 1, "it arrived more than once")
        self.check_log(case, "signed ", f"d={case.domain} ")
        self.assertIn(f"s={','.join(s['s'] for s in own)} a={','.join(s['a'] for s in own)} ",
                      self.verdict_line(case))

    def check_tags(self, case, signature):
        self.assertEqual(signature["v"], "1")
        self.assertEqual(signature["d"], case.domain)
        self.assertEqual(signature["c"], case.canonicalization)
        names = signature["h"].lower().split(":")
        present = len(case.arrived.values("From"))
        self.assertEqual(names.count("from"), present + 1, "From is oversigned exactly once")
        self.assertNotIn("dkim-signature", names)
        self.assertNotIn("received", names)

    def check_form(self, value):
        """Checks the order of the tags, and that no relay has a reason to touch the lines (RFC 5322 2.1.1)."""
        order = [part.partition(b"=")[0].strip().decode() for part in value.split(b";") if part.strip()]
        self.assertEqual(order, [tag for tag in TAG_ORDER if tag in order])
        lines = (b"DKIM-Signature:" + value).split(b"\r\n")
        for line in lines:
            self.assertLessEqual(len(line), 78, line)
            self.assertTrue(line.strip(), "a fold of only white space is obsolete syntax")
        for line in lines[1:]:
            self.assertIn(line[:1], (b" ", b"\t"))

    def verdict_line(self, case):
        said = SCENE.daemon.lines_of(case.queue_id, case.sender)
        verdicts = [line for line in said if ": signed " in line or ": not signed: " in line]
        self.assertEqual(len(verdicts), 1, f"there must be one line per message: {said}")
        return verdicts[0]

    def check_log(self, case, verb, detail):
        self.assertIn(f": {verb}", self.verdict_line(case))
        self.assertIn(detail, self.verdict_line(case))

    # --- every shape, by every way, in every canonicalization ---

    def send(self, canonicalization, batch_number):
        cases = []
        with SmtpClient(SCENE.postfix.port) as client:
            for index, shape in enumerate(shapes.SHAPES):
                for way in shape.ways:
                    domain = shape.domain or "both.example"
                    if way == shapes.SENDMAIL and shape.domain is None:
                        domain = ("rsa.example", "ed.example")[(index + batch_number) % 2]
                    sent = shape.build(domain)
                    relaxed = canonicalization.startswith("relaxed/")
                    case = SCENE.case(f"{shape.name} by {way}", sent, canonicalization, domain,
                                      foreign_signatures=shape.foreign_signatures,
                                      misjudged_by=shape.misjudged_by if relaxed else ())
                    if way == shapes.SENDMAIL:
                        SCENE.postfix.sendmail(case.sender, case.recipient, sent)
                    else:
                        client.send(case.sender, case.recipient, sent, smtputf8=shape.smtputf8,
                                    chunks=65536 if way == shapes.BDAT else None)
                    cases.append(case)
        return cases

    def test_every_shape_verifies_everywhere(self):
        cases = []
        for batch_number, canonicalization in enumerate(CANONICALIZATIONS):
            SCENE.daemon.reload(**SCENE.settings(canonicalization))
            batch = self.send(canonicalization, batch_number)
            SCENE.collect(batch)
            cases += batch
        SCENE.daemon.reload(**SCENE.settings("relaxed/relaxed"))
        self.assertGreaterEqual(len(shapes.SHAPES), 60)
        print(f"{len(cases)} messages of {len(shapes.SHAPES)} shapes", file=sys.stderr)
        self.check(cases)
        for case in cases:
            with self.subTest(case.name):
                self.assertEqual(case.arrived.body, as_delivered(case.sent), "Postfix or the milter changed the body")

    # --- whose message it is: trusted, authenticated, or not ours ---

    def from_client(self, name, sent, *, domain=None, reason=None, port=None, **attributes):
        """Sends a message from a client that, by XCLIENT, claims to be somewhere else."""
        case = SCENE.case(name, sent, domain=domain, reason=reason)
        with SmtpClient(port or SCENE.postfix.port) as client:
            if attributes:
                client.xclient(**attributes)
            client.send(case.sender, case.recipient, sent)
        return case

    def judge(self, cases):
        SCENE.collect(cases)
        self.check(cases)

    def test_mail_from_outside_that_claims_our_domain_is_not_signed(self):
        plain = shapes.letter("both.example")
        self.judge([
            self.from_client("IPv4", plain, reason="203.0.113.9 is neither trusted nor authenticated",
                             NAME="[UNAVAILABLE]", ADDR="203.0.113.9"),
            self.from_client("IPv6", plain, reason="2001:db8::9 is neither trusted nor authenticated",
                             NAME="[UNAVAILABLE]", ADDR="IPV6:2001:db8::9"),
            # A name proves nothing: the owner of the address may call it localhost.
            self.from_client("calls itself localhost", plain, reason="203.0.113.9 is neither trusted nor authenticated",
                             NAME="localhost", ADDR="203.0.113.9", HELO="localhost"),
            # These are just beyond the trusted networks.
            self.from_client("neighbour", plain, reason="198.51.101.0 is neither", NAME="n.example",
                             ADDR="198.51.101.0"),
            self.from_client("IPv6 neighbour", plain, reason="2001:db8:2::1 is neither", NAME="n.example",
                             ADDR="IPV6:2001:db8:2::1"),
        ])

    def test_a_client_of_unknown_address_is_not_trusted(self):
        # By XCLIENT, Postfix 3.7 does not report such a client to a milter as it reports a real one (address
        # family U). So this test talks to the daemon directly, over the socket in the chroot.
        fields = Message(shapes.letter("both.example")).fields
        path = str(SCENE.postfix.queue / "dkimsignd" / "dkimsignd.sock")
        with MilterClient(path, client=None, name="unknown") as client:
            outcome = client.message(fields, b"", sender="unknown@family.example")
        self.assertEqual((outcome.verdict, outcome.inserted), (b"a", []))
        said = SCENE.daemon.lines_of("", sender="unknown@family.example")
        self.assertEqual(len(said), 1)
        self.assertIn("is neither trusted nor authenticated", said[0])

    def test_trusted_networks_by_either_family(self):
        plain = shapes.letter("both.example")
        self.judge([
            self.from_client("loopback IPv6", plain, domain="both.example", NAME="localhost", ADDR="IPV6:::1"),
            self.from_client("all of 127/8", plain, domain="both.example", NAME="[UNAVAILABLE]", ADDR="127.9.9.9"),
            self.from_client("configured IPv4", plain, domain="both.example", NAME="h.example", ADDR="198.51.100.255"),
            self.from_client("configured IPv6", plain, domain="both.example", NAME="h.example",
                             ADDR="IPV6:2001:db8:1:ffff::1"),
        ])

    def test_over_ipv6_for_real(self):
        case = SCENE.case("SMTP over ::1", shapes.letter("both.example"), domain="both.example")
        with SmtpClient(SCENE.postfix.port, host="::1") as client:
            client.send(case.sender, case.recipient, case.sent)
        self.judge([case])

    def test_authenticated_clients_from_anywhere(self):
        plain = shapes.letter("both.example")
        self.judge([
            self.from_client("login", plain, domain="both.example", NAME="[UNAVAILABLE]", ADDR="203.0.113.9",
                             LOGIN="alerts"),
            # {daemon_name} of that service is ORIGINATING, which `macros` trusts by default.
            self.from_client("submission service", plain, domain="both.example", NAME="[UNAVAILABLE]",
                             ADDR="203.0.113.9", port=SCENE.postfix.submission_port),
        ])

    # --- for whom it is signed ---

    def test_messages_without_a_key_of_ours(self):
        self.judge([
            self.from_client("pending key", shapes.letter("pending.example"), reason="pending"),
            self.from_client("foreign domain", shapes.letter("foreign.example"), reason="foreign.example"),
            self.from_client("name that only ends alike", shapes.letter("notboth.example"), reason="notboth.example"),
            self.from_client("parent of ours", shapes.letter("example"), reason="example"),
        ])

    def test_malformed_authors(self):
        def case(name, author):
            # Uses the service that completes nothing: the others add a missing From.
            return self.from_client(name, shapes.letter("both.example", author=author), reason="malformed: ",
                                    port=SCENE.postfix.verbatim_port)
        ours = b"From: alerts@both.example\r\n"
        cases = [
            case("two From fields of ours", ours + ours),
            case("two From fields, one foreign", b"From: a@foreign.example\r\n" + ours),
            case("no From field", b""),
            case("empty From", b"From:\r\n"),
            case("no address", b"From: <>\r\n"),
            case("no domain", b"From: alerts@\r\n"),
            case("unclosed quote", b"From: \"alerts <alerts@both.example>\r\n"),
            case("path in the domain", b"From: alerts@../both.example\r\n"),
        ]
        self.judge(cases)

    def test_a_rule_maps_a_sender_to_another_domain(self):
        self.judge([
            self.from_client("mapped", shapes.letter("news.example"), domain="both.example"),
            self.from_client("not mapped", shapes.letter("www.news.example"), reason="www.news.example"),
        ])

    def test_three_keys_make_three_signatures(self):
        self.judge([self.from_client("three keys", shapes.letter("three.example"), domain="three.example")])

    def test_a_valid_signature_of_another_stays_valid(self):
        sent = SCENE.signed_by_other(shapes.letter("both.example"))
        case = SCENE.case("signed by other.example", sent, domain="both.example", foreign_signatures=1)
        with SmtpClient(SCENE.postfix.port) as client:
            client.send(case.sender, case.recipient, sent)
        self.judge([case])
        verdicts = SCENE.judges.judge({"it": case.arrived.raw})["it"]
        self.assertEqual(case.arrived.signatures()[2]["d"], "other.example")
        self.assertEqual(complaints(verdicts[2], {}), {})

    # --- settings and faults ---

    def test_settings_that_change_the_signature(self):
        SCENE.daemon.reload(**SCENE.settings("relaxed/simple"), expiration=3600,
                            signed_headers=Raw('( "+X-Alert", "-Date" )'), oversigned_headers=Raw('( "+X-Alert" )'))
        try:
            case = SCENE.case("expires", shapes.letter("both.example", more=b"X-Alert: 1\r\nX-Alert: 2\r\n"),
                              "relaxed/simple", "both.example")
            with SmtpClient(SCENE.postfix.port) as client:
                client.send(case.sender, case.recipient, case.sent)
            self.judge([case])
        finally:
            SCENE.daemon.reload(**SCENE.settings("relaxed/relaxed"))
        for signature in case.arrived.signatures():
            self.assertEqual(int(signature["x"]) - int(signature["t"]), 3600)
            names = signature["h"].lower().split(":")
            self.assertEqual(names.count("x-alert"), 3, "two that are there, and one that must not be added")
            self.assertNotIn("date", names)
        changed = case.arrived.raw.replace(b"X-Alert: 1", b"X-Alert: 3")
        for verdict in SCENE.judges.judge({"changed": changed})["changed"]:
            self.assertNotIn("pass", verdict.values())

    def test_a_broken_configuration_changes_nothing(self):
        with self.assertRaisesRegex(HarnessError, "configuration was refused"):
            SCENE.daemon.reload(**{**SCENE.settings("simple/simple"), "canonicalisation": "relaxed"})
        try:
            self.assertIn("canonicalisation", SCENE.daemon.reloads()[-1])
            self.judge([self.from_client("after a refused configuration", shapes.letter("both.example"),
                                         domain="both.example")])
        finally:
            SCENE.daemon.reload(**SCENE.settings("relaxed/relaxed"))

    def test_nothing_leaves_unsigned_while_a_key_cannot_be_used(self):
        # Each fault has a domain of its own: a loaded key is kept, whatever happens to its file.
        for domain, mode, complaint in (("unreadable.example", 0o600, "Permission denied"),
                                        ("open.example", 0o644, "chmod")):
            with self.subTest(domain):
                key = SCENE.keys.path / domain / "server.private"
                key.chmod(mode)
                sent = shapes.letter(domain)
                waiting = SCENE.case(domain, sent)
                with SmtpClient(SCENE.postfix.port) as client, self.assertRaisesRegex(Refused, "^4"):
                    client.send(waiting.sender, waiting.recipient, sent)
                said = [line for line in SCENE.daemon.log_text().splitlines() if str(key) in line]
                self.assertIn("error: ", said[-1])
                self.assertIn(complaint, said[-1])
                key.chmod(0o640)
                self.judge([self.from_client("repaired", sent, domain=domain)])
                self.assertEqual(SCENE.sink.copies(waiting.recipient), 0, "it left unsigned")

    # --- the dialogue ---

    def test_messages_on_one_connection_share_nothing(self):
        ours, foreign = shapes.letter("both.example"), shapes.letter("foreign.example")
        malformed = shapes.letter("both.example", author=b"From: a@both.example\r\nFrom: b@both.example\r\n")
        cases = []
        with SmtpClient(SCENE.postfix.port) as client:
            for number in range(4):
                for name, sent, domain, reason in (
                        ("ours", ours, "both.example", None), ("foreign", foreign, None, "foreign.example"),
                        ("malformed", malformed, None, "malformed: "),
                        ("Ed25519", shapes.letter("ed.example"), "ed.example", None)):
                    case = SCENE.case(f"{name} {number}", sent, domain=domain, reason=reason)
                    client.envelope("bounces@both.example", "never@receiver.example")
                    client.command(b"RSET")
                    client.send(case.sender, case.recipient, sent)
                    cases.append(case)
        self.judge(cases)

    def test_clients_that_hang_up_in_the_middle(self):
        for part in (b"", b"From: alerts@both.example\r\n", b"From: alerts@both.example\r\n\r\nhalf a body\r\n",
                     b"From: alerts@both.example\r\n\r\n" + b"half a body\r\n" * 20000):
            client = SmtpClient(SCENE.postfix.port)
            client.envelope("bounces@both.example", "never@receiver.example")
            client.command(b"DATA", b"354")
            client.write(part)
            client.drop()
        self.judge([self.from_client("afterwards", shapes.letter("both.example"), domain="both.example")])
        self.assertEqual(SCENE.sink.copies("never@receiver.example"), 0)

    # --- what a signature does not survive ---

    def sent_to(self, name, host, sent):
        """Sends a message to a host with a transport of its own (see transport_maps)."""
        case = SCENE.case(name, sent, domain="both.example")
        case.recipient = case.recipient.replace("receiver.example", host)
        with SmtpClient(SCENE.postfix.port) as client:
            client.send(case.sender, case.recipient, sent)
        SCENE.collect([case])
        return case

    def refused(self, case):
        verdicts = SCENE.judges.judge({"it": case.arrived.raw})["it"]
        return all("pass" not in verdict.values() for verdict in verdicts)

    def warnings(self, case, word):
        return [line for line in SCENE.daemon.lines_of(case.queue_id) if word in line]

    def test_a_body_line_that_postfix_will_cut_gets_a_warning(self):
        long, fits = b"x" * 1200, b"y" * 998
        sent = shapes.letter("both.example", b"one\r\n" + fits + b"\r\nthree\r\n" + long + b"\r\nfive\r\n")
        cut = self.sent_to("line of 1200", "receiver.example", sent)
        self.assertNotIn(long, cut.arrived.raw, "Postfix did not cut the line: nothing to warn about")
        self.assertTrue(self.refused(cut), "the signature survived: nothing to warn about")
        said = self.warnings(cut, "998")
        self.assertEqual(len(said), 1, said)
        self.assertIn("warning: ", said[0])
        self.assertRegex(said[0], r"line 4\b")
        self.assertIn("smtp_line_length_limit", said[0])
        # The advice of the warning helps.
        self.check([self.sent_to("line of 1200, greater limit", "longline.example", sent)])

        whole = self.sent_to("line of 998", "receiver.example", shapes.letter("both.example", fits + b"\r\n"))
        self.check([whole])
        self.assertEqual(self.warnings(whole, "998"), [])

    def test_a_header_line_that_postfix_will_cut_gets_a_warning(self):
        ids = b" ".join(b"<%036x@r.example>" % n for n in range(30))
        cut = self.sent_to("References of 1400", "receiver.example",
                           shapes.letter("both.example", more=b"References: " + ids + b"\r\n"))
        self.assertTrue(self.refused(cut), "the signature survived: nothing to warn about")
        said = self.warnings(cut, "998")
        self.assertEqual(len(said), 1, said)
        self.assertIn("References", said[0])

    def test_a_body_that_postfix_may_recode_is_reported(self):
        sent = shapes.letter("both.example", "ascii\r\nPlatte ist größer\r\n".encode(),
                             more=shapes.MIME + b"Content-Type: text/plain; charset=utf-8\r\n"
                             b"Content-Transfer-Encoding: 8bit\r\n")
        recoded = self.sent_to("8-bit, no 8BITMIME", "recoding.example", sent)
        self.assertIn(b"quoted-printable", recoded.arrived.header, "Postfix did not recode: nothing to report")
        self.assertTrue(self.refused(recoded), "the signature survived: nothing to report")
        said = self.warnings(recoded, "8BITMIME")
        self.assertEqual(len(said), 1, said)
        self.assertIn("line 2", said[0])
        self.assertIn("disable_mime_output_conversion", said[0])
        # The advice of the line helps, and a server with 8BITMIME needs no help.
        self.check([self.sent_to("8-bit, no 8BITMIME, no conversion", "verbatim.example", sent),
                    self.sent_to("8-bit, 8BITMIME", "receiver.example", sent)])

    # --- the judges themselves ---

    def test_the_judges_detect_changed_messages(self):
        case = self.from_client("control", shapes.letter("both.example"), domain="both.example")
        SCENE.collect([case])
        raw = case.arrived.raw
        changed = {
            "body": raw.replace(b"91 % full", b"19 % full"),
            "header field": raw.replace(b"Subject: Disk full", b"Subject: Disk fine"),
            "second From": b"From: ceo@bank.example\r\n" + raw,
            "second Subject": b"Subject: Transfer money\r\n" + raw,
        }
        verdicts = SCENE.judges.judge({"as it arrived": raw, **changed})
        signatures = case.arrived.signatures()
        for verdict, signature in zip(verdicts["as it arrived"], signatures):
            self.assertEqual(complaints(verdict, signature), {})
        for name in changed:
            for verdict in verdicts[name]:
                with self.subTest(name):
                    self.assertNotIn("pass", verdict.values())


def as_delivered(raw):
    """Returns the body as Postfix sends it on: with a final line end."""
    body = Message(raw).body
    return body if not body or body.endswith(b"\r\n") else body + b"\r\n"


if __name__ == "__main__":
    unittest.main(verbosity=2)
