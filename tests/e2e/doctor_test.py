#!/usr/bin/python3
"""Runs dkimkey doctor on a private Postfix and a running dkimsignd: first while nothing is wrong, then while one
thing after the other is broken. Each time, exactly that finding must not be good, and if doctor gives commands to
paste, pasting them must repair it.
"""

import contextlib
import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import threading
import unittest

from harness.dns_server import DnsServer
from harness.postfix import Postfix
from harness.products import Daemon, KeyStore, program
from harness.workspace import Workspace, free_port, join, run
from refusing_resolver import refusing_resolver

DOMAIN = "example.com"


class Scene:
    """Everything that runs, set up once. A test that breaks something repairs it."""

    def __init__(self):
        self.workspace = Workspace()
        self.postfix = Postfix(self.workspace, free_port(), origin=DOMAIN)
        # Removes services that break signatures on purpose, for other tests.
        master = self.postfix.config / "master.cf"
        kept = re.sub(r"^(recoding|verbatim|longline) .*\n  .*\n", "", master.read_text(), flags=re.MULTILINE)
        master.write_text(kept)
        # With Postfix's defaults of these settings, doctor reports notes.
        with open(self.postfix.config / "main.cf", "a", encoding="ascii") as main:
            main.write("disable_mime_output_conversion = yes\ninternal_mail_filter_classes = bounce\n")
        self.socket = self.postfix.make_socket_directory("nobody")
        self.keys = KeyStore(self.workspace)
        self.keys.generate(DOMAIN, "server", "both", "--activate")
        # Both programs are in one directory, as installed: doctor looks there for dkimsignd.
        self.programs = self.workspace.directory("programs")
        for name in ("dkimkey", "dkimsignd"):
            shutil.copy(program(name), self.programs / name)
        self.start_daemon()
        self.postfix.start(self.workspace)

    def start_daemon(self, **settings):
        self.daemon = Daemon(self.workspace, self.socket, self.keys.path, **settings)

    def doctor(self, *arguments, config=None, directory=None, **options):
        command = [self.programs / "dkimkey", "doctor", "--config", config or self.daemon.config,
                   "--postfix-config", directory or self.postfix.config, *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL, **options)

    def findings(self, *arguments, **options):
        done = self.doctor("--json", "--local", *arguments, **options)
        return json.loads(done.stdout), done.returncode


def setUpModule():
    DoctorTest.scene = Scene()


def tearDownModule():
    DoctorTest.scene.workspace.close()


class DoctorTest(unittest.TestCase):
    scene = None
    reloaded = False

    def assert_healthy(self, **options):
        findings, code = self.scene.findings(**options)
        self.assertEqual([f for f in findings if f["severity"] != "good"], [])
        self.assertEqual(code, 0)
        return findings

    def assert_only(self, severity, topic, *arguments, **options):
        """Asserts that only this finding is not good; returns it."""
        findings, code = self.scene.findings(*arguments, **options)
        wrong = [f for f in findings if f["severity"] != "good"]
        self.assertEqual([(f["severity"], f["topic"]) for f in wrong], [(severity, topic)], wrong)
        self.assertEqual(code, {"unknown": 3, "note": 0}.get(severity, 1))
        return wrong[0]

    @contextlib.contextmanager
    def postfix_with(self, main=(), master="", services=()):
        """Changes settings of main.cf, adds lines to master.cf, and sets (service/type, setting=value) of its services;
        restores both files at the end."""
        files = [self.scene.postfix.config / name for name in ("main.cf", "master.cf")]
        saved = [file.read_text() for file in files]
        try:
            text = saved[0]
            for setting in main:
                name = setting.split("=")[0].strip()
                text = re.sub(rf"^{name} *=.*\n", "", text, flags=re.MULTILINE) + setting + "\n"
            files[0].write_text(text)
            text = saved[1] + master
            for service, option in services:
                line = rf"^({re.escape(service).replace('/', ' +')} .*\n)"
                text, count = re.subn(line, rf"\1  -o {option}\n", text, count=1, flags=re.MULTILINE)
                self.assertEqual(count, 1)
            files[1].write_text(text)
            self.let_settle()
            yield
        finally:
            for file, text in zip(files, saved):
                file.write_text(text)
            self.let_settle()

    def let_settle(self):
        """Makes the files look old: postconf waits while they are new, because they might be half written."""
        for name in ("main.cf", "master.cf"):
            os.utime(self.scene.postfix.config / name, (1, 1))

    def paste(self, finding):
        for line in finding["paste"].splitlines():
            if line.endswith(" reload"):
                # A reload takes seconds, and doctor reads the files. To see that it works, one is enough.
                if DoctorTest.reloaded:
                    continue
                DoctorTest.reloaded = True
            done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False)
            self.assertEqual(done.returncode, 0, (line, done.stderr))
            self.let_settle()


