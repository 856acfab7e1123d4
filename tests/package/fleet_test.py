#!/usr/bin/python3
"""Two machines become a fleet by the commands of dkimsignd-fleet(7), with Debian's PostgreSQL under systemd, while both send
mail. The tests tell one story, in the order of their names."""

import re
import secrets
import unittest

from dns_world import ZONE
from fleet_hosts import PAGE, two_machines
from harness.workspace import wait_for
from machine import isolate

ROLES = ("OWNER", "WRITER", "SIGNER", "READER", "REPLICATOR")


def postgresql(machine):
    """Returns the major version of PostgreSQL on a machine, or in its archive."""
    (version,) = re.findall(r"postgresql-(\d+)", machine.run("apt-cache", "depends", "postgresql"))
    return version


class FleetTest(unittest.TestCase):
    # The page's examples that no test has taken yet.
    unused = set(PAGE.displays()) - set(PAGE.displays("HOW IT WORKS"))

    @classmethod
    def setUpClass(cls):
        cls.mx1, cls.mx2 = two_machines(cls)
        cls.version = postgresql(cls.mx1.machine)
        cls.passwords = {role: secrets.token_hex(16) for role in ROLES}

    def page(self, section):
        """Returns the examples of a section, with the passwords, names and PostgreSQL of this fleet."""
        words = {**self.passwords, "password=...": f"password={self.passwords['REPLICATOR']}",
                 "db1.example.com": "mx1.example.com", "db2.example.com": "mx2.example.com",
                 "postgresql/15/": f"postgresql/{self.version}/", "postgresql@15-": f"postgresql@{self.version}-"}
        texts = PAGE.displays(section)
        self.unused.difference_update(texts)
        for word, ours in words.items():
            texts = [text.replace(word, ours) for text in texts]
        return texts

    def set_password(self, host, command):
        """Runs a line that asks twice for a role's password."""
        role = re.search(r"password (?:dkimsignd_)?(\w+)", command)[1]
        host.shell(command, given=f"{self.passwords[role.upper()]}\n" * 2)

    def ask(self, host, query):
        return host.shell(f'runuser -u postgres -- psql -Atc "{query}" dkimsignd').strip()

    def assert_signed(self, *hosts, selector="server"):
        recipients = [host.by_sendmail() for host in hosts]
        for recipient, raw in hosts[0].arrived(recipients).items():
            self.assertEqual(hosts[0].signers(raw), [selector], recipient)

    def test_01_one_machine_signs(self):
        self.mx1.three_commands()
        self.mx1.publish("server")
        self.mx1.shell("dkimkey activate")
        self.assert_signed(self.mx1)
        self.mx2.tell_postfix()

    def test_02_postgresql(self):
        (commands,) = self.page("1. PostgreSQL")
        self.mx1.shell(commands)
        self.assertEqual(self.mx1.machine.owner("/etc/dkimsignd/fleet.crt"), "root:root 644")
        self.assertFalse(self.mx1.machine.exists("/etc/dkimsignd/server.key"))

    def test_03_schema_and_sealing_key(self):
        roles, settings, tables = self.page("2. The schema and the sealing key")
        first, *passwords = roles.splitlines()
        self.mx1.shell(first)
        for line in passwords:
            self.set_password(self.mx1, line)
        self.mx1.put("/etc/dkimsignd/fleet.conf", settings)
        self.mx1.shell(tables)
        self.assertEqual(self.mx1.machine.owner("/etc/dkimsignd/sealing.key"), "root:root 640")

    def test_04_the_first_machine_moves_in(self):
        (commands,) = self.page("3. The first machine moves in")
        self.mx1.shell(commands)
        self.assertEqual(self.mx1.machine.active("dkimkey-fleet"), "active")
        self.assert_signed(self.mx1)

    def test_05_the_second_machine_joins(self):
        copy, join = self.page("4. The second machine joins")
        self.mx1.scp(self.mx2, copy)
        self.mx2.shell(join)
        self.assertEqual(self.mx2.machine.active("dkimkey-fleet"), "active")
        self.assertEqual(self.mx2.machine.active("dkimkey-rotate.timer"), "inactive")
        self.assert_signed(self.mx1, self.mx2)

    def test_06_all_is_well(self):
        status, domain = self.page("5. Is all well")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertEqual(host.shell(status).count(" current"), 2)
        generate, look = domain.splitlines()
        self.mx1.shell(generate)
        wait_for(lambda: "s1" in self.mx2.shell(look, good=(0, 1)), "the key on mx2")

    def test_07_a_machine_without_a_network_signs_and_is_waited_for(self):
        self.mx2.machine.ip("link", "set", "cable", "down")
        waits = self.mx2.by_sendmail()
        self.mx1.shell(f"dkimkey generate --domain {ZONE} --selector next")
        self.mx1.publish("next")
        said = self.mx1.shell(f"dkimkey activate --domain {ZONE} --selector next", good=(3,))
        self.assertIn("mx2", said)
        self.assert_signed(self.mx1)
        self.mx2.machine.ip("link", "set", "cable", "up")
        self.mx2.wait_until_well()
        self.mx1.shell(f"dkimkey activate --domain {ZONE} --selector next")
        self.mx2.wait_until_well()
        self.mx2.shell("postqueue -f")
        self.assertEqual(self.mx2.signers(self.mx2.arrived([waits])[waits]), ["server"])
        self.assert_signed(self.mx1, self.mx2, selector="next")

    def test_08_a_machine_with_a_full_disk_signs_and_catches_up(self):
        keys = "/etc/dkimsignd/keys"
        self.mx2.shell(f"cp -a {keys} /root/\nmount -t tmpfs -o size=2m tmpfs {keys}\ncp -a /root/keys/. {keys}\n"
                       "systemctl restart dkimsignd dkimkey-fleet")
        self.mx2.wait_until_well()
        self.mx2.shell(f"cat /dev/zero > {keys}/.full", good=(1,))
        self.mx1.shell("dkimkey generate --domain full.example --selector s")
        wait_for(lambda: "No space left on device" in self.mx2.shell("journalctl --unit=dkimkey-fleet"), "mx2 to say why")
        self.assertEqual(self.mx1.status(), 3)
        self.assert_signed(self.mx1, self.mx2, selector="next")
        self.mx2.shell(f"rm {keys}/.full")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertIn("pending", host.shell("dkimkey list --domain full.example"))

    def test_09_a_standby_takes_over(self):
        hba, on_first, on_second, synchronous, alone, settings, promote = self.page("A database that survives a machine")
        certificate = self.page("1. PostgreSQL")[0].split("runuser", 1)[0].replace("mx1.example.com", "mx2.example.com")
        (first,) = self.certificates(self.mx1)
        self.mx2.shell(certificate)
        both = first + self.certificates(self.mx2)[0]
        for host in (self.mx1, self.mx2):
            host.put("/etc/dkimsignd/fleet.crt", both)
            host.put("/etc/hosts", "127.0.0.1 localhost\n192.0.2.11 mx1.example.com\n192.0.2.12 mx2.example.com\n")
            host.shell(f"cd /etc/postgresql/*/main\ncat >> pg_hba.conf <<END\n{hba}END")
        reload, role, password = on_first.splitlines()
        self.mx1.shell(f"{reload}\n{role}")
        self.set_password(self.mx1, password)
        self.mx2.shell(f"cd /etc/dkimsignd\n{on_second}")
        wait_for(lambda: self.ask(self.mx1, "SELECT state FROM pg_stat_replication") == "streaming", "the standby")
        self.mx1.shell(synchronous)
        wait_for(lambda: self.ask(self.mx1, "SELECT sync_state FROM pg_stat_replication") == "sync", "a synchronous standby")
        # The display is for a machine that only signs.
        as_writer = settings.replace("signer", "writer").replace(self.passwords["SIGNER"], self.passwords["WRITER"])
        for host, connection in ((self.mx1, as_writer), (self.mx2, settings)):
            host.put("/etc/dkimsignd/fleet.conf", f'{connection}sealing_key_file = "/etc/dkimsignd/sealing.key";\n')
            host.shell("systemctl restart dkimkey-fleet")
            host.wait_until_well()
        self.mx1.shell("dkimkey generate --domain shop.example --selector s2")

        self.mx1.shell(alone)
        wait_for(lambda: self.ask(self.mx1, "SELECT sync_state FROM pg_stat_replication") == "async", "an asynchronous standby")
        self.mx1.shell("systemctl kill --signal=KILL 'postgresql@*'")
        self.assert_signed(self.mx1, self.mx2, selector="next")
        self.mx2.shell(promote)
        self.mx1.shell("dkimkey generate --domain shop.example --selector s3")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertRegex(host.shell("dkimkey list --domain shop.example"), r"(?s)\bs1\b.*\bs2\b.*\bs3\b")

    def test_10_what_fifty_machines_need(self):
        (role,) = self.page("Roles")
        (connections,) = self.page("Connections")
        (limit,) = self.page("Poolers")
        (link,) = self.page("Monitoring")
        self.mx2.shell(f"cd /etc/postgresql/*/main\ncat >> postgresql.conf <<END\n{connections}END\n"
                       "systemctl restart postgresql")
        self.assertEqual(self.ask(self.mx2, "SHOW max_connections"), "150")
        self.mx2.shell("runuser -u postgres -- psql -v ON_ERROR_STOP=1 dkimsignd",
                       given=role.replace("'...'", f"'{self.passwords['SIGNER']}'") + limit)
        self.mx2.shell("sed -i s/dkimsignd_signer/mx2/ /etc/dkimsignd/fleet.conf\nsystemctl restart dkimkey-fleet")
        self.mx2.wait_until_well()
        self.assertIn("mx2", self.ask(self.mx2, "SELECT usename FROM pg_stat_activity").splitlines())
        self.mx2.shell(f"mkdir -p /var/lib/prometheus/node-exporter\n{link}")
        self.mx2.shell("runuser -u nobody -- grep '^dkimsignd_fleet_sequence_applied ' "
                       "/var/lib/prometheus/node-exporter/dkimkey-fleet.prom")

    @staticmethod
    def certificates(host):
        return re.findall(r"-----BEGIN.*?-----END CERTIFICATE-----\n", host.shell("cat /etc/dkimsignd/fleet.crt"), re.DOTALL)

    def test_11_the_sealing_key_is_changed(self):
        prepare, copy, reseal, finish = self.page("CHANGING THE SEALING KEY")
        self.mx1.shell(prepare)
        before = self.mx1.shell("cat /etc/dkimsignd/sealing.key")
        self.assertIn("mx2", self.mx1.shell(reseal, good=(3,)))
        self.mx1.scp(self.mx2, copy)
        done = lambda: self.mx1.machine.run("bash", "-c", f"if {reseal.strip()}; then echo done; fi").endswith("done\n")
        # It reports when its contact and its last report are both half a minute old.
        wait_for(done, "mx2 to report the new key", patience=120)
        self.mx1.shell(finish)
        self.mx2.shell(finish)
        after = self.mx1.shell("cat /etc/dkimsignd/sealing.key")
        self.assertLess(len(after), len(before))
        self.assertEqual(self.mx2.shell("cat /etc/dkimsignd/sealing.key"), after)
        for host in (self.mx1, self.mx2):
            host.wait_until_well()

    def test_12_an_older_database_undoes_nothing(self):
        dump, sealing_key = self.page("What to back up")
        self.assertTrue(self.mx1.shell(sealing_key))
        (restore,) = self.page("How to restore")
        keep_local, keep_fleet, check = self.page("How to choose")
        self.mx2.shell(dump)
        self.mx1.shell("dkimkey generate --domain late.example --selector late")
        self.mx2.wait_until_well()
        self.mx2.shell("runuser -u postgres -- psql -c 'DROP DATABASE dkimsignd WITH (FORCE)'")
        self.mx2.shell("runuser -u postgres -- psql -c 'CREATE DATABASE dkimsignd'")
        self.mx2.shell(restore)
        for host in (self.mx1, self.mx2):
            wait_for(lambda host=host: host.status() == 1, f"{host.name} to see that the database went back")
        self.mx1.shell("dkimkey generate --domain other.example --selector s", good=(1,))
        self.assert_signed(self.mx1, self.mx2, selector="next")
        self.mx1.shell(keep_local)
        self.mx2.shell(keep_fleet)
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertIn("late", host.shell("dkimkey list --domain late.example"))
        self.assertIn("late.example", self.mx1.shell(check, good=(0, 1, 3)))

    def test_13_a_lost_database_is_made_again(self):
        leave, *_ = self.page("When the database is lost")
        roles, _, tables = self.page("2. The schema and the sealing key")
        self.mx2.shell("runuser -u postgres -- psql -c 'DROP DATABASE dkimsignd WITH (FORCE)'")
        self.mx2.shell("runuser -u postgres -- psql -c 'CREATE DATABASE dkimsignd'")
        for host in (self.mx1, self.mx2):
            self.assertRegex(host.shell(leave), r"up to change \d+")
        self.mx2.shell(roles.splitlines()[0])
        connection = self.mx1.shell("cat /etc/dkimsignd/fleet.conf")
        as_owner = connection.replace("writer", "owner").replace(self.passwords["WRITER"], self.passwords["OWNER"])
        self.mx1.put("/etc/dkimsignd/fleet.conf", as_owner)
        self.mx1.shell(tables)
        self.assertEqual(self.mx1.shell("cat /etc/dkimsignd/fleet.conf"), connection)
        self.mx1.shell("dkimkey fleet push\nsystemctl start dkimkey-fleet")
        self.mx2.shell("dkimkey fleet join\nsystemctl start dkimkey-fleet")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
        self.assert_signed(self.mx1, self.mx2, selector="next")

    def test_14_after_an_outage_of_weeks_machines_come_back(self):
        """Both left the fleet, mx1 changed a domain, and then the old database was there again."""
        leave, *_ = self.page("When the database is lost")
        push, join, start = self.page("AN OUTAGE OF A WEEK")
        for host in (self.mx1, self.mx2):
            host.shell(leave)
        self.mx1.shell("dkimkey generate --domain shop.example --selector s4")
        self.mx1.shell(f"{push}\n{start}")
        self.mx2.shell(f"{join}\n{start}")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertIn("s4", host.shell("dkimkey list --domain shop.example"))

    def test_15_every_key_is_replaced_after_a_stolen_disk(self):
        # The first one waits for an hour, in which resolvers may remember that a record was not there.
        _, stop, replace = self.page("A key that somebody else has")
        self.mx1.publish("s4", "shop.example")
        self.mx1.shell("dkimkey activate --domain shop.example --selector s4")
        self.mx1.publish_automatically()
        # A rotation was under way at example.test, with a key that was on the disk; at shop.example there was none.
        said = self.mx1.shell(replace, good=(3,))
        self.assertRegex(said, r"kept next, .* if it is next that is compromised, run this once more")
        self.assertRegex(said, r"shop\.example\n +done +made s4-\d+")
        said = self.mx1.shell(replace, good=(3,))
        self.assertRegex(said, rf"{re.escape(ZONE)}\n +done +made next-\d+")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
        self.mx2.shell(stop)
        kept = self.mx2.by_sendmail()
        self.mx2.shell("systemctl start dkimsignd")
        # Postfix looks again at what is still in maildrop when the next mail comes.
        self.assert_signed(self.mx2, selector="next")
        self.assertEqual(self.mx2.signers(self.mx2.arrived([kept])[kept]), ["next"])

    def test_16_two_copies_that_have_drifted(self):
        _, leave, *_ = self.page("LEAVING")
        self.mx2.shell(leave)
        self.mx2.shell("dkimkey generate --domain own.example --selector own")
        self.mx2.shell("dkimkey generate --domain late.example --selector drifted")
        # The fleet knows it as a machine that left, so that it has to say that it is the same.
        said = self.mx2.shell("dkimkey fleet join", good=(1,))
        self.assertRegex(said, r"(?m)^own\.example\n +only here$")
        self.assertRegex(said, r"(?m)^late\.example\n +drifted: only here")
        settings = self.mx2.shell("cat /etc/dkimsignd/fleet.conf")
        self.mx2.put("/etc/dkimsignd/fleet.conf", settings.replace("user=mx2", "user=dkimsignd_writer").replace(
            self.passwords["SIGNER"], self.passwords["WRITER"]))
        self.assertIn("late.example", self.mx2.shell("dkimkey fleet push --take-name", good=(1, 3)))
        self.mx2.put("/etc/dkimsignd/fleet.conf", settings)
        self.mx2.shell("dkimkey fleet join --take-fleet --take-name\nsystemctl start dkimkey-fleet")
        for host in (self.mx1, self.mx2):
            host.wait_until_well()
            self.assertIn("own", host.shell("dkimkey list --domain own.example"))
            self.assertNotIn("drifted", host.shell("dkimkey list --domain late.example"))

    def test_17_machines_leave(self):
        away, leave, enable, forget = self.page("LEAVING")
        (gone,) = self.page("A machine that is gone")
        stop, tell = away.splitlines()
        self.assertEqual(tell, gone.strip())
        self.mx2.shell(stop)
        self.mx1.shell(tell.replace("mx3", "mx2"))
        self.mx1.wait_until_well()
        # The other machine has left, and its lease has not ended.
        self.mx1.shell(forget, good=(3,))
        self.assertFalse(self.mx1.machine.exists("/etc/dkimsignd/keys/shop.example"))
        self.mx1.shell(leave)
        self.mx1.shell(enable)
        self.assertFalse(self.mx1.machine.exists("/etc/dkimsignd/keys/.lease"))
        self.assert_signed(self.mx1, selector="next")

    def test_18_no_example_was_overlooked(self):
        self.assertEqual(self.unused, set())


if __name__ == "__main__":
    isolate()
    unittest.main(failfast=True)
