"""publish = lexicon: the records get into DNS by the API of a provider, here PowerDNS, and lexicon of Debian."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from clock import with_clock
from dkimkey import PROGRAM, run, without_leak_check
from dns_case import DONE, PROBLEM, USAGE, WAITING, DnsCase, serve_file
from dns_world import wait_for
from pdns_world import OTHER_ZONE, TOKEN, ZONE, PdnsWorld

start_world, tearDownModule = serve_file(lambda directory: PdnsWorld(directory, network="127.53.21"))


def setUpModule():
    if not pathlib.Path("/usr/bin/lexicon").exists():
        raise unittest.SkipTest("this release of Debian has no package lexicon")
    start_world()


EMPTY = "v=DKIM1; k=rsa; p="


def process_texts(what):
    """Returns /proc/PID/WHAT of all processes that can be read."""
    found = {}
    for path in pathlib.Path("/proc").glob(f"[0-9]*/{what}"):
        try:
            found[int(path.parent.name)] = path.read_bytes()
        except OSError:
            pass
    return found


class LexiconCase(DnsCase):
    domain = ZONE

    def setUp(self):
        super().setUp()
        self.proxy = self.world.proxy
        self.credentials = self.directory / "powerdns.env"
        self.write_credentials()
        self.by_lexicon()
        self.selector = self.selector_of_test()
        self.said = []
        self.addCleanup(self.assert_no_credentials)
        self.addCleanup(setattr, self.proxy, "mode", "pass")

    def write_credentials(self, text=None, mode=0o600):
        self.credentials.write_text(text or f"LEXICON_POWERDNS_AUTH_TOKEN=\"{TOKEN}\"\n"
                                            f"LEXICON_POWERDNS_PDNS_SERVER={self.proxy.url}\n")
        self.credentials.chmod(mode)

    def by_lexicon(self, more="", zone=ZONE, settings=""):
        zone = f'zone = "{zone}"; ' if zone else ""
        self.configure(f'{{ method = "lexicon"; provider = "powerdns"; credentials = "{self.credentials}"; {zone}{more}}}',
                       settings)

    def key(self, *arguments, **options):
        done = super().key(*arguments, **options)
        self.said.append(done.stdout + done.stderr)
        return done

    def assert_no_credentials(self):
        for text in self.said:
            self.assertNotIn(TOKEN.encode(), text)
            self.assertNotIn(b"Tok3n", text)

    def settled(self, name, *values):
        """Waits until both servers serve exactly these values, byte for byte."""
        for server in (self.world.primary, self.world.secondary):
            wait_for(lambda server=server: sorted(self.world.texts(server, name)) == sorted(values),
                     f"{server} to serve {values} at {name}; it has {self.world.texts(server, name)}")

    def goes_on(self):
        """Checks that the next run publishes, and that the key signs."""
        self.assert_ends(self.rotate("--due", "--json"), (DONE, WAITING))
        self.settled(self.name(self.selector), self.value(self.selector))
        self.assert_ends(self.rotate("--due"), DONE)
        self.assertEqual(self.states()[self.selector], "active")

    def assert_ends(self, done, codes, *words):
        text = (done.stdout + done.stderr).decode()
        self.assertIn(done.returncode, codes if isinstance(codes, tuple) else (codes,), text)
        for word in words:
            self.assertIn(word, text)


class Publishing(LexiconCase):
    def test_it_publishes(self):
        """A record of two strings, and one of an Ed25519 key; byte for byte on both servers."""
        self.made(self.selector, "--algorithm", "both")
        self.assertGreater(len(self.value(self.selector)), 255)
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), f"put the record {self.name(self.selector)} into DNS")
        for selector in (self.selector, f"{self.selector}-ed25519"):
            self.settled(self.name(selector), self.value(selector))
        self.assert_ends(self.rotate("--due"), DONE)
        self.assertEqual(set(self.states().values()), {"active"})

    def test_a_whole_cycle(self):
        """The old record is replaced by the empty one, and later removed: lexicon's own update of PowerDNS would leave two
        records, because of the / in a key."""
        self.made("cycle")
        self.rotate("--due")
        self.settled(self.name("cycle"), self.value("cycle"))
        self.assertIn("/", self.value("cycle"))
        self.rotate("--due")
        self.assertEqual(self.states(), {"cycle": "active"})
        self.rotate()
        (new,) = [selector for selector, state in self.states().items() if state == "pending"]
        self.settled(self.name(new), self.value(new))
        self.rotate("--due")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, f"activated {new}")
        self.grow_older(days=8)
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), "revoked cycle", "put the record")
        self.settled(self.name("cycle"), EMPTY)
        self.rotate("--due")
        self.grow_older(days=32)
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), f"removed the record {self.name('cycle')} from DNS")
        self.settled(self.name("cycle"))
        self.assert_ends(self.rotate("--due"), DONE)

    def test_what_is_there_already_is_not_sent_again(self):
        self.made(self.selector)
        self.world.put_by_api(self.name(self.selector), self.value(self.selector))
        self.settled(self.name(self.selector), self.value(self.selector))
        name = self.name(self.selector)
        self.world.stop("secondary")  # so that the record is not seen everywhere
        try:
            before = len(self.proxy.requests)
            self.rotate("--due")
            self.assertEqual([method for method, _ in self.proxy.requests[before:] if method != "GET"], [])
        finally:
            self.world.start_knot("secondary", self.world.secondary, [(ZONE, "secondary")])
        self.settled(name, self.value(self.selector))

    def test_a_record_of_somebody_else_is_replaced(self):
        for values in (("v=DKIM1; p=wrong/key",), ("v=spf1 -all", "v=DKIM1; k=rsa; p="),
                       ('"v=DKIM1; quoted"', "x" * 300, "y")):
            with self.subTest(values):
                selector = f"other-{len(values)}"
                self.made(selector)
                self.world.put_by_api(self.name(selector), *(value.replace('"', '\\"') for value in values))
                self.rotate("--due")
                self.settled(self.name(selector), self.value(selector))

    def test_a_form_that_the_provider_refuses(self):
        """The API takes no string of more than 255 bytes: the value is handed over in strings."""
        self.made(self.selector)
        self.proxy.mode = "no long"
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), "put the record")
        self.settled(self.name(self.selector), self.value(self.selector))
        self.by_lexicon('form = "plain"; ')
        self.made("plain")
        self.assert_ends(self.rotate("--due"), PROBLEM, "422 Client Error")
        self.by_lexicon('form = "strings"; ')
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), "put the record")
        self.settled(self.name("plain"), self.value("plain"))

    def test_the_zone_is_found_in_dns(self):
        self.by_lexicon(zone=None)
        self.made(self.selector)
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), "put the record")
        self.settled(self.name(self.selector), self.value(self.selector))

    def test_at_the_end_of_a_cname(self):
        """A customer's domain, whose record is an alias into our zone."""
        self.domain = OTHER_ZONE
        for number, zone in enumerate((ZONE, None, "example.org")):
            with self.subTest(zone):
                selector = f"customer-{number}"
                self.made(selector)
                target = f"{selector}.{OTHER_ZONE}.dkim.{ZONE}"
                self.world.put(self.name(selector), f"{target}.", zone=OTHER_ZONE, kind="CNAME", address=self.world.other)
                self.by_lexicon(zone=zone)
                done = self.rotate("--due")
                if zone == "example.org":
                    self.assert_ends(done, PROBLEM, f"{target} is not in the zone example.org")
                else:
                    self.assert_ends(done, (DONE, WAITING), "into DNS")
                    self.settled(target, self.value(selector))


    def test_somebody_elses_record_at_the_end_of_a_cname(self):
        """The owner of the CNAME must not be able to replace or remove another record of ours by it."""
        self.domain = OTHER_ZONE
        self.made(self.selector)
        target = f"{self.selector}.{ZONE}"
        self.world.put_by_api(target, "v=spf1 -all", "verification=1")
        self.settled(target, "v=spf1 -all", "verification=1")
        self.world.put(self.name(self.selector), f"{target}.", zone=OTHER_ZONE, kind="CNAME", address=self.world.other)
        self.assert_ends(self.rotate("--due"), PROBLEM, f"leads to {target}, which has a TXT record that is no key",
                         "v=spf1 -all")
        self.settled(target, "v=spf1 -all", "verification=1")
        # A record of a key may be replaced, also one that was cut by a form.
        self.world.put_by_api(target, "v=DKIM1")
        self.settled(target, "v=DKIM1")
        self.assert_ends(self.rotate("--due"), (DONE, WAITING), "into DNS")
        self.settled(target, self.value(self.selector))


