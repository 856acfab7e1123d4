"""Commands that change a domain, on machines of a fleet: in the database first, and then in the machine's copy."""

import base64
import concurrent.futures
import re
import unittest

from fleet_case import DONE, PROBLEM, USAGE, WAITING, FleetTest
from harness.fleet_databases import MachineLine
from harness.workspace import wait_for

DOMAIN = "shop.example"


class StoreTest(FleetTest):
    """Has a fleet with one domain, and two machines that have joined it."""

    def setUp(self):
        super().setUp()
        self.new_fleet()
        self.mx1 = self.member("mx1", DOMAIN)
        self.mx1.fleet("push")
        self.mx2 = self.member("mx2")
        self.mx2.fleet("join")

    def manifest(self, domain=DOMAIN):
        rows = self.query(f"SELECT manifest FROM dkimsignd.domains WHERE domain = '{domain}'")
        return "\n".join(line for row in rows for line in row)

    def selectors(self, domain=DOMAIN):
        return re.findall(r'selector = "(.*?)"', self.manifest(domain))

    def sequence(self):
        return int(self.query("SELECT sequence FROM dkimsignd.store")[0][0])

    def generate(self, machine, selector, domain=DOMAIN):
        return machine.run("generate", "-d", domain, "-s", selector, "--algorithm", "ed25519")


class ChangeTest(StoreTest):
    def test_a_change_is_in_the_database_and_in_the_copy(self):
        before = self.sequence()
        self.mx1.generate("new.example", "n1")
        self.assertEqual(self.selectors("new.example"), ["n1"])
        self.assertEqual(self.sequence(), before + 1)
        self.assertEqual((self.mx1.keys / "new.example/keys.conf").read_text().split(), self.manifest("new.example").split())
        self.assertTrue(self.mx1.signs("new.example"))
        # Other machines get it by their agents alone.
        self.assertFalse((self.mx2.keys / "new.example").exists())
        self.mx2.fleet("sync", "--once")
        self.assertEqual(self.mx1.files(), self.mx2.files())

    def test_the_database_has_no_private_key(self):
        self.mx1.generate("new.example", "n1")
        pem = (self.mx1.keys / "new.example/n1.private").read_text().splitlines()
        seed = base64.b64decode("".join(pem[1:-1]))[-32:]  # of an Ed25519 key, in PKCS#8
        rows = self.query("SELECT encode(sealed, 'hex') FROM dkimsignd.sealed_keys")
        self.assertEqual(len(rows), 2)
        self.assertNotIn(seed.hex(), str(rows))

    def test_what_was_changed_elsewhere_is_what_counts(self):
        """mx2's copy does not know the new selector yet; its store of record does."""
        self.assertEqual(self.generate(self.mx1, "s2").returncode, DONE)
        self.assertNotIn("s2", (self.mx2.keys / DOMAIN / "keys.conf").read_text())
        done = self.generate(self.mx2, "s2")
        self.assertEqual(done.returncode, PROBLEM)
        self.assertIn(b"s2", done.stderr)
        self.assertEqual(self.generate(self.mx2, "s3").returncode, DONE)
        self.assertEqual(self.selectors(), ["s1", "s2", "s3"])
        # The change brought the whole domain.
        self.assertIn("s2", (self.mx2.keys / DOMAIN / "keys.conf").read_text())

    def test_revoke_destroys_the_key_in_the_database(self):
        self.assertEqual(self.generate(self.mx1, "s2").returncode, DONE)
        self.assertEqual(self.count("sealed_keys", "selector = 's2'"), 1)
        done = self.mx1.run("revoke", "-d", DOMAIN, "-s", "s2")
        self.assertIn(done.returncode, (DONE, WAITING), done.stderr)
        self.assertEqual(self.count("sealed_keys", "selector = 's2'"), 0)
        self.assertFalse((self.mx1.keys / DOMAIN / "s2.private").exists())
        self.assertIn('state = "revoked"', self.manifest())

    def test_two_machines_at_the_same_second_never_both_win(self):
        for turn in range(5):
            selector = f"t{turn}"
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                done = list(pool.map(lambda machine, name=selector: self.generate(machine, name), (self.mx1, self.mx2)))
            self.assertEqual(sorted(one.returncode for one in done), [DONE, PROBLEM])
            self.assertEqual(self.selectors().count(selector), 1)
            self.assertEqual(self.count("sealed_keys", f"selector = '{selector}'"), 1)

    def test_changes_of_one_domain_at_once_are_all_made(self):
        machines = (self.mx1, self.mx2)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda number: self.generate(machines[number % 2], f"n{number}"), range(8)))
        self.assertEqual([one.returncode for one in done], [DONE] * 8, [one.stderr for one in done])
        self.assertEqual(sorted(self.selectors()), sorted(["s1"] + [f"n{number}" for number in range(8)]))
        for machine in machines:
            machine.fleet("sync", "--once")
        self.assertEqual(self.mx1.files(), self.mx2.files())

    def test_a_copy_that_cannot_be_written_does_not_undo_the_change(self):
        (self.mx1.keys / "new.example").write_text("in the way")
        done = self.generate(self.mx1, "n1", "new.example")
        # What follows the change is done: here, the record is shown, which is to be published.
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"v=DKIM1; k=ed25519; p=", done.stdout)
        self.assertIn(b"the change was made in the fleet's database", done.stderr)
        self.assertEqual(self.selectors("new.example"), ["n1"])
        (self.mx1.keys / "new.example").unlink()
        self.mx1.fleet("sync", "--once")
        self.assertIn("new.example/n1.private", self.mx1.files())

    def test_a_machine_that_only_signs_changes_nothing(self):
        self.mx2.connect("dkimsignd_signer")
        done = self.generate(self.mx2, "s2")
        self.assertEqual(done.returncode, PROBLEM)
        self.assertIn(b"permission denied", done.stderr)
        self.assertEqual(self.selectors(), ["s1"])


