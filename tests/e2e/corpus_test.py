#!/usr/bin/python3
"""Messages as the world writes them, through the daemon and through `dkimkey sign`.

The test uses the fixtures beside this file, and any folder that DKIMSIGND_CORPUS names. A rule maps every
author to one domain with keys. A message with one parsable From must be signed and must verify; every other
message gets a verdict and a log line. No message may end the daemon, and both programs must agree.
"""

import email.headerregistry
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from harness.dns_server import DnsServer
from harness.message import Message
from harness.milter_client import MilterClient, applied, with_final_line_end
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program
from harness.verifiers import Judges, complaints
from harness.workspace import Workspace

FIXTURES = pathlib.Path(__file__).with_name("fixtures")
DOMAIN = "corpus.example"


def messages():
    """Returns each message by its name, with CRLF line ends, as it would go over the wire."""
    found = {}
    folders = [FIXTURES, *filter(None, [os.environ.get("DKIMSIGND_CORPUS")])]
    for folder in map(pathlib.Path, folders):
        for path in sorted(folder.rglob("*.eml")):
            raw = path.read_bytes()
            # An mbox line is not part of the message: sendmail(1) drops it as well.
            if raw.startswith(b"From "):
                raw = raw.partition(b"\n")[2]
            raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            found[str(path.relative_to(folder.parent))] = (path, raw)
    return found


def parsable_author(message):
    """Returns whether the message has an author that can be determined; None if that is in doubt.

    Python's own parser of RFC 5322 gives an independent opinion. A field that it reads only with a remark
    (defect) has obsolete or broken syntax, about which opinions may differ.
    """
    values = message.values("From")
    if len(values) != 1:
        return False
    parsed = {}
    text = values[0].decode("utf-8", "surrogateescape").replace("\r\n", "").strip()
    try:
        email.headerregistry.AddressHeader.parse(text, parsed)
    except (IndexError, ValueError, AttributeError):
        return None  # Python's parser gave up
    mailboxes = [mailbox for group in parsed.get("groups", ()) for mailbox in group.addresses]
    if parsed["defects"] or not mailboxes or not mailboxes[0].domain or not mailboxes[0].username:
        return None
    return True


class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.keys = KeyStore(cls.workspace)
        cls.keys.generate(DOMAIN, "server", "both", "--activate")
        directory = cls.workspace.directory("socket")
        shutil.chown(directory, USER, GROUP)
        cls.socket = directory / "dkimsignd.sock"
        cls.daemon = Daemon(cls.workspace, cls.socket, cls.keys.path,
                            rules=Raw(f'( {{ sender = "*"; domain = "{DOMAIN}"; }} )'))
        cls.judges = Judges(cls.workspace, DnsServer(cls.workspace, cls.keys.records()))
        cls.messages = messages()

        cls.by_daemon = cls.through_the_daemon()

    @classmethod
    def through_the_daemon(cls):
        """Sends all messages over one connection; returns the Outcome of each, with its lines of the log."""
        outcomes = {}
        with MilterClient(str(cls.socket)) as client:
            for number, (name, (_, raw)) in enumerate(cls.messages.items()):
                message, queue_id = Message(raw), f"CORPUS{number}"
                outcome = client.message(message.fields, message.body, queue_id=queue_id)
                outcomes[name] = (outcome, [line for line in cls.daemon.lines_of(queue_id)
                                            if f"{queue_id}: signed " in line or f"{queue_id}: not signed: " in line])
        return outcomes

    @classmethod
    def tearDownClass(cls):
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"dkimsignd ended with {status}:\n{cls.daemon.log_text()[-4000:]}")

    def test_by_the_daemon(self):
        signed, others = {}, []
        for name, (outcome, said) in self.by_daemon.items():
            with self.subTest(name):
                message = Message(self.messages[name][1])
                self.assertEqual(len(said), 1, said)
                is_signed = f": signed d={DOMAIN} " in said[0]
                self.assertEqual((outcome.verdict, len(outcome.inserted)), (b"c", 2) if is_signed else (b"a", 0),
                                 said[0])
                expected = parsable_author(message)
                if expected is not None:
                    self.assertEqual(is_signed, expected, said[0])
                if is_signed:
                    signed[name] = applied(message.fields, message.body, outcome)
                else:
                    self.assertIn(": not signed: malformed: ", said[0])
                    others.append(f"  {name}: {said[0].partition('malformed: ')[2]}")
        self.assertTrue(self.daemon.alive(), "the daemon died")
        print(f"{len(self.messages)} messages, {len(signed)} signed, {len(others)} not:", *others, sep="\n",
              file=sys.stderr)
        self.verify(signed)

    def test_by_dkimkey_sign(self):
        signed = {}
        for name, (path, raw) in self.messages.items():
            with self.subTest(name):
                done = subprocess.run(
                    [program("dkimkey"), "sign", "--config", self.daemon.config, path],
                    capture_output=True, check=False)
                complaint = done.stderr.decode("utf-8", "replace")
                outcome, said = self.by_daemon[name]
                self.assertEqual(done.returncode, 0 if outcome.inserted else 1, f"{complaint}{said}")
                if done.returncode != 0:
                    self.assertIn("not signed: ", complaint)
                    self.assertEqual(done.stdout, b"")
                    continue
                signed[name] = done.stdout.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                message = Message(raw)
                empty_line = b"\r\n" if message.stray_line or message.header != raw else b""
                self.assertTrue(signed[name].endswith(message.header + empty_line + message.body),
                                "the message itself was changed")
        self.verify({name: with_final_line_end(raw) for name, raw in signed.items()})

    def verify(self, signed):
        """Has every judge verify every signature. If there is a lone CR, only dkimpy does: like us, it takes
        the CR for a byte of its line."""
        verdicts = self.judges.judge(signed)
        for name, raw in signed.items():
            with self.subTest(name):
                signatures = Message(raw).signatures()
                self.assertEqual([s["d"] for s in signatures[:2]], [DOMAIN, DOMAIN])
                for signature, verdict in zip(signatures[:2], verdicts[name]):
                    if b"\r" in raw.replace(b"\r\n", b""):
                        self.assertEqual(verdict["dkimpy"], "pass")
                    else:
                        self.assertEqual(complaints(verdict, signature), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
