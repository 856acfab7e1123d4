#!/usr/bin/python3
"""A fleet's database that went back in time: restored from an older backup, or a standby promoted without the last changes.
No machine undoes anything until a person chooses, and both choices do what they say, also if they are killed.
"""

import re
import shutil
import subprocess
import unittest

from dkimkey import run
from fleet_author import files
from fleet_sync_case import DONE, NAME, PROBLEM
from harness.fleet_databases import BIN, Server
from harness.workspace import wait_for
from interrupted_sync import InterruptedSyncCase


def contents(keys):
    return {domain.name: files(keys, domain.name) for domain in keys.iterdir() if domain.is_dir()}


class RestoreCase(InterruptedSyncCase):
    """A backup is made; then a.example gets another key, b.example stays, c.example is new. Two signers have all of it."""

    def setUp(self):
        super().setUp()
        self.mx1, self.mx2 = self.signer("mx1"), self.signer("mx2")
        self.author.make("a.example")
        self.author.make("b.example")
        self.sync_both()
        self.dump = self.workspace.path / "owner/dump"
        subprocess.run([BIN / "pg_dump", "-Fc", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-f", self.dump, NAME],
                       check=True)
        self.author.remember()
        self.author.turn("a.example", "server", "second")
        self.author.make("c.example")
        self.sync_both()

    def sync_both(self):
        for signer in (self.mx1, self.mx2):
            signer.sync()

    def restore(self):
        """Returns where the author's lost state is."""
        self.server.query(f"DROP DATABASE {NAME} WITH (FORCE)", "postgres")
        self.server.create()
        subprocess.run([BIN / "pg_restore", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", NAME, self.dump],
                       check=True)
        return self.author.go_back()

    def assert_untouched(self, signer, before, lease):
        said = signer.sync(codes=(PROBLEM,))
        self.assertEqual((contents(signer.keys), signer.lease_end()), (before, lease))
        # Until a person chooses, the others wait for it with every domain.
        self.assertEqual(signer.row()[0], 0)
        self.assertEqual(list(signer.refused()), ["*"])
        return said


class WentBackTest(RestoreCase):
    def test_nothing_is_undone(self):
        before, lease = contents(self.mx1.keys), self.mx1.lease_end()
        self.restore()
        said = self.assert_untouched(self.mx1, before, lease)
        self.assertIn("its last change is 2, and this machine has had change 4", said)

    def test_not_either_when_the_database_has_moved_on(self):
        before, lease = contents(self.mx1.keys), self.mx1.lease_end()
        self.restore()
        for selector in ("x", "y", "z"):
            self.author.dkimkey("generate", "b.example", "-s", selector, "--algorithm", "ed25519")
            self.author.put("b.example")
        self.assertEqual(self.newest(), 5)
        said = self.assert_untouched(self.mx1, before, lease)
        self.assertIn("its change 4 is another one than this machine has had", said)

    def test_a_machine_that_had_nothing_newer_goes_on(self):
        late = self.signer("mx3")
        self.restore()
        # It joins the restored fleet as one that had been away since the backup.
        late.join()
        late.sync()
        self.assert_equal_copy(late, "a.example", "b.example")
        self.author.make("d.example")
        late.sync()
        self.assert_equal_copy(late, "a.example", "b.example", "d.example")

    def test_the_agent_names_what_differs_once(self):
        self.mx1.start()
        wait_for(lambda: self.mx1.metrics().get("dkimsignd_fleet_database_reached"), "a first pass", alive=self.mx1.alive)
        self.restore()
        self.mx1.wait_to_say("choose: dkimkey fleet sync --keep local")
        log = self.mx1.log()
        self.assertIn("a.example differs: here server revoked, second active; in the database server active; the records of "
                      "server may be empty in DNS already", log)
        self.assertIn("c.example differs: here server active; in the database nothing", log)
        self.assertNotIn("b.example", log)
        wait_for(lambda: self.mx1.metrics()["dkimsignd_fleet_database_went_back"] == 1, "the metrics", alive=self.mx1.alive)
        wait_for(lambda: self.mx1.refused() == {"*": self.mx1.refused().get("*", "?")}, "the database to know", alive=self.mx1.alive)
        # What other machines change meanwhile does not make it read everything again.
        self.author.dkimkey("generate", "b.example", "-s", "x", "--algorithm", "ed25519")
        self.author.put("b.example")
        passes = self.mx1.metrics()["dkimsignd_fleet_passes_total"]
        wait_for(lambda: self.mx1.metrics()["dkimsignd_fleet_passes_total"] >= passes + 2, "more passes", alive=self.mx1.alive)
        self.assertEqual(self.mx1.log().count("choose:"), 1)
        # A person chooses while the agent runs, and it goes on.
        self.mx1.sync("--keep", "fleet")
        self.mx1.wait_to_say("brought up to date again")
        self.author.make("d.example")
        self.wait_for_copy("d.example", self.mx1)
        self.assert_equal_copy(self.mx1, "a.example", "b.example", "d.example")

    def test_a_standby_that_is_promoted_behind(self):
        standby = Server(self.workspace, 2)
        # A name of its own: the other tests go on with the first server.
        standby.copy(self.server)
        standby.start(self.server)
        self.addCleanup(standby.kill)
        both = f"{self.port},{standby.port}"
        for signer in (self.mx1, self.mx2):
            signer.connect(both, "target_session_attrs=read-write", "127.0.0.1,127.0.0.1")
            signer.start()
        self.author.make("d.example")
        self.wait_for_copy("d.example", self.mx1, self.mx2)
        position = self.server.query("SELECT pg_current_wal_lsn()")[0][0]
        wait_for(lambda: standby.query(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == [["t"]], "the standby")
        # From here on the standby gets nothing.
        standby.query("ALTER SYSTEM SET primary_conninfo = ''", "postgres")
        standby.query("SELECT pg_reload_conf()", "postgres")
        wait_for(lambda: not self.server.query("SELECT 1 FROM pg_stat_replication"), "the end of replication")
        self.author.make("lost.example")
        self.wait_for_copy("lost.example", self.mx1, self.mx2)
        before = contents(self.mx1.keys)
        self.server.kill()
        self.addCleanup(self.server.start, self.server)
        standby.query("SELECT pg_promote()", "postgres")
        for signer in (self.mx1, self.mx2):
            signer.wait_to_say("lost.example differs")
        self.assertEqual(contents(self.mx1.keys), before)
        # The one brings what was lost, the other takes it.
        query, self.author.query = self.author.query, standby.query
        self.mx1.connect(both, "target_session_attrs=read-write", "127.0.0.1,127.0.0.1", user="dkimsignd_writer")
        self.mx1.sync("--keep", "local")
        self.mx2.sync("--keep", "fleet")
        self.assertEqual((contents(self.mx1.keys), contents(self.mx2.keys)), (before, before))
        for signer in (self.mx1, self.mx2):
            signer.wait_to_say("brought up to date again")
        self.author.make("e.example")
        for signer in (self.mx1, self.mx2):
            wait_for(lambda signer=signer: files(signer.keys, "e.example") == self.author.files("e.example"), "e.example",
                     alive=signer.alive)
            signer.stop()
        self.author.query = query


class KeepTest(RestoreCase):
    def test_the_fleet_s_state_comes_back(self):
        self.restore()
        said = self.mx1.sync("--keep", "fleet")
        self.assertIn("a.example comes from the database: here server revoked, second active; in the database server active; "
                      "the records of server may be empty in DNS already\n", said)
        self.assertIn("c.example is removed here, with its private keys: here server active; in the database nothing\n", said)
        self.assert_equal_copy(self.mx1, "a.example", "b.example")
        self.assertEqual((self.mx1.sequence(), self.mx1.row()[0], self.mx1.refused()), (2, 2, {}))
        self.assertIn("nothing to choose", self.mx1.sync("--keep", "fleet"))

    def test_what_is_newer_here_goes_into_the_database(self):
        lost = self.restore()
        # Since then, another domain was changed there.
        self.author.turn("b.example", "server", "new")
        self.mx1.connect(self.port, user="dkimsignd_writer")
        said = self.mx1.sync("--keep", "local")
        self.assertIn("a.example goes into the database: here", said)
        self.assertIn("c.example goes into the database: here", said)
        self.assertIn("b.example comes from the database: here", said)
        wanted = {"a.example": files(lost, "a.example"), "b.example": self.author.files("b.example"),
                  "c.example": files(lost, "c.example")}
        self.assertEqual(contents(self.mx1.keys), wanted)
        self.assertEqual((self.mx1.sequence(), self.mx1.row()[0], self.mx1.refused()), (5, 5, {}))
        self.mx2.sync("--keep", "fleet")
        self.assertEqual(contents(self.mx2.keys), wanted)
        # A machine that is new gets the same out of the database.
        new = self.signer("mx3")
        new.sync()
        self.assertEqual(contents(new.keys), wanted)

    def test_that_no_machine_signs_with_a_key_is_found_out_again(self):
        self.author.dkimkey("generate", "b.example", "-s", "second", "--algorithm", "ed25519")
        self.author.dkimkey("activate", "b.example", "-s", "second", "--force")
        manifest = self.author.keys / "b.example/keys.conf"
        noted = re.sub(r'( *)(retired = "([^"]*)";)', r'\1\2\n\1stopped = "\3";', manifest.read_text())
        self.assertIn("stopped", noted)
        manifest.write_text(noted)
        self.author.put("b.example")
        self.mx1.sync()
        self.restore()
        self.mx1.connect(self.port, user="dkimsignd_writer")
        self.mx1.sync("--keep", "local")
        ((there,),) = self.query("SELECT replace(manifest, E'\\n', ' ') FROM dkimsignd.domains WHERE domain = 'b.example'")
        self.assertIn("retiring", there)
        self.assertNotIn("stopped", there)

    def test_what_is_none_of_ours_or_damaged_does_not_end_the_choice(self):
        foreign = self.mx1.keys / "backup"
        foreign.mkdir(0o700)
        (foreign / ".notes.new").write_text("mine")
        (foreign / "old.private").write_text("mine")
        self.restore()
        (self.mx1.keys / "c.example/keys.conf").write_text("keys = (")
        said = self.mx1.sync("--keep", "fleet", codes=(PROBLEM,))
        self.assertIn("c.example is not removed: ", said)
        self.assertTrue((self.mx1.keys / "c.example/server.private").exists())
        self.assertEqual((self.mx1.sequence(), self.mx1.refused()), (2, {}))
        self.assertEqual((foreign.stat().st_mode & 0o777, sorted(path.name for path in foreign.iterdir())),
                         (0o700, [".notes.new", "old.private"]))

    def test_a_machine_without_the_right_to_write_brings_nothing(self):
        before = contents(self.mx1.keys)
        self.restore()
        self.assertIn("permission denied", self.mx1.sync("--keep", "local", codes=(PROBLEM,)))
        self.assertEqual(contents(self.mx1.keys), before)

    def check_a_kill(self, which, wanted):
        self.mx1.connect(self.port, user="dkimsignd_writer")
        self.prepare(self.mx1)
        restored = self.workspace.path / "restored"
        subprocess.run([BIN / "pg_dump", "-Fc", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-f", restored, NAME],
                       check=True)
        lost = contents(self.mx1.keys)

        def begin_again(_signer):
            shutil.rmtree(self.mx1.keys)
            subprocess.run(["cp", "-a", self.prepared, self.mx1.keys], check=True)
            self.query("TRUNCATE dkimsignd.store, dkimsignd.changes, dkimsignd.domains, dkimsignd.sealed_keys, "
                       "dkimsignd.signers, dkimsignd.refused CASCADE")
            subprocess.run([BIN / "pg_restore", "-a", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", NAME,
                            "--disable-triggers", "-t", "store", "-t", "changes", "-t", "domains", "-t", "sealed_keys",
                            "-t", "signers", "-t", "refused", restored], check=True)

        self.begin_again = begin_again

        def check():
            for domain, has in contents(self.mx1.keys).items():
                if "keys.conf" in has:
                    self.assertIn(has["keys.conf"], (lost.get(domain, {}).get("keys.conf"), wanted.get(domain, {}).get("keys.conf")))
                    self.assertEqual(run("list", "-D", self.mx1.keys, "-d", domain).returncode, DONE)
            self.mx1.sync("--keep", which)
            self.assertEqual(contents(self.mx1.keys), wanted)
            self.assertEqual((self.mx1.sequence(), self.mx1.row()[0]), (self.newest(), self.newest()))

        # Several domains are written by several threads, each of which counts its own calls.
        paths = [option for path in (self.mx1.keys, self.mx1.keys / ".fleet") for option in ("-P", path)]
        for call, selected in (("sendto", []), ("renameat", []), ("unlinkat", []), ("fsync", paths)):
            for number in range(1, 1000):
                with self.subTest(call=call, number=number):
                    begin_again(self.mx1)
                    done, _ = self.strace(self.mx1.command("--keep", which), *selected, "-e", f"trace={call}",
                                          "-e", f"inject={call}:signal=KILL:when={number}")
                    if done.returncode == DONE:
                        break
                    self.assertEqual(done.returncode, -9, done.stderr)
                    check()
            self.assertGreater(number, 1, f"no {call} was interrupted")

    def test_the_first_choice_may_be_killed(self):
        self.restore()
        self.check_a_kill("fleet", {domain: self.author.files(domain) for domain in ("a.example", "b.example")})

    def test_the_second_choice_may_be_killed(self):
        self.check_a_kill("local", contents(self.restore()))


if __name__ == "__main__":
    unittest.main()
