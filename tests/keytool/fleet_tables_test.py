"""The tables of a fleet: who may do what, and how they are made and brought up to date."""

import unittest

from fleet_probe_case import ROLES, TablesCase


class RightsTest(TablesCase):
    """Each statement that a role has no need of is refused by PostgreSQL."""

    def setUp(self):
        super().setUp()
        self.query("INSERT INTO dkimsignd.sealing_keys VALUES (1, 'f'); "
                   "INSERT INTO dkimsignd.domains VALUES ('example.com', 1, 'm'); UPDATE dkimsignd.store SET sequence = 1;"
                   "INSERT INTO dkimsignd.sealed_keys VALUES ('example.com', 's', 1, 'rsa', 1, 'x')")

    def forbidden(self, role, *statements):
        for statement in statements:
            refusal = self.refusal(self.member(role), "sql", statement)
            self.assertEqual(refusal.kind, "refused", statement)
            self.assertIn("permission denied", refusal.message, statement)

    # What nobody but the owner may do, and what would undo the rights of others.
    TABLES = ("ALTER TABLE dkimsignd.domains ADD x int", "DROP TABLE dkimsignd.changes", "CREATE TABLE dkimsignd.x ()",
              "TRUNCATE dkimsignd.refused", "UPDATE dkimsignd.store SET identity = gen_random_uuid()",
              "UPDATE dkimsignd.store SET format = 0", "DELETE FROM dkimsignd.store",
              "INSERT INTO dkimsignd.store VALUES (true, gen_random_uuid(), 1, 0)", "UPDATE dkimsignd.changes SET sequence = 9",
              "UPDATE dkimsignd.sealing_keys SET fingerprint = 'g'")
    NOT_OWNER = r"permission denied|must be owner"

    def test_no_role_changes_what_the_tables_are(self):
        for role in ROLES[1:]:
            for statement in self.TABLES:
                refusal = self.refusal(self.member(role), "sql", statement)
                self.assertEqual(refusal.kind, "refused", statement)
                self.assertRegex(refusal.message, self.NOT_OWNER, statement)

    def test_a_writer_does_all_of_a_change(self):
        writer = self.member("writer")
        for words in (("begin",), ("lock", "example.com"), ("put", "example.com", "text"), ("commit",), ("join", "mx1"),
                      ("report", "mx1", 2), ("lease", "mx1", 60), ("refuse", "mx1", "example.com", "why"), ("leave", "mx1")):
            writer.ask(*words)
        self.assertEqual(self.value("SELECT manifest FROM dkimsignd.domains"), "text")

    def test_a_signer_reads_everything_and_writes_its_contact(self):
        signer = self.member("signer")
        for words in (("state",), ("changed", 0, 10), ("join", "mx1"), ("lease", "mx1", 60), ("report", "mx1", 1),
                      ("refuse", "mx1", "example.com", "why"), ("behind", "example.com"), ("listen",)):
            signer.ask(*words)
        self.assertEqual(signer.ask("changed", 0, 10), "example.com:1:1:1,s/1")
        self.forbidden("signer", "UPDATE dkimsignd.domains SET manifest = 'n'", "DELETE FROM dkimsignd.sealed_keys",
                       "INSERT INTO dkimsignd.domains VALUES ('example.net', 2, 'm')",
                       "INSERT INTO dkimsignd.sealed_keys VALUES ('example.com', 't', 1, 'rsa', 1, 'x')",
                       "UPDATE dkimsignd.sealed_keys SET sealed = 'y'", "UPDATE dkimsignd.store SET sequence = 9",
                       "INSERT INTO dkimsignd.changes VALUES (9)", "DELETE FROM dkimsignd.changes",
                       "INSERT INTO dkimsignd.sealing_keys VALUES (2, 'f')", "DELETE FROM dkimsignd.sealing_keys",
                       "DELETE FROM dkimsignd.signers")
        refusal = self.refusal(signer, "put", "example.com", "n")
        self.assertIn("permission denied", refusal.message)

    def test_a_reader_sees_no_keys_and_writes_nothing(self):
        reader = self.member("reader")
        reader.ask("state")
        reader.ask("behind", "example.com")
        self.forbidden("reader", "SELECT sealed FROM dkimsignd.sealed_keys", "SELECT count(*) FROM dkimsignd.sealed_keys",
                       "UPDATE dkimsignd.signers SET applied = 9", "INSERT INTO dkimsignd.signers (host) VALUES ('mx2')",
                       "INSERT INTO dkimsignd.refused VALUES ('mx1', 'example.com', 'x')", "DELETE FROM dkimsignd.refused",
                       "UPDATE dkimsignd.domains SET manifest = 'n'", "UPDATE dkimsignd.store SET sequence = 9")

    def test_others_see_nothing(self):
        self.server.query("CREATE ROLE other LOGIN", "postgres")
        self.addCleanup(self.server.query, "DROP ROLE other", "postgres")
        refusal = self.refusal(self.probe("other"), "state")
        self.assertIn("permission denied", refusal.message)


