#!/usr/bin/python3
"""dkimkey fleet init, push, join, status and leave, on a real PostgreSQL."""

import concurrent.futures
import json
import re
import shlex
import shutil
import subprocess
import time
import unittest

from clock import with_clock
from dkimkey import PROGRAM
from dns_world import wait_for
from fleet_case import DONE, PROBLEM, USAGE, WAITING, FleetTest, Session, traced
from harness.fleet_databases import NAME

HOSTILE = "evil\x1b[31m\nmx9 current\x07\u009b"


class Init(FleetTest):
    def test_makes_all_once(self):
        self.owner.connect("dkimsignd_owner")
        first = self.owner.fleet("init")
        self.assertIn("the tables were made", first)
        self.assertIn(f"made the sealing key: {self.owner.sealing_keys}", first)
        self.assertEqual(self.owner.sealing_keys.stat().st_mode & 0o7777, 0o640)
        key = self.owner.sealing_keys.read_bytes()
        again = self.owner.fleet("init")
        self.assertIn("up to date", again)
        self.assertEqual(self.owner.sealing_keys.read_bytes(), key)
        self.assertEqual(self.count("sealing_keys"), 1)
        self.assertEqual(first.splitlines()[0], again.splitlines()[0])

    def test_without_the_tables(self):
        machine = self.member_without_fleet()
        for command in ("join", "push", "status"):
            self.assertIn("dkimkey fleet init", machine.fleet(command, code=PROBLEM))
        self.assertFalse(machine.keys.exists())

    def member_without_fleet(self):
        machine = self.machine("mx1", role="dkimsignd_owner")
        machine.sealing_keys.write_text("")
        return machine

    def test_a_sealing_key_that_is_not_the_fleets(self):
        self.new_fleet()
        other = self.machine("mx2", role="dkimsignd_owner")
        said = other.fleet("init", code=PROBLEM)
        self.assertIn("copy the file from a machine that has it", said)
        self.assertFalse(other.sealing_keys.exists())
        other.sealing_keys.write_bytes(self.owner.sealing_keys.read_bytes().replace(b'key = "', b'key = "AAAA')[:-1])
        for command in ("init", "join", "push"):
            self.assertNotIn(self.key_text(self.owner), other.fleet(command, code=PROBLEM))
        other.sealing_keys.unlink()
        # A whole key of another fleet, with the same number.
        self.server.query("CREATE DATABASE another", "postgres")
        self.addCleanup(self.server.query, "DROP DATABASE another WITH (FORCE)", "postgres")
        settings = other.root / "fleet.conf"
        ours = settings.read_text()
        settings.write_text(ours.replace("dbname=dkimsignd ", "dbname=another ").replace("dkimsignd_owner", "postgres"))
        other.fleet("init")
        settings.write_text(ours)
        for command in ("init", "join", "push"):
            self.assertIn("is not the fleet's", other.fleet(command, code=PROBLEM))
        self.assertEqual(self.count("signers"), 0)
        self.assertFalse(other.keys.exists() and other.is_member())

    @staticmethod
    def key_text(machine):
        return machine.sealing_keys.read_text().split('key = "')[1].split('"')[0]

    def test_a_machine_without_the_right(self):
        self.new_fleet()
        machine = self.member("mx1", role="dkimsignd_signer")
        self.assertIn("permission denied", machine.fleet("init", code=PROBLEM))

    def test_wrong_usage(self):
        machine = self.machine("mx1")
        for words in (("fleet",), ("fleet", "nothing"), ("fleet", "leave"), ("fleet", "leave", "mx1", "--keep"),
                      ("fleet", "leave", "mx1", "--offline"), ("fleet", "init", "--what")):
            machine.expect(USAGE, *words)
        (machine.root / "fleet.conf").unlink()
        for command in ("init", "join", "push", "status"):
            self.assertIn("fleet.conf", machine.fleet(command, code=USAGE))
        self.assertEqual(machine.run("fleet", "status", "--json").stdout, b"[]\n")


