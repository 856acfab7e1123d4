#!/usr/bin/python3
"""Mail to a person (rotation.notify) through a real Postfix: it arrives whole, signed like any other mail, and even if the
keys of this host's own domain cannot be used."""

import email
import email.policy
import os
import subprocess
import unittest

from harness.dns_server import DnsServer
from harness.message import Message
from harness.postfix import Postfix
from harness.products import Daemon, KeyStore, program
from harness.sink import Sink
from harness.verifiers import Judges, complaints
from harness.workspace import Workspace, wait_for

OWN = "own.example"
WAITING = 3
ROOT = f"root@{OWN}"
# This host's domain is the one of the private Postfix, whatever the host's own file says.
AS_OWN_HOST = ("unshare", "--mount", "--propagation=private", "sh", "-ec",
               'if test -e /etc/mailname; then mount --bind "$0" /etc/mailname; fi; exec "$@"')


class Scene:
    def __init__(self):
        self.workspace = Workspace()
        self.sink = Sink(self.workspace)
        self.postfix = Postfix(self.workspace, self.sink.port, origin=OWN)
        self.keys = KeyStore(self.workspace)
        self.keys.generate(OWN, "server", "both", "--activate")
        self.daemon = Daemon(self.workspace, self.postfix.make_socket_directory("nobody"), self.keys.path)
        self.postfix.start(self.workspace)
        # The zones of the other domains are empty: their records are still to be published.
        empty = {f"{name}.example": "" for name in ("plain", "large", *(f"many{i}" for i in range(12)))}
        self.dns = DnsServer(self.workspace, {**self.keys.records(), **empty})
        self.judges = Judges(self.workspace, self.dns)
        self.config = self.workspace.directory("notify") / "dkimsignd.conf"
        self.mailname = self.config.with_name("mailname")
        self.mailname.write_text(f"{OWN}\n")
        self.count = 0

    def rotate(self):
        """Runs rotate --due as the timer does, for a recipient who was told nothing; returns the mail that arrives."""
        self.count += 1
        name = f"person-{self.count}"
        self.config.write_text(f'key_directory = "{self.keys.path}";\nrotation = {{ notify = "{name}"; }};\n')
        command = [program("dkimkey"), "--config", self.config, "rotate", "--due", "--all", "--no-authoritative",
                   "--resolver", f"127.0.0.1@{self.dns.port}"]
        done = subprocess.run([*AS_OWN_HOST, self.mailname, *command], capture_output=True, check=False, text=True,
                              env={**os.environ, "MAIL_CONFIG": str(self.postfix.config)})
        if done.returncode != WAITING or f"told {name} by mail: " not in done.stderr:
            raise AssertionError(f"{done.returncode}: {done.stdout}{done.stderr}")
        return self.sink.wait([f"{name}@{OWN}"])[f"{name}@{OWN}"]


SCENE = None


def setUpModule():
    global SCENE
    SCENE = Scene()
    unittest.addModuleCleanup(SCENE.workspace.close)


class Notify(unittest.TestCase):
    def told_about(self, *domains, bits="2048"):
        """Makes a pending key for each domain, and returns the mail about them."""
        for domain in domains:
            SCENE.keys.generate(domain, "server", "rsa", "--bits", bits)
            self.addCleanup(subprocess.run, ["rm", "-r", SCENE.keys.path / domain], check=True)
        return SCENE.rotate()

    def parsed(self, raw):
        """Parses a message as it arrived; nothing in it may be wrong (RFC 5322, RFC 2045)."""
        self.assertLess(max(map(len, raw.split(b"\r\n"))), 999)
        message = email.message_from_bytes(raw, policy=email.policy.strict)
        for part in message.walk():
            self.assertEqual(part.defects, [])
            for name in set(part) - {"DKIM-Signature", "Received"}:
                self.assertEqual(part[name].defects, (), name)
        self.assertEqual(str(message["To"]), f"person-{SCENE.count}@{OWN}")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        return message

    def assert_signed(self, raw):
        message = Message(raw)
        signatures = message.signatures()
        self.assertEqual([(one["d"], one["s"]) for one in signatures], [(OWN, "server"), (OWN, "server-ed25519")])
        judged = SCENE.judges.judge({"message": raw})["message"]
        self.assertEqual([complaints(verdict, tags) for tags, verdict in zip(signatures, judged, strict=True)], [{}, {}])

    def record(self, domain):
        return subprocess.run([program("dkimkey"), "show", "-D", SCENE.keys.path, "-d", domain, "-s", "server"],
                              capture_output=True, check=True, text=True).stdout

    def test_a_record_to_paste(self):
        raw = self.told_about("plain.example")
        self.assert_signed(raw)
        message = self.parsed(raw)
        self.assertEqual(str(message["From"]), f"dkimkey <{ROOT}>")
        self.assertEqual(message["Subject"], "DKIM: something to do for plain.example")
        self.assertIn(self.record("plain.example"), message.get_content().replace("\r\n", "\n"))

    def test_records_with_long_lines(self):
        """A value of 4096 bits is a line that just passes; one of 8192 bits would be cut by SMTP."""
        for bits, encoding in (("4096", "7bit"), ("8192", "base64")):
            raw = self.told_about("large.example", bits=bits)
            self.assert_signed(raw)
            message = self.parsed(raw)
            self.assertEqual(message["Content-Transfer-Encoding"], encoding)
            self.assertIn(self.record("large.example"), message.get_content().replace("\r\n", "\n"))
            self.doCleanups()

    def test_an_attachment(self):
        domains = [f"many{i}.example" for i in range(12)]
        raw = self.told_about(*domains)
        self.assert_signed(raw)
        (attachment,) = self.parsed(raw).iter_attachments()
        for domain in domains:
            self.assertIn(self.record(domain), attachment.get_content().replace("\r\n", "\n"))

    def test_with_a_broken_key_of_its_own_it_goes_out(self):
        key = SCENE.keys.path / OWN / "server.private"
        manifest = key.with_name("keys.conf")
        whole = key.read_bytes()

        def write(content):
            key.write_bytes(content)
            # The daemon reads the keys again when the manifest has changed.
            new = manifest.with_name("new")
            subprocess.run(["cp", "-p", manifest, new], check=True)
            os.utime(new)
            new.rename(manifest)

        write(b"nonsense")
        self.addCleanup(write, whole)
        # Other mail waits until the key is repaired.
        before = SCENE.postfix.log_text().count("milter-reject")
        SCENE.postfix.sendmail(ROOT, ROOT, f"From: {ROOT}\r\nSubject: waits\r\n\r\nText.\r\n".encode())
        wait_for(lambda: SCENE.postfix.log_text().count("milter-reject") > before, "the daemon to defer it")
        raw = self.told_about("plain.example")
        message = self.parsed(raw)
        self.assertEqual(str(message["From"]), "dkimkey <root@localhost>")
        self.assertEqual(Message(raw).signatures(), [])
        self.assertIn(self.record("plain.example"), message.get_content().replace("\r\n", "\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
