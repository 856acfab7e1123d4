"""How dkimkey connects to a fleet's database: TLS that verifies, several servers, and what a message says of a connection."""

import os
import pathlib
import re
import shutil
import unittest
import unittest.mock

from certificates import Authority
from fleet_probe_case import NAME, PROBE, Probe, ProbeCase
from harness.fleet_databases import ACCOUNT

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = "db1.fleet.example"
SECRET = "hush+hush"


class TlsTest(ProbeCase):
    """The server is known by a name, and its address is loopback: as with a server elsewhere, its name counts."""

    settings = "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n"
    access = ("host all postgres 127.0.0.1/32 trust\nhostssl all over_tls 127.0.0.1/32 trust\n"
              "host all anyhow 127.0.0.1/32 trust\n")

    @classmethod
    def prepare(cls):
        cls.authority = Authority(cls.workspace.path, "authority")
        cls.stranger = Authority(cls.workspace.path, "stranger")
        cls.certify(HOST, cls.authority)

    @classmethod
    def certify(cls, host, authority):
        files = [cls.server.data / f"server.{end}" for end in ("crt", "key")]
        authority.issue(host, *files)
        for path in files:
            os.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.query("CREATE ROLE over_tls LOGIN; CREATE ROLE anyhow LOGIN", "postgres")

    def by_name(self, more="", host=HOST, user="anyhow"):
        return self.probe_of(self.conf(f"host={host} hostaddr=127.0.0.1 port={self.server.port} dbname={NAME} user={user} {more}"))

    def is_tls(self, probe):
        return probe.ask("sql", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"

    def test_a_server_elsewhere_proves_its_name_by_default(self):
        self.assertTrue(self.is_tls(self.by_name(f"sslrootcert={self.authority.file}")))

    def test_the_environment_of_another_database_changes_nothing(self):
        for name, value in (("PGSSLMODE", "disable"), ("PGREQUIRESSL", "1")):
            with unittest.mock.patch.dict(os.environ, {name: value}):
                self.assertTrue(self.is_tls(self.by_name(f"sslrootcert={self.authority.file}")))
                refusal = self.refusal(self.by_name(f"sslrootcert={self.authority.file}", host="db2.fleet.example"), "connect")
                self.assertEqual(refusal.kind, "unreachable")

    def test_another_name_is_refused(self):
        refusal = self.refusal(self.by_name(f"sslrootcert={self.authority.file}", host="db2.fleet.example"), "connect")
        self.assertEqual(refusal.kind, "unreachable")
        self.assertIn("db2.fleet.example", refusal.message)
        self.assertIn("does not match host name", refusal.message)

    def test_an_unknown_authority_is_refused(self):
        refusal = self.refusal(self.by_name(f"sslrootcert={self.stranger.file}"), "connect")
        self.assertIn("certificate verify failed", refusal.message)

    def test_without_an_authority_nothing_is_trusted(self):
        refusal = self.refusal(self.by_name("sslrootcert=/none/root.crt"), "connect")
        self.assertIn("root certificate file", refusal.message)

    def test_a_server_without_tls_is_refused(self):
        self.server.query("ALTER SYSTEM SET ssl = off", "postgres")
        self.addCleanup(self.tls_again)
        self.server.query("SELECT pg_reload_conf()", "postgres")
        refusal = self.refusal(self.by_name(f"sslrootcert={self.authority.file}"), "connect")
        self.assertIn("SSL", refusal.message)

    def tls_again(self):
        self.server.query("ALTER SYSTEM RESET ssl", "postgres")
        self.server.query("SELECT pg_reload_conf()", "postgres")

    def test_what_the_connection_says_counts(self):
        self.assertTrue(self.is_tls(self.by_name("sslmode=require")))
        self.assertFalse(self.is_tls(self.by_name("sslmode=disable")))

    def test_what_the_service_says_counts(self):
        services = self.workspace.path / "services"
        services.write_text(f"[fleet]\nhost={HOST}\nhostaddr=127.0.0.1\nport={self.server.port}\ndbname={NAME}\nuser=anyhow\n"
                            f"[open]\nhost={HOST}\nhostaddr=127.0.0.1\nport={self.server.port}\ndbname={NAME}\nuser=anyhow\n"
                            "sslmode=disable\n")
        os.environ["PGSERVICEFILE"] = str(services)
        self.addCleanup(os.environ.pop, "PGSERVICEFILE")
        # The names of hosts come from the service, and so does the rule for them.
        refusal = self.refusal(self.probe_of(self.conf(f"service=fleet sslrootcert={self.stranger.file}")), "connect")
        self.assertIn("certificate verify failed", refusal.message)
        self.assertTrue(self.is_tls(self.probe_of(self.conf(f"service=fleet sslrootcert={self.authority.file}"))))
        self.assertFalse(self.is_tls(self.probe_of(self.conf("service=open"))))

    def test_one_name_among_addresses_of_this_machine_is_enough(self):
        probe = self.probe_of(self.conf(f"host=127.0.0.1,{HOST} hostaddr=127.0.0.1,127.0.0.1 port={self.server.port} "
                                        f"dbname={NAME} user=anyhow sslrootcert={self.stranger.file}"))
        self.assertIn("certificate verify failed", self.refusal(probe, "connect").message)

    def test_the_units_reach_it_without_a_home(self):
        """libpq takes a certificate in a home that it may not see for an error, and the units hide all homes."""
        home = self.workspace.directory("home", 0o000)
        # The build directory may be in a home, too.
        program = shutil.copy(PROBE, self.workspace.path)
        path = self.conf(f"host={HOST} hostaddr=127.0.0.1 port={self.server.port} dbname={NAME} user=anyhow "
                         f"sslrootcert={self.authority.file}")

        def probe_with(home):
            probe = Probe(path, ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "env", f"HOME={home}"), program)
            self.addCleanup(probe.close)
            return probe

        self.assertIn("certificate file", self.refusal(probe_with(home), "connect").message)
        for unit in ("dkimkey-fleet", "dkimkey-rotate"):
            text = (ROOT / f"packaging/systemd/{unit}.service").read_text()
            self.assertTrue(self.is_tls(probe_with(re.search(r"^Environment=HOME=(.*)$", text, re.M)[1])))

    def test_loopback_needs_no_certificate(self):
        self.probe_of(self.conf(f"host=127.0.0.1 port={self.server.port} dbname={NAME} user=anyhow")).ask("connect")