class Healthy(DoctorTest):
    def test_nothing_is_wrong(self):
        findings = self.assert_healthy()
        topics = {finding["topic"] for finding in findings}
        self.assertLessEqual({"configuration", "key", "socket", "smtpd_milters", "non_smtpd_milters",
                              "milter_default_action", "after_signing", "myorigin"}, topics)
        reached = [f["what"] for f in findings if f["topic"] == "socket"]
        self.assertEqual(reached, ["dkimsignd listens, and user postfix reaches it from inside the chroot"])

    def test_without_a_chroot(self):
        """Postfix 3.11 has none by default."""
        with self.postfix_with():
            master = self.scene.postfix.config / "master.cf"
            text, count = re.subn(r"^((\S+ +){4})y ", r"\1n ", master.read_text(), flags=re.MULTILINE)
            self.assertGreater(count, 2)
            master.write_text(text)
            self.let_settle()
            reached = [f["what"] for f in self.assert_healthy() if f["topic"] == "socket"]
            self.assertEqual(reached, ["dkimsignd listens, and user postfix reaches it"])

    def test_other_names_of_the_socket(self):
        queue = self.scene.postfix.queue
        for name in ("unix:/dkimsignd/dkimsignd.sock", "local:dkimsignd/dkimsignd.sock", "$ours",
                     "{ unix:dkimsignd/dkimsignd.sock, default_action=tempfail, { protocol = 6 } }",
                     "inet:127.0.0.1:1, unix:dkimsignd/dkimsignd.sock"):
            with self.subTest(name), self.postfix_with(
                    ["ours = unix:/dkimsignd//dkimsignd.sock", f"smtpd_milters = {name}"]):
                self.assert_healthy()
        with self.postfix_with([f"smtpd_milters = unix:{queue}/dkimsignd/dkimsignd.sock"]):
            master = self.scene.postfix.config / "master.cf"
            master.write_text(re.sub(r" y( .*smtpd\n)", r" n\1", master.read_text()))
            self.let_settle()
            self.assert_healthy()

    def test_settings_that_harm_nothing(self):
        for setting in ("smtp_line_length_limit = 0", "internal_mail_filter_classes = notify, bounce",
                        "smtp_discard_ehlo_keywords = 8bitmime", "header_checks = regexp:/nowhere",
                        "canonical_maps = inline:{ a@b=c@d }", "always_add_missing_headers = yes"):
            with self.subTest(setting), self.postfix_with([setting]):
                self.assert_healthy()

    def test_a_table_that_hides_received(self):
        table = self.scene.workspace.path / "hide_received"
        table.write_text("/^(Received|User-Agent):/ IGNORE\n")
        with self.postfix_with([f"smtp_header_checks = regexp:{table}"]):
            self.assert_healthy()
            table.write_text("/^(Received|Subject):/ IGNORE\n")
            self.assert_only("risk", "smtp_header_checks")

    def test_an_inet_socket(self):
        # The second daemon writes its configuration into the file of the first.
        config = self.scene.workspace.path / "inet.conf"
        port = free_port()
        text = self.scene.daemon.config.read_text()
        config.write_text(re.sub(r'"unix:[^"]*"', f'"inet:{port}@127.0.0.1"', text))
        lists = [f"{name} = inet:localhost:{port}" for name in ("smtpd_milters", "non_smtpd_milters")]
        with self.postfix_with(lists):
            self.assertIn("not running", self.assert_only("broken", "socket", config=config)["what"])
            daemon = Daemon(self.scene.workspace, self.scene.socket, self.scene.keys.path,
                            socket=f"inet:{port}@127.0.0.1")
            self.addCleanup(self.scene.daemon.configure)
            self.addCleanup(daemon.stop)
            self.assert_healthy(config=config)


