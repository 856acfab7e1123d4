#!/usr/bin/python3
"""rotation.notify: rotate --due tells a person by mail, through a sendmail(1) that notes what it is given."""

import contextlib
import email
import email.policy
import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

import dns.zone
from clock import at_time, with_clock
from dkimkey import GROUP, PROGRAM, run
from dns_case import DONE, PROBLEM, USAGE, WAITING, DnsCase, serve_file
from dns_world import DnsWorld, wait_for
from many_domains import name_of
from sanitizers import is_sanitized

setUpModule, tearDownModule = serve_file(lambda directory: DnsWorld(directory, network="127.53.62"), secondary=False)

# Notes its arguments, environment and input, then does what the test asks for. The clock of dkimkey is not for Python.
SENDMAIL = """\
#!/usr/bin/python3 -I
import json, os, pathlib, signal, sys
folder = pathlib.Path({folder!r})
given = dict(arguments=sys.argv[1:], environment=dict(os.environ), input=sys.stdin.read(),
             descriptors=[os.readlink(path) for path in pathlib.Path("/proc/self/fd").iterdir() if path.is_symlink()], parent=os.getppid(), session=os.getpgrp())
number = len(list(folder.glob("mail-*")))
(folder / "new").write_text(json.dumps(given))
(folder / "new").rename(folder / f"mail-{{number}}")
{action}
"""

# From the first rotation on: the key is due.
DUE = "2037-01-01T00:00:00Z"


def at(day, hour=0):
    """Returns a UTC time, in days after the key is due."""
    # January to April of 2037, which is not a leap year.
    for month, length in ((1, 31), (2, 28), (3, 31), (4, 30)):
        if day < length:
            return f"2037-{month:02}-{day + 1:02}T{hour:02}:00:00Z"
        day -= length
    raise ValueError(day)


