#!/usr/bin/python3
"""The agent of a fleet keeps the copies of three signers equal to the database, whatever happens to either."""

import base64
import concurrent.futures
import datetime
import fcntl
import os
import pathlib
import shutil
import socket
import subprocess
import unittest

from clock import with_clock
from fleet_author import SealingKey, files, write_sealing_keys
from fleet_sync_case import DONE, GROUP, NAME, PROBLEM, USAGE, SyncCase, now
from harness.fleet_databases import BIN
from harness.workspace import wait_for


class ChangesTest(SyncCase):
    def test_a_change_reaches_every_signer_by_a_notification(self):
        signers = [self.signer(host) for host in ("mx1", "mx2", "mx3")]
        for signer in signers:
            signer.start()
            wait_for(lambda signer=signer: signer.metrics().get("dkimsignd_fleet_database_reached"), "a first pass",
                     alive=signer.alive)
        self.author.make("a.example")
        self.wait_for_copy("a.example")
        self.author.turn("a.example", "server", "second")
        self.wait_for_copy("a.example")
        for signer in signers:
            wait_for(lambda signer=signer: signer.metrics()["dkimsignd_fleet_notifications_total"] > 0, "its metrics")
            self.assertEqual(signer.metrics()["dkimsignd_fleet_sequence_behind"], 0)
            self.assert_equal_copy(signer, "a.example")
            self.assertEqual(signer.stop(), DONE)

    def test_it_asks_where_no_notification_arrives(self):
        signers = [self.signer(host) for host in ("mx1", "mx2", "mx3")]
        for signer in signers:
            signer.start()
            wait_for(lambda signer=signer: signer.metrics().get("dkimsignd_fleet_database_reached"), "a first pass",
                     alive=signer.alive)
        self.author.dkimkey("generate", "a.example", "-s", "server", "--algorithm", "ed25519", "--activate")
        self.author.put("a.example", notify=False)
        self.wait_for_copy("a.example")
        for signer in signers:
            self.assertEqual(signer.metrics()["dkimsignd_fleet_notifications_total"], 0)

    def test_files_have_the_owner_and_mode_that_the_daemon_needs(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        self.addCleanup(os.umask, os.umask(0o077))
        signer.sync()
        said = subprocess.run(["stat", "-c", "%n %U:%G %a", *sorted((signer.keys / "a.example").iterdir()),
                               signer.keys / ".fleet", signer.keys / ".lease"], capture_output=True, text=True, check=True)
        modes = dict(line.replace(f"{signer.keys}/", "").split(" ", 1) for line in said.stdout.splitlines())
        expected = {name: f"root:{GROUP} 640" for name in (
            "a.example/keys.conf", "a.example/server.private", ".fleet", ".lease")}
        # The record is no secret.
        expected["a.example/server.txt"] = f"root:{GROUP} 644"
        self.assertEqual({name: mode for name, mode in modes.items() if not name.endswith(".lock")}, expected)

    def test_many_domains_come_in_batches(self):
        self.author.make("d0.example")
        self.author.clone("d0.example", *(f"d{number}.example" for number in range(1, 450)))
        signer = self.signer("mx1")
        self.assertIn("450 domains written", signer.sync())
        self.assertEqual(len(signer.domains()), 450)
        self.assertEqual(files(signer.keys, "d449.example"), self.author.files("d449.example"))
        self.assertEqual((signer.sequence(), signer.row()[0]), (self.newest(), self.newest()))


class FaultsTest(SyncCase):
    def test_a_database_that_is_away_for_long_is_asked_again(self):
        signers = [self.signer(host) for host in ("mx1", "mx2", "mx3")]
        self.author.make("a.example")
        for signer in signers:
            signer.start()
        self.wait_for_copy("a.example")
        self.stop_server()
        for signer in signers:
            signer.wait_to_say("could not be brought up to date")
        lease = signers[0].lease_end()
        for signer in signers:
            wait_for(lambda signer=signer: signer.metrics()["dkimsignd_fleet_passes_failed_total"] >= 4, "more tries",
                     alive=signer.alive)
            self.assertEqual(signer.metrics()["dkimsignd_fleet_database_reached"], 0)
            self.assertGreater(signer.metrics()["dkimsignd_fleet_lag_seconds"], 0)
            # Each reason once, although it was tried more often: the server says that it stops, then it is gone.
            lines = signer.log().splitlines()
            self.assertEqual(len(lines), len(set(lines)), lines)
        self.assertEqual(signers[0].lease_end(), lease)
        self.server.start(self.server)
        self.author.turn("a.example", "server", "second")
        self.wait_for_copy("a.example")
        for signer in signers:
            signer.wait_to_say("brought up to date again")

    def test_the_service_manager_hears_that_it_is_ready_while_the_database_is_away(self):
        signer = self.signer("mx1")
        path = self.workspace.path / "notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(path.unlink)
        self.addCleanup(manager.close)
        manager.bind(str(path))
        manager.settimeout(60)
        self.stop_server()
        signer.start(env={**os.environ, "NOTIFY_SOCKET": str(path)})
        self.assertEqual(manager.recv(500), b"READY=1")
        self.assertEqual(manager.recv(500), b"WATCHDOG=1")
        told = []

        def listen():  # the socket holds only some messages, and then the agent waits
            while told[-1:] != [b"STOPPING=1"]:
                told.append(manager.recv(500))

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            listening = pool.submit(listen)
            self.server.start(self.server)
            self.author.make("a.example")
            self.wait_for_copy("a.example", signer)
            self.assertEqual(signer.stop(), DONE)
            listening.result()
        self.assertIn(b"STATUS=Change 1 of 1, 0 domains refused", told)

    def test_a_domain_that_cannot_be_used_stays_and_the_others_go_on(self):
        signer = self.signer("mx1")
        for name in ("a", "b", "c", "d"):
            self.author.make(f"{name}.example")
        signer.sync()
        before = {domain: files(signer.keys, domain) for domain in signer.domains()}
        # Damaged, moved to another place, no manifest, and not the name of a domain.
        self.author.put("a.example", rows=[(*row[:4], self.broken(row[4])) for row in self.rows("a.example")])
        self.author.put("b.example", rows=[(*row[:4], bytes.fromhex(self.rows("c.example")[0][4][2:]))
                                           for row in self.rows("b.example")])
        self.author.put("c.example", manifest="keys = ( { selector = \"\x1b[31m\"; } );")
        self.author.put("d.example", name="../../etc")
        self.author.make("e.example")
        said = signer.sync(codes=(PROBLEM,))
        self.assertNotIn("\x1b", said)
        refused = signer.refused()
        self.assertEqual(sorted(refused), ["../../etc", "a.example", "b.example", "c.example"])
        self.assertEqual({domain: files(signer.keys, domain) for domain in before}, before)
        self.assertEqual(signer.domains(), [f"{name}.example" for name in "abcde"])
        self.assertEqual((signer.sequence(), signer.row()[0]), (self.newest(), self.newest()))
        # A row that is right again is taken, and the refusal ends.
        self.query("DELETE FROM dkimsignd.domains WHERE domain = '../../etc'")
        for name in ("a", "b", "c"):
            self.author.put(f"{name}.example")
        signer.sync()
        self.assertEqual(signer.refused(), {})
        self.assert_equal_copy(signer, *(f"{name}.example" for name in "abcde"))

    def test_what_is_wrong_with_the_files_of_a_domain_keeps_no_other_back(self):
        signer = self.signer("mx1")
        names = ("a", "b", "c", "d", "e", "f")
        for name in names:
            self.author.make(f"{name}.example")
        signer.sync()
        (signer.keys / "a.example/keys.conf").write_text("damaged")
        (signer.keys / "b.example/second.private").write_text("somebody else's")
        (signer.keys / "b.example/second.private").chmod(0o640)
        shutil.move(signer.keys / "d.example", self.workspace.path / "elsewhere")
        (signer.keys / "d.example").symlink_to(self.workspace.path / "elsewhere")
        (signer.keys / "e.example/.lock").unlink()
        (signer.keys / "e.example/.lock").mkdir()
        for name in names:
            self.author.turn(f"{name}.example", "server", "second")
        # The file of this key would have a name that no file system has.
        long = "s" * 63 + ("." + "s" * 58) * 3
        manifest = (self.author.keys / "f.example/keys.conf").read_text()
        entry = (f'{{ selector = "{long}"; use = 1000000; algorithm = "ed25519"; bits = 256; state = "revoked"; '
                 'created = "2026-11-24T06:00:00Z"; revoked = "2026-11-24T06:00:00Z"; },')
        self.author.put("f.example", manifest=manifest.replace("keys = (", f"keys = ( {entry}"))
        signer.sync(codes=(PROBLEM,))
        self.assertEqual(sorted(signer.refused()), ["a.example", "b.example", "d.example", "e.example", "f.example"])
        self.assertRegex(signer.refused()["f.example"], "would have a name of [0-9]+ bytes|manifest in the database")
        self.assertEqual(files(signer.keys, "c.example"), self.author.files("c.example"))
        self.assertEqual((signer.keys / "b.example/second.private").read_text(), "somebody else's")

    def rows(self, domain):
        return [(selector, int(use), algorithm, int(number), sealed) for selector, use, algorithm, number, sealed in
                self.query("SELECT selector, use, algorithm, sealing_key, sealed FROM dkimsignd.sealed_keys "
                           f"WHERE domain = '{domain}'")]

    @staticmethod
    def broken(sealed):
        whole = bytearray(bytes.fromhex(sealed[2:]))
        whole[-1] ^= 1
        return bytes(whole)

    def test_a_sealing_key_that_comes_later_is_tried_without_a_new_change(self):
        signer = self.signer("mx1")
        write_sealing_keys(signer.sealing_keys, SealingKey())
        self.author.make("a.example")
        signer.start(env=with_clock("+0 x10"))
        wait_for(signer.refused, "a refusal", alive=signer.alive)
        self.assertEqual(signer.domains(), [])
        # A database that has lost the refusal, as a standby that was promoted, hears of it again.
        self.query("DELETE FROM dkimsignd.refused")
        wait_for(signer.refused, "the refusal once more", alive=signer.alive, patience=180)
        write_sealing_keys(signer.sealing_keys, self.author.key)
        wait_for(lambda: signer.domains() == ["a.example"], "another try", alive=signer.alive, patience=180)
        wait_for(lambda: not signer.refused(), "the refusal to end", alive=signer.alive)
        self.assert_equal_copy(signer, "a.example")

    def test_a_full_disk_stops_one_signer_and_nobody_else(self):
        mounted = self.workspace.directory("small")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", mounted], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", mounted], check=True)
        full = self.signer("mx1", keys=mounted / "keys")
        others = [self.signer("mx2"), self.signer("mx3")]
        for signer in (full, *others):
            signer.start()
        for number in range(30):
            self.author.make(f"d{number}.example")
        for signer in others:
            self.wait_for_copy("d29.example", signer)
        full.wait_to_say("No space left on device")
        self.assertLess(full.row()[0], self.newest())
        # What is there is whole.
        for domain in full.domains():
            if "keys.conf" in files(full.keys, domain):
                self.assertEqual(files(full.keys, domain)["keys.conf"], self.author.files(domain)["keys.conf"])
        subprocess.run(["mount", "-o", "remount,size=8m", mounted], check=True)
        self.wait_for_copy("d29.example", full)
        self.assert_equal_copy(full, *(f"d{number}.example" for number in range(30)))

    def test_a_machine_in_no_fleet_or_in_another_one_is_told_so(self):
        signer = self.signer("mx1")
        self.query("UPDATE dkimsignd.store SET identity = gen_random_uuid()")
        self.assertIn("another fleet", signer.sync(codes=(PROBLEM,)))
        (signer.keys / ".fleet").unlink()
        for options in ((), ("--keep", "fleet")):
            self.assertIn("belongs to no fleet", signer.sync(*options, codes=(USAGE,)))

    def test_a_machine_that_was_told_to_leave_takes_nothing_more(self):
        signer = self.signer("mx1")
        signer.sync()
        lease = signer.lease_end()
        self.query("UPDATE dkimsignd.signers SET \"left\" = now()")
        self.author.make("a.example")
        self.assertIn("has left", signer.sync(codes=(PROBLEM,)))
        self.assertEqual((signer.domains(), signer.lease_end()), ([], lease))

    def test_an_agent_whose_machine_was_told_to_leave_takes_nothing_more(self):
        signer = self.signer("mx1")
        signer.start()
        wait_for(lambda: signer.metrics().get("dkimsignd_fleet_database_reached"), "a first pass", alive=signer.alive)
        # It has just reported, and has no reason to do so again.
        self.query("UPDATE dkimsignd.signers SET \"left\" = now()")
        self.author.make("a.example")
        signer.wait_to_say("has left")
        self.assertEqual((signer.domains(), signer.sequence()), ([], 0))


    def test_a_machine_under_another_name_takes_nothing(self):
        """A clone whose fleet.conf has its own name, and whose copy has that of the first."""
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        lease = signer.lease_end()
        signer.host = "mx2"
        signer.connect(self.port)
        self.author.make("b.example")
        said = signer.sync(codes=(PROBLEM,))
        self.assertRegex(said, r"this machine is mx1 in the fleet, and \S+ says mx2\. If it is a clone of mx1, remove")
        signer.start()
        signer.wait_to_say("this machine is mx1 in the fleet")
        signer.host = "mx1"
        self.assertEqual((signer.domains(), signer.lease_end(), signer.row()[0]), (["a.example"], lease, 1))

    def test_hundreds_that_were_refused_are_all_taken_at_once(self):
        signer = self.signer("mx1")
        self.author.make("d0.example")
        self.author.clone("d0.example", *(f"d{number}.example" for number in range(1, 450)))
        write_sealing_keys(signer.sealing_keys, SealingKey())
        signer.sync(codes=(PROBLEM,))
        self.assertEqual(len(signer.refused()), 450)
        write_sealing_keys(signer.sealing_keys, self.author.key)
        self.assertIn("450 domains written", signer.sync())
        self.assertEqual((len(signer.domains()), signer.refused()), (450, {}))


