"""Connections to a fleet's database when its network is cut, its server dies, another one takes over, or it has no room."""

import unittest

import psycopg2
from fleet_probe_case import NAME, PLAIN, ProbeCase
from harness.fleet_databases import FleetDatabases, MachineLine
from harness.workspace import Workspace, wait_for

SHORT = "options='-c statement_timeout=300ms'"


class CutTest(ProbeCase):
    """The network swallows everything: nobody is told, and every wait must end."""

    def setUp(self):
        super().setUp()
        self.line = MachineLine(self.workspace, [self.server])
        self.probe().ask("schema")
        self.cut = self.probe(more="options='-c statement_timeout=3s'", port=self.line.ports[0])
        self.cut.ask("connect")

    def test_a_statement_ends_with_an_error(self):
        self.line.tell("cut")
        refusal = self.refusal(self.cut, "state")
        self.assertEqual(refusal.kind, "unreachable")
        self.assertIn("does not answer", refusal.message)
        # A late answer would be taken for that of the next statement.
        self.line.tell("heal")
        self.assertEqual(self.refusal(self.cut, "domains").kind, "unreachable")
        self.cut.ask("close")
        self.assertEqual(self.cut.ask("domains"), "0")

    def test_a_commit_without_an_answer_is_uncertain(self):
        self.cut.ask("begin")
        self.cut.ask("put", "example.com", "m")
        self.line.tell("cut")
        self.assertEqual(self.refusal(self.cut, "commit").kind, "unknown")

    def test_a_large_statement_ends_with_an_error(self):
        self.line.tell("cut")
        self.cut.begin("put", "example.com", "x" * 30_000_000)
        self.assertEqual(self.refusal(self.cut, "state").kind, "unreachable")

    def test_a_server_that_is_not_there_ends_with_an_error(self):
        self.line.tell("cut")
        refusal = self.refusal(self.probe(port=self.line.ports[0]), "connect")
        self.assertEqual(refusal.kind, "unreachable")
        self.assertIn("timeout", refusal.message)

    def test_who_waits_for_changes_is_told_of_a_server_that_ended(self):
        self.cut.ask("listen")
        self.cut.begin("wait", 60000)
        wait_for(lambda: self.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == "1", "LISTEN")
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        self.assertEqual(self.refusal(self.cut, "connect").kind, "unreachable")


class EndTest(ProbeCase):
    """The server ends a session, or a statement."""

    def test_a_session_that_an_administrator_ends(self):
        probe = self.probe()
        probe.ask("schema")
        probe.ask("begin")
        probe.ask("put", "example.com", "m")
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dkimkey mx1'")
        self.assertEqual(self.refusal(probe, "state").kind, "unreachable")
        probe.ask("close")
        self.assertEqual(probe.ask("state").split()[1], "0")

    def test_a_statement_past_its_limit(self):
        refusal = self.refusal(self.probe(more=SHORT), "sql", "SELECT pg_sleep(60)")
        self.assertEqual(refusal.kind, "busy")
        self.assertIn("statement timeout", refusal.message)

    def test_a_transaction_that_failed_is_not_committed(self):
        probe = self.probe()
        probe.ask("schema")
        probe.ask("begin")
        probe.ask("put", "example.com", "m")
        self.assertEqual(self.refusal(probe, "sql", "SELECT 1/0").kind, "refused")
        # PostgreSQL takes this COMMIT for a ROLLBACK, without an error.
        self.assertIn("rolled back", self.refusal(probe, "commit").message)
        self.assertEqual(probe.ask("domains"), "0")

    def test_no_room_for_another_connection(self):
        probe = self.probe()
        probe.ask("schema")
        self.server.query("CREATE ROLE crowd LOGIN", "postgres")
        crowd = []
        self.addCleanup(lambda: [connection.close() for connection in crowd])
        with self.assertRaises(psycopg2.OperationalError):
            for _ in range(100):
                crowd.append(psycopg2.connect(f"host=127.0.0.1 port={self.server.port} dbname={NAME} user=crowd {PLAIN}"))
        refusal = self.refusal(self.probe("crowd"), "connect")
        self.assertEqual(refusal.kind, "unreachable")
        self.assertRegex(refusal.message, "slots|too many")
        # Who has a connection goes on.
        self.assertEqual(probe.ask("domains"), "0")


class StandbyTest(ProbeCase):
    """Two servers of which one is a standby; their order in the connection does not matter."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.databases = FleetDatabases(cls.workspace)
        cls.databases.add_standby()
        cls.files = 0

    def setUp(self):
        self.server = self.databases.primary

    def test_a_standby_is_read_and_not_written(self):
        """Also what happens then: the primary dies, and the standby takes its place."""
        writer = self.probe()
        writer.ask("schema")
        writer.ask("put", "example.com", "m")
        ((position,),) = self.databases.query("SELECT pg_current_wal_lsn()")
        wait_for(lambda: self.databases.standby.query(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == [["t"]],
                 "the standby to follow")
        reader = self.probe(port=self.databases.standby.port)
        self.assertEqual(reader.ask("domains"), "1")
        self.assertEqual(reader.ask("changed", 0, 10), "example.com:1:1:0")
        reader.ask("begin")
        refusal = self.refusal(reader, "lock", "example.com")
        self.assertEqual(refusal.kind, "unreachable")
        self.assertIn("target_session_attrs=read-write", refusal.message)

        ports = f"{self.databases.standby.port},{self.databases.primary.port}"
        both = self.probe_of(self.conf(f"host=127.0.0.1,127.0.0.1 port={ports} dbname={NAME} user=postgres {PLAIN} "
                                       "target_session_attrs=read-write"))
        where = ("sql", "SELECT inet_server_port()")
        self.assertEqual(both.ask(*where), str(self.databases.primary.port))
        both.ask("begin")
        both.ask("put", "example.com", "n")
        self.databases.primary.kill()
        self.assertEqual(self.refusal(both, "commit").kind, "unknown")
        both.ask("close")
        self.assertEqual(self.refusal(both, "connect").kind, "unreachable")
        self.databases.promote()
        both.ask(*where)
        self.assertEqual(both.ask(*where), str(self.databases.primary.port))
        # The change was not committed when the server died, and its number is given again.
        self.assertEqual(both.ask("put", "example.com", "o").split()[0], "2")


if __name__ == "__main__":
    unittest.main()