class RefusedTest(StoreTest):
    """A machine of a fleet never goes on alone: what changes a domain ends with an error, and nothing is changed."""

    def refused(self, code, *said):
        files = self.mx1.files()
        done = self.generate(self.mx1, "s2")
        text = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, code, text)
        for words in said:
            self.assertIn(words, text)
        self.assertEqual(self.mx1.files(), files)
        self.assertTrue(self.mx1.signs(DOMAIN))

    def test_no_database(self):
        self.mx1.connect(port=1)
        self.refused(PROBLEM, "the fleet's database cannot be reached")

    def test_no_settings(self):
        (self.mx1.root / "fleet.conf").unlink()
        self.refused(USAGE, "fleet.conf does not exist")

    def test_another_fleet(self):
        self.query("UPDATE dkimsignd.store SET identity = gen_random_uuid()")
        self.refused(PROBLEM, "another fleet")

    def test_a_database_that_went_back(self):
        self.query("UPDATE dkimsignd.store SET sequence = 0")
        self.refused(PROBLEM, "went back in time")

    def test_a_database_that_went_another_way(self):
        self.query("UPDATE dkimsignd.changes SET mark = gen_random_uuid()")
        self.refused(PROBLEM, "went back in time")

    def test_a_sealing_key_that_is_not_the_fleets(self):
        key = self.mx1.sealing_keys.read_text()
        text = re.search(r'key = "(..)', key)[1]
        self.mx1.sealing_keys.write_text(key.replace(f'key = "{text}', 'key = "' + ("AB" if text != "AB" else "BA")))
        self.refused(PROBLEM, "sealing key")

    def test_a_manifest_that_is_none(self):
        self.query("UPDATE dkimsignd.domains SET manifest = 'nonsense'")
        self.refused(PROBLEM, f"the fleet's manifest of {DOMAIN}")

    def test_a_key_that_is_missing(self):
        self.query("DELETE FROM dkimsignd.sealed_keys")
        self.refused(PROBLEM, "no private key")

    def test_without_a_fleet_its_settings_count_for_nothing(self):
        (self.mx1.keys / ".fleet").unlink()
        (self.mx1.keys / ".lease").unlink()
        (self.mx1.root / "fleet.conf").write_text("nonsense")
        self.assertEqual(self.generate(self.mx1, "s2").returncode, DONE)
        self.assertEqual(self.selectors(), ["s1"])


class KilledServerTest(StoreTest):
    """The server is killed before and after each statement of a change, and comes back. What dkimkey says is what is so."""

    def setUp(self):
        super().setUp()
        self.line = MachineLine(self.workspace, [self.server])
        self.mx1.connect(port=self.line.ports[0])

    def restart(self):
        wait_for(lambda: not self.server.runs(), "the server to die")
        self.server.wait()
        self.server.start(self.server)
        self.line.tell("look")

    def test_at_every_statement(self):
        self.line.tell("count")
        self.assertEqual(self.generate(self.mx1, "n0").returncode, DONE)
        statements = int(self.line.tell("count"))
        self.assertGreater(statements, 10)
        outcomes = set()
        for when in ("before", "after"):
            for number in range(1, statements + 1):
                selector = f"n{when[0]}{number}"
                with self.subTest(when=when, number=number), concurrent.futures.ThreadPoolExecutor(1) as pool:
                    self.line.tell("kill", self.server.pid, when, number)
                    running = pool.submit(self.generate, self.mx1, selector)
                    self.restart()
                    outcomes.add(self.judge(running.result(), selector))
        self.assertEqual(outcomes, {"made", "made, and to come", "not made"})

    def judge(self, done, selector):
        said = done.stderr.decode()
        is_made = selector in self.selectors()
        self.assertEqual(self.count("sealed_keys", f"selector = '{selector}'"), int(is_made))
        self.assertNotIn("not known", said)
        if done.returncode == DONE:
            self.assertTrue(is_made, said)
            is_here = f"{DOMAIN}/{selector}.private" in self.mx1.files()
            self.assertEqual("the change was made in the fleet's database" in said, not is_here, said)
            return "made" if is_here else "made, and to come"
        self.assertEqual(done.returncode, PROBLEM, said)
        self.assertFalse(is_made, said)
        return "not made"


if __name__ == "__main__":
    unittest.main()
