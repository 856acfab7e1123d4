#!/usr/bin/python3
"""push, join and leave are killed before each of their statements in the database and each of their calls that change the
key directory; then they are given again. A machine that signs does so at every instant."""

import os
import re
import shutil
import unittest

from fleet_case import DONE, FleetTest, traced
from interrupted import CALLS

# libpq sends each statement by one of these.
TO_THE_DATABASE = ("sendto",)
IN_THE_DIRECTORY = tuple(call for call in CALLS if call not in ("close", "openat", "flock"))


class Killed(FleetTest):
    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.log = self.workspace.path / "strace"

    def count(self, table, condition="true"):
        return super().count(table, condition)

    def calls_of(self, machine, *words):
        """Returns how often an undisturbed run makes each call that counts."""
        done = traced(machine.command(*words), self.log, "-y", "-e", "trace=" + ",".join((*TO_THE_DATABASE, *IN_THE_DIRECTORY)))
        self.assertEqual(done.returncode, DONE, done.stderr)
        counts = {}
        for line in self.log.read_text().splitlines():
            call = re.match(r"\d+ +(\w+)\(", line)
            if call and (call[1] in TO_THE_DATABASE or str(machine.root) in line):
                counts[call[1]] = counts.get(call[1], 0) + 1
        self.assertGreater(counts["sendto"], 10)
        return counts

    def kill_everywhere(self, prepare, words, check):
        """prepare() returns a machine as it is before the command; check(machine) is called after each kill, and after the
        command was given again."""
        counts = self.calls_of(prepare(), *words)
        for call, count in counts.items():
            for number in range(1, count + 1):
                with self.subTest(call=call, number=number):
                    machine = prepare()
                    paths = () if call in TO_THE_DATABASE else self.paths_of(machine)
                    done = traced(machine.command(*words), self.log, *paths, "-e", f"trace={call}", "-e",
                                  f"inject={call}:signal=KILL:when={number}")
                    if done.returncode == DONE:
                        continue  # a call of another thread: there are fewer this time
                    self.assertEqual(done.returncode, -9, done.stderr)
                    check(machine)
                    machine.expect(DONE, *words)
                    check(machine)

    @staticmethod
    def paths_of(machine):
        found = [machine.keys, *machine.keys.rglob("*")]
        names = [machine.keys / name for name in (".fleet", ".fleet.new", "..fleet.new", ".lease", "..lease.new", ".fleet.lock",
                                                  ".sync.lock")]
        return [word for path in {*map(str, found), *map(str, names)} for word in ("-P", path)]

    def fresh_database(self):
        self.query("TRUNCATE dkimsignd.domains, dkimsignd.sealed_keys, dkimsignd.signers, dkimsignd.refused")


class Push(Killed):
    def test_push(self):
        template = self.member("template", "a.example", "b.example", "c.example")
        files = template.files()

        def prepare():
            self.fresh_database()
            if (self.workspace.path / "mx1").exists():
                shutil.rmtree(self.workspace.path / "mx1")
            machine = self.member("mx1")
            shutil.copytree(template.keys, machine.keys)
            os.chown(machine.keys, 0, template.keys.stat().st_gid)
            return machine

        def check(machine):
            self.assertEqual(machine.files(), files)
            for domain in ("a.example", "b.example", "c.example"):
                self.assertTrue(machine.signs(domain), domain)
            # Each domain is there as a whole, with its key.
            self.assertEqual(self.domains(), [row[0] for row in self.query(
                "SELECT domain FROM dkimsignd.sealed_keys ORDER BY domain")])
            if machine.is_member():
                self.assertEqual(len(self.domains()), 3)
            # Whatever it does not go on with, no other machine makes the keys void that it signs with.
            if self.domains():
                self.assertEqual(self.count("signers", "host = 'mx1' AND \"left\" IS NULL"), 1)

        self.kill_everywhere(prepare, ("fleet", "push"), check)


class Join(Killed):
    def test_join(self):
        mx1 = self.member("mx1", "a.example", "b.example")
        mx1.fleet("push")
        files = mx1.files()
        domains = ("a.example", "b.example")

        def prepare():
            self.query("DELETE FROM dkimsignd.signers WHERE host = 'mx2'")
            if (self.workspace.path / "mx2").exists():
                shutil.rmtree(self.workspace.path / "mx2")
            machine = self.member("mx2")
            shutil.copytree(mx1.keys, machine.keys, ignore=shutil.ignore_patterns(".*"))
            return machine

        def check(machine):
            self.assertEqual(machine.files(), files)
            for domain in domains:
                self.assertTrue(machine.signs(domain), domain)

        self.kill_everywhere(prepare, ("fleet", "join"), check)


class Leave(Killed):
    def test_leave(self):
        mx1 = self.member("mx1", "a.example")
        mx1.fleet("push")
        files = mx1.files()

        def prepare():
            self.query("DELETE FROM dkimsignd.signers WHERE host = 'mx2'")
            if (self.workspace.path / "mx2").exists():
                shutil.rmtree(self.workspace.path / "mx2")
            machine = self.member("mx2")
            machine.fleet("join")
            return machine

        def check(machine):
            self.assertEqual(machine.files(), files)
            self.assertTrue(machine.signs("a.example"))

        counts = self.calls_of(prepare(), "fleet", "leave", "--keep")
        for call, count in counts.items():
            for number in range(1, count + 1):
                with self.subTest(call=call, number=number):
                    machine = prepare()
                    paths = () if call in TO_THE_DATABASE else self.paths_of(machine)
                    traced(machine.command("fleet", "leave", "--keep"), self.log, *paths, "-e", f"trace={call}", "-e",
                           f"inject={call}:signal=KILL:when={number}")
                    check(machine)
                    if machine.is_member() or (machine.keys / ".lease").exists():
                        machine.fleet("leave", "--keep")
                    check(machine)
                    self.assertEqual([path.name for path in machine.keys.glob(".*") if path.name in (".fleet", ".lease")], [])
                    self.assertEqual(self.count("signers", "host = 'mx2' AND \"left\" IS NOT NULL"), 1)


if __name__ == "__main__":
    unittest.main()