class SchemaTest(TablesCase):
    def test_made_once(self):
        self.assertEqual(self.member("owner").ask("schema"), "none")

    def test_two_make_it_at_once(self):
        self.query("DROP SCHEMA dkimsignd CASCADE; CREATE SCHEMA dkimsignd AUTHORIZATION dkimsignd_owner")
        makers = [self.member("owner") for _ in range(4)]
        for maker in makers:
            maker.ask("connect")
        for maker in makers:
            maker.begin("schema")
        self.assertEqual(sorted(maker.answer() for maker in makers), ["made", "none", "none", "none"])

    def test_no_schema(self):
        self.query("DROP SCHEMA dkimsignd CASCADE")
        refusal = self.refusal(self.probe(), "state")
        self.assertEqual(refusal.kind, "refused")
        self.assertIn("dkimkey fleet init", refusal.message)

    def test_a_format_of_the_future_is_refused(self):
        newer = "CREATE TABLE dkimsignd.later ()"
        self.assertEqual(self.member("owner").ask("schema", newer), "migrated")
        for role, words in (("writer", ("state",)), ("signer", ("state",)), ("owner", ("schema",))):
            refusal = self.refusal(self.member(role), *words)
            self.assertEqual(refusal.kind, "refused")
            self.assertIn("format 2", refusal.message)
            self.assertIn("newer dkimsignd", refusal.message)
        self.assertEqual(self.member("owner").ask("schema", newer), "none")

    def test_a_format_of_the_past_is_brought_up_to_date(self):
        identity = self.value("SELECT identity FROM dkimsignd.store")
        self.put("example.com")
        self.query("UPDATE dkimsignd.store SET format = 0")
        refusal = self.refusal(self.member("writer"), "state")
        self.assertIn("dkimkey fleet init", refusal.message)
        self.query("UPDATE dkimsignd.store SET format = 1")
        self.member("owner").ask("schema", "ALTER TABLE dkimsignd.domains ADD later int;"
                                           "UPDATE dkimsignd.domains SET later = sequence")
        self.assertEqual(self.query("SELECT format, identity, later FROM dkimsignd.store, dkimsignd.domains"),
                         [["3", identity, "1"]])

    def test_a_step_that_fails_changes_nothing(self):
        refusal = self.refusal(self.member("owner"), "schema", "CREATE TABLE dkimsignd.later ();SELECT 1/0")
        self.assertIn("division by zero", refusal.message)
        self.assertEqual(self.query("SELECT format, to_regclass('dkimsignd.later') FROM dkimsignd.store"), [["1", ""]])

    def test_a_migration_waits_for_changes_under_way(self):
        writer, owner = self.member("writer"), self.member("owner")
        writer.ask("begin")
        writer.ask("put", "example.com", "m")
        owner.ask("connect")
        owner.begin("schema", "CREATE TABLE dkimsignd.later ()")
        self.wait_for_lock()
        self.assertFalse(owner.has_answer())
        writer.ask("commit")
        self.assertEqual(owner.answer(), "migrated")


if __name__ == "__main__":
    unittest.main()