class BrokenPostfix(DoctorTest):
    # A setting of main.cf, severity, topic. Pasting doctor's commands repairs it.
    REPAIRED = [
        ("smtpd_milters = ", "broken", "smtpd_milters"),
        ("smtpd_milters = unix:dkimsignd/other/dkimsignd.sock", "broken", "smtpd_milters"),
        ("smtpd_milters = unix:/var/spool/postfix/dkimsignd/dkimsignd.sock", "broken", "smtpd_milters"),
        ("smtpd_milters = inet:127.0.0.1:1", "broken", "smtpd_milters"),
        ("non_smtpd_milters = ", "broken", "non_smtpd_milters"),
        ("milter_default_action = accept", "risk", "milter_default_action"),
        ("milter_default_action = reject", "risk", "milter_default_action"),
        ("milter_default_action = quarantine", "risk", "milter_default_action"),
        ("milter_protocol = 2", "risk", "milter_protocol"),
        ("smtp_generic_maps = inline:{ a@example.com=b@example.com }", "risk", "smtp_generic_maps"),
        ("smtp_header_checks = regexp:/nowhere", "risk", "smtp_header_checks"),
        ("smtp_mime_header_checks = regexp:/nowhere", "risk", "smtp_mime_header_checks"),
        ("smtp_nested_header_checks = regexp:/nowhere", "risk", "smtp_nested_header_checks"),
        ("smtp_body_checks = regexp:/nowhere", "risk", "smtp_body_checks"),
        ("smtp_line_length_limit = 512", "risk", "smtp_line_length_limit"),
        ("disable_mime_output_conversion = no", "note", "disable_mime_output_conversion"),
        ("internal_mail_filter_classes = ", "note", "internal_mail_filter_classes"),
        ("local_header_rewrite_clients = ", "risk", "local_header_rewrite_clients"),
        ("myorigin = host.localdomain", "risk", "myorigin"),
    ]
    # Doctor only gives advice about these.
    ADVISED = [
        ("receive_override_options = no_address_mappings, no_milters", "broken", "receive_override_options"),
        ("milter_header_checks = regexp:/nowhere", "risk", "milter_header_checks"),
        ("smtpd_milter_maps = cidr:/nowhere", "unknown", "smtpd_milter_maps"),
        ("smtpd_milters = unix:opendkim/opendkim.sock, $non_smtpd_milters", "risk", "signed_twice"),
        ("smtpd_milters = $non_smtpd_milters, unix:/dkimsignd/dkimsignd.sock", "risk", "signed_twice"),
        ("smtpd_milters = $non_smtpd_milters, inet:127.0.0.1:1", "risk", "milter_order"),
        ("smtpd_milters = { unix:dkimsignd/dkimsignd.sock, default_action=accept }", "risk",
         "milter_default_action"),
        ("smtpd_proxy_filter = 127.0.0.1:10025", "broken", "smtpd_proxy_filter"),
        ("content_filter = scan:[127.0.0.1]:10025", "risk", "content_filter"),
    ]

    def test_main_cf(self):
        for setting, severity, topic in self.REPAIRED:
            with self.subTest(setting), self.postfix_with([setting]):
                finding = self.assert_only(severity, topic)
                self.paste(finding)
                self.assert_healthy()
        for setting, severity, topic in self.ADVISED:
            with self.subTest(setting), self.postfix_with([setting]):
                self.assertTrue(self.assert_only(severity, topic)["advice"])

    def test_fields_that_are_added_after_signing(self):
        """The verbatim service adds none. That is a risk for signatures that say there is no Date, and a note for
        clients that log in."""
        inet = f"127.0.0.1:{self.scene.postfix.verbatim_port}/inet"
        config = self.scene.workspace.path / "denies.conf"
        config.write_text(self.scene.daemon.config.read_text() + 'oversigned_headers = ( "+Date" );\n')
        with self.postfix_with():
            findings, _ = self.scene.findings(config=config)
            wrong = {f["topic"]: f for f in findings if f["severity"] != "good"}
            # The risks come from this Postfix, and from any later one.
            self.assertEqual({topic: f["severity"] for topic, f in wrong.items()},
                             {"always_add_missing_headers": "risk", "configuration": "risk"})
            finding = wrong["always_add_missing_headers"]
            self.assertEqual(finding["subject"], inet)
            self.assertIn("Date?", finding["advice"])
            self.paste(finding)
            self.assert_only("risk", "configuration", config=config)
        with self.postfix_with(["smtpd_sasl_auth_enable = yes"]):
            logins = self.scene.workspace.path / "logins.conf"
            logins.write_text(self.scene.daemon.config.read_text() + 'logins = "domain";\n')
            finding = self.assert_only("note", "always_add_missing_headers", config=logins)
            self.assertEqual(finding["subject"], inet)
            self.paste(finding)
            self.assert_healthy(config=logins)
            # Where every login may use every domain, that is a note, once for all services.
            finding = self.assert_only("note", "logins")
            self.assertIn(inet, finding["subject"].split(", "))

    def test_8_bit_mail_that_is_certainly_recoded(self):
        with self.postfix_with(["smtp_discard_ehlo_keywords = pipelining, 8BITMIME",
                                "disable_mime_output_conversion = no"]):
            self.paste(self.assert_only("risk", "disable_mime_output_conversion"))
            self.assert_healthy()

    def test_other_milters_stay_in_the_list_that_is_pasted(self):
        with self.postfix_with(["smtpd_milters = { inet:127.0.0.1:1, default_action=accept }, "
                                "unix:/x/dkimsignd.sock"]):
            self.paste(self.assert_only("broken", "smtpd_milters"))
            listed = run("postconf", "-c", self.scene.postfix.config, "-h", "smtpd_milters").stdout.decode()
            self.assertEqual(listed, "{ inet:127.0.0.1:1, default_action=accept }, "
                                     "unix:dkimsignd/dkimsignd.sock\n")

        # postconf takes no white space in a service's option.
        inet = f"127.0.0.1:{self.scene.postfix.submission_port}/inet"
        kept = "{inet:127.0.0.1:1,{default_action=accept}},inet:127.0.0.1:2"
        with self.postfix_with(services=[(inet, f"smtpd_milters={kept}")]):
            self.paste(self.assert_only("risk", "smtpd_milters"))
            listed = run("postconf", "-c", self.scene.postfix.config, "-P", f"{inet}/smtpd_milters")
            self.assertEqual(listed.stdout.decode(), f"{inet}/smtpd_milters = {kept},unix:dkimsignd/dkimsignd.sock\n")
            self.assert_healthy()

    def test_a_dollar_in_a_list_stays_one(self):
        with self.postfix_with(["smtpd_milters = unix:a$$b"]):
            self.paste(self.assert_only("broken", "smtpd_milters"))
            listed = run("postconf", "-c", self.scene.postfix.config, "-h", "smtpd_milters").stdout.decode()
            self.assertEqual(listed, "unix:a$$b, unix:dkimsignd/dkimsignd.sock\n")

    def test_a_greeting_that_is_no_public_name(self):
        with self.postfix_with(["relayhost = ", "myhostname = server.localdomain"]):
            self.assertIn("set myhostname", self.assert_only("risk", "myhostname")["advice"])

    def test_a_service_with_settings_of_its_own(self):
        inet = f"127.0.0.1:{self.scene.postfix.submission_port}/inet"
        for service, setting, topic in (
                (inet, "smtpd_milters=", "smtpd_milters"),
                ("cleanup/unix", "non_smtpd_milters=", "non_smtpd_milters"),
                ("relay/unix", "smtp_header_checks=regexp:/nowhere", "smtp_header_checks"),
                ("relay/unix", "smtp_line_length_limit=80", "smtp_line_length_limit"),
                (inet, "milter_default_action=accept", "milter_default_action")):
            with self.subTest(setting), self.postfix_with(services=[(service, setting)]):
                # All mail from sendmail(1) goes through the only cleanup.
                finding = self.assert_only("broken" if service == "cleanup/unix" else "risk", topic)
                self.assertEqual(finding["subject"], service)
                self.paste(finding)
                self.assert_healthy()
        for service in (inet, "pickup/unix"):
            with self.subTest(service), self.postfix_with(
                    services=[(service, "receive_override_options=no_milters")]):
                self.assertEqual(self.assert_only("risk", "receive_override_options")["subject"], service)

    def test_a_content_filter_that_hands_back_on_loopback(self):
        back = f"127.0.0.1:{free_port()}"
        line = f"{back} inet n - y - - smtpd\n  -o content_filter=\n"
        with self.postfix_with(["content_filter = scan:[127.0.0.1]:10025"],
                               line + "  -o receive_override_options=no_milters\n"):
            finding = self.assert_only("risk", "content_filter")
            self.assertIn("signed before the content filter", finding["what"])
        with self.postfix_with(["content_filter = scan:[127.0.0.1]:10025"], line):
            self.assertIn("twice", self.assert_only("risk", "content_filter")["what"])
        # This is correct: only the service that takes the mail back has it signed.
        with self.postfix_with(["content_filter = scan:[127.0.0.1]:10025", "smtpd_milters = ",
                                "non_smtpd_milters = "],
                               line + "  -o smtpd_milters=unix:dkimsignd/dkimsignd.sock\n"):
            self.assert_healthy()

    def test_behind_nat_for_ipv4_alone(self):
        """This is a home server. Only its IPv4 address is hidden, so only that one gets a finding."""
        with refusing_resolver() as resolver, self.postfix_with(
                ["relayhost = ", "smtp_bind_address = 192.168.1.5",
                 "smtp_bind_address6 = 2a00:1450:4001:80b::5"]):
            for options, hidden in (([], ["192.168.1.5"]), (["--address", "192.0.2.25"], [])):
                done = self.scene.doctor("--json", "--resolver", resolver, *options)
                self.assertEqual([f["subject"] for f in json.loads(done.stdout) if f["topic"] == "address"],
                                 hidden)

    def test_an_origin_that_cannot_be_read_to_its_end(self):
        pipe = self.scene.workspace.path / "mailname"
        os.mkfifo(pipe)
        with self.postfix_with([f"myorigin = {pipe}"]):
            self.assertNotIn("myorigin", [f["topic"] for f in self.assert_healthy()])

    def test_the_reason_for_which_postconf_fails_is_reported(self):
        """Doctor reports the error, and not the warnings before it."""
        with self.postfix_with(["relayhost = x", "relayhost = y", "queue_directory = ${"]):
            main = self.scene.postfix.config / "main.cf"
            main.write_text(main.read_text() + "relayhost = z\n")
            self.let_settle()
            finding = self.assert_only("unknown", "postfix")
            self.assertIn("fatal:", finding["what"])

    def test_no_postfix(self):
        self.assert_only("unknown", "postfix", directory="/nowhere")

    def test_control_characters_of_a_setting_do_not_reach_the_terminal(self):
        with self.postfix_with(["smtp_header_checks = regexp:/\x1b[31m\x9b\x07"]):
            done = self.scene.doctor("--local")
            self.assertIn(b"smtp_header_checks", done.stdout)
            self.assertNotRegex(done.stdout, rb"[\x00-\x09\x0b-\x1f\x7f\x9b]")


