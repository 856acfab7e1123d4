#!/usr/bin/python3
"""We sign only for an author whom other programs see as well.

A message whose From: field is not RFC 5322 is signed if the field has only one reading. Our own reading is not enough
to know that. So this test generates fields, and compares the addresses that we find with those that Mail::DKIM,
Postfix and Python's email package find (dkimpy and programs that are built on it use that package). If any of them
sees another address, or one more, we must have refused the field.
"""

import email.utils
import json
import os
import pathlib
import re
import subprocess
import unittest

from from_fields import COMMON, HOSTILE, generated
from harness.message import Message
from harness.postfix import Postfix
from harness.sink import Sink
from harness.smtp_client import SmtpClient
from harness.workspace import HarnessError, Workspace

COUNT, SEED = 4000, 822
# How many fields a message has; Postfix reads each field separately. That takes most of the time, 1.5 ms per field:
# cleanup(8) asks trivial-rewrite(8) about every address in it. 60,000 fields take two minutes on an idle machine and
# five on a busy one, all of it before the reply to the end of DATA.
BATCH = 500
ORIGIN = "private.example"
SEEN = re.compile(r"([^\s<>,;:()\[\]]+)@([^\s<>,;:()]+)\.seen")


def by_us(fields):
    done = subprocess.run([os.environ["AUTHOR_PROBE"]], input="\0".join([*fields, ""]).encode(), check=True,
                          capture_output=True)
    return [line.split(" ", 1) for line in done.stdout.decode().splitlines()]


def by_mail_dkim(fields):
    """Returns the author that it names, and all addresses that its parser finds."""
    script = pathlib.Path(__file__).with_name("harness") / "read_authors.pl"
    done = subprocess.run([str(script)], input=json.dumps(fields).encode(), check=True, capture_output=True)
    return json.loads(done.stdout)


def by_python(field):
    return [address for _, address in email.utils.getaddresses([field])]


def with_domain(addresses):
    """Returns only addresses that have a domain: a word alone is nobody's address."""
    return {address for address in addresses if address and "@" in address}


def domains(addresses):
    return {address.rpartition("@")[2] for address in addresses}


class ByPostfix:
    """Finds the addresses that cleanup(8) sees in a sender's field: it rewrites each address, and a map marks it."""

    def __init__(self, workspace):
        self.sink = Sink(workspace)
        marks = workspace.path / "marks"
        marks.write_text("if !/\\.seen$/\n/^(.*)@(.*)$/ ${1}@${2}.seen\nendif\n")
        self.postfix = Postfix(workspace, self.sink.port, ORIGIN,
                               smtpd_milters="", non_smtpd_milters="",
                               sender_canonical_maps=f"regexp:{marks}", sender_canonical_classes="header_sender")
        self.postfix.start(workspace)

    def read(self, fields):
        found = []
        for start in range(0, len(fields), BATCH):
            batch = fields[start:start + BATCH]
            recipient = f"batch{start}@receiver.example"
            message = b"".join(b"From: " + field.encode() + b"\r\n" for field in batch) + b"\r\nbody\r\n"
            with SmtpClient(self.postfix.port) as client:
                client.send("sender@receiver.example", recipient, message)
            arrived = Message(self.sink.wait([recipient])[recipient])
            values = [value.decode("utf-8", "replace") for value in arrived.values("From")]
            if len(values) != len(batch):
                raise HarnessError(f"{len(batch)} fields became {len(values)}")
            found += [{f"{local}@{domain}" for local, domain in SEEN.findall(value)
                       if domain != ORIGIN} for value in values]
        return found


class Author(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        workspace = Workspace()
        cls.addClassCleanup(workspace.close)
        cls.fields = generated(COUNT, SEED)
        cls.ours = dict(zip(cls.fields, by_us(cls.fields)))
        by_others = (by_mail_dkim(cls.fields), ByPostfix(workspace).read(cls.fields), map(by_python, cls.fields))
        cls.others = {field: [with_domain(found) for found in readings]
                      for field, *readings in zip(cls.fields, *by_others)}

    def accepted(self, kind):
        return {field: set(found.split(" ")) for field, (said, found) in self.ours.items() if said == kind}

    def test_all_readers_agree_about_loose_fields(self):
        accepted = self.accepted("loose")
        self.assertGreater(len(accepted), COUNT // 30, "the generator makes too few such fields")
        for field, ours in accepted.items():
            with self.subTest(field):
                self.assertEqual(len(ours), 1)
                mail_dkim, postfix, python = self.others[field]
                self.assertEqual(mail_dkim, ours)
                self.assertEqual(postfix, ours)
                # Python finds no address in most of them, and never somebody else's.
                self.assertLessEqual(python, ours)

    def test_all_readers_agree_about_the_domains_of_rfc_5322_fields(self):
        accepted = self.accepted("rfc5322")
        self.assertGreater(len(accepted), COUNT // 30, "the generator makes too few such fields")
        for field, ours in accepted.items():
            with self.subTest(field):
                # Mail::DKIM takes the name of a group into the local part.
                mail_dkim, postfix, python = map(domains, self.others[field])
                self.assertEqual(mail_dkim, domains(ours))
                self.assertEqual(postfix, domains(ours))
                self.assertLessEqual(python, domains(ours))

    def test_common_fields_are_signed(self):
        for field in COMMON:
            with self.subTest(field):
                self.assertEqual(self.ours[field], ["loose", "a@example.com"])

    def test_hostile_fields_are_refused(self):
        for field in HOSTILE:
            with self.subTest(field):
                self.assertEqual(self.ours[field][0], "refused")

    def test_readers_disagree_about_refused_fields(self):
        """Otherwise the generated fields would prove nothing."""
        disputed = [field for field, (said, _) in self.ours.items() if said == "refused"
                    and len({frozenset(found) for found in self.others[field][:2]}) > 1]
        self.assertGreater(len(disputed), COUNT // 30)


if __name__ == "__main__":
    unittest.main()
