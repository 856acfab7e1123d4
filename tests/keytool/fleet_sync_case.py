"""A PostgreSQL server, one machine that makes keys, and signers with the agent: for the tests of dkimkey fleet sync."""

import datetime
import grp
import os
import re
import subprocess
import sys
import unittest

from dkimkey import PROGRAM, succeed
from fleet_author import Author, SealingKey, files, literal, write_sealing_keys
from harness.fleet_databases import Server
from harness.workspace import Workspace, stop_process, wait_for

DONE, PROBLEM, USAGE, WAITING = 0, 1, 2, 3
GROUP = "nogroup"
NAME = "dkimsignd"


class Signer:
    """A machine that only signs."""

    def __init__(self, world, host, lease=30, keys=None):
        self.world, self.host, self.lease = world, host, lease
        self.root = world.workspace.directory(host, 0o755)
        self.keys = keys or self.root / "keys"
        self.keys.mkdir(0o750, exist_ok=True)
        os.chown(self.keys, 0, grp.getgrnam(GROUP).gr_gid)
        self.sealing_keys = self.root / "sealing.key"
        write_sealing_keys(self.sealing_keys, world.author.key)
        self.metrics_file = self.root / "m.prom"
        self.config = self.root / "dkimsignd.conf"
        self.config.write_text(f'key_directory = "{self.keys}";\nfleet = "{self.root}/fleet.conf";\n')
        self.connect(world.port)
        self.agent = None

    def connect(self, port, more="", host="127.0.0.1", user="dkimsignd_signer"):
        path = self.root / "fleet.conf"
        path.write_text(
            f'connection = "host={host} port={port} dbname={NAME} user={user} password=hush sslmode=disable '
            f'gssencmode=disable connect_timeout=30 {more}";\n'
            f'sealing_key_file = "{self.sealing_keys}";\nhost = "{self.host}";\nlease = {self.lease};\n')
        path.chmod(0o640)

    def join(self):
        """Makes it an empty copy."""
        identity = self.world.identity()
        self.world.query(f"INSERT INTO dkimsignd.signers (host) VALUES ({literal(self.host)})")
        self.write_lease(now() + datetime.timedelta(days=1))
        self._write(".fleet", f'format = 1;\nfleet = "{identity}";\nhost = "{self.host}";\nsequence = 0;\n'
                              f'contact = "{now():%Y-%m-%dT%H:%M:%SZ}";\n')

    def write_lease(self, end):
        self._write(".lease", f'format = 1;\nend = "{end:%Y-%m-%dT%H:%M:%SZ}";\n')

    def _write(self, name, text):
        path = self.keys / name
        path.write_text(text)
        path.chmod(0o640)
        os.chown(path, 0, grp.getgrnam(GROUP).gr_gid)

    def command(self, *options):
        return [str(word) for word in (PROGRAM, "--config", self.config, "fleet", "sync", *options)]

    def sync(self, *options, codes=(DONE,)):
        """Makes one pass; returns what dkimkey says."""
        done = subprocess.run(self.command("--once", *options) if "--keep" not in options else self.command(*options),
                              capture_output=True, text=True, timeout=300, check=False)
        if done.returncode not in codes:
            raise AssertionError(f"{self.host}: fleet sync {options} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, **options):
        self.agent = self.world.workspace.spawn(*self.command("--metrics", self.metrics_file), log=self.root / "log", **options)

    def stop(self):
        agent, self.agent = self.agent, None
        return stop_process(agent)

    def alive(self):
        return self.agent.poll() is None

    def log(self):
        return (self.root / "log").read_text("utf-8", "replace")

    def wait_to_say(self, words):
        wait_for(lambda: words in self.log(), f"{self.host} to say {words!r}", alive=self.alive)

    def membership(self):
        return dict(re.findall(r'^(\w+) = "?([^";]*)"?;$', (self.keys / ".fleet").read_text(), re.M))

    def sequence(self):
        return int(self.membership()["sequence"])

    def lease_end(self):
        text = re.search(r'end = "(.*)"', (self.keys / ".lease").read_text())[1]
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")

    def row(self):
        """Returns what the database knows of it: applied, and the end of its lease."""
        ((applied, lease_end),) = self.world.query(
            "SELECT applied, extract(epoch FROM lease_end)::bigint FROM dkimsignd.signers "
            f"WHERE host = {literal(self.host)}")
        return int(applied), datetime.datetime.utcfromtimestamp(int(lease_end)) if lease_end else None

    def refused(self):
        return dict(self.world.query(f"SELECT domain, reason FROM dkimsignd.refused WHERE host = {literal(self.host)}"))

    def metrics(self):
        if not self.metrics_file.exists():
            return {}
        return {name: float(value) for name, value in
                re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", self.metrics_file.read_text(), re.M)}

    def domains(self):
        return sorted(path.name for path in self.keys.iterdir() if not path.name.startswith("."))


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


class SyncCase(unittest.TestCase):
    """Has a server for all tests of a class, and a new database with an author for each test."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.server = Server(cls.workspace, 1)
        cls.server.make()
        cls.server.start(cls.server)
        cls.server.query("CREATE ROLE dkimsignd_writer LOGIN; CREATE ROLE dkimsignd_signer LOGIN; "
                         "CREATE ROLE dkimsignd_reader LOGIN", "postgres")
        cls.port = cls.server.port

    def setUp(self):
        self.author = Author(self.query, self.make_database())
        self.addCleanup(self.author.close)
        self.signers = []

    def make_database(self):
        self.server.query(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)", "postgres")
        self.server.create()
        owner = self.workspace.directory("owner", 0o755)
        key = SealingKey()
        write_sealing_keys(owner / "sealing.key", key)
        fleet = owner / "fleet.conf"
        fleet.write_text(f'connection = "host=127.0.0.1 port={self.port} dbname={NAME} user=postgres sslmode=disable";\n'
                         f'sealing_key_file = "{owner}/sealing.key";\nhost = "owner";\n')
        fleet.chmod(0o640)
        config = owner / "dkimsignd.conf"
        config.write_text(f'fleet = "{fleet}";\n')
        succeed("--config", config, "fleet", "init")
        return key

    def query(self, statement):
        return self.server.query(statement, NAME)

    def identity(self):
        return self.query("SELECT identity FROM dkimsignd.store")[0][0]

    def signer(self, host, **options):
        signer = Signer(self, host, **options)
        signer.join()
        self.signers.append(signer)
        self.addCleanup(self.drop, signer)
        return signer

    def drop(self, signer):
        if signer.agent:
            signer.stop()
        subprocess.run(["rm", "-rf", signer.root], check=True)

    def assert_equal_copy(self, signer, *domains):
        """The signer has exactly these domains, as the author has them."""
        self.assertEqual(signer.domains(), sorted(domains))
        for domain in domains:
            self.assertEqual(files(signer.keys, domain), self.author.files(domain), (signer.host, domain))

    def wait_for_copy(self, domain, *signers):
        for signer in signers or self.signers:
            wait_for(lambda signer=signer: files(signer.keys, domain) == self.author.files(domain),
                     f"{domain} on {signer.host}", alive=signer.alive)
            wait_for(lambda signer=signer: signer.row()[0] == self.newest(), f"{signer.host} to report", alive=signer.alive)

    def stop_server(self):
        self.server.stop()
        self.addCleanup(lambda: self.server.runs() or self.server.start(self.server))

    def newest(self):
        return int(self.query("SELECT sequence FROM dkimsignd.store")[0][0])


if __name__ == "__main__":
    sys.exit("this has no tests of its own")