class Failures(LexiconCase):
    """A failed publication changes no state, says what a person can do, and is tried again."""

    def setUp(self):
        super().setUp()
        self.made(self.selector)

    def fails(self, *words, **options):
        before = self.manifest()
        done = self.rotate("--due", **options)
        self.assert_ends(done, PROBLEM, "failed", self.name(self.selector), *words)
        self.assertEqual(self.manifest(), before)
        self.assertLess(len(done.stdout), 3000)
        self.assertNotIn(b"\033", done.stdout + done.stderr)

    def test_answers(self):
        for mode, words in (("401", ("refuses the credentials in", str(self.credentials), "401 Client Error")),
                            ("403", ("refuses the credentials in", "403 Client Error")),
                            ("404", ("does not have the zone example.com",)),
                            ("422", ("422 Client Error",)),
                            ("429", ("is busy", "429 Client Error")),
                            ("500", ("is busy or has trouble of its own", "500 Server Error")),
                            ("503", ("503 Server Error",)),
                            ("echo", ("[hidden]", "is not good")),
                            ("garbage", ("lexicon does not understand the answer",))):
            with self.subTest(mode):
                self.proxy.mode = mode
                self.fails(*words)
        self.proxy.mode = "pass"
        self.goes_on()

    def test_huge(self):
        """An answer that is longer than what we keep."""
        self.proxy.mode = "huge"
        self.fails("printed more than 1048576 bytes")
        self.proxy.mode = "pass"
        self.goes_on()

    def test_the_api_is_down(self):
        self.write_credentials(f"LEXICON_POWERDNS_AUTH_TOKEN={TOKEN}\nLEXICON_POWERDNS_PDNS_SERVER=http://{self.world.primary}:9\n")
        self.fails("the API of powerdns cannot be reached", "Connection refused")
        self.write_credentials()
        self.goes_on()

    def test_the_api_is_slow(self):
        """The deadline is two minutes, here seconds, for all requests together."""
        self.proxy.mode = "slow"
        self.fails("the API of powerdns did not do it within 120 s", env=with_clock("+0 x60"))
        self.proxy.mode = "pass"
        wait_for(lambda: self.proxy.waiting == 0, "the held requests to end")
        self.goes_on()

    def test_a_wrong_token(self):
        self.write_credentials(f"LEXICON_POWERDNS_AUTH_TOKEN=Tok3n-of-yesterday\nLEXICON_POWERDNS_PDNS_SERVER={self.proxy.url}\n")
        self.fails("refuses the credentials")
        self.write_credentials()
        self.goes_on()

    def test_the_change_is_made_later(self):
        """The API says yes, and the servers serve the old for a while: rotate waits, and sends nothing twice."""
        self.proxy.mode = "later"
        self.assert_ends(self.rotate("--due"), WAITING, "put the record", "waits")
        self.assertEqual(self.states()[self.selector], "pending")
        self.proxy.mode = "pass"
        self.assertEqual(self.proxy.release(), 1)
        self.settled(self.name(self.selector), self.value(self.selector))
        self.assert_ends(self.rotate("--due"), DONE, f"activated {self.selector}")

    def test_the_value_is_stored_wrongly(self):
        """check says what is wrong; the next run replaces it, once the provider does right."""
        for mode, words in (("quotes", ("quotation marks",)), ("split", ("each of the 2 strings of one record has become a record",)),
                            ("cut", ("cut off after 255",))):
            with self.subTest(mode):
                selector = f"stored-{mode}"
                self.made(selector)
                self.proxy.mode = mode
                self.rotate("--due")
                self.assertEqual(self.states()[selector], "pending")
                self.assert_ends(self.key("check", "-s", selector), (PROBLEM, WAITING), *words)
                self.proxy.mode = "pass"
                self.rotate("--due")
                self.settled(self.name(selector), self.value(selector))

    def test_an_update_that_stops_in_the_middle(self):
        """lexicon removes and makes a record with two requests: if the second fails, the record is made again, or the error
        says that there is none."""
        self.world.put_by_api(self.name(self.selector), "v=DKIM1; p=short")
        self.settled(self.name(self.selector), "v=DKIM1; p=short")
        self.proxy.mode = "no second"
        self.fails("503 Server Error", f"the provider has no record at {self.name(self.selector)} now")
        self.proxy.mode = "pass"
        self.goes_on()


