"""Changes of a fleet come in the order of their commits, and it is known which machine has which."""

import re
import unittest

from fleet_probe_case import TablesCase


class OrderTest(TablesCase):
    """Numbers are in the order of commits: a signer that has seen 7 never misses a 6."""

    def test_who_comes_second_commits_second(self):
        first, second, signer = (self.member(role) for role in ("writer", "writer", "signer"))
        first.ask("begin")
        second.ask("begin")
        self.assertEqual(first.ask("put", "a.example", "m").split()[0], "1")
        # The second cannot even get its number before the first has committed, so it cannot be seen before it.
        second.begin("put", "b.example", "m")
        self.wait_for_lock()
        self.assertFalse(second.has_answer())
        self.assertEqual(signer.ask("changed", 0, 10), "")
        first.ask("commit")
        self.assertEqual(second.answer().split()[0], "2")
        self.assertEqual(signer.ask("changed", 0, 10), "a.example:1:1:0")
        second.ask("commit")
        self.assertEqual(signer.ask("changed", 1, 10), "b.example:2:1:0")

    def test_a_number_that_was_not_committed_is_given_again_with_another_mark(self):
        writer = self.member("writer")
        writer.ask("begin")
        number, mark = writer.ask("put", "a.example", "m").split()
        writer.ask("rollback")
        again, other = writer.ask("put", "b.example", "m").split()
        self.assertEqual(number, again)
        self.assertNotEqual(mark, other)

    def test_many_writers_leave_no_gap_for_a_signer(self):
        """While four write, a signer that asks all the time sees each number, and each only once, in order."""
        writers = [self.member("writer") for _ in range(4)]
        signer = self.member("signer")
        rounds, seen = 15, []
        for number in range(rounds):
            for place, writer in enumerate(writers):
                writer.begin("put", f"d{number}-{place}.example", "m")
            while not all(writer.has_answer() for writer in writers):
                seen += self.numbers(signer, seen)
            for writer in writers:
                writer.answer()
        seen += self.numbers(signer, seen)
        self.assertEqual(seen, list(range(1, rounds * len(writers) + 1)))

    @staticmethod
    def numbers(signer, seen):
        said = signer.ask("changed", seen[-1] if seen else 0, 5)
        return [int(number) for number in re.findall(r":(\d+):\d+:0", said)]

    def test_of_two_writers_of_one_domain_the_second_sees_what_the_first_did(self):
        first, second = self.member("writer"), self.member("writer")
        for writer in (first, second):
            writer.ask("begin")
        first.ask("lock", "example.com")
        second.begin("lock", "example.com")
        self.wait_for_lock()
        # Another domain waits for neither.
        self.member("writer").ask("lock", "example.net")
        first.ask("put", "example.com", "first")
        first.ask("commit")
        second.answer()
        self.assertEqual(second.ask("sql", "SELECT manifest FROM dkimsignd.domains"), "first")

    def test_who_waits_too_long_is_told(self):
        first, second = self.member("writer"), self.member("writer", "options='-c lock_timeout=300ms'")
        first.ask("begin")
        first.ask("lock", "example.com")
        second.ask("begin")
        refusal = self.refusal(second, "lock", "example.com")
        self.assertEqual(refusal.kind, "busy")
        self.assertIn("lock timeout", refusal.message)

    def test_a_writer_that_dies_holds_nobody_up(self):
        first, second = self.member("writer"), self.member("writer")
        first.ask("begin")
        first.ask("lock", "example.com")
        first.ask("put", "example.com", "never")
        first.kill()
        second.ask("begin")
        second.ask("lock", "example.com")
        self.assertEqual(second.ask("put", "example.com", "m").split()[0], "1")

    def test_a_change_is_told_when_it_is_committed(self):
        writer, signer = self.member("writer"), self.member("signer")
        signer.ask("listen")
        writer.ask("begin")
        writer.ask("put", "example.com", "m")
        self.assertEqual(signer.ask("wait", 100), "silence")
        writer.ask("commit")
        self.assertEqual(signer.ask("wait", 60000), "woken")

    def test_marks_that_every_signer_has_passed_are_removed(self):
        signer = self.member("signer")
        for host in ("mx1", "mx2", "mx3"):
            signer.ask("join", host)
        for number in range(1, 6):
            self.put(f"d{number}.example")
        signer.ask("report", "mx1", 3)
        signer.ask("report", "mx2", 5)
        # One that left may come back with what it had.
        signer.ask("report", "mx3", 1)
        self.member("writer").ask("leave", "mx3")
        self.put("d6.example")
        self.assertEqual(self.value("SELECT string_agg(sequence::text, ' ' ORDER BY sequence) FROM dkimsignd.changes"), "1 3 4 5 6")


class SignersTest(TablesCase):
    def setUp(self):
        super().setUp()
        self.writer = self.member("writer")
        for host in ("mx1", "mx2"):
            self.writer.ask("join", host)

    def behind(self, domain="example.com"):
        return self.writer.ask("behind", domain)

    def test_who_has_not_applied_a_change_is_behind(self):
        self.assertEqual(self.behind(), "")
        self.put("example.com")
        self.put("example.net")
        self.assertEqual(self.behind(), "mx1 mx2")
        self.writer.ask("report", "mx1", 1)
        self.assertEqual((self.behind(), self.behind("example.net")), ("mx2", "mx1 mx2"))

    def test_who_refuses_is_behind_though_it_has_seen_the_change(self):
        self.put("example.com")
        for host in ("mx1", "mx2"):
            self.writer.ask("report", host, 1)
        self.writer.ask("refuse", "mx2", "example.com", "no sealing key")
        self.assertEqual(self.behind(), "mx2:refuses")

    def test_who_left_is_behind_until_its_lease_ends(self):
        self.writer.ask("lease", "mx1", 3600)
        self.put("example.com")
        self.writer.ask("leave", "mx1")
        self.writer.ask("leave", "mx2")
        self.assertEqual(self.behind(), "mx1:left")
        self.query("UPDATE dkimsignd.signers SET lease_end = now() - interval '1s'")
        self.assertEqual(self.behind(), "")

    def test_who_left_gets_no_lease_and_reports_nothing(self):
        self.writer.ask("leave", "mx1")
        for words in (("lease", "mx1", 60), ("report", "mx1", 1), ("leave", "mx1"), ("leave", "mx9"), ("report", "mx9", 1)):
            refusal = self.refusal(self.writer, *words)
            self.assertEqual(refusal.kind, "refused")
            self.assertIn(f"machine {words[1]}", refusal.message)
        self.writer.ask("join", "mx1")
        self.writer.ask("report", "mx1", 1)

    def test_a_lease_is_never_shortened(self):
        self.writer.ask("lease", "mx1", 3600)
        self.writer.ask("lease", "mx1", 60)
        self.assertEqual(self.value("SELECT lease_end > now() + interval '30 min' FROM dkimsignd.signers WHERE host = 'mx1'"), "t")


if __name__ == "__main__":
    unittest.main()