class BrokenSocket(DoctorTest):
    def directory_with(self, mode=0o2750, group="postfix"):
        directory = self.scene.socket.parent
        os.chown(directory, -1, grp.getgrnam(group).gr_gid)
        directory.chmod(mode)

    def tearDown(self):
        self.directory_with()

    def test_a_closed_directory(self):
        self.directory_with(0o2700)
        finding = self.assert_only("broken", "socket")
        self.assertIn(f"user postfix cannot pass through {self.scene.socket.parent}", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_a_directory_of_another_group(self):
        self.directory_with(group="nogroup")
        os.chown(self.scene.socket, -1, grp.getgrnam("nogroup").gr_gid)
        finding = self.assert_only("broken", "socket")
        self.assertEqual(len(finding["paste"].splitlines()), 2)
        self.paste(finding)
        self.assert_healthy()

    def test_a_socket_that_postfix_may_not_write_to(self):
        self.scene.socket.chmod(0o600)
        finding = self.assert_only("broken", "socket")
        self.assertIn(f"cannot write to {self.scene.socket}", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_a_queue_directory_that_postfix_may_not_pass(self):
        queue = self.scene.postfix.queue
        queue.chmod(0o700)
        self.addCleanup(queue.chmod, 0o755)
        self.assertIn(f"cannot pass through {queue}", self.assert_only("broken", "socket")["what"])

    def test_no_daemon(self):
        self.addCleanup(self.scene.start_daemon)
        self.scene.daemon.stop()
        self.assertIn("not running", self.assert_only("broken", "socket")["what"])
        # A killed daemon leaves its socket like this.
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(self.scene.socket))
        self.assertIn("nobody listens", self.assert_only("broken", "socket")["what"])
        self.scene.socket.unlink()
        self.scene.socket.write_text("not a socket")
        self.assertIn("is not a socket", self.assert_only("broken", "socket")["what"])
        self.scene.socket.unlink()

    def test_no_directory(self):
        self.addCleanup(self.scene.start_daemon)
        self.scene.daemon.stop()
        directory = self.scene.socket.parent
        directory.rmdir()
        try:
            finding = self.assert_only("broken", "socket")
            self.assertIn(f"install -d -o dkimsignd -g postfix -m 2710 {directory}", finding["paste"])
        finally:
            self.scene.postfix.make_socket_directory("nobody")

    def test_paths_that_the_shell_would_split(self):
        self.addCleanup(self.scene.daemon.configure)
        directory = self.scene.socket.parent / "it's; a $(directory)"
        directory.mkdir()
        self.addCleanup(shutil.rmtree, directory)
        os.chown(directory, pwd.getpwnam("nobody").pw_uid, grp.getgrnam("postfix").gr_gid)
        directory.chmod(0o2700)
        daemon = Daemon(self.scene.workspace, directory / "dkimsignd.sock", self.scene.keys.path)
        self.addCleanup(daemon.stop)
        findings, _ = self.scene.findings(config=daemon.config)
        (finding,) = [f for f in findings if f["topic"] == "socket"]
        self.assertIn("cannot pass through", finding["what"])
        self.paste(finding)
        findings, _ = self.scene.findings(config=daemon.config)
        self.assertEqual([f["severity"] for f in findings if f["topic"] == "socket"], ["good"])

    def test_somebody_else_listens(self):
        self.addCleanup(self.scene.start_daemon)
        self.scene.daemon.stop()
        for answer in (b"220 mail.example.com ESMTP\r\n", b"\0\0\0\x0dX" + bytes(12), None):
            with self.subTest(answer), listener(self.scene.socket, answer):
                finding = self.assert_only("broken", "socket")
                self.assertIn("does not answer as a milter", finding["what"])
                self.assertEqual(finding["paste"], f"ss -lxp | grep -F {self.scene.socket}")
        # This one is a milter, but not dkimsignd.
        with listener(self.scene.socket, b"\0\0\0\x0dO\0\0\0\x06" + bytes(8)):
            finding = self.assert_only("broken", "socket")
            self.assertRegex(finding["what"], "python.* listens there, not dkimsignd")

    def test_a_socket_outside_the_chroot(self):
        directory = self.scene.workspace.directory("outside", 0o2750)
        os.chown(directory, pwd.getpwnam("nobody").pw_uid, grp.getgrnam("postfix").gr_gid)
        daemon = Daemon(self.scene.workspace, directory / "dkimsignd.sock", self.scene.keys.path)
        self.addCleanup(self.scene.daemon.configure)
        self.addCleanup(daemon.stop)
        finding = self.assert_only("broken", "socket", config=daemon.config)
        self.assertIn("outside", finding["what"])


@contextlib.contextmanager
def listener(path, answer):
    """Listens on the path and sends the answer to each connection, whatever it says; with None, sends nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        os.chown(path, -1, grp.getgrnam("postfix").gr_gid)
        path.chmod(0o660)
        server.listen()
        kept = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    kept.append(connection)
                    if answer is not None:
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            join(thread, "the server")
            for connection in kept:
                connection.close()
            path.unlink()


class BrokenStore(DoctorTest):
    def setUp(self):
        self.folder = self.scene.keys.path / DOMAIN
        self.saved = self.scene.workspace.path / "saved"
        shutil.copytree(self.scene.keys.path, self.saved, copy_function=copy_with_owner)
        self.addCleanup(self.restore)

    def restore(self):
        shutil.rmtree(self.scene.keys.path)
        shutil.copytree(self.saved, self.scene.keys.path, copy_function=copy_with_owner)
        group = grp.getgrnam("nogroup").gr_gid
        for path in (self.scene.keys.path, self.folder):
            os.chown(path, -1, group)
        shutil.rmtree(self.saved)

    def remake(self, *arguments):
        shutil.rmtree(self.folder)
        run(program("dkimkey"), "generate", "-D", self.scene.keys.path, "--domain", DOMAIN, *arguments)

    def edit_manifest(self, pattern, text):
        path = self.folder / "keys.conf"
        before = path.read_text()
        after = re.sub(pattern, text, before)
        self.assertNotEqual(before, after)
        path.write_text(after)

    def test_a_key_that_is_open_to_others(self):
        (self.folder / "server.private").chmod(0o644)
        finding = self.assert_only("broken", "key_files")
        self.assertIn("must not be open to others", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_a_key_that_the_daemon_cannot_read(self):
        os.chown(self.folder / "server.private", 0, 0)
        finding = self.assert_only("broken", "key_files")
        self.assertIn("user nobody cannot read", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_a_store_that_the_daemon_cannot_enter(self):
        os.chown(self.scene.keys.path, 0, 0)
        finding = self.assert_only("broken", "key_files")
        self.assertIn(f"user nobody cannot pass through {self.scene.keys.path}", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_a_damaged_key(self):
        (self.folder / "server.private").write_text("not a key\n")
        self.assert_only("broken", "key_files")

    def test_a_damaged_manifest(self):
        (self.folder / "keys.conf").write_text("keys = (\n")
        self.assert_only("broken", "key_files")

    def test_a_store_that_anybody_can_write_to(self):
        self.scene.keys.path.chmod(0o757)
        finding = self.assert_only("broken", "key_directory")
        self.assertIn("users other than its owner can write it", finding["what"])
        self.paste(finding)
        self.assert_healthy()

    def test_no_key_that_signs(self):
        self.remake("--selector", "server")
        finding = self.assert_only("broken", "key")
        self.assertIn("pending", finding["what"])
        # The commands name the store that doctor has examined.
        self.assertIn(f"dkimkey activate --domain {DOMAIN} --config {self.scene.daemon.config}\n",
                      finding["paste"] + "\n")
        finding = self.assert_only("broken", "key", "-D", self.scene.keys.path)
        self.assertIn(f"dkimkey show --domain {DOMAIN} --config {self.scene.daemon.config} "
                      f"--directory {self.scene.keys.path}\n", finding["paste"])
        shutil.rmtree(self.folder)
        finding = self.assert_only("broken", "key")
        self.assertEqual(finding["paste"],
                         f"dkimkey generate --selector server --config {self.scene.daemon.config}")

    def test_a_domain_without_keys(self):
        self.assertIn("no keys", self.assert_only("broken", "key", "example.org")["what"])
        findings, code = self.scene.findings("a.example.com")
        self.assertEqual(code, 0)
        self.assertIn("has no keys of its own and is signed as example.com", [f["what"] for f in findings])

    def test_a_weak_key(self):
        self.remake("--selector", "server", "--bits", "1024", "--activate")
        self.assert_only("risk", "key_size")

    def test_ed25519_alone(self):
        self.remake("--selector", "server", "--algorithm", "ed25519", "--activate")
        self.assert_only("risk", "algorithm")

    def test_an_old_key(self):
        self.remake("--selector", "server", "--activate")
        self.edit_manifest(r'(created|activated|published) = "20\d\d', r'\1 = "2024')
        self.assertIn("every 180 days", self.assert_only("risk", "rotation")["what"])

    def test_a_key_directory_that_is_missing(self):
        shutil.move(self.scene.keys.path, self.scene.workspace.path / "moved")
        self.addCleanup(shutil.move, self.scene.workspace.path / "moved", self.scene.keys.path)
        self.assert_only("broken", "key_directory")


def copy_with_owner(source, target):
    shutil.copy2(source, target)
    status = os.stat(source)
    os.chown(target, status.st_uid, status.st_gid)


class BrokenConfiguration(DoctorTest):
    def config(self, text):
        path = self.scene.workspace.path / "broken.conf"
        path.write_text(text)
        return path

    def test_mistakes_that_the_daemon_reports(self):
        good = self.scene.daemon.config.read_text()
        for more, said in (("nonsense = 1;", "nonsense"), ("socket_mode = 1;", "socket_mode"),
                           ("(", "syntax"),
                           ('rules = ( { sender = "*"; domain = "example.org"; } );', "example.org")):
            with self.subTest(more):
                finding = self.assert_only("broken", "configuration", config=self.config(good + more))
                self.assertIn(said, finding["what"])

    def test_no_file(self):
        self.assert_only("broken", "configuration", config="/nowhere/dkimsignd.conf")

    def test_the_default_socket_is_the_daemons(self):
        empty = self.config("")
        settings = run(program("dkimsignd"), "--print-config", "--config", empty).stdout.decode()
        path = re.search(r'^socket = "unix:(.*)";', settings, re.MULTILINE).group(1)
        findings, _ = self.scene.findings(config=empty)
        self.assertIn(path, [f["subject"] for f in findings if f["topic"] == "socket"])


class Dns(DoctorTest):
    """Doctor asks DNS about this host as Postfix is set up. Other tests cover what the answers mean."""
    ADDRESS, OTHER = "203.0.113.25", "203.0.113.26"
    DIRECTLY = ["relayhost = ", f"myhostname = mail.{DOMAIN}"]

    @classmethod
    def setUpClass(cls):
        # One server has all zones, and plays the resolver.
        cls.server = DnsServer(cls.scene.workspace, {
            DOMAIN: cls.scene.keys.records()[DOMAIN] + f"""
{DOMAIN}. IN TXT "v=spf1 ip4:{cls.ADDRESS} -all"
{DOMAIN}. IN MX 10 mail.{DOMAIN}.
_dmarc.{DOMAIN}. IN TXT "v=DMARC1; p=reject"
mail.{DOMAIN}. IN A {cls.ADDRESS}
mail.{DOMAIN}. IN TXT "v=spf1 a -all"
other.{DOMAIN}. IN A {cls.OTHER}
other.{DOMAIN}. IN TXT "v=spf1 a -all"
""",
            "113.0.203.in-addr.arpa": f"25.113.0.203.in-addr.arpa. IN PTR mail.{DOMAIN}."})

    def ask(self, *arguments):
        done = self.scene.doctor("--json", "--no-authoritative",
                                 "--resolver", f"127.0.0.1@{self.server.port}", *arguments)
        findings = json.loads(done.stdout)
        return findings, sorted({f["topic"] for f in findings if f["severity"] != "good"})

    def test_nothing_is_wrong(self):
        with self.postfix_with(self.DIRECTLY):
            findings, wrong = self.ask("--address", self.ADDRESS)
            self.assertEqual(wrong, [], findings)
            self.assertLessEqual({"dkim", "spf", "dmarc", "ptr"}, {f["topic"] for f in findings})

    def test_the_address_that_postfix_binds_to(self):
        # Others cannot see this address. One that is given on the command line counts instead.
        with self.postfix_with(self.DIRECTLY + [f"smtp_bind_address = {self.OTHER}",
                                                "inet_protocols = ipv4"]):
            findings, wrong = self.ask()
            self.assertIn("address", wrong, findings)
            self.assertEqual(self.ask("--address", self.ADDRESS)[1], [])

    def test_another_address(self):
        with self.postfix_with(self.DIRECTLY):
            findings, wrong = self.ask("--address", self.OTHER)
            self.assertLessEqual({"spf", "ptr"}, set(wrong), findings)

    def test_another_greeting(self):
        with self.postfix_with(self.DIRECTLY + [f"smtp_helo_name = other.{DOMAIN}"]):
            findings, wrong = self.ask("--address", self.ADDRESS)
            self.assertIn("helo", wrong, findings)

    def test_a_relay(self):
        for relay, expected in ((f"[mail.{DOMAIN}]:587", []), (f"[other.{DOMAIN}]:587", ["spf"])):
            with self.subTest(relay), self.postfix_with([f"relayhost = {relay}"]):
                findings, wrong = self.ask()
                self.assertEqual(wrong, expected, findings)

    def test_a_domain_that_is_signed_by_its_parent(self):
        with self.postfix_with(self.DIRECTLY):
            findings, _ = self.ask(f"other.{DOMAIN}", "--address", self.ADDRESS)
            records = [f["subject"] for f in findings if f["topic"] == "dkim" and f["severity"] == "good"]
            self.assertIn(f"server._domainkey.{DOMAIN}", records, findings)


class CommandLine(DoctorTest):
    def test_text(self):
        done = self.scene.doctor("--local")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.decode().splitlines()
        self.assertRegex(lines[-1], r"^0 broken, 0 at risk, 0 unknown, 0 noted, \d+ good$")
        self.assertTrue(all(line.startswith("good ") for line in lines[:-2]), lines)

    def test_the_worst_comes_first(self):
        with self.postfix_with(["smtp_body_checks = regexp:/nowhere", "non_smtpd_milters = ",
                                "smtpd_milter_maps = cidr:/nowhere"]):
            done = self.scene.doctor("--local")
            words = [line.split()[0] for line in done.stdout.decode().splitlines() if line[:1].isalpha()]
            self.assertEqual(words[:4], ["broken", "risk", "unknown", "good"])
            self.assertIn(f"             postconf -c '{self.scene.postfix.config}' -e 'non_smtpd_milters = "
                          "unix:dkimsignd/dkimsignd.sock'", done.stdout.decode().splitlines())

    def test_wrong_usage(self):
        for words in (["--address", "mail.example.com"], ["--address", "192.168.1.5"], ["no domain"], ["a.example", "b.example"],
                      ["--resolver", "x@y"]):
            with self.subTest(words):
                done = self.scene.doctor(*words)
                self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)

    def test_with_many_domains_one_must_be_named(self):
        keys = self.scene.workspace.directory("many")
        for number in range(21):
            folder = keys / f"d{number}.example"
            folder.mkdir()
            (folder / "keys.conf").write_text("")
        done = self.scene.doctor("--local", "-D", keys)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"which domain?", done.stderr)

    def test_the_keys_of_a_large_store_are_not_all_read(self):
        damaged = self.scene.keys.path / "damaged.example"
        damaged.mkdir()
        self.addCleanup(shutil.rmtree, damaged)
        (damaged / "keys.conf").write_text("damaged")
        # All domains are examined, although one is named...
        self.assert_only("broken", "configuration", DOMAIN)
        # ... unless there are many. The configuration file is examined in any case.
        for number in range(1000):
            (self.scene.keys.path / f"{number}.example").mkdir()
            self.addCleanup(os.rmdir, self.scene.keys.path / f"{number}.example")
        findings, code = self.scene.findings(DOMAIN)
        self.assertEqual([f for f in findings if f["severity"] != "good"], [])
        self.assertEqual(code, 0)
        wrong = self.scene.workspace.path / "wrong.conf"
        wrong.write_text(self.scene.daemon.config.read_text() + "nonsense = 1;")
        finding = self.assert_only("broken", "configuration", DOMAIN, config=wrong)
        self.assertTrue(finding["what"].startswith(f"{wrong}:"), finding)

    def test_without_root_it_says_what_only_root_can_see(self):
        directory = pathlib.Path(self.scene.daemon.config).parent
        os.chmod(self.scene.daemon.config, 0o644)
        os.chmod(directory, 0o755)
        findings, code = self.scene.findings(user="daemon", group="daemon", extra_groups=[])
        self.assertEqual({f["severity"] for f in findings}, {"good", "unknown"})
        self.assertEqual(code, 3)
        unknown = [f["topic"] for f in findings if f["severity"] == "unknown"]
        self.assertEqual(sorted(set(unknown)), ["configuration", "key_directory", "socket"])
        # Anybody may list this store, but not the directory of a domain.
        self.scene.keys.path.chmod(0o755)
        self.addCleanup(self.scene.keys.path.chmod, 0o750)
        for arguments in ([], [DOMAIN]):
            findings, code = self.scene.findings(*arguments, user="daemon", group="daemon", extra_groups=[])
            self.assertEqual(code, 3)
            unknown = [f["topic"] for f in findings if f["severity"] == "unknown"]
            self.assertEqual(sorted(set(unknown)), ["key_files", "socket"])


if __name__ == "__main__":
    unittest.main()