class ConnectionTest(ProbeCase):
    access = "host all postgres 127.0.0.1/32 trust\nhost all locked 127.0.0.1/32 scram-sha-256\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.query("SET password_encryption = 'scram-sha-256'; CREATE ROLE locked LOGIN PASSWORD 'other'", "postgres")

    def messages(self, connection):
        refusal = self.refusal(self.probe_of(self.conf(connection)), "connect")
        return refusal.message

    def test_no_message_has_a_password(self):
        for connection in (f"host=127.0.0.1 port={self.server.port} dbname={NAME} user=locked password={SECRET}",
                           f"host=127.0.0.1 port={self.server.port} password={SECRET} nonsense",
                           f"host=127.0.0.1 port={self.server.port} passwort={SECRET}",
                           f"postgresql://locked:{SECRET}@127.0.0.1:{self.server.port}x/{NAME}",
                           f"postgresql://locked:{SECRET}%zz@127.0.0.1/{NAME}",
                           f"host=127.0.0.1 port={self.server.port} user=postgres dbname=none password={SECRET}",
                           f"host=127.0.0.1 port=1 dbname={NAME} password={SECRET}"):
            message = self.messages(connection)
            self.assertNotIn(SECRET, message, connection)
            self.assertTrue(message, connection)

    def test_a_connection_that_is_none_is_an_error_of_the_file(self):
        refusal = self.refusal(self.probe_of(self.conf("host=127.0.0.1 nonsense")), "connect")
        self.assertEqual(refusal.kind, "other")
        self.assertIn("fleet", refusal.message)

    def test_a_message_of_the_server_is_one_printable_line(self):
        probe = self.probe()
        refusal = self.refusal(probe, "sql", "DO $$ BEGIN RAISE EXCEPTION E'one\\ntwo\\x1b[2J'; END $$")
        self.assertEqual(refusal.kind, "refused")
        self.assertIn(r"one\x0atwo\x1b[2J", refusal.message)

    def test_limits_are_set_where_nobody_has_set_them(self):
        def limit(probe, name):
            return probe.ask("sql", f"SELECT current_setting('{name}')")

        probe = self.probe()
        self.assertEqual([limit(probe, name) for name in ("statement_timeout", "lock_timeout", "search_path")],
                         ["20s", "10s", "pg_catalog"])
        self.assertEqual(limit(self.probe(more="options='-c statement_timeout=3s'"), "statement_timeout"), "3s")
        self.query(f"ALTER DATABASE {NAME} SET lock_timeout = '4s'")
        self.assertEqual(limit(self.probe(), "lock_timeout"), "4s")

    def test_the_file_is_closed_to_others(self):
        for mode, good in ((0o640, True), (0o600, True), (0o644, False), (0o660, False)):
            probe = self.probe_of(self.conf(self.connection(), mode))
            if good:
                probe.ask("connect")
            else:
                refusal = self.refusal(probe, "connect")
                self.assertEqual(refusal.kind, "settings")
                self.assertIn(f"has mode 0{mode:o}", refusal.message)

    def test_the_file_is_read_strictly(self):
        path = self.conf(self.connection())
        good = path.read_text()
        for text, said in (("", '"connection" is missing'), (good + "hots = 1;\n", 'unknown setting "hots"'),
                           (good + "lease = 0;\n", "lease"), (good.replace("/none", "none"), "not an absolute path"),
                           (good.replace("mx1", "mx 1"), "not the name of a machine")):
            path.write_text(text)
            refusal = self.refusal(self.probe_of(path), "connect")
            self.assertEqual(refusal.kind, "settings")
            self.assertIn(said, refusal.message)

    def test_a_missing_file_is_named(self):
        refusal = self.refusal(self.probe_of("/none/fleet.conf"), "connect")
        self.assertIn("/none/fleet.conf", refusal.message)


if __name__ == "__main__":
    unittest.main()
