#!/usr/bin/python3
"""Clients log in to a real Postfix with a real SASL server (Dovecot), and send as themselves and as each other.

A login's own mail is signed, with the provider's signature beside the author's, and three verifiers accept each of
them. Mail as somebody else leaves unsigned, is deferred or is refused, as the configuration says. What dkimkey doctor
says about Postfix's own means is tried on this Postfix.
"""

import base64
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import threading
import unittest

import shapes
from harness.dns_server import DnsServer
from harness.dovecot import Dovecot
from harness.message import Message
from harness.milter_client import MilterClient
from harness.postfix import Postfix
from harness.products import Daemon, KeyStore, Raw, program
from harness.sink import Sink
from harness.smtp_client import Refused, SmtpClient
from harness.verifiers import Judges, complaints
from harness.workspace import Workspace, join, run

ALICE, BOB, RELAY = "alice@shop.example", "bob@club.example", "relay"
PASSWORDS = {ALICE: "a-secret", BOB: "b-secret", RELAY: "r-secret"}

RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
AUTHOR = {("shop.example", "s", RSA), ("shop.example", "s-ed25519", ED25519)}
PROVIDER = {("esp.example", "e", RSA), ("esp.example", "e-ed25519", ED25519)}


class Scene:
    def __init__(self):
        self.workspace = Workspace()
        self.sink = Sink(self.workspace)
        # Only logins count: the client on this host is not in a trusted network.
        self.postfix = Postfix(
            self.workspace, self.sink.port, origin="shop.example", smtpd_sasl_auth_enable="yes",
            smtpd_sasl_type="dovecot", smtpd_sasl_path="private/auth",
            smtpd_relay_restrictions="permit_sasl_authenticated, reject_unauth_destination")
        socket = self.postfix.make_socket_directory("nobody")
        self.keys = KeyStore(self.workspace)
        self.keys.generate("shop.example", "s", "both", "--activate")
        self.keys.generate("club.example", "c", "rsa", "--activate")
        self.keys.generate("esp.example", "e", "both", "--activate")
        self.tables = self.workspace.directory("tables")
        self.daemon = Daemon(self.workspace, socket, self.keys.path, **self.settings())
        self.postfix.start(self.workspace)
        self.dovecot = Dovecot(self.workspace, self.postfix.queue / "private/auth", PASSWORDS)
        self.dns = DnsServer(self.workspace, self.keys.records())
        self.judges = Judges(self.workspace, self.dns)
        self.numbers = itertools.count(1)

    @staticmethod
    def settings(**changed):
        return {"trusted_networks": Raw("( )"), "logins": "domain",
                "also_sign": Raw('( { sender = "@shop.example"; domain = "esp.example"; } )'), **changed}

    def write_table(self, text):
        """Exchanges the table of logins, as an administrator does."""
        table = self.tables / "logins"
        new = self.tables / "logins.new"
        new.write_text(text)
        new.chmod(0o644)
        new.rename(table)
        return table


SCENE = None


def setUpModule():
    global SCENE
    SCENE = Scene()
    unittest.addModuleCleanup(SCENE.workspace.close)


def tearDownModule():
    status = SCENE.daemon.stop()
    if status != 0:
        raise AssertionError(f"dkimsignd ended with {status}:\n{SCENE.daemon.log_text()[-4000:]}")


def log_in(client, login):
    word = base64.b64encode(f"\0{login}\0{PASSWORDS[login]}".encode())
    client.command(b"AUTH PLAIN " + word, b"235")