class Credentials(LexiconCase):
    def setUp(self):
        super().setUp()
        self.made(self.selector)

    def refused(self, *words):
        before, requests = self.manifest(), len(self.proxy.requests)
        self.assert_ends(self.rotate("--due"), PROBLEM, "failed", *words)
        self.assertEqual((self.manifest(), len(self.proxy.requests)), (before, requests))

    def test_a_file_that_others_can_read_or_change(self):
        if os.geteuid() != 0:
            self.fail("run this as root: only root refuses the files of other users")
        for spoil, words in ((lambda: self.credentials.chmod(0o644), "chmod 0640"),
                             (lambda: self.credentials.chmod(0o660), "chmod 0640"),
                             (lambda: os.chown(self.credentials, 65534, -1), "belongs to user 65534"),
                             (self.credentials.unlink, "does not exist")):
            with self.subTest(words):
                spoil()
                self.refused(str(self.credentials), words)
                self.write_credentials()
                os.chown(self.credentials, 0, -1)

    def test_a_file_with_a_mistake(self):
        server = f"LEXICON_POWERDNS_PDNS_SERVER={self.proxy.url}\n"
        for text, words in ((f"{TOKEN}\n", "line 1 is not of the form NAME=value"),
                            (f"{server}LEXICON_HETZNER_AUTH_TOKEN={TOKEN}\n", "begin with LEXICON_POWERDNS_"),
                            (f"{server}export LEXICON_POWERDNS_AUTH_TOKEN={TOKEN}\n", 'line 2 begins with "export"'),
                            (f"{server}LEXICON_POWERDNS_AUTH_TOKEN=\"{TOKEN}\n", "a quotation mark without its second"),
                            (f"# nothing but {TOKEN}\n", "no variable whose name begins with LEXICON_POWERDNS_"),
                            (f"LEXICON_POWERDNS_AUTH_TOKEN=\n", "line 1 gives no value"),
                            (f"LEXICON_POWERDNS_AUTH_TOKEN={TOKEN}\n" * 2, "for a second time")):
            with self.subTest(words):
                self.write_credentials(text)
                self.refused(words)

    def test_lexicon_has_no_other_configuration(self):
        """Neither from a file in the current directory, nor from our environment."""
        for name in ("lexicon.yml", "lexicon_powerdns.yml"):
            (self.directory / name).write_text(f"powerdns:\n  pdns_server_id: nowhere\npdns_server_id: nowhere\nttl: 1\n")
        environment = dict(os.environ, LEXICON_POWERDNS_PDNS_SERVER_ID="nowhere", LEXICON_POWERDNS_AUTH_TOKEN="another",
                           LEXICON_IDENTIFIER="nobody", PYTHONPATH=str(self.directory))
        (self.directory / "requests.py").write_text("raise SystemExit('not the real requests')\n")
        self.assert_ends(self.rotate("--due", cwd=self.directory, env=environment), (DONE, WAITING), "put the record")
        self.settled(self.name(self.selector), self.value(self.selector))

    def start_rotate(self):
        """Starts dkimkey in the test's directory; returns it once lexicon waits for the API."""
        self.proxy.mode = "slow"
        before = self.proxy.waiting
        process = subprocess.Popen([PROGRAM, "rotate", "--config", self.config, "-d", self.domain, "--due", *self.at_resolver()],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.directory)
        wait_for(lambda: self.proxy.waiting > before, "lexicon to ask the API")
        return process

    def is_of_another_world(self, environment):
        """Whether it is the environment of a lexicon of another test, which runs at the same time."""
        return b"LEXICON_POWERDNS_PDNS_SERVER=" in environment and self.proxy.url.encode() not in environment

    def lexicon_processes(self):
        return [process for process, text in process_texts("cmdline").items()
                if b"/usr/bin/lexicon\0" in text and self.name(self.selector).encode() in text]

    def test_only_lexicon_has_them(self):
        """While it runs: in no command line, in the environment of no other process, and in no core."""
        process = self.start_rotate()
        (lexicon,) = self.lexicon_processes()
        self.assertEqual([pid for pid, text in process_texts("cmdline").items() if b"Tok3n" in text], [])
        self.assertEqual([pid for pid, text in process_texts("environ").items()
                          if b"Tok3n" in text and not self.is_of_another_world(text)], [lexicon])
        limits = pathlib.Path(f"/proc/{lexicon}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +[01] +[01] ")
        os.kill(lexicon, signal.SIGSEGV)
        output = process.communicate(timeout=60)[0]
        self.said.append(output)
        self.assertIn(b"was killed by signal 11", output)
        self.assertEqual([path.name for path in self.directory.glob("*core*")], [])
        self.assertEqual(process.returncode, PROBLEM)

    def test_no_program_gets_them_as_an_argument(self):
        """Over the whole of a run: strace sees each program's arguments and environment."""
        log = self.directory / "log"
        done = subprocess.run(["strace", "-f", "-v", "-s", "100000", "-e", "trace=execve", "-o", log, PROGRAM, "rotate",
                               "--config", self.config, "-d", self.domain, "--due", *self.at_resolver()],
                              capture_output=True, timeout=300, env=without_leak_check(), check=False)
        self.said.append(done.stdout + done.stderr)
        self.assertIn(done.returncode, (DONE, WAITING), done.stdout + done.stderr)
        calls = re.findall(r'execve\("([^"]*)", \[(.*?)\], \[(.*)\]\)? ', log.read_text())
        self.assertGreaterEqual(len(calls), 3)
        for program, arguments, environment in calls:
            self.assertNotIn("Tok3n", arguments)
            self.assertEqual("Tok3n" in environment, program == "/usr/bin/lexicon", program)

    def test_killed_in_the_middle(self):
        """lexicon ends with dkimkey, and the next run publishes."""
        process = self.start_rotate()
        process.kill()
        process.communicate()
        wait_for(lambda: not self.lexicon_processes(), "lexicon to end with dkimkey")
        self.proxy.mode = "pass"
        self.goes_on()

    def test_lexicon_is_missing_or_not_to_be_trusted(self):
        self.by_lexicon('program = "/nowhere/lexicon"; ')
        self.refused("the program /nowhere/lexicon cannot be started")
        program = self.directory / "lexicon"
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o777)
        self.by_lexicon(f'program = "{program}"; ')
        self.refused("the program is not run")

    def test_a_provider_that_lexicon_does_not_know(self):
        self.configure(f'{{ method = "lexicon"; provider = "nobody"; credentials = "{self.credentials}"; zone = "{ZONE}"; }}')
        self.write_credentials(f"LEXICON_NOBODY_AUTH_TOKEN={TOKEN}\n")
        self.refused("lexicon cannot use the provider nobody")