class Push(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()

    def test_a_store_moves_in(self):
        mx1 = self.member("mx1", "a.example", "b.example")
        mx1.expect(DONE, "generate", "-d", "c.example", "-s", "s1", "--algorithm", "both", "-b", "1024", "--activate")
        mx1.expect(WAITING, "revoke", "-d", "b.example", "-s", "s1", "--unsigned")
        mx1.generate("b.example", "s2")
        mx1.expect(DONE, "generate", "-d", "a.example", "-s", "next", "--algorithm", "ed25519")
        before = mx1.files()
        said = mx1.fleet("push")
        self.assertIn("domains taken in: 3,", said)
        self.assertEqual(mx1.files(), before)
        self.assertEqual(self.domains(), ["a.example", "b.example", "c.example"])
        # A revoked key has no private key any more, and had a successor.
        self.assertEqual(self.count("sealed_keys"), 6)
        for domain in self.domains():
            self.assertTrue(mx1.signs(domain), domain)
        self.assertEqual(mx1.signer("mx1")["lag"], 0)
        # Again: nothing changes.
        sequence = self.query("SELECT sequence FROM dkimsignd.store")
        mx1.fleet("push")
        self.assertEqual(self.query("SELECT sequence FROM dkimsignd.store"), sequence)
        # No secret has left the machine in clear.
        dump = json.dumps(self.query("SELECT encode(sealed, 'escape') FROM dkimsignd.sealed_keys"))
        self.assertNotIn("PRIVATE", dump)

    def test_two_that_have_drifted(self):
        mx1 = self.member("mx1", "same.example", "state.example", "key.example", "selector.example")
        mx2 = self.member("mx2")
        shutil.copytree(mx1.keys, mx2.keys)
        mx1.generate("only1.example")
        mx2.generate("only2.example")
        mx2.expect(DONE, "generate", "-d", "state.example", "-s", "s2", "--algorithm", "ed25519")
        mx2.expect(DONE, "activate", "-d", "state.example", "-s", "s2", "--force")
        shutil.rmtree(mx2.keys / "key.example")
        mx2.generate("key.example")
        mx2.expect(DONE, "generate", "-d", "selector.example", "-s", "s9", "--algorithm", "ed25519", "--testmode")
        mx1.fleet("push")
        before = mx2.files()
        done = mx2.run("fleet", "push")
        self.assertEqual(done.returncode, PROBLEM, done.stderr)
        out = done.stdout.decode()
        self.assertRegex(out, r"state\.example\n  s1: here retiring \(created \S+, activated \S+, retired \S+\); "
                              r"in the fleet active \(created \S+, activated \S+\)\n  s2: only here, active \(created \S+")
        self.assertRegex(out, r"key\.example\n  s1: two different keys have this name: here ed25519 active \(.*\), key "
                              r"[0-9a-f]{16}; in the fleet ed25519 active \(.*\), key [0-9a-f]{16}\n")
        self.assertRegex(out, r"selector\.example\n  s9: only here, pending \(created \S+\)\n  the records' flags: here .*t=y "
                              r"yes.*; in the fleet .*t=y no")
        self.assertNotIn("same.example", out)
        # Nothing was chosen; what nobody else has was taken in.
        self.assertEqual(mx2.files(), before)
        self.assertFalse(mx2.is_member())
        self.assertIn("only2.example", self.domains())
        # With the domain that it brought, rotation waits for it.
        self.assertIn("dkimkey fleet leave mx2", done.stderr.decode())
        self.assertEqual([(entry["host"], entry["state"]) for entry in mx1.status(WAITING) if entry["kind"] == "signer"],
                         [("mx1", "behind"), ("mx2", "never")])
        # Some domains as they are here, the rest as the fleet has them.
        said = mx2.fleet("push", "--replace", "state.example", code=PROBLEM)
        self.assertIn("state.example: this machine's state replaced the fleet's", said)
        self.assertIn("Domains that differ: 2,", said)
        self.assertIn("key.example", mx2.fleet("join", code=PROBLEM))
        self.assertEqual(mx2.files(), before)
        said = mx2.fleet("join", "--take-fleet")
        self.assertIn("key.example: the fleet's state replaced this machine's", said)
        for domain in self.domains():
            self.assertTrue(mx2.signs(domain), domain)
        mx1.fleet("sync", "--once")
        self.assertEqual(mx1.files(), mx2.files())
        self.assertEqual(mx1.listed()["state.example", "s2"], "active")

    def test_what_cannot_be_read(self):
        mx1 = self.member("mx1", "good.example", "bad.example", "worse.example")
        (mx1.keys / "bad.example" / "s1.private").unlink()
        (mx1.keys / "worse.example" / "keys.conf").write_text("keys = (")
        said = mx1.fleet("push", code=PROBLEM)
        for domain in ("bad.example", "worse.example"):
            self.assertIn(f"{domain} cannot be taken in: ", said)
        self.assertEqual(self.domains(), ["good.example"])
        self.assertFalse(mx1.is_member())
        self.assertIn("dkimkey fleet leave mx1", said)
        self.assertIn("it never became a member. If it signs", mx1.fleet("leave", "mx1"))

    def test_a_machine_that_brings_nothing_holds_nothing_up(self):
        mx1 = self.member("mx1", "bad.example")
        (mx1.keys / "bad.example" / "s1.private").unlink()
        self.assertNotIn("dkimkey fleet leave", mx1.fleet("push", code=PROBLEM))
        self.assertEqual((self.domains(), self.count("signers")), ([], 0))

    def test_a_domain_that_is_changed_meanwhile(self):
        mx1 = self.member("mx1", "a.example")
        lock = Session(self.server, "LOCK TABLE dkimsignd.domains IN EXCLUSIVE MODE;")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pushing = pool.submit(mx1.run, "fleet", "push")
            self.wait_until_blocked(pushing)
            mx1.generate("a.example", "s2")
            lock.end()
            done = pushing.result()
        self.assertEqual(done.returncode, PROBLEM, done.stderr)
        self.assertIn(b"a.example was changed here meanwhile", done.stderr)
        self.assertFalse(mx1.is_member())
        self.assertEqual(self.count("signers", "last_seen IS NULL AND lease_end IS NULL"), 1)
        self.assertIn("s2: only here", mx1.fleet("push", code=PROBLEM))
        mx1.fleet("push", "--replace", "a.example")
        self.assertEqual(mx1.listed(), {("a.example", "s1"): "active", ("a.example", "s2"): "active"})

    def test_a_change_that_is_made_after_a_store_has_moved_in(self):
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push")
        mx2 = self.member("mx2", "b.example")
        directory = mx2.keys / "c.example"
        command = mx2.command("generate", "-d", "c.example", "-s", "s1", "--algorithm", "ed25519")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            # It is held up while it gives the manifest its name.
            changing = pool.submit(traced, command, self.workspace.path / "strace", "-P", directory,
                                   "-e", "trace=rename,renameat,renameat2",
                                   "-e", "inject=rename,renameat,renameat2:delay_exit=8000000")
            wait_for((directory / "keys.conf").exists, "the domain")
            shutil.copy(mx1.keys / ".fleet", mx2.keys)
            done = changing.result()
        self.assertEqual(done.returncode, PROBLEM)
        self.assertIn(b"has just become a fleet's copy; this change may be on this machine alone", done.stderr)

    def wait_until_blocked(self, running):
        while not self.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename LIKE 'dkimsignd%'"):
            if running.done():
                self.fail(running.result().stderr)

    def test_a_damaged_row_is_repaired_from_a_member(self):
        mx1 = self.member("mx1", "a.example", "b.example")
        mx1.fleet("push")
        self.query("UPDATE dkimsignd.sealed_keys SET sealed = '\\x0102' WHERE domain = 'a.example'")
        mx2 = self.member("mx2")
        self.assertIn("a.example is refused", mx2.fleet("join", code=PROBLEM))
        self.assertTrue(mx2.signs("b.example"))
        refusals = [entry for entry in mx1.status(PROBLEM) if entry["kind"] == "refusal"]
        self.assertEqual([(entry["host"], entry["domain"]) for entry in refusals], [("mx2", "a.example")])
        mx1.fleet("push", "--replace", "a.example")
        mx2.fleet("sync", "--once")
        self.assertTrue(mx2.signs("a.example"))
        self.assertEqual(mx1.run("fleet", "status").returncode, DONE)

    def test_an_older_copy_does_not_replace(self):
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push")
        mx2 = self.member("mx2")
        mx2.fleet("join")
        mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        said = mx2.run("fleet", "push", "--replace", "a.example")
        self.assertEqual(said.returncode, PROBLEM)
        self.assertIn(b"older than the fleet's", said.stderr)

    def test_a_machine_that_refuses_a_good_row_does_not_replace_it(self):
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push")
        mx2 = self.member("mx2")
        mx2.fleet("join")
        wait_for(lambda: time.time() > mx2.newest_time("a.example") + 1, "the clock, in whose seconds manifests are")
        (mx2.keys / "a.example" / "s2.txt").write_text("somebody else's")
        mx1.generate("a.example", "s2")
        mx2.fleet("sync", "--once", code=PROBLEM)
        said = mx2.fleet("push", "--replace", "a.example", code=PROBLEM)
        self.assertIn("older than the fleet's, which is whole: remove what keeps this machine from taking it (", said)
        self.assertIn("s2.txt", said)
        (mx2.keys / "a.example" / "s2.txt").unlink()
        mx2.fleet("sync", "--once")
        self.assertEqual(mx2.files(), mx1.files())

    def test_an_agent_that_moves_on_meanwhile_is_no_database_that_went_back(self):
        mx1, mx2 = self.member("mx1", "a.example"), self.member("mx2")
        mx1.fleet("push")
        mx2.fleet("join")
        command = mx1.command("generate", "-d", "b.example", "-s", "s1", "--algorithm", "ed25519")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            # What it has read of the copy is old when it asks the database.
            changing = pool.submit(traced, command, self.workspace.path / "strace", "-P", mx1.keys,
                                   "-e", "trace=openat", "-e", "inject=openat:delay_exit=1500000")
            for number in range(12):
                mx2.expect(DONE, "generate", "-d", "a.example", "-s", f"n{number}", "--algorithm", "ed25519")
                for machine in (mx1, mx2):
                    machine.fleet("sync", "--once")
            done = changing.result()
        self.assertEqual(done.returncode, DONE, done.stderr)

    def test_a_domain_that_is_not_here(self):
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push", "--replace", "b.example", code=PROBLEM)


class Join(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", "a.example", "b.example")
        self.mx1.fleet("push")

    def test_an_empty_machine(self):
        mx2 = self.member("mx2", role="dkimsignd_signer")
        self.assertIn("is a copy of the fleet now, under the name mx2", mx2.fleet("join"))
        self.assertEqual(mx2.files(), self.mx1.files())
        self.assertTrue(mx2.signs("a.example"))
        self.assertEqual(mx2.signer("mx2")["state"], "current")
        mx2.fleet("join")

    def test_a_machine_with_an_equal_store(self):
        mx2 = self.member("mx2")
        shutil.copytree(self.mx1.keys, mx2.keys, ignore=shutil.ignore_patterns(".*"))
        mx2.fleet("join")
        self.assertEqual(mx2.files(), self.mx1.files())

    def test_what_only_it_has_is_destroyed_only_when_told_to(self):
        mx2 = self.member("mx2", "c.example")
        said = mx2.fleet("join", code=PROBLEM)
        self.assertIn("c.example\n  only here\n", said)
        self.assertTrue(mx2.signs("c.example"))
        self.assertEqual(self.count("signers"), 1)
        self.assertIn("c.example: removed, with its private keys", mx2.fleet("join", "--take-fleet"))
        self.assertFalse((mx2.keys / "c.example" / "s1.private").exists())
        self.assertEqual(mx2.files(), self.mx1.files())

    def test_a_name_that_another_machine_has(self):
        other = self.member("mx1", directory="other")
        said = other.fleet("join", code=PROBLEM)
        self.assertIn("a machine mx1 is in the fleet already (last seen ", said)
        self.assertFalse(other.is_member())
        self.assertEqual(self.mx1.signer("mx1")["state"], "current")
        # It left, and may still sign.
        self.mx1.fleet("leave", "mx1")
        self.assertIn("may sign until", other.fleet("join", code=PROBLEM))
        # It no longer does.
        self.query("UPDATE dkimsignd.signers SET lease_end = now() - interval '1 second'")
        other.fleet("join")
        self.assertTrue(other.signs("a.example"))

    def test_installed_again(self):
        shutil.rmtree(self.mx1.keys)
        self.mx1.fleet("join", code=PROBLEM)
        self.mx1.fleet("join", "--take-name")
        self.assertTrue(self.mx1.signs("a.example"))

    def test_an_older_key_directory_under_its_own_name(self):
        """As the refusal advises: the whole copy is compared before the machine signs again."""
        mx2 = self.member("mx2")
        mx2.fleet("join")
        old = self.workspace.path / "old"
        shutil.rmtree(old, ignore_errors=True)
        subprocess.run(["cp", "-a", mx2.keys, old], check=True)
        for selector in ("s2", "s3"):
            self.mx1.generate("a.example", selector)
            for machine in (self.mx1, mx2):
                machine.fleet("sync", "--once")
        # What every machine has is no longer asked for.
        self.mx1.generate("b.example", "s2")
        for machine in (self.mx1, mx2):
            machine.fleet("sync", "--once")
        self.query("DELETE FROM dkimsignd.changes WHERE sequence < (SELECT min(applied) FROM dkimsignd.signers)")
        shutil.rmtree(mx2.keys)
        subprocess.run(["cp", "-a", old, mx2.keys], check=True)
        self.assertIn("give the command with --take-name", mx2.fleet("join", code=PROBLEM))
        mx2.fleet("join", "--take-name")
        self.assertEqual(mx2.files(), self.mx1.files())
        self.assertEqual(mx2.signer("mx2")["state"], "current")
        self.assertTrue(mx2.signs("a.example"))
        self.assertEqual(self.mx1.run("fleet", "status").returncode, DONE)

    def test_a_clock_that_is_wrong(self):
        mx2 = self.member("mx2")
        said = mx2.expect(PROBLEM, "fleet", "join", env=with_clock("+400d"))
        self.assertIn("this machine gets no lease, because the clocks differ: ", said)
        self.assertEqual((self.count("signers", "host = 'mx2'"), list(mx2.keys.glob(".lease"))), (0, []))

    def test_two_at_once_under_one_name(self):
        for turn in range(4):
            both = [self.member(f"twin{turn}", directory=f"twin{turn}{letter}") for letter in "ab"]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                done = list(pool.map(lambda machine: machine.run("fleet", "join"), both))
            self.assertEqual(sorted(one.returncode for one in done), [DONE, PROBLEM], [one.stderr for one in done])
            self.assertEqual([machine.is_member() for machine in both], [one.returncode == DONE for one in done])

    def test_a_cloned_machine(self):
        clone = self.member("mx1", directory="clone")
        shutil.copytree(self.mx1.keys, clone.keys)
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.mx1.fleet("sync", "--once")
        self.assertIn("perhaps one that was cloned", clone.fleet("join", code=PROBLEM))

    def test_settings_that_changed(self):
        self.mx1.connect(host="mx9")
        self.assertIn("to change the name", self.mx1.fleet("join", code=PROBLEM))
        self.mx1.connect()
        self.query("UPDATE dkimsignd.store SET identity = gen_random_uuid()")
        self.assertIn("this machine takes nothing from the database: this database belongs to another fleet",
                      self.mx1.fleet("status", code=PROBLEM))
        self.assertIn("and the database is that of", self.mx1.fleet("join", code=PROBLEM))
        self.assertIn("is that of", self.mx1.fleet("push", code=PROBLEM))

    def test_a_connection_that_is_none(self):
        self.mx1.connect()
        path = self.mx1.root / "fleet.conf"
        path.write_text(re.sub('connection = "[^"]*"', 'connection = "db1.example.com hush"', path.read_text()))
        # The service manager does not start the agent again after such an end.
        for words in (("sync",), ("status",), ("join",), ("leave", "mx1"), ("push",), ("reseal",)):
            said = self.mx1.fleet(*words, code=USAGE)
            self.assertIn("is no connection string of libpq", said)
            self.assertNotIn("hush", said)

    def test_a_database_that_is_away(self):
        mx2 = self.member("mx2")
        mx2.connect(port=1)
        for command in ("join", "push", "status", "init"):
            said = mx2.fleet(command, code=PROBLEM)
            self.assertNotIn("user=", said)
        self.assertFalse(mx2.keys.exists())
        self.assertEqual(mx2.run("fleet", "status", "--json").stdout, b"[]\n")


    def test_a_domain_that_the_fleet_has_got_meanwhile_is_not_removed(self):
        mx2 = self.member("mx2", "c.example")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            # It is held up when it has compared the two, and becomes a member.
            joining = pool.submit(traced, mx2.command("fleet", "join", "--take-fleet"), self.workspace.path / "strace",
                                  "-P", mx2.keys / ".fleet", "-P", mx2.keys, "-e", "trace=rename,renameat,renameat2",
                                  "-e", "inject=rename,renameat,renameat2:delay_exit=8000000")
            wait_for((mx2.keys / ".fleet").exists, "the membership")
            self.mx1.generate("c.example", "fleets")
            done = joining.result()
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertNotIn(b"c.example: removed", done.stdout + done.stderr)
        self.assertEqual(mx2.listed()["c.example", "fleets"], "active")
        self.assertEqual(mx2.files(), self.mx1.files())
        self.assertTrue(mx2.signs("c.example"))


class Leave(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", "a.example")
        self.mx1.fleet("push")
        self.mx2 = self.member("mx2")
        self.mx2.fleet("join")

    def test_a_member_whose_connection_is_none(self):
        path = self.mx1.root / "fleet.conf"
        path.write_text(re.sub('connection = "[^"]*"', 'connection = "db1.example.com hush"', path.read_text()))
        for words in (("generate", "-d", "b.example", "-s", "s1"), ("rotate", "-d", "a.example"), ("revoke", "-d", "a.example", "-s", "s1")):
            said = self.mx1.expect(USAGE, *words)
            self.assertIn("is no connection string of libpq", said)
            self.assertNotIn("hush", said)

    def test_an_unknown_machine(self):
        said = self.mx1.fleet("leave", "mx3", code=PROBLEM)
        self.assertIn("the fleet has no machine mx3; it has mx1, mx2", said)

    def test_a_machine_that_is_in_contact(self):
        said = self.mx1.fleet("leave", "mx2")
        self.assertRegex(said, r"may sign with its keys until \d{4}-\d\d-\d\dT")
        self.assertIn("it is still in contact", said)
        self.assertIn("its agent brings no more changes", said)
        self.assertEqual(self.mx1.signer("mx2")["state"], "leaving")
        # It gets nothing more, and signs with what it has.
        self.mx1.generate("new.example")
        self.mx2.fleet("sync", "--once", code=PROBLEM)
        self.assertNotIn(("new.example", "s1"), self.mx2.listed())
        self.assertTrue(self.mx2.signs("a.example"))
        self.assertIn("left the fleet before", self.mx1.fleet("leave", "mx2"))
        # It comes back.
        self.mx2.fleet("join")
        self.assertTrue(self.mx2.signs("new.example"))
        self.assertEqual(self.mx1.signer("mx2")["state"], "current")

    def test_a_machine_that_is_gone(self):
        self.query("UPDATE dkimsignd.signers SET last_seen = now() - interval '40 days', "
                   "lease_end = now() - interval '10 days' WHERE host = 'mx2'")
        self.assertEqual(self.mx1.signer("mx2")["state"], "over")
        said = self.mx1.fleet("leave", "mx2")
        self.assertIn("it no longer signs: its lease is over", said)
        self.assertNotIn("in contact", said)
        self.assertEqual(self.mx1.signer("mx2")["state"], "left")
        self.assertEqual(self.mx1.run("fleet", "status").returncode, DONE)

    def test_a_store_of_its_own_again(self):
        self.mx1.generate("new.example")
        said = self.mx2.fleet("leave", "--keep")
        self.assertIn("1 machines stay in the fleet", said)
        self.assertFalse(self.mx2.is_member())
        self.assertFalse((self.mx2.keys / ".lease").exists())
        # With the newest state.
        self.assertEqual(self.mx2.files(), self.mx1.files())
        for domain in ("a.example", "new.example"):
            self.assertTrue(self.mx2.signs(domain))
        # What is changed here is changed here alone.
        self.mx2.generate("own.example")
        self.assertNotIn("own.example", self.domains())
        self.mx2.fleet("leave", "--keep", code=PROBLEM)
        # In again.
        self.query("UPDATE dkimsignd.signers SET lease_end = now() - interval '1 second' WHERE host = 'mx2'")
        self.mx2.fleet("push")
        self.assertIn("own.example", self.domains())

    def test_a_machine_that_left_does_not_keep_what_may_be_void(self):
        self.mx1.fleet("leave", "mx2")
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        said = self.mx2.fleet("leave", "--keep", code=PROBLEM)
        self.assertIn("lacks changes since", said)
        self.assertTrue((self.mx2.keys / ".lease").exists())
        self.mx2.fleet("join")
        self.mx2.fleet("leave", "--keep")
        self.assertEqual(self.mx2.files(), self.mx1.files())

    def test_a_machine_that_the_database_has_forgotten(self):
        self.query("DELETE FROM dkimsignd.signers WHERE host = 'mx2'")
        done = self.mx2.run("fleet", "status")
        self.assertEqual(done.returncode, PROBLEM)
        self.assertIn(b"does not know this machine", done.stderr)
        self.assertEqual(self.mx1.run("fleet", "status").returncode, DONE)

    def test_the_old_database_comes_back(self):
        """As dkimsignd-fleet(7) says at the end of AN OUTAGE OF A WEEK."""
        self.mx2.connect("dkimsignd_writer")
        for machine in (self.mx1, self.mx2):
            machine.fleet("leave", "--keep", "--offline")
        self.mx2.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.mx2.fleet("push", "--replace", "a.example", "--take-name")
        self.mx1.fleet("join", "--take-name", code=PROBLEM)  # which names a.example, and leaves the choice to a person
        self.mx1.fleet("join", "--take-name", "--take-fleet")
        self.assertEqual(self.mx1.files(), self.mx2.files())
        self.assertIn(("a.example", "s2"), self.mx1.listed())

    def test_without_the_database(self):
        self.mx2.connect(port=1)
        self.mx2.fleet("leave", "--keep", code=PROBLEM)
        self.assertTrue(self.mx2.is_member())
        said = self.mx2.fleet("leave", "--keep", "--offline")
        self.assertIn("dkimkey fleet leave mx2", said)
        self.assertFalse(self.mx2.is_member())
        self.assertTrue(self.mx2.signs("a.example"))


class Forget(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", "a.example", "b.example")
        self.mx1.fleet("push")
        self.mx2 = self.member("mx2", role="dkimsignd_signer")
        self.mx2.fleet("join")

    def sync(self, *machines):
        for machine in machines or (self.mx1, self.mx2):
            machine.fleet("sync", "--once")

    def not_in_contact(self):
        """No agent runs, and no command is to wait for one."""
        self.query("UPDATE dkimsignd.signers SET last_seen = now() - interval '1 hour'")

    def forget(self, domain, *more):
        self.not_in_contact()
        said = self.mx1.fleet("forget", domain, *more, code=WAITING)
        self.assertIn(f"{domain} is forgotten: its private keys are destroyed in the database", said)
        return said

    def domains_of(self, machine):
        return sorted(path.name for path in machine.keys.iterdir() if not path.name.startswith("."))

    def test_a_domain_goes_from_every_machine(self):
        said = self.mx1.fleet("forget", "A.Example", code=PROBLEM)
        self.assertIn("a.example has keys that are not revoked: s1 active. To destroy them", said)
        self.assertTrue(self.mx1.signs("a.example"))
        said = self.forget("a.example", "--unsigned")
        self.assertRegex(said, r"signed for by mx1 \(last contact 20.*, mx2 \(last contact 20")
        self.assertIn("7 days longer", said)
        # The database and this machine have no key of it any more, and the other one until it learns of that.
        self.assertEqual(self.count("sealed_keys", "domain = 'a.example'"), 0)
        self.assertEqual(self.domains_of(self.mx1), ["b.example"])
        self.assertTrue(self.mx2.signs("a.example"))
        self.assertRegex(self.mx1.expect(WAITING, "fleet", "status"), r"a\.example +s1 .*mx2")
        self.sync(self.mx1)
        said = self.mx1.fleet("forget", "a.example", code=WAITING)
        self.assertIn("signed for by mx2 (last contact", said)
        self.assertNotIn("mx1 (last", said)
        self.sync(self.mx2)
        self.assertFalse((self.mx2.keys / "a.example").exists())
        self.assertEqual(self.mx2.files(), self.mx1.files())
        self.assertTrue(self.mx2.signs("b.example"))
        said = self.mx1.fleet("forget", "a.example")
        self.assertIn("a.example was forgotten before\nno machine signs for it any more; its records may be removed", said)
        self.assertIn("in 7 days", said)
        # It is nowhere any more, and what is given for all domains leaves it out.
        self.assertEqual(set(self.mx1.listed()), {("b.example", "s1")})
        self.assertNotIn("a.example", self.mx1.expect(DONE, "rotate", "--due", "--all", "--no-authoritative"))
        self.assertEqual(self.mx1.run("fleet", "status").returncode, DONE)
        mx3 = self.member("mx3")
        mx3.fleet("join")
        self.assertEqual(mx3.files(), self.mx1.files())

    def test_what_it_refuses(self):
        self.assertIn("there are no keys for c.example", self.mx1.fleet("forget", "c.example", code=PROBLEM))
        self.assertIn("permission denied", self.mx2.fleet("forget", "a.example", "--unsigned", code=PROBLEM))
        self.assertTrue(self.mx2.signs("a.example"))
        self.assertIn("which domain?", self.mx1.fleet("forget", code=USAGE))
        alone = self.member("alone", "a.example")
        said = alone.fleet("forget", "a.example", "--unsigned", code=PROBLEM)
        self.assertIn(f"remove its directory from {alone.keys}", said)
        self.assertTrue(alone.signs("a.example"))

    def test_a_domain_whose_keys_are_revoked(self):
        self.mx1.expect(DONE, "generate", "-d", "shop.example", "--slots", "s1,s2", "--activate")
        self.sync()
        self.not_in_contact()
        for slot in ("s1", "s2"):
            self.mx1.expect(WAITING, "revoke", "-d", "shop.example", "-s", slot, "--unsigned", "--no-authoritative")
        self.assertEqual(self.mx1.listed()["shop.example", "s2"], "revoked")
        self.forget("shop.example")
        self.sync()
        self.assertEqual(self.mx2.files(), self.mx1.files())
        self.assertFalse((self.mx2.keys / "shop.example").exists())

    def test_it_comes_back(self):
        self.forget("a.example", "--unsigned")
        self.sync()
        # What looks after its records by the way does not bring it back.
        self.mx1.run("rotate", "-d", "a.example", "--no-authoritative")
        self.assertEqual(self.domains_of(self.mx1), ["b.example"])
        # Resolvers may remember the record of its last key.
        said = self.mx1.expect(PROBLEM, "generate", "-d", "a.example", "-s", "s1", "--algorithm", "ed25519")
        self.assertIn("s1", said)
        self.mx1.generate("a.example", "s2")
        self.sync()
        self.assertTrue(self.mx2.signs("a.example"))
        self.assertEqual(self.mx2.files(), self.mx1.files())
        self.assertEqual({selector: state for (domain, selector), state in self.mx1.listed().items() if domain == "a.example"},
                         {"s1": "revoked", "s2": "active"})
        self.assertFalse((self.mx2.keys / "a.example" / "s1.private").exists())

    def test_a_machine_that_missed_it_all(self):
        self.forget("a.example", "--unsigned")
        self.mx1.generate("c.example")
        self.forget("c.example", "--unsigned")
        self.mx1.generate("c.example", "s2")
        self.sync(self.mx1, self.mx2)
        self.assertEqual(self.domains_of(self.mx2), ["b.example", "c.example"])
        self.assertTrue(self.mx2.signs("c.example"))

    def test_somebody_elses_file_stays(self):
        (self.mx2.keys / "a.example" / "notes").write_text("mine")
        self.forget("a.example", "--unsigned")
        self.sync()
        self.assertEqual((self.mx2.keys / "a.example" / "notes").read_text(), "mine")
        self.assertEqual(list((self.mx2.keys / "a.example").glob("*.private")), [])
        self.assertFalse(self.mx2.signs("a.example"))

    def test_an_old_key_directory_does_not_bring_it_back(self):
        old = self.member("old", "a.example")
        wait_for(lambda: time.time() > old.newest_time("a.example") + 1, "the clock, in whose seconds manifests are")
        lagging = self.member("lagging")
        lagging.fleet("join")
        self.forget("a.example", "--unsigned")
        self.sync()
        self.assertIn("older than the fleet's", lagging.fleet("push", "--replace", "a.example", code=PROBLEM))
        lagging.fleet("sync", "--once")
        self.assertEqual(lagging.files(), self.mx1.files())
        for command in ("push", "join"):
            said = old.fleet(command, code=PROBLEM)
            self.assertIn("the fleet has forgotten it", said)
        old.fleet("join", "--take-fleet")
        self.assertEqual(old.files(), self.mx1.files())

    def test_a_database_that_went_back_keeps_what_was_forgotten_since(self):
        """The domain is forgotten in a database that one machine does not believe yet: what that one has is older."""
        wait_for(lambda: time.time() > self.mx2.newest_time("a.example") + 1, "the clock, in whose seconds manifests are")
        self.forget("a.example", "--unsigned")
        self.sync(self.mx1)
        applied = re.search(r"sequence = (\d+)", (self.mx2.keys / ".fleet").read_text())[1]
        self.query(f"UPDATE dkimsignd.changes SET mark = gen_random_uuid() WHERE sequence = {applied}")
        self.mx2.fleet("sync", "--once", code=PROBLEM)
        said = self.mx2.fleet("sync", "--keep", "local")
        self.assertRegex(said, r"a\.example is removed here, with its private keys: here s1 active; in the database "
                               r"s1 revoked.*the fleet has forgotten it")
        self.assertEqual(self.mx2.files(), self.mx1.files())


class Status(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", "a.example")
        self.mx1.fleet("push")

    def test_all_is_well(self):
        said = self.mx1.fleet("status")
        self.assertIn("mx1 (this one)", said)
        self.assertIn("current", said)
        fleet, signer = self.mx1.status(DONE)
        self.assertEqual((fleet["kind"], fleet["host"], fleet["sequence"]), ("fleet", "mx1", 1))
        self.assertEqual((signer["applied"], signer["lag"], signer["lag_since"], signer["here"]), (1, 0, None, True))
        # A reader that is no member, and has no key directory.
        reader = self.machine("watcher", role="dkimsignd_reader")
        shutil.rmtree(reader.root / "keys", ignore_errors=True)
        self.assertIsNone(reader.status(DONE)[0]["host"])

    def test_who_waits_for_whom(self):
        mx2 = self.member("mx2")
        mx2.fleet("join")
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.mx1.fleet("sync", "--once")
        (key,) = [entry for entry in self.mx1.status(WAITING) if entry["kind"] == "key"]
        self.assertEqual((key["domain"], key["selector"], key["state"], key["for_machine"]), ("a.example", "s2", "pending", True))
        self.assertRegex(key["waits_for"], r"^mx2 \(last seen \S+\), to get it$")
        lagging = self.mx1.signer("mx2")
        self.assertEqual((lagging["state"], lagging["lag"]), ("behind", 1))
        self.assertIsNotNone(lagging["lag_since"])
        self.assertIn("LACKS", self.mx1.fleet("status", code=WAITING))
        mx2.fleet("sync", "--once")
        (key,) = [entry for entry in self.mx1.status(DONE) if entry["kind"] == "key"]
        self.assertEqual((key["waits_for"], key["for_machine"]), ("its record, on every name server", False))
        # A silent one.
        self.query("UPDATE dkimsignd.signers SET last_seen = now() - interval '1 hour' WHERE host = 'mx2'")
        self.assertEqual(self.mx1.signer("mx2")["state"], "silent")
        self.assertEqual(self.mx1.run("fleet", "status").returncode, WAITING)

    def test_hostile_rows(self):
        text = HOSTILE.replace("'", "''")
        self.query(f"""
            INSERT INTO dkimsignd.signers (host, version, applied, last_seen) VALUES (E'{text}', E'{text}', -5, now());
            INSERT INTO dkimsignd.signers (host, version, applied, last_seen, lease_end)
                VALUES (repeat('x', 100000), repeat('v', 100000), 9223372036854775807, 'infinity', '-infinity');
            INSERT INTO dkimsignd.refused VALUES (E'{text}', E'{text}', E'{text}');
            INSERT INTO dkimsignd.refused SELECT E'{text}', 'd' || n, repeat('r', 10000) FROM generate_series(1, 500) AS n;
            INSERT INTO dkimsignd.domains VALUES (E'{text}', 10, '"pending"'), ('b.example', 11, repeat('"pending"', 100000));
            """)
        done = self.mx1.run("fleet", "status")
        self.assertEqual(done.returncode, PROBLEM)
        said = done.stdout + done.stderr
        for byte in (b"\x1b", b"\x07", "\u009b".encode()):
            self.assertNotIn(byte, said)
        self.assertNotRegex(said.decode(), r"(?m)^mx9")
        self.assertLess(len(said), 200_000)
        self.assertLess(len(json.dumps(self.mx1.status(PROBLEM))), 1_000_000)
        self.mx1.fleet("leave", HOSTILE)
        self.assertNotIn("\x1b", self.mx1.fleet("leave", HOSTILE + "2", code=PROBLEM))

    def test_an_identity_that_is_none(self):
        self.query("ALTER TABLE dkimsignd.store ALTER identity TYPE text; UPDATE dkimsignd.store SET identity = E'\\x1b[31m'")
        mx2 = self.member("mx2")
        for machine, words in ((self.mx1, ("fleet", "status")), (mx2, ("fleet", "join"))):
            said = machine.expect(PROBLEM, *words)
            self.assertIn("is not a UUID", said)
            self.assertNotIn("\x1b", said)
        self.assertFalse(mx2.is_member())

    def test_many_keys_on_their_way(self):
        manifest = 'format = 1; keys = ( { selector = "s"; algorithm = "rsa"; bits = 2048; state = "pending"; ' \
                   'created = "2026-11-24T06:00:00Z"; } );'
        self.query(f"INSERT INTO dkimsignd.domains SELECT 'd' || n || '.example', n, '{manifest}' "
                   "FROM generate_series(2, 3001) AS n")
        # Among many that rest.
        rests = manifest.replace("pending", "active")
        self.query(f"INSERT INTO dkimsignd.domains SELECT 'r' || n || '.example', n, '{rests}' "
                   "FROM generate_series(4000, 30000) AS n")
        self.query("ANALYZE dkimsignd.domains")
        objects = self.mx1.status()
        self.assertEqual(len([entry for entry in objects if entry["kind"] == "key"]), 1000)
        self.assertTrue(objects[0]["more"])
        # The database did not look through all of them, which it says when the connection has ended.
        used = "SELECT 1 FROM pg_stat_user_indexes WHERE indexrelname = 'domains_in_motion' AND idx_scan > 0"
        wait_for(lambda: self.query(used), "the index to be used")


class Moves(FleetTest):
    """What is changed on one machine is seen on the other."""

    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", "a.example")
        self.mx1.fleet("push")
        self.mx2 = self.member("mx2", role="dkimsignd_signer")
        self.mx2.fleet("join")

    def seen(self):
        self.mx2.fleet("sync", "--once")
        self.assertEqual(self.mx1.listed(), self.mx2.listed())
        return self.mx2.listed()

    def test_every_change(self):
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.assertEqual(self.seen()["a.example", "s2"], "pending")
        self.mx1.expect(DONE, "activate", "-d", "a.example", "-s", "s2", "--force")
        self.assertEqual(self.seen()["a.example", "s1"], "retiring")
        self.assertTrue(self.mx2.signs("a.example"))
        self.mx1.expect(WAITING, "revoke", "-d", "a.example", "-s", "s1")
        self.assertEqual(self.seen()["a.example", "s1"], "revoked")
        self.assertFalse((self.mx2.keys / "a.example" / "s1.private").exists())
        pem = self.mx1.root / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True)
        pem.chmod(0o600)
        self.mx1.expect(DONE, "import", "--pem", pem, "-d", "b.example", "-s", "s1")
        self.assertEqual(self.seen()["b.example", "s1"], "active")
        self.assertTrue(self.mx2.signs("b.example"))

    def test_a_machine_that_holds_a_slot_is_named(self):
        slots = ("generate", "-d", "shop.example", "--slots", "s1,s2")
        self.mx1.expect(DONE, *slots, "--activate")
        self.assertEqual(self.seen()["shop.example", "s1"], "active")
        self.mx1.expect(DONE, *slots)
        self.mx1.expect(DONE, "activate", "-d", "shop.example", "-s", "s2", "--force")
        self.mx1.fleet("sync", "--once")
        holder = "longer while a machine may sign with the last key of s1: mx2 (last contact 20"
        self.assertIn(holder, self.mx1.expect(PROBLEM, *slots))
        self.assertIn(holder, self.mx1.expect(PROBLEM, "revoke", "-d", "shop.example", "-s", "s2"))

    def test_a_server_that_only_reads_is_not_asked_forever(self):
        # As a standby does, or a server whose disk is nearly full: the connection is a good one, and stays open.
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "next", "--algorithm", "ed25519")
        self.query(f"ALTER DATABASE {NAME} SET default_transaction_read_only = on")
        said = self.mx1.expect(PROBLEM, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.assertIn("this server only reads", said)
        self.assertIn("this server only reads", self.mx1.expect(PROBLEM, "activate", "-d", "a.example", "-s", "next", "--force"))
        self.query(f"SET default_transaction_read_only = off; ALTER DATABASE {NAME} RESET default_transaction_read_only")
        self.mx1.expect(DONE, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")

    def test_a_machine_that_only_signs_changes_nothing(self):
        before = self.mx2.files()
        self.mx2.expect(PROBLEM, "generate", "-d", "a.example", "-s", "s2", "--algorithm", "ed25519")
        self.assertEqual(self.mx2.files(), before)


class Doctor(FleetTest):
    def findings(self, machine):
        done = machine.run("doctor", "--local", "--json")
        return [finding for finding in json.loads(done.stdout) if finding["topic"] == "fleet"]

    def test_it_includes_the_fleet(self):
        self.new_fleet()
        mx1 = self.member("mx1", "a.example")
        self.assertEqual(self.findings(mx1), [])
        mx1.fleet("push")
        (finding,) = self.findings(mx1)
        self.assertEqual((finding["severity"], finding["subject"]), ("good", "mx1"))
        mx2 = self.member("mx2")
        mx2.fleet("join")
        self.query("UPDATE dkimsignd.signers SET last_seen = now() - interval '1 hour' WHERE host = 'mx2'")
        (finding,) = self.findings(mx1)
        self.assertEqual(finding["severity"], "risk")
        self.assertIn("mx2", finding["what"])
        mx1.fleet("leave", "mx2")
        self.assertIn("does not know this machine", self.findings(mx2)[0]["what"])
        mx1.connect(port=1)
        (finding,) = self.findings(mx1)
        self.assertIn("cannot be used", finding["what"])
        (mx1.root / "fleet.conf").unlink()
        self.assertIn("fleet.conf", self.findings(mx1)[0]["what"])

    def test_a_damaged_membership_is_repaired_by_the_commands_that_it_says(self):
        self.new_fleet()
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push")
        (mx1.keys / ".fleet").write_text("damaged")
        (finding,) = self.findings(mx1)
        self.assertEqual(finding["severity"], "risk")
        for line in finding["paste"].splitlines():
            words = shlex.split(line)
            subprocess.run([PROGRAM if word == "dkimkey" else word for word in words], capture_output=True, check=True)
        (finding,) = self.findings(mx1)
        self.assertEqual((finding["severity"], finding["subject"]), ("good", "mx1"))
        self.assertTrue(mx1.signs("a.example"))


if __name__ == "__main__":
    unittest.main()