class Mailed(DnsCase):
    def setUp(self):
        super().setUp()
        self.mails = self.directory / "mails"
        self.mails.mkdir()
        self.sendmail = self.directory / "sendmail"
        self.act()
        self.tell()
        self.world.remove_records()

    def act(self, action=""):
        """Makes the program do this after it has noted what it was given."""
        self.sendmail.write_text(SENDMAIL.format(folder=str(self.mails), action=action))
        self.sendmail.chmod(0o755)

    def tell(self, to="root", publish='{ method = "manual"; }', more=""):
        self.configure(publish, f'rotation = {{ notify = "{to}"; sendmail = "{self.sendmail}"; {more} }};')

    def tmpfs(self, options):
        """Returns a directory in memory."""
        disk = self.directory / "disk"
        disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=0755", "none", disk], capture_output=True,
                               check=False)
        if mount.returncode != 0:
            self.skipTest(f"mounting is not permitted here: {mount.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def given(self):
        return [json.loads(path.read_text()) for path in
                sorted(self.mails.glob("mail-*"), key=lambda path: int(path.name[5:]))]

    def new_mails(self):
        """Returns the mails since the last call, parsed strictly."""
        found = []
        for given in self.given():
            found.append(self.parsed(given["input"]))
        for path in self.mails.glob("mail-*"):
            path.unlink()
        return found

    def parsed(self, text):
        """Parses a message, and checks its form (RFC 5322, RFC 2045)."""
        text.encode("ascii")
        self.assertNotIn("\r", text)
        self.assertTrue(text.endswith("\n"))
        self.assertLess(max(map(len, text.splitlines())), 998)
        # The MTA adds the domain that an address lacks, so it is added here.
        header, body = text.split("\n\n", 1)
        header = re.sub(r"^(From: dkimkey <root|To: [^@]+?)(>?)$", r"\1@host.example\2", header, flags=re.M)
        text = f"{header}\n\n{body}"
        message = email.message_from_string(text, policy=email.policy.strict)
        for part in message.walk():
            self.assertEqual(part.defects, [])
            for name in part:
                self.assertEqual(part[name].defects, (), name)
            if not part.is_multipart():
                self.assertEqual(part.get_content_type(), "text/plain")
                self.assertIn(part["Content-Transfer-Encoding"], ("7bit", "base64"))
                self.assertEqual(part.get_content_charset(), "us-ascii")
        for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted"):
            self.assertEqual(len(message.get_all(name)), 1, name)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertRegex(message["Message-ID"], r"^<[\w.-]+@[\w.-]+>$")
        self.assertLess(len(message["Subject"]), 62)
        return message

    def due(self, moment, code, *words):
        done = self.rotate("--due", at=moment)
        self.assert_ends(done, code, *words)
        return done

    def one_mail(self, moment, code, *words, subject=None):
        """Runs rotate --due, and returns the text of the one mail that it has sent."""
        done = self.due(moment, code)
        mails = self.new_mails()
        self.assertEqual(len(mails), 1, (done.stdout + done.stderr).decode())
        text = mails[0].get_body().get_content()
        for word in words:
            self.assertIn(word, text)
        if subject:
            self.assertEqual(mails[0]["Subject"], subject)
        return text

    def no_mail(self, moment, code, *words):
        done = self.due(moment, code, *words)
        self.assertEqual(self.new_mails(), [], (done.stdout + done.stderr).decode())
        return done

    def state(self):
        return (self.keys / ".notify").read_text()


class Turn(Mailed):
    def test_is_told_step_by_step(self):
        self.made("server", "--activate")
        self.world.put(self.name("server"), self.value("server"))
        new = "server-20370101"

        text = self.one_mail(at(0), WAITING, subject="DKIM: something to do for example.test")
        self.assertIn(f"TO DO\n\nexample.test: put the record of the key {new} into DNS\n", text)
        self.assertIn(f"zone example.test:\n     name    {new}._domainkey\n", text)
        self.assertIn(f"some forms want {self.name(new)})", text)
        self.assertIn("\n     TTL     3600\n", text)
        self.assertIn(f"\n     value   {self.value(new)}\n", text)
        zone_text = run("show", "-D", self.keys, "-d", self.domain, "-s", new).stdout.decode()
        self.assertIn(f"\n\n{zone_text}\n", text)
        self.assertIn("mail is signed with the key server until every", text.replace("\n   ", " "))
        self.assertIn("Please act by 2037-01-08", text)

        # Once, and again only after a week.
        for moment in (at(0, 1), at(0, 2), at(6, 23)):
            self.no_mail(moment, WAITING, "put this record into DNS")
        self.assertIn("STILL TO DO", self.one_mail(
            at(7), WAITING, self.value(new), subject="Reminder, DKIM: something to do for example.test"))
        self.no_mail(at(7, 1), WAITING)

        # A person acts.
        self.world.put(self.name(new), self.value(new))
        text = self.one_mail(at(8), WAITING, "DONE", f"the record of the key {new} is in DNS",
                             "the next step is after 2037-01-09T00:01:00Z", "Nobody has to do anything now.",
                             subject="DKIM: done for example.test")
        self.assertNotIn("TO DO", text)
        self.no_mail(at(8, 1), DONE, f"activated {new}")
        self.no_mail(at(14), DONE)

        # The old key goes.
        text = self.one_mail(at(15, 1), WAITING, "replace the record of the key server in DNS by an empty one",
                             '"v=DKIM1; k=rsa; p="', "its private key was destroyed on 2037-01-16.")
        self.world.put(self.name("server"), "v=DKIM1; k=rsa; p=")
        self.one_mail(at(16), DONE, "the record of the key server is empty on every server")
        self.no_mail(at(45), DONE)
        self.one_mail(at(46), WAITING, "remove the record of the key server from DNS", self.name("server"),
                      "Remove all TXT records of this name from the zone example.test")
        self.world.put(self.name("server"))
        self.one_mail(at(47), DONE, "the record of the key server is gone from every server")
        self.no_mail(at(48), DONE, "nothing to do")
        # What was over a week ago is no longer noted.
        self.no_mail(at(60), DONE, "nothing to do")
        self.assertEqual(self.state(), "dkimkey-notify 1\nto root\nend 0\n")

    def test_a_first_key_is_told_and_one_that_is_never_told_is_not_over(self):
        self.made("server")
        self.one_mail(at(0), WAITING, "Until then mail from example.test is not signed.")
        self.made("other")
        self.world.put(self.name("other"), self.value("other"))
        # "server" is overtaken, and there is nothing to publish for it.
        self.no_mail(at(1), WAITING, "overtaken by other")
        self.one_mail(at(2), WAITING, "the key server does not go on", "overtaken by other; activate or revoke it by hand")

    def test_only_rotate_due_tells(self):
        self.made("server")
        for words in ((), ("--dry-run",), ("--due", "--dry-run"), ("--due", "--dry-run", "--json")):
            self.rotate(*words, at=DUE)
            self.assertEqual(self.given(), [], words)
            self.assertEqual(list(self.keys.glob(".notify*")), [], words)
        self.tell(to="")
        self.no_mail(DUE, WAITING)

    def test_a_dry_run_shows_the_mail(self):
        self.made("server")
        done = self.rotate("--due", "--dry-run", at=DUE)
        self.assert_ends(done, WAITING, "This mail would be sent:\n\n", self.value("server"))
        self.parsed(done.stdout.decode().split("This mail would be sent:\n\n")[1])
        done = self.rotate("--due", "--dry-run", "--json", at=DUE)
        self.assertEqual([key["selector"] for key in json.loads(done.stdout)], ["server"])
        self.one_mail(DUE, WAITING)
        self.assertNotIn(b"would be sent", self.rotate("--due", "--dry-run", at=DUE).stdout)

    def test_a_large_record_is_encoded(self):
        """Its value has more bytes than a line of a message may have."""
        self.made("server", "-b", "8192")
        done = self.due(DUE, WAITING)
        self.assertIn(b"told root by mail: 1 to do, 0 still to do, 0 done", done.stderr)
        (message,) = self.new_mails()
        self.assertEqual(message["Content-Transfer-Encoding"], "base64")
        self.assertIn(f"\n     value   {self.value('server')}\n", message.get_content().replace("\r\n", "\n"))

    def test_many_records_are_attached(self):
        for number in range(12):
            self.made("server", "--algorithm", "ed25519") if number == 0 else None
            domain = f"d{number}.{self.domain}"
            self.assertEqual(self.generate("server", "--algorithm", "ed25519", domain=domain).returncode, DONE)
        done = run("--config", self.config, "rotate", "--due", "--all", *self.at_resolver(), env=at_time(DUE))
        self.assert_ends(done, WAITING, "told root by mail: 13 to do")
        (message,) = self.new_mails()
        self.assertEqual(message["Subject"], "DKIM: 13 things to do for 13 domains")
        (attachment,) = message.iter_attachments()
        self.assertEqual(attachment.get_filename(), "dkim-records.txt")
        content = attachment.get_content()
        for number in range(12):
            shown = run("show", "-D", self.keys, "-d", f"d{number}.{self.domain}", "-s", "server").stdout.decode()
            self.assertIn(shown, content)
            self.assertIn(f"d{number}.{self.domain}: put the record", message.get_body().get_content())
        # It is text of a zone file as a whole.
        zone = dns.zone.from_text(content, origin=f"{self.domain}.", relativize=False, check_origin=False)
        self.assertEqual(len(zone.nodes), 13)


class Given(Mailed):
    def test_what_sendmail_is_given(self):
        self.made("server")
        self.rotate("--due", env=dict(at_time(DUE), PATH="/usr/bin"))
        (given,) = self.given()
        self.assertEqual(given["arguments"], ["-i", "--", "root"])
        self.assertEqual(given["environment"]["PATH"], "/usr/bin")
        # None of ours, such as the lock, a directory or a key.
        for target in given["descriptors"]:
            self.assertRegex(target, r"^(/memfd:input \(deleted\)|pipe:\[\d+\]|/proc/\d+/fd|/dev/shm/faketime_\w+)$")
        # The MTA adds the domain, as it does for all mail of this host.
        self.assertTrue(given["input"].startswith("From: dkimkey <root>\nTo: root\nSubject: "), given["input"])

    def test_nothing_secret_is_told(self):
        self.world_secret = self.world.tsig_file.read_text()
        self.update_method()
        with self.config.open("a") as file:
            file.write(f'rotation = {{ notify = "root"; sendmail = "{self.sendmail}"; }};\n')
        self.made("server")
        key = (self.keys / self.domain / "server.private").read_text()
        self.tell()
        self.due(DUE, WAITING)
        (given,) = self.given()
        for line in key.splitlines()[1:-1]:
            self.assertNotIn(line, given["input"])
        for text in (str(self.keys), str(self.directory), "PRIVATE", "secret"):
            self.assertNotIn(text, given["input"])

    def test_who_may_be_told(self):
        self.made("server")
        for to in ("-Cfile", "root,other", "root other", "a@b@c", "|/bin/sh", "/tmp/file", "root\\r\\nBcc: x", "root\\n",
                   ":include:/etc/shadow", "<root>", "a@", "@b", "r\\u00f6ot", "a..b@c", "a!b", "a%b@c", "x" * 65):
            self.tell(to=to)
            self.assert_ends(self.rotate("--due", at=DUE), USAGE, "dkimsignd.conf:3: \"notify\" is ")
        for to in ("postmaster@example.com", "dns+keys@a.b-c.example", "hostmaster", "x@localhost"):
            self.tell(to=to)
            self.due(DUE, WAITING)
            self.assertEqual(self.given()[-1]["arguments"], ["-i", "--", to])
        # Each of them was told, and the state is that of the last.
        self.assertEqual(len(self.given()), 4)


class TestMail(Mailed):
    def test_shows_that_mail_works_and_does_nothing_else(self):
        self.made("server", "--activate")
        before = self.manifest()
        done = run("--config", self.config, "rotate", "--test-mail")
        self.assert_ends(done, DONE, "sent a mail to root: see whether it arrives")
        (message,) = self.new_mails()
        self.assertEqual(message["Subject"], "DKIM: a test")
        self.assertIn("Somebody has asked for this mail", message.get_content())
        self.assertEqual(self.manifest(), before)
        self.assertEqual(list(self.keys.glob(".notify*")), [])
        self.act("sys.exit(75)")
        self.assert_ends(run("--config", self.config, "rotate", "--test-mail"), PROBLEM, "failed with status 75")
        self.assert_ends(run("--config", self.config, "rotate", "--test-mail", "--due"), USAGE, "leave out --due")
        self.configure()
        self.assert_ends(run("--config", self.config, "rotate", "--test-mail"), USAGE, "set rotation.notify")


class Failing(Mailed):
    def setUp(self):
        super().setUp()
        self.made("server", "--activate")
        self.new = "server-20370101"

    def assert_not_told(self, *words, code=PROBLEM, **options):
        done = self.rotate("--due", at=DUE, **options) if "env" not in options else self.rotate("--due", **options)
        self.assert_ends(done, code, "dkimkey: nobody was told by mail: ", *words)
        # The rotation itself is not affected.
        self.assertEqual(self.states(), {"server": "active", self.new: "pending"})
        self.assertIn(b"put this record into DNS", done.stdout)
        return done

    def assert_told_next_time(self):
        self.new_mails()
        self.act()
        self.one_mail(at(0, 1), WAITING, self.value(self.new))
        self.no_mail(at(0, 2), WAITING)

    def test_a_status(self):
        for status in (1, 75, 127, 255):
            self.act(f'print("the queue is full\\x1b[2J", file=sys.stderr)\nsys.exit({status})')
            done = self.assert_not_told(f"{self.sendmail} failed with status {status}; it printed: the queue is full")
            self.assertNotIn(b"\x1b", done.stderr)
        self.assert_told_next_time()

    def test_a_signal(self):
        self.act("os.kill(os.getpid(), signal.SIGSEGV)")
        self.assert_not_told("was killed by signal 11")
        self.assert_told_next_time()

    def test_too_much_output(self):
        self.act('print("x" * 100000)')
        self.assert_not_told("printed more than 65536 bytes")
        self.assert_told_next_time()

    def test_it_hangs(self):
        self.act("signal.pause()")
        # The clock runs ten times as fast: faster, and a busy name server would seem silent.
        self.assert_not_told("took longer than 45 s and was killed", env=with_clock(f"@{DUE[:10]} {DUE[11:19]} x10"))
        (given,) = self.given()
        self.assertFalse(pathlib.Path(f"/proc/{given['session']}").exists())
        self.assert_told_next_time()

    def test_it_reads_nothing(self):
        self.sendmail.write_text("#!/bin/sh\nexit 0\n")
        self.due(DUE, WAITING)
        self.act()
        self.no_mail(at(0, 1), WAITING)

    def test_no_program(self):
        self.sendmail.unlink()
        self.assert_not_told(f"{self.sendmail} cannot be started: No such file")
        self.assert_told_next_time()

    def test_a_program_that_others_can_change(self):
        self.sendmail.chmod(0o777)
        self.assert_not_told("the program is not run", "users other than its owner can write it")
        self.assertEqual(self.given(), [])
        self.assert_told_next_time()

    def test_killed_between_the_mail_and_the_note(self):
        self.act("os.kill(os.getppid(), signal.SIGKILL)")
        done = self.rotate("--due", at=DUE)
        self.assertEqual(done.returncode, -signal.SIGKILL)
        self.assertEqual(len(self.given()), 1)
        # One mail more, and no third.
        self.assert_told_next_time()
        self.assertEqual(sorted(path.name for path in self.keys.glob(".*")), [".notify", ".notify.lock"])

    def test_two_runs_send_one_mail(self):
        go_on = self.directory / "go-on"
        self.act(f"while not pathlib.Path({str(go_on)!r}).exists():\n    signal.sigtimedwait([], 0.05)")
        runs = []
        command = [PROGRAM, "--config", self.config, "rotate", "--due", "-d", self.domain, *self.at_resolver()]

        def start():
            runs.append(subprocess.Popen(list(map(str, command)), env=at_time(DUE), stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE))

        start()
        wait_for(self.given, "the first mail")
        start()

        def waits_for_the_lock():
            for link in pathlib.Path(f"/proc/{runs[1].pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    if os.readlink(link).endswith("/.notify.lock"):
                        return True
            return False

        wait_for(waits_for_the_lock, "the second run to open the lock")
        go_on.touch()
        for process in runs:
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, WAITING)
        self.assertEqual(len(self.given()), 1)


class State(Mailed):
    def setUp(self):
        super().setUp()
        self.made("server")
        self.file = self.keys / ".notify"

    def test_a_full_disk(self):
        """No mail is sent that could not be noted: it would be sent each hour."""
        disk = self.tmpfs("size=128k")
        subprocess.run(["cp", "-a", self.keys, disk], check=True)
        self.keys = disk / "keys"
        self.tell()
        self.one_mail(DUE, WAITING)
        with (disk / "filler").open("wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(bytes(512))
        self.no_mail(at(7), PROBLEM, "nobody was told by mail: ", "No space left on device")
        self.no_mail(at(7, 1), PROBLEM, "No space left on device")
        (disk / "filler").unlink()
        self.one_mail(at(7, 2), WAITING)
        self.no_mail(at(7, 3), WAITING)

    def test_lost_or_damaged_it_costs_one_mail(self):
        self.one_mail(DUE, WAITING)
        whole = self.file.read_bytes()
        for number, content in enumerate((b"", b"nonsense", b"\0" * 5000, whole[:-1], whole[:40], whole + b"x\n",
                                          whole.replace(b"end 1", b"end 2"), whole.replace(b"publish", b"pray"),
                                          whole.replace(b"Z -", b" -"), b"dkimkey-notify x\n" + whole, None)):
            with self.subTest(content):
                if content is None:
                    self.file.unlink()
                else:
                    self.file.write_bytes(content)
                done = self.due(at(1, number), WAITING)
                self.assertEqual(b"counts as empty, and a person may be told again" in done.stderr, content is not None)
                self.assertEqual(len(self.new_mails()), 1)
                self.no_mail(at(1, number), WAITING)

    def test_of_a_later_version_it_is_left_alone(self):
        self.one_mail(DUE, WAITING)
        later = b"dkimkey-notify 2\nwith something new\n"
        self.file.write_bytes(later)
        self.no_mail(at(8), PROBLEM, "is of a later dkimkey: it has version 2, and this dkimkey reads up to 1",
                     "To begin again, remove it")
        self.assertEqual(self.file.read_bytes(), later)

    def test_in_other_hands_it_is_refused(self):
        self.one_mail(DUE, WAITING)
        self.file.chmod(0o666)
        self.no_mail(at(8), PROBLEM, "nobody was told by mail: ", "users other than its owner can write it")
        self.file.unlink()
        self.file.mkdir()
        self.no_mail(at(8), PROBLEM, "nobody was told by mail: ", "is not a regular file")

    def test_it_is_for_its_owner_alone(self):
        self.one_mail(DUE, WAITING)
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o600)
        before = self.file.stat()
        self.no_mail(at(1), WAITING)
        self.assertEqual((self.file.stat().st_ino, self.file.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))

    def test_another_recipient_is_told(self):
        self.one_mail(DUE, WAITING)
        self.tell(to="hostmaster")
        self.one_mail(at(1), WAITING)
        self.no_mail(at(2), WAITING)

    def test_a_clock_that_ran_ahead_ends_nothing(self):
        self.one_mail(at(100), WAITING)
        self.no_mail(at(0), WAITING)
        self.no_mail(at(6), WAITING)
        self.one_mail(at(7), WAITING, "STILL TO DO")

    def test_a_domain_that_is_gone_is_forgotten(self):
        self.one_mail(DUE, WAITING)
        other = "other.example"
        self.generate("s", domain=other)
        subprocess.run(["rm", "-r", self.keys / self.domain], check=True)
        run("--config", self.config, "rotate", "--due", "--all", *self.at_resolver(), env=at_time(at(1)))
        self.assertNotIn(self.domain, self.state())


class Stuck(Mailed):
    def test_what_may_pass_is_told_after_a_day(self):
        """Servers that cannot be asked, for a record that a person may have published long ago."""
        self.made("server", "--activate")
        self.made("next")
        silent = ("--resolver", "127.53.62.77@5353")

        def rotate(moment):
            done = run("--config", self.config, "rotate", "--due", "-d", self.domain, *silent, env=at_time(moment))
            self.assertEqual(done.returncode, WAITING, done.stderr)
            return len(self.new_mails())

        self.assertEqual([rotate(at(0)), rotate(at(0, 23)), rotate(at(1)), rotate(at(1, 1))], [0, 0, 1, 0])

    def test_a_hook_that_fails_again_and_again(self):
        hook = self.directory / "hook"
        hook.write_text("#!/bin/sh\necho no such zone >&2\nexit 4\n")
        hook.chmod(0o755)
        self.tell(publish=f'{{ method = "hook"; program = "{hook}"; }}')
        self.made("server")
        self.no_mail(at(0), PROBLEM, "failed with status 4")
        self.no_mail(at(0, 23), PROBLEM)
        text = self.one_mail(at(1), PROBLEM, "the key server does not go on", "hook failed with status 4.", "The key stays pending until then.")
        self.assertNotIn("value", text)
        self.no_mail(at(1, 1), PROBLEM)
        # A person has repaired it.
        hook.write_text("#!/bin/sh\nexit 0\n")
        self.world.put(self.name("server"), self.value("server"))
        self.one_mail(at(2), DONE, "the key server goes on; mail is signed with it now")

    def test_what_comes_and_goes_is_told_once(self):
        self.made("server", "--activate")
        self.made("next")
        record = self.value("next")
        self.one_mail(at(0), WAITING)
        self.world.put(self.name("next"), record)
        self.one_mail(at(0, 1), WAITING, "DONE")
        for hour in range(2, 22, 2):
            self.world.put(self.name("next"))
            self.no_mail(at(0, hour), WAITING)
            self.world.put(self.name("next"), record)
            self.no_mail(at(0, hour), WAITING)
        # It stays away for a day.
        self.world.put(self.name("next"))
        self.no_mail(at(1), WAITING)
        self.no_mail(at(1, 23), WAITING)
        self.one_mail(at(2), WAITING, "put the record")

    def test_what_a_server_says_cannot_forge_the_mail(self):
        self.made("server")
        update = self.world.update_of(self.domain)
        strings = " ".join('"' + "y" * 250 + '"' for _ in range(5))
        update.add("server._domainkey", 60, "TXT", f'"\\013\\010.\\013\\010From x\\027[2J \\228 v=DKIM9; " {strings}')
        self.world.send(update, self.world.primary)
        self.one_mail(DUE, WAITING, "put the record", "Seen now: its record is not on every server")


class Many(Mailed):
    count = 100_000

    def test_they_make_one_mail_of_a_bounded_size_and_take_a_bounded_memory(self):
        """The manifests of all domains are damaged, which is told when it has lasted for a day."""
        # So many files are made and removed in seconds only in memory.
        self.keys = self.tmpfs("size=1g,nr_inodes=300k") / "keys"
        self.make_store()
        self.tell()
        for number in range(self.count):
            folder = f"{self.keys}/{name_of(number)}"
            os.mkdir(folder, 0o750)
            with open(f"{folder}/keys.conf", "w", encoding="ascii") as file:
                file.write("nonsense")
        peaks = []
        for moment, told in ((at(0), 0), (at(0, 1), 0), (at(1), 1), (at(1, 1), 1)):
            with open(self.directory / "output", "wb") as output:
                done = subprocess.Popen([PROGRAM, "--config", self.config, "rotate", "--due", "--all", *self.at_resolver()],
                                        env=at_time(moment), stdout=output, stderr=output)
                _, status, usage = os.wait4(done.pid, 0)
                done.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(done.returncode, PROBLEM)
            peaks.append(usage.ru_maxrss)
            self.assertEqual(len(self.given()), told)
        (given,) = self.given()
        self.assertLess(len(given["input"]), 2 << 20)
        (message,) = self.new_mails()
        self.assertEqual(message["Subject"], f"DKIM: {self.count} things to do for {self.count} domains")
        self.assertIn(f"and {self.count - 100} more\n", message.get_body().get_content())
        (attachment,) = message.iter_attachments()
        self.assertRegex(attachment.get_content()[-200:],
                         r"; and \d+ more, which this command prints: dkimkey rotate --due --all --dry-run\n$")
        # Some hundred bytes a domain, and no more with a mail than without. AddressSanitizer keeps freed memory for itself.
        if not is_sanitized(PROGRAM):
            self.assertLess(max(peaks), 200_000, peaks)
            self.assertLess(peaks[2] - peaks[1], 60_000, peaks)


if __name__ == "__main__":
    unittest.main(verbosity=2)