class CheckPublish(LexiconCase):
    def check(self, *more, **options):
        return self.key("check-publish", *more, **options)

    def assert_clean(self):
        self.assertEqual(self.world.texts_below("dkimkey-check-"), {})

    def test_proven(self):
        self.assert_ends(self.check(), DONE, "put the record into DNS", "every authoritative server serves it",
                         "removed the record", "no authoritative server serves it any more", "proven")
        self.assert_clean()
        (found,) = json.loads(self.check("--json").stdout)
        self.assertEqual((found["domain"], found["method"], found["result"], found["may_be_left"], found["detail"]),
                         (ZONE, "lexicon", "proven", False, None))
        self.assertRegex(found["name"], rf"^dkimkey-check-[0-9a-f]{{16}}\._domainkey\.{ZONE}$")
        self.assert_clean()

    def test_no_record_of_a_key_is_touched(self):
        self.made(self.selector)
        self.world.put_by_api(self.name(self.selector), "v=DKIM1; p=untouched")
        before = self.manifest()
        self.assert_ends(self.check(), DONE)
        self.assertEqual(self.manifest(), before)
        self.assertEqual(self.world.texts(self.world.primary, self.name(self.selector)), ["v=DKIM1; p=untouched"])

    def test_refused(self):
        for mode, words in (("401", "refuses the credentials"), ("503", "503 Server Error"), ("garbage", "does not understand")):
            with self.subTest(mode):
                self.proxy.mode = mode
                done = self.check("--json")
                self.assertEqual(done.returncode, PROBLEM, done.stderr)
                (found,) = json.loads(done.stdout)
                self.assertEqual(found["result"], "failed")
                self.assertIn(words, found["detail"])
                self.assertEqual(found["may_be_left"], mode != "401")
                self.proxy.mode = "pass"
                self.assert_clean()

    def test_served_wrongly(self):
        """It does not wait for what cannot become right, says what is wrong, and removes it."""
        for mode, words in (("quotes", "quotation marks"), ("split", "has become a record"), ("cut", "cut off after 255")):
            with self.subTest(mode):
                self.proxy.mode = mode
                self.assert_ends(self.check("--timeout", "86400"), PROBLEM, "the record is served wrongly", words)
                self.proxy.mode = "pass"
                self.assert_clean()

    def test_the_change_is_made_later(self):
        self.proxy.mode = "later"
        self.assert_ends(self.check("--timeout", "1"), WAITING, "not every server has the record after 1 s", "missing")
        self.proxy.held.clear()
        self.proxy.mode = "pass"
        self.assert_clean()

    def test_a_server_that_lags(self):
        self.world.stop("secondary")
        try:
            self.assert_ends(self.check("--timeout", "1"), WAITING, "not every server has the record", "does not answer")
        finally:
            self.world.start_knot("secondary", self.world.secondary, [(ZONE, "secondary")])
        self.assert_clean()

    def test_interrupted(self):
        """Whatever it does at that moment, the record is removed."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                self.proxy.mode = "later"
                before = len(self.proxy.held)
                process = subprocess.Popen([PROGRAM, "check-publish", "--config", self.config, "-d", ZONE, *self.at_resolver()],
                                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                wait_for(lambda before=before: len(self.proxy.held) > before, "the record to be sent")
                self.proxy.mode = "pass"
                self.proxy.release()
                if number == signal.SIGTERM:
                    # In the middle of a call of lexicon; the others at any time.
                    self.proxy.mode = "slow"
                process.send_signal(number)
                if number == signal.SIGTERM:
                    self.proxy.mode = "pass"
                output = process.communicate(timeout=120)[0].decode()
                self.said.append(output.encode())
                self.assertIn(process.returncode, (WAITING, DONE), output)
                self.assertIn("removed the record from DNS", output)
                self.assert_clean()

    def test_by_hand(self):
        self.configure()
        done = self.check("--json")
        self.assert_ends(done, WAITING, "a person publishes the records", "nothing can be checked")
        self.assertEqual(json.loads(done.stdout), [])

    def test_by_hook_and_update(self):
        """With the customer's zone, on knot."""
        self.domain = OTHER_ZONE
        self.update_method(server=self.world.other)
        self.assert_ends(self.check(), DONE, "proven")
        (self.directory / "tsig.key").write_text('key "nobody" { algorithm hmac-sha256; secret "c2VjcmV0IGJ5dGVz"; };')
        (self.directory / "tsig.key").chmod(0o600)
        self.update_method(self.directory / "tsig.key", self.world.other)
        self.assert_ends(self.check(), PROBLEM, "the record was not published")
        hook = self.directory / "hook"
        hook.write_text("#!/bin/sh\nexit 3\n")
        hook.chmod(0o755)
        self.configure(f'{{ method = "hook"; program = "{hook}"; }}')
        self.assert_ends(self.check(), PROBLEM, "failed with status 3")
        hook.write_text("#!/bin/sh\nexit 0\n")
        self.assert_ends(self.check("--timeout", "1"), WAITING, "not every server has the record after 1 s")

    def test_where_slots_lead(self):
        self.domain = OTHER_ZONE
        self.by_lexicon(settings=f'slot_target = "%selector%.%domain%.dkim.{ZONE}";')
        made = run("--config", self.config, "generate", "-d", self.domain, "--slots", "s1,s2")
        self.assertEqual(made.returncode, 0, made.stderr)
        done = self.check("--json")
        (found,) = json.loads(done.stdout)
        self.assertEqual(found["result"], "proven", found)
        self.assertTrue(found["name"].endswith(f".{OTHER_ZONE}.dkim.{ZONE}"), found["name"])

    def test_wrong_usage(self):
        for seconds in ("0", "86401", "-1"):
            self.assert_ends(self.check(f"--timeout={seconds}"), USAGE, "--timeout is a number of seconds")


if __name__ == "__main__":
    unittest.main()