class Logins(unittest.TestCase):
    def setUp(self):
        self.configure()

    def configure(self, **changed):
        SCENE.daemon.reload(**SCENE.settings(**changed))

    def send(self, login, author, sender=None, raw=None):
        """Sends a message as an author after a login; returns it as it arrived."""
        recipient = f"case-{next(SCENE.numbers)}@receiver.example"
        with SmtpClient(SCENE.postfix.port) as client:
            if login:
                log_in(client, login)
            client.send(sender or author, recipient, raw or self.letter(author))
        return Message(SCENE.sink.wait([recipient])[recipient])

    @staticmethod
    def letter(author, **parts):
        return shapes.letter("shop.example", author=f"From: {author}\r\n".encode(), **parts)

    def assert_signed(self, arrived, expected):
        signatures = arrived.signatures()
        self.assertEqual({(s["d"], s["s"], s["a"]) for s in signatures}, expected)
        self.assertEqual(len(signatures), len(expected))
        verdicts = SCENE.judges.judge({"it": arrived.raw})["it"]
        for signature, verdict in zip(signatures, verdicts, strict=True):
            self.assertEqual(complaints(verdict, signature), {}, signature)

    def verdict_line(self, arrived):
        said = [line for line in SCENE.daemon.lines_of(arrived.queue_id()) if "signed" in line]
        return said[0].partition(": ")[2].partition(": ")[2] if len(said) == 1 else said

    # --- who may sign as what ---

    def test_own_mail_is_signed(self):
        self.assert_signed(self.send(ALICE, "alice@shop.example"), AUTHOR | PROVIDER)
        self.assert_signed(self.send(ALICE, "Alice <sales@Shop.Example>"), AUTHOR | PROVIDER)
        self.assert_signed(self.send(BOB, "bob@club.example"), {("club.example", "c", RSA)})
        self.assert_signed(self.send(BOB, "bob@lists.club.example"), {("club.example", "c", RSA)})

    def test_mail_as_each_other_leaves_unsigned(self):
        for login, author, domain in ((ALICE, "bob@club.example", "club.example"), (BOB, ALICE, "shop.example"),
                                      (RELAY, ALICE, "shop.example")):
            with self.subTest(login=login, author=author):
                arrived = self.send(login, author)
                self.assertEqual(arrived.signatures(), [])
                self.assertIn(f"not signed: the login {login} may not use the domain {domain}, from={author}, "
                              "on_foreign_author=accept", self.verdict_line(arrived))

    def test_every_author_must_be_the_logins(self):
        self.assertEqual(self.send(ALICE, "alice@shop.example, bob@club.example", sender=ALICE).signatures(), [])
        self.assertEqual(self.send(ALICE, "bob@club.example, alice@shop.example", sender=ALICE).signatures(), [])

    def test_what_the_client_sees(self):
        for action, answer in (("reject", "550 5.7.1 This login may not send with this address in From:"),
                               ("tempfail", "451 4.7.1 This login may not send with this address in From:")):
            self.configure(on_foreign_author=action)
            with self.subTest(action):
                with self.assertRaises(Refused) as refused:
                    self.send(ALICE, "bob@club.example")
                self.assertEqual(str(refused.exception).strip(), answer)
                self.assertIn(f"the login {ALICE} may not use the domain club.example, from=bob@club.example, "
                              f"on_foreign_author={action}", SCENE.daemon.log_text())
                self.assert_signed(self.send(ALICE, ALICE), AUTHOR | PROVIDER)

    def test_without_the_setting_every_login_may_use_every_domain(self):
        self.configure(logins="any")
        self.assert_signed(self.send(ALICE, "bob@club.example"), {("club.example", "c", RSA)})

    def test_a_list(self):
        self.configure(logins=Raw('( { login = "relay"; domains = ( "*" ); },'
                                  ' { login = "@shop.example"; domains = ( "club.example" ); } )'))
        self.assert_signed(self.send(RELAY, ALICE), AUTHOR | PROVIDER)
        self.assert_signed(self.send(ALICE, "bob@club.example"), {("club.example", "c", RSA)})
        self.assertEqual(self.send(ALICE, ALICE).signatures(), [])
        self.assertEqual(self.send(BOB, BOB).signatures(), [])

    def test_a_client_that_has_not_logged_in(self):
        """It cannot pass for a login: Postfix sets the macros."""
        raw = self.letter(ALICE, more=b"X-auth_authen: alice@shop.example\r\n")
        arrived = self.send(None, ALICE, raw=raw)
        self.assertEqual(arrived.signatures(), [])
        self.assertIn("neither trusted nor authenticated", SCENE.daemon.log_text())
        with SmtpClient(SCENE.postfix.port) as client, self.assertRaisesRegex(Refused, "^535"):
            client.command(b"AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0wrong".encode()), b"235")

    def test_mail_of_this_host_is_not_judged(self):
        """sendmail(1) has no login; its mail is signed as before."""
        recipient = f"case-{next(SCENE.numbers)}@receiver.example"
        self.configure(trusted_networks=Raw('( "127.0.0.0/8" )'), on_foreign_author="reject")
        SCENE.postfix.sendmail("root@club.example", recipient, self.letter("root@club.example"))
        self.assert_signed(Message(SCENE.sink.wait([recipient])[recipient]), {("club.example", "c", RSA)})

    # --- second signatures ---

    def test_the_authors_signatures_are_on_top(self):
        arrived = self.send(ALICE, ALICE)
        self.assertEqual([(s["d"], s["s"]) for s in arrived.signatures()],
                         [("shop.example", "s"), ("shop.example", "s-ed25519"),
                          ("esp.example", "e"), ("esp.example", "e-ed25519")])
        said = [line.partition(": ")[2] for line in SCENE.daemon.lines_of(arrived.queue_id())]
        self.assertEqual(len(said), 2)
        self.assertIn("signed d=shop.example s=s,s-ed25519 a=rsa-sha256,ed25519-sha256 from=alice@shop.example", said[0])
        self.assertIn("also signed d=esp.example s=e,e-ed25519 a=rsa-sha256,ed25519-sha256", said[1])

    def test_both_signatures_hold_in_every_canonicalization(self):
        for pair in itertools.product(("relaxed", "simple"), repeat=2):
            self.configure(canonicalization="/".join(pair))
            with self.subTest(pair):
                self.assert_signed(self.send(ALICE, ALICE, raw=self.letter(
                    ALICE, body=b"two  spaces \r\n\ttab\r\n\r\n\r\n", more=b"X-Fold: a\r\n\t b \r\n")), AUTHOR | PROVIDER)

    def test_both_signatures_see_a_change(self):
        arrived = self.send(ALICE, ALICE)
        changed = arrived.raw.replace(b"91 % full", b"19 % full")
        self.assertNotEqual(changed, arrived.raw)
        for verdict in SCENE.judges.judge({"changed": changed})["changed"]:
            self.assertNotIn("pass", verdict.values())

    def test_the_second_signature_never_comes_alone(self):
        key = SCENE.keys.path / "shop.example" / "s.private"
        second = SCENE.keys.path / "esp.example" / "e.private"
        for broken in (key, second):
            with self.subTest(str(broken)):
                broken.chmod(0o644)
                self.configure()  # loaded keys are kept, whatever happens to their files
                try:
                    with self.assertRaisesRegex(Refused, "^451 "):
                        self.send(ALICE, ALICE)
                finally:
                    broken.chmod(0o640)
                self.assert_signed(self.send(ALICE, ALICE), AUTHOR | PROVIDER)

    # --- what Postfix itself does about it ---

    def logins_finding(self):
        done = subprocess.run([program("dkimkey"), "doctor", "--local", "--json", "--config", SCENE.daemon.config,
                               "--postfix-config", SCENE.postfix.config, "shop.example"],
                              capture_output=True, check=False, timeout=120)
        findings = [f for f in json.loads(done.stdout) if f["topic"] == "logins"]
        usual = [f for f in findings if f"127.0.0.1:{SCENE.postfix.port}/inet" in f["subject"].split(", ")]
        self.assertEqual(len(usual), 1, findings)
        return usual[0]

    def change_postfix(self, **settings):
        SCENE.postfix.change(**settings)
        for name in ("main.cf", "master.cf"):
            os.utime(SCENE.postfix.config / name, (1, 1))
        # After a reload, an smtpd with the old settings could still take the next client.
        SCENE.postfix.stop()
        SCENE.postfix.start(SCENE.workspace)

    def answer(self, login, sender, author):
        """Returns what Postfix says of the sender and the message, as its first three digits."""
        try:
            self.send(login, author, sender=sender)
            return "250"
        except Refused as refused:
            return str(refused)[:3]

    def test_what_doctor_says_of_postfix_is_true(self):
        self.configure(logins="any")
        finding = self.logins_finding()
        self.assertEqual(finding["severity"], "note")
        self.assertIn("send from any address; dkimsignd signs it for every domain", finding["what"])
        self.assertEqual(self.answer(ALICE, BOB, BOB), "250")
        maps = "inline:{ {alice@shop.example=alice@shop.example} {bob@club.example=bob@club.example} }"
        self.addCleanup(self.change_postfix, smtpd_sender_login_maps="", smtpd_sender_restrictions="")

        self.change_postfix(smtpd_sender_login_maps=maps, smtpd_sender_restrictions="permit_sasl_authenticated, "
                            "reject_authenticated_sender_login_mismatch")
        finding = self.logins_finding()
        self.assertIn("send from any address; ", finding["what"])
        self.assertEqual(self.answer(ALICE, BOB, BOB), "250", "the login is permitted before")

        # What doctor gives to paste.
        for line in finding["paste"].splitlines():
            run("/bin/sh", "-c", line)
        self.change_postfix()
        finding = self.logins_finding()
        self.assertIn("compares the login with the envelope sender, but not with From:", finding["what"])
        self.assertEqual(self.answer(ALICE, BOB, BOB), "553")
        self.assertEqual(self.answer(ALICE, ALICE, ALICE), "250")
        self.assertEqual(self.answer(ALICE, ALICE, BOB), "250", "the author in From: is not compared")

        self.change_postfix(smtpd_sender_restrictions="reject_known_sender_login_mismatch")
        self.assertIn("that smtpd_sender_login_maps does not list", self.logins_finding()["what"])
        self.assertEqual(self.answer(ALICE, BOB, BOB), "553")
        self.assertEqual(self.answer(ALICE, "x@club.example", BOB), "250")

        self.change_postfix(smtpd_sender_login_maps="", smtpd_sender_restrictions="reject_sender_login_mismatch")
        finding = self.logins_finding()
        self.assertEqual(finding["severity"], "broken")
        self.assertEqual(self.answer(ALICE, ALICE, ALICE), "553", "nobody owns any address")

        self.configure(on_foreign_author="reject")
        self.change_postfix(smtpd_sender_restrictions="")
        finding = self.logins_finding()
        self.assertEqual(finding["severity"], "good")
        self.assertIn("mail from another is refused (on_foreign_author)", finding["what"])
        self.assertEqual(self.answer(ALICE, ALICE, BOB), "550")

    # --- a large table ---

    MANY = 100_000

    def large_table(self, domain):
        return "".join(f"user{number}@shop.example {domain}\n" for number in range(self.MANY))

    @staticmethod
    def memory():
        """Returns the daemon's peak memory, in kB."""
        text = pathlib.Path(f"/proc/{SCENE.daemon.process.pid}/status").read_text("ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1])

    def test_a_large_table_is_exchanged_under_load(self):
        """Once rename(2) has returned, no message is judged by the table before."""
        tables = {True: self.large_table("shop.example"), False: self.large_table("club.example")}
        self.configure(logins=str(SCENE.write_table(tables[True])), also_sign=Raw("( )"))
        # The number of changes begun and ended, and what the table allows now.
        state = [0, True]
        stop = threading.Event()
        judged = {True: 0, False: 0}
        wrong = []

        def work(seed):
            chance = random.Random(seed)
            fields = Message(shapes.letter("shop.example")).fields
            with MilterClient(SCENE.daemon.socket, client="203.0.113.9") as milter:
                while not stop.is_set():
                    before = tuple(state)
                    login = f"user{chance.randrange(self.MANY)}@shop.example"
                    outcome = milter.message(fields, b"text\r\n", macros={"{auth_type}": "PLAIN", "{auth_authen}": login})
                    if tuple(state) != before or before[0] % 2 != 0:
                        continue  # a change took place meanwhile
                    judged[before[1]] += 1
                    if bool(outcome.inserted) != before[1] or outcome.verdict not in (b"a", b"c"):
                        wrong.append((before, login, outcome.verdict))

        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for worker in workers:
            worker.start()
        memory = []
        try:
            for number in range(20):
                allows = number % 2 == 1
                state[0] += 1
                SCENE.write_table(tables[allows])
                state[:] = [state[0] + 1, allows]
                enough = judged[allows] + 20
                while judged[allows] < enough and not wrong and all(worker.is_alive() for worker in workers):
                    stop.wait(0.005)
                memory.append(self.memory())
        finally:
            stop.set()
            for worker in workers:
                join(worker, "a sender")
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(min(judged.values()), 200)
        # A table takes about 8 MB: sixteen that stay would show.
        self.assertLess(memory[-1] - memory[3], 40_000, memory)


if __name__ == "__main__":
    unittest.main(verbosity=2)
