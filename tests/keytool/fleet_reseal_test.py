#!/usr/bin/python3
"""dkimkey fleet reseal on a real database: the way of a new sealing key through a fleet that goes on working, what it
waits for, and what it refuses."""

import subprocess
import unittest

from harness.workspace import wait_for
from reseal_world import PROBLEM, USAGE, WAITING, ResealCase


class ResealWhileTheFleetWorks(ResealCase):
    domains = 230  # some batches

    def test_from_the_first_step_to_the_last(self):
        for machine in self.machines:
            machine.start_agent()
        self.settle()
        self.assertEqual(self.sealed_with(), {1: self.domains})
        self.assertEqual(self.prepare(), 2)
        self.assertEqual(self.mx1.numbers(), [1, 2])
        self.refused_until_all_have_it()
        self.reseal_while_a_key_is_replaced()
        self.finish()
        # A machine that comes now needs the new key alone.
        self.mx3.stop_agent()
        for path in self.mx3.keys.glob("*.example/*.private"):
            path.unlink()
        self.server.query("UPDATE dkimsignd.signers SET applied = 0 WHERE host = 'mx3'")
        (self.mx3.keys / ".fleet").unlink()
        self.mx3.dkimkey("fleet", "join", "--take-fleet", "--take-name")
        self.assert_all_open(self.mx3)

    def refused_until_all_have_it(self):
        self.report(self.mx1)
        said = self.mx1.dkimkey("fleet", "reseal", code=WAITING)
        self.assertIn("mx2 has not reported the sealing key 2 (last contact: 20", said)
        self.assertIn("mx3 has not reported the sealing key 2", said)
        self.assertNotIn("mx1 has", said)
        self.hand_out(self.mx2)
        # Another key of that number, made at the same time by another person.
        self.mx3.dkimkey("fleet", "reseal", "--prepare")
        self.report(self.mx3)
        said = self.mx1.dkimkey("fleet", "reseal", code=WAITING)
        self.assertIn("mx3 has another sealing key 2 than this machine", said)
        self.assertNotIn("mx2 has", said)
        self.assertEqual((self.known(), self.sealed_with()), ([1], {1: self.domains}))
        said = self.mx1.dkimkey("fleet", "reseal", "--finish", code=PROBLEM)
        self.assertIn("the sealing key 2 is not in use yet", said)

    def reseal_while_a_key_is_replaced(self):
        self.mx3.take_sealing_keys(self.mx1.sealing_key.read_bytes())
        said = " ".join(self.fingerprint_lines(self.mx1))
        wait_for(lambda: self.server.query("SELECT sealing_keys FROM dkimsignd.signers WHERE host = 'mx3'") == [[said]],
                 "mx3 to report the right key", patience=120)
        session = self.open_session()
        session.stdin.write("BEGIN; SELECT domain FROM dkimsignd.sealed_keys WHERE domain = 'd5.example' FOR UPDATE;\n")
        self.assertEqual(session.stdout.readline(), "d5.example\n")
        with subprocess.Popen(self.mx1.command("fleet", "reseal"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True) as reseal:
            # All but the one that is being changed, for which it waits.
            wait_for(lambda: self.sealed_with() == {1: 1, 2: self.domains - 1}, "the others to be sealed",
                     alive=lambda: reseal.poll() is None)
            # Meanwhile keys are made and become active, and the agents bring them.
            self.mx2.dkimkey("generate", "-d", "d7.example", "-s", "next", "--algorithm", "ed25519")
            self.mx2.dkimkey("activate", "-d", "d7.example", "-s", "next", "--force")
            self.settle()
            self.assertIsNone(reseal.poll(), "it waits")
            session.stdin.write("COMMIT;\n")
            said = reseal.communicate(timeout=60)[0]
            self.assertEqual(reseal.returncode, 0, said)
        self.assertIn(f"sealed {self.domains} keys with the sealing key 2", said)
        self.assertEqual(self.sealed_with(), {2: self.domains + 1})
        self.settle()
        for machine in self.machines:
            self.assert_all_open(machine)
        self.assertIn("sealed 0 keys", self.mx1.dkimkey("fleet", "reseal"))

    def fingerprint_lines(self, machine):
        return self.server.query(f"SELECT sealing_keys FROM dkimsignd.signers WHERE host = '{machine.name}'")[0]

    def finish(self):
        self.assertIn("; 1 removed", self.mx1.dkimkey("fleet", "reseal", "--finish"))
        self.assertEqual((self.known(), self.mx1.numbers(), self.mx2.numbers()), ([2], [2], [1, 2]))
        # The last one may only read the table of sealing keys.
        for machine in (self.mx2, self.mx3):
            machine.dkimkey("fleet", "reseal", "--finish")
            self.assertEqual(machine.numbers(), [2])
        self.assertIn("; 0 removed", self.mx1.dkimkey("fleet", "reseal", "--finish"))


class ResealRefusals(ResealCase):
    def test_an_altered_row_is_named_and_the_others_are_resealed(self):
        self.prepare()
        self.hand_out(self.mx2, self.mx3)
        self.server.query("UPDATE dkimsignd.sealed_keys SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) "
                          "WHERE domain = 'd1.example'")
        said = self.mx1.dkimkey("fleet", "reseal", code=PROBLEM)
        self.assertIn("the sealed key server of d1.example cannot be opened: its row was altered", said)
        self.assertIn("sealed 2 keys with the sealing key 2; 1 were left as they are", said)
        self.assertEqual(self.sealed_with(), {1: 1, 2: 2})
        said = self.mx1.dkimkey("fleet", "reseal", "--finish", code=WAITING)
        self.assertIn("1 keys in the database are still sealed with an old sealing key", said)
        self.assertEqual((self.known(), self.mx1.numbers()), ([1, 2], [1, 2]))
        # It is done the next time, when the row is as it was.
        self.server.query("UPDATE dkimsignd.sealed_keys SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) "
                          "WHERE domain = 'd1.example'")
        self.mx1.dkimkey("fleet", "reseal")
        self.assert_all_open()

    def test_rows_that_were_exchanged_do_not_open(self):
        self.prepare()
        self.hand_out(self.mx2, self.mx3)
        self.server.query("UPDATE dkimsignd.sealed_keys AS k SET sealed = other.sealed FROM dkimsignd.sealed_keys AS other "
                          "WHERE (k.domain, other.domain) IN (('d0.example', 'd1.example'), ('d1.example', 'd0.example'))")
        said = self.mx1.dkimkey("fleet", "reseal", code=PROBLEM)
        for domain in ("d0.example", "d1.example"):
            self.assertIn(f"the sealed key server of {domain} cannot be opened: its row was altered, or belongs to another",
                          said)
        self.assertEqual(self.sealed_with(), {1: 2, 2: 1})

    def test_rows_with_strange_names_are_no_danger(self):
        self.prepare()
        self.hand_out(self.mx2, self.mx3)
        self.server.query("""
            INSERT INTO dkimsignd.domains (domain, sequence, manifest) VALUES (E'\\x1b[2J\\nx', -1, ''), (repeat('y', 400), -2, '');
            INSERT INTO dkimsignd.sealed_keys SELECT E'\\x1b[2J\\nx', '../x', -5, 'none', 1, '' ;
            INSERT INTO dkimsignd.sealed_keys SELECT repeat('y', 400), repeat('z', 400), 1, 'rsa', 1, '';
            INSERT INTO dkimsignd.sealed_keys SELECT 'd0.example', repeat('z', 400), 1, 'rsa', 1, ''""")
        said = self.mx1.dkimkey("fleet", "reseal", code=PROBLEM)
        self.assertIn("its row does not name a domain", said)
        self.assertIn("sealed 3 keys", said)
        self.assertEqual(said.replace("\n", "").isprintable(), True)
        self.assertEqual(self.sealed_with(), {1: 3, 2: 3})

    def test_a_wrong_and_a_lost_sealing_key_are_told_apart(self):
        self.prepare()
        self.hand_out(self.mx2, self.mx3)
        whole = self.mx1.sealing_key.read_text()
        first, second = self.sealing_keys()[1], self.sealing_keys()[2]
        self.assertNotEqual(first, second)
        lines = whole.splitlines(keepends=True)
        (of_first,) = [line for line in lines if "number = 1;" in line]
        other = of_first.replace('key = "', 'key = "' + ("B" if 'key = "A' in of_first else "A"))
        other = other[:other.index('key = "') + 8] + of_first[of_first.index('key = "') + 8:]
        for content, words in ((whole.replace(of_first, other), "the sealing key 1 in"),
                               (whole.replace(of_first, ""), "has no sealing key 1 of the fleet"),
                               ("", "\"sealing_keys\" is missing or empty")):
            self.mx1.take_sealing_keys(content.encode())
            for option in ([], ["--prepare"], ["--finish"]):
                self.assertIn(words, self.mx1.dkimkey("fleet", "reseal", *option, code=PROBLEM))
                self.assertEqual(self.mx1.sealing_key.read_text(), content)
        self.mx1.sealing_key.unlink()
        self.assertIn("sealing.key does not exist; copy it", self.mx1.dkimkey("fleet", "reseal", code=PROBLEM))
        self.assertEqual((self.known(), self.sealed_with()), ([1], {1: self.domains}))

    def test_a_key_is_prepared_once(self):
        self.assertIn("has the new sealing key 2", self.mx1.dkimkey("fleet", "reseal", "--prepare"))
        before = self.mx1.sealing_key.read_bytes()
        self.assertIn("had already the new sealing key 2", self.mx1.dkimkey("fleet", "reseal", "--prepare"))
        self.assertEqual(self.mx1.sealing_key.read_bytes(), before)
        self.mx1.dkimkey("fleet", "reseal", "--prepare", "--finish", code=USAGE)

    def test_two_at_once(self):
        self.prepare()
        self.hand_out(*self.machines)
        session = self.open_session()
        session.stdin.write("BEGIN; LOCK TABLE dkimsignd.sealing_keys IN SHARE ROW EXCLUSIVE MODE; SELECT 'held';\n")
        self.assertEqual(session.stdout.readline(), "held\n")
        both = [subprocess.Popen(machine.command("fleet", "reseal"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True) for machine in (self.mx1, self.mx2)]
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT%sealing_keys%'"
        wait_for(lambda: self.server.query(waiting) == [["2"]], "both to come to the new key",
                 alive=lambda: all(one.poll() is None for one in both))
        session.stdin.write("COMMIT;\n")
        said = [one.communicate(timeout=60)[0] for one in both]
        self.assertEqual([one.returncode for one in both], [0, 0], said)
        self.assertEqual((self.known(), self.sealed_with()), ([1, 2], {2: self.domains}))
        self.assert_all_open()

    def test_a_machine_that_left_is_not_waited_for(self):
        self.prepare()
        self.hand_out(self.mx2)
        self.assertIn("mx3 has not reported", self.mx1.dkimkey("fleet", "reseal", code=WAITING))
        self.mx1.dkimkey("fleet", "leave", "mx3")
        self.mx1.dkimkey("fleet", "reseal")
        self.assertEqual(self.sealed_with(), {2: self.domains})


if __name__ == "__main__":
    unittest.main()