class CheckTest(SyncCase):
    """The agent compares the copy with the database although nothing changes there."""

    def test_what_was_removed_or_replaced_by_hand_is_brought_back(self):
        signer = self.signer("mx1")
        for name in ("a", "b", "c"):
            self.author.make(f"{name}.example")
        self.author.turn("b.example", "server", "second")
        signer.sync()
        older = self.workspace.path / "older"
        shutil.copytree(signer.keys / "b.example", older)
        for path in (older, *older.iterdir()):
            shutil.chown(path, group=GROUP)
        self.author.turn("b.example", "second", "third")
        signer.start(env=with_clock("+0 x10"))
        self.wait_for_copy("b.example", signer)
        # A domain is deleted, and another one comes out of an older backup; the agent waits meanwhile.
        with open(signer.keys / ".sync.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(signer.keys / "a.example")
            shutil.rmtree(signer.keys / "b.example")
            shutil.move(older, signer.keys / "b.example")
        for domain in ("a.example", "b.example"):
            wait_for(lambda domain=domain: files(signer.keys, domain) == self.author.files(domain), f"{domain} to come back",
                     alive=signer.alive, patience=180)
        self.assert_equal_copy(signer, "a.example", "b.example", "c.example")
        self.assertEqual(signer.refused(), {})

    def test_a_change_that_the_database_has_lost_is_not_undone(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        # The files of a change were written, and neither the copy's sequence nor the database has it.
        before = (signer.keys / ".fleet").read_bytes()
        made = now()
        wait_for(lambda: now() > made, "the clock, in whose seconds manifests are")
        self.author.turn("a.example", "server", "second", put=False)
        for path in (self.author.keys / "a.example").iterdir():
            shutil.copy2(path, signer.keys / "a.example")
            shutil.chown(signer.keys / "a.example" / path.name, group=GROUP)
        newer = files(signer.keys, "a.example")
        signer.start(env=with_clock("+0 x10"))
        wait_for(signer.refused, "a refusal", alive=signer.alive, patience=180)
        self.assertIn("what this machine has of it is newer than the fleet's state", signer.refused()["a.example"])
        # The next tries leave it alone, too.
        passes = signer.metrics()["dkimsignd_fleet_passes_total"]
        wait_for(lambda: signer.metrics()["dkimsignd_fleet_passes_total"] > passes + 20, "passes of two minutes",
                 alive=signer.alive, patience=180)
        self.assertEqual((files(signer.keys, "a.example"), (signer.keys / ".fleet").read_bytes().splitlines()[:5]),
                         (newer, before.splitlines()[:5]))


class LeaseTest(SyncCase):
    def test_it_counts_from_before_the_contact_and_the_database_knows_it_first(self):
        signer = self.signer("mx1", lease=30)
        before = signer.lease_end()
        with subprocess.Popen([BIN / "psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                               NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as blocker:
            self.addCleanup(blocker.kill)
            blocker.stdin.write("BEGIN; LOCK TABLE dkimsignd.signers IN EXCLUSIVE MODE; SELECT 'locked';\n")
            self.assertEqual(blocker.stdout.readline(), "locked\n")
            with subprocess.Popen(signer.command("--once"), stderr=subprocess.DEVNULL) as sync:
                wait_for(lambda: self.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "it to wait")
                waited = now()
                self.assertEqual(signer.lease_end(), before)
                # The answer comes later.
                wait_for(lambda: now() > waited + datetime.timedelta(seconds=1), "the clock")
                self.assertEqual(signer.lease_end(), before)
                blocker.stdin.write("COMMIT; \\q\n")
            self.assertEqual(sync.returncode, DONE)
        self.assertGreater(signer.lease_end(), before)
        self.assertLessEqual(signer.lease_end(), waited + datetime.timedelta(days=30))
        self.assertEqual(signer.row()[1], signer.lease_end())

    def test_one_that_is_over_is_renewed_only_with_a_copy_that_is_up_to_date(self):
        # Nobody may have waited for the machine: its keys may be void.
        signer = self.signer("mx1")
        signer.sync()
        over = now().replace(microsecond=0) - datetime.timedelta(days=1)
        signer.write_lease(over)
        self.author.make("a.example")
        self.query("REVOKE SELECT ON dkimsignd.sealed_keys FROM dkimsignd_signer")
        signer.sync(codes=(PROBLEM,))
        self.assertEqual((signer.domains(), signer.lease_end()), ([], over))
        self.query("GRANT SELECT ON dkimsignd.sealed_keys TO dkimsignd_signer")
        signer.sync()
        self.assertEqual(signer.domains(), ["a.example"])
        self.assertGreater(signer.lease_end(), now())
        self.assertEqual(signer.row()[1], signer.lease_end())

    def test_one_that_is_over_is_not_renewed_while_an_old_domain_is_refused(self):
        # The keys that are here may be void, and those of the fleet cannot be had.
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        over = now() - datetime.timedelta(days=1)
        signer.write_lease(over)
        self.author.turn("a.example", "server", "second")
        write_sealing_keys(signer.sealing_keys, SealingKey())
        # One that this machine does not have is no reason: nothing is signed for it.
        self.author.make("b.example")
        for _ in range(2):
            said = signer.sync(codes=(PROBLEM,))
            self.assertIn("it refuses the fleet's keys of a.example, and its own may be void", said)
            self.assertEqual(signer.lease_end(), over)
        shutil.rmtree(signer.keys / "a.example")
        self.assertNotIn("lease is over", signer.sync(codes=(PROBLEM,)))
        self.assertGreater(signer.lease_end(), now())
        self.assertEqual(sorted(signer.refused()), ["a.example", "b.example"])

    def test_a_machine_restored_from_a_snapshot_signs_only_when_it_has_everything(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        snapshot = signer.root / "snapshot"
        subprocess.run(["cp", "-a", signer.keys, snapshot], check=True)
        self.author.turn("a.example", "server", "second")
        signer.sync()
        # Every machine had the change of the snapshot, so nobody keeps its mark.
        self.query("DELETE FROM dkimsignd.changes WHERE sequence < 2")
        shutil.rmtree(signer.keys)
        snapshot.rename(signer.keys)
        self.query("REVOKE SELECT ON dkimsignd.sealed_keys FROM dkimsignd_signer")
        for _ in range(2):
            signer.sync(codes=(PROBLEM,))
            self.assertLessEqual(signer.lease_end(), now())
        self.query("GRANT SELECT ON dkimsignd.sealed_keys TO dkimsignd_signer")
        signer.sync()
        self.assert_equal_copy(signer, "a.example")
        self.assertGreater(signer.lease_end(), now())

    def test_a_machine_that_is_restored_under_its_running_agent_signs_only_when_it_has_everything(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        self.author.make("b.example")
        signer.sync()
        old = self.workspace.path / "old"
        shutil.rmtree(old, ignore_errors=True)
        subprocess.run(["cp", "-a", signer.keys, old], check=True)
        self.author.turn("a.example", "server", "second")
        signer.start()
        self.wait_for_copy("a.example")
        # Its old copy comes back, with a lease that is still good; b.example cannot be written, so it stays old.
        self.author.put("b.example", rows=[])
        wait_for(lambda: "b.example" in signer.refused(), "the refusal", alive=signer.alive)
        wait_for(lambda: signer.sequence() == self.newest(), "the end of the pass", alive=signer.alive)
        self.query("DELETE FROM dkimsignd.changes WHERE sequence < (SELECT max(sequence) FROM dkimsignd.changes)")
        subprocess.run(["cp", "-a", old / "a.example", old / "b.example", signer.keys], check=True)
        (old / ".fleet").rename(signer.keys / ".fleet")
        wait_for(lambda: signer.sequence() == self.newest(), "the copy to be brought up to date", alive=signer.alive)
        wait_for(lambda: "it refuses the fleet's keys of b.example, and its own may be void" in signer.log(), "a word", alive=signer.alive)
        self.assertLessEqual(signer.lease_end(), now())
        self.assertEqual(signer.row()[0], self.newest())
        self.assertNotIn("*", signer.refused())

    def test_a_machine_that_the_database_has_forgotten_is_waited_for_again(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.sync()
        self.query("DELETE FROM dkimsignd.signers")
        signer.sync()
        self.assertEqual((signer.row()[0], signer.row()[1]), (1, signer.lease_end()))
        # Also while a person has to choose.
        self.query("DELETE FROM dkimsignd.signers; UPDATE dkimsignd.store SET sequence = 0")
        signer.sync(codes=(PROBLEM,))
        self.assertEqual((signer.row()[0], signer.row()[1]), (0, signer.lease_end()))

    def test_it_is_not_renewed_by_a_clock_that_differs_from_the_databases(self):
        signer = self.signer("mx1")
        before = signer.lease_end()
        for fake in ("+1h", "-1h"):
            done = subprocess.run(signer.command("--once"), capture_output=True, text=True, env=with_clock(fake), check=False)
            self.assertIn("because the clocks differ", done.stderr)
            self.assertEqual(signer.lease_end(), before)
        signer.sync()
        self.assertGreater(signer.lease_end(), before)

    def test_a_database_that_has_lost_one_waits_for_the_others_as_long_as_it_can_be(self):
        here, away, gone = (self.signer(host) for host in ("mx1", "mx2", "mx3"))
        for signer in (here, away, gone):
            signer.sync()
        self.query("UPDATE dkimsignd.signers SET \"left\" = now() WHERE host = 'mx3'")
        # As in an older backup.
        self.query("UPDATE dkimsignd.signers SET lease_end = lease_end - interval '20 days', "
                   "last_seen = last_seen - interval '20 days'")
        self.assertLess(away.row()[1], away.lease_end())
        end = now()
        wait_for(lambda: now() > end, "the clock, in whose seconds leases are")
        here.sync()
        for signer in (here, away, gone):
            self.assertGreaterEqual(signer.row()[1], signer.lease_end(), signer.host)

    def test_it_is_not_renewed_if_the_grant_fails(self):
        signer = self.signer("mx1")
        before = signer.lease_end()
        self.query("REVOKE UPDATE ON dkimsignd.signers FROM dkimsignd_signer")
        signer.sync(codes=(PROBLEM,))
        self.assertEqual((signer.lease_end(), signer.row()[1]), (before, None))


class SecretsTest(SyncCase):
    def test_no_secret_is_anywhere_but_where_it_belongs(self):
        signer = self.signer("mx1")
        self.author.make("a.example")
        signer.start()
        self.wait_for_copy("a.example")
        self.author.turn("a.example", "server", "second")
        self.wait_for_copy("a.example")
        process = pathlib.Path(f"/proc/{signer.agent.pid}")
        shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        wait_for(signer.metrics, "the metrics")
        signer.stop()
        private = (self.author.keys / "a.example/second.private").read_bytes()
        secrets = [private.splitlines()[1], b"PRIVATE KEY", base64.b64encode(self.author.key.bytes), self.author.key.bytes,
                   b"hush"]
        allowed = {signer.keys / "a.example/second.private", signer.sealing_keys, signer.root / "fleet.conf"}
        for path in signer.root.rglob("*"):
            if path.is_file() and path not in allowed:
                for secret in secrets:
                    self.assertNotIn(secret, path.read_bytes(), path)
        for secret in secrets:
            self.assertNotIn(secret, shown)


if __name__ == "__main__":
    unittest.main()
