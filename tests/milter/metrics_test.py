#!/usr/bin/python3
"""The metrics of a real dkimsignd: Prometheus' own parsers read the file, and its numbers are equal to what was sent.

Each kind of message is sent a different number of times, so that a wrong counter is noticed. As in the package, the
file is reached through a symbolic link in node_exporter's directory.
"""

import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import unittest
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS)]
from harness.milter_client import MilterClient  # noqa: E402
from harness.products import GROUP, USER, Daemon, KeyStore, Raw, program  # noqa: E402
from harness.workspace import Workspace, join, run, wait_for  # noqa: E402
from support.many_domains import make_store, name_of  # noqa: E402

# node_exporter cannot choose a free port and report it, so it gets this address, which no other test uses.
EXPORTER = "127.53.70.1:9100"
LARGE_HEADER = (1 << 20) + 100


def parse(text):
    """Returns (name, sorted labels) to value. Raises ValueError for a syntax error or a series that appears twice."""
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            if key in samples:
                raise ValueError(f"{key} appears twice")
            samples[key] = sample.value
    return samples


def series(name, **labels):
    return name, tuple(sorted(labels.items()))


def not_signed(reason, disposition="accept"):
    return series("dkimsignd_messages_not_signed_total", reason=reason, disposition=disposition)


def counters(samples):
    """Returns the counters, except for those that depend on the clock."""
    return {key: value for key, value in samples.items()
            if key[0].endswith(("_total", "_count")) and "cache" not in key[0]}


def grown(before, after):
    return {key: after[key] - before[key] for key in after if after[key] != before[key]}


def stamp(path):
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        return status.st_ino, status.st_mtime_ns
    return None


def letter(author, body=b"hello\r\n"):
    return [(b"From", b" " + author.encode()), (b"Subject", b" one")], body


class MetricsCase(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.run = self.workspace.directory("run", 0o755)
        directory = self.workspace.directory("socket", 0o755)
        for path in (self.run, directory):
            shutil.chown(path, USER, GROUP)
        self.socket = str(directory / "s")
        self.store = KeyStore(self.workspace)
        self.file = self.run / "dkimsignd.prom"
        # A sanitizer writes its reports to the log.
        self.addCleanup(lambda: self.assertNotIn("Sanitizer", self.daemon.log_text()))

    def start(self, **settings):
        settings = {"metrics_file": str(self.file), "metrics_interval": 1, **settings}
        self.daemon = Daemon(self.workspace, self.socket, self.store.path, **settings)
        return self.daemon

    def reload(self, **settings):
        self.daemon.reload(**{"metrics_file": str(self.file), "metrics_interval": 1, **settings})

    def read(self):
        return parse(self.file.read_text())

    def fresh(self):
        """Returns the numbers of a file that is written from now on; the one in place may be older."""
        for _ in range(2):
            # The first new file may have been begun before this call; the second was not.
            before = stamp(self.file)
            wait_for(lambda before=before: stamp(self.file) not in (None, before), "a new file",
                     alive=self.daemon.alive)
        return self.read()

    def send(self, author, times=1, client="127.0.0.1", expect=b"c", **letter_options):
        with MilterClient(self.socket, client=client) as connection:
            for _ in range(times):
                outcome = connection.message(*letter(author, **letter_options), sender="a@example")
                self.assertEqual(outcome.verdict, expect, self.daemon.log_text()[-500:])

    def abort(self, times, author="a@rsa.example"):
        """Aborts messages in the middle of the header, as Postfix does when its client disconnects."""
        with MilterClient(self.socket) as connection:
            for _ in range(times):
                connection.break_off([(b"From", b" " + author.encode())])


class Counting(MetricsCase):
    def setUp(self):
        super().setUp()
        for domain, algorithm in (("rsa", "rsa"), ("ed", "ed25519"), ("both", "both"), ("broken", "ed25519"),
                                  ("alone", "ed25519"), ("damaged", "ed25519")):
            more = ["--nosubdomains"] if domain == "alone" else []
            self.store.generate(f"{domain}.example", "server", algorithm, "--activate", *more)
        self.store.generate("waiting.example", "server", "rsa")
        (self.store.path / "broken.example/server.private").unlink()
        (self.store.path / "damaged.example/keys.conf").write_text("keys = (")
        self.rules = Raw('( { sender = "*@quiet.rsa.example"; sign = false; } )')

    def send_each_kind(self):
        """Sends messages of each kind; returns what they must add to the counters."""
        self.send("a@rsa.example", 3)
        self.send("a@sub.rsa.example", 2)
        self.send("a@ed.example", 7)
        self.send("a@both.example", 11)
        self.send("a@rsa.example", 13, client="203.0.113.9", expect=b"a")
        self.send("a@elsewhere.example", 17, expect=b"a")
        self.send("a@waiting.example", 19, expect=b"a")
        self.send("a@quiet.rsa.example", 23, expect=b"a")
        self.send("a@sub.alone.example", 29, expect=b"a")
        self.send("a@[192.0.2.1]", 31, expect=b"a")
        self.send("no address", 37, expect=b"r")
        self.send("a@rsa.example, " + "x" * LARGE_HEADER, 2, expect=b"r")
        self.send("a@broken.example", 41, expect=b"t")
        self.send("a@damaged.example", 6, expect=b"t")
        self.abort(43)
        signed, signatures = "dkimsignd_messages_signed_total", "dkimsignd_signatures_total"
        return {
            series(signed, algorithms="rsa"): 5,
            series(signed, algorithms="ed25519"): 7,
            series(signed, algorithms="both"): 11,
            series(signatures, algorithm="rsa-sha256"): 16,
            series(signatures, algorithm="ed25519-sha256"): 18,
            series("dkimsignd_signing_duration_seconds_count"): 23,
            # "From: a@rsa.example", "Subject: one" and "hello", each with its line end.
            series("dkimsignd_signed_bytes_total"): (3 * len("a@rsa.example") + 2 * len("a@sub.rsa.example") +
                                                     7 * len("a@ed.example") + 11 * len("a@both.example") +
                                                     23 * len("From: \r\nSubject: one\r\nhello\r\n")),
            not_signed("untrusted_client"): 13,
            not_signed("no_key"): 17,
            not_signed("key_pending"): 19,
            not_signed("rule"): 23,
            not_signed("subdomain"): 29,
            not_signed("invalid_domain"): 31,
            not_signed("malformed_from", "reject"): 37,
            not_signed("header_too_large", "reject"): 2,
            not_signed("error", "tempfail"): 47,
            series("dkimsignd_errors_total", kind="key_file"): 41,
            series("dkimsignd_errors_total", kind="manifest"): 6,
            series("dkimsignd_messages_aborted_total"): 43,
            series("dkimsignd_connections_total"): 15,
        }

    def test_numbers_are_what_was_sent(self):
        self.start(on_malformed="reject", rules=self.rules)
        before = counters(self.fresh())
        self.assertEqual(set(before.values()), {0.0})
        expected = self.send_each_kind()
        after = self.fresh()
        self.assertEqual(grown(before, counters(after)), expected)
        wait_for(lambda: self.read()[series("dkimsignd_connections")] == 0, "all connections to be closed")
        self.check_keys(after)
        self.check_by_promtool()

        # A reload keeps the counters. A refused one is counted, and keeps them as well.
        self.reload(on_malformed="reject", rules=self.rules, expiration=600)
        self.daemon.config.write_text("nonsense = 1;\n")
        self.daemon.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: "configuration not reloaded" in self.daemon.log_text(), "the reload to be refused")
        self.send_each_kind()
        final = self.fresh()
        expected = {key: 2 * value for key, value in expected.items()}
        expected[series("dkimsignd_config_reloads_total", result="ok")] = 1
        expected[series("dkimsignd_config_reloads_total", result="failed")] = 1
        self.assertEqual(grown(before, counters(final)), expected)
        self.assertEqual(final[series("dkimsignd_config_last_reload_successful")], 0)
        self.assertGreaterEqual(final[series("dkimsignd_config_last_reload_success_timestamp_seconds")],
                                final[series("dkimsignd_start_time_seconds")])

        # At SIGTERM, the last numbers are written to the file.
        self.send("a@ed.example", 5)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log_text())
        last = self.read()
        signed = series("dkimsignd_messages_signed_total", algorithms="ed25519")
        self.assertEqual(last[signed] - final[signed], 5)
        self.assertEqual(sorted(path.name for path in self.run.iterdir()), ["dkimsignd.prom"])

    def check_keys(self, samples):
        listed = json.loads(run(program("dkimkey"), "list", "-D", self.store.path, "--domain", "both.example",
                                "--json").stdout)
        self.assertEqual(len(listed), 2)
        for key in listed:
            labels = {name: key[name] for name in ("domain", "selector", "algorithm")}
            self.assertEqual(samples[series("dkimsignd_key_state", state=key["state"], **labels)], 1)
            for event in ("created", "activated"):
                self.assertEqual(samples[series(f"dkimsignd_key_{event}_timestamp_seconds", **labels)],
                                 seconds(key[event]))
        pending = {"domain": "waiting.example", "selector": "server", "algorithm": "rsa"}
        self.assertEqual(samples[series("dkimsignd_key_state", state="pending", **pending)], 1)
        self.assertNotIn(series("dkimsignd_key_activated_timestamp_seconds", **pending), samples)
        active = series("dkimsignd_domain_active_keys", domain="waiting.example", algorithm="rsa")
        self.assertEqual(samples[active], 0)
        self.assertEqual(samples[series("dkimsignd_domain_manifest_readable", domain="damaged.example")], 0)
        self.assertEqual(samples[series("dkimsignd_key_store_domains_shown")], 7)
        self.assertEqual(samples[series("dkimsignd_key_store_domains_cut")], 0)
        self.assertEqual(samples[series("dkimsignd_key_rotation_period_seconds")], 180 * 86400)

    def check_by_promtool(self):
        done = subprocess.run(["promtool", "check", "metrics"], input=self.file.read_bytes(),
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def test_node_exporter_reads_it_through_the_link(self):
        collector = self.workspace.directory("node-exporter")
        (collector / "dkimsignd.prom").symlink_to(self.file)
        self.start(on_malformed="reject", rules=self.rules)
        exporter = self.workspace.spawn(
            "prometheus-node-exporter", f"--web.listen-address={EXPORTER}", "--collector.disable-defaults",
            "--collector.textfile", f"--collector.textfile.directory={collector}",
            log=self.workspace.path / "exporter.log")
        scraped = wait_for(self.scrape, "node_exporter to answer", alive=lambda: exporter.poll() is None)
        expected = self.send_each_kind()
        ours = self.fresh()
        after = self.scrape()
        self.assertEqual(after[series("node_textfile_scrape_error")], 0)
        mtime = series("node_textfile_mtime_seconds", file=str(collector / "dkimsignd.prom"))
        self.assertGreaterEqual(after[mtime], scraped[mtime])
        for key, value in expected.items():
            self.assertEqual(after[key], value, key)
        self.assertLessEqual(set(ours), set(after))

    @staticmethod
    def scrape():
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://{EXPORTER}/metrics", timeout=60) as answer:
                samples = parse(answer.read().decode())
                return samples if series("dkimsignd_start_time_seconds") in samples else None
        return None


class Bounds(MetricsCase):
    def test_a_store_of_more_domains_than_are_shown(self):
        shutil.rmtree(self.store.path)
        make_store(program("dkimkey"), self.store.path, 30, group=65534)
        self.start(metrics_domains=5)
        samples = self.fresh()
        self.assertEqual(samples[series("dkimsignd_key_store_domains_cut")], 1)
        self.assertEqual(shown(samples), set())
        for number in (3, 14, 15):
            self.send(f"a@{name_of(number)}")
        self.assertEqual(shown(self.fresh()), {name_of(number) for number in (3, 14, 15)})
        for number in range(20, 29):
            self.send(f"a@{name_of(number)}")
        samples = self.fresh()
        self.assertEqual(samples[series("dkimsignd_key_store_domains_shown")], 5)
        self.assertEqual(len(shown(samples)), 5)
        self.assertLessEqual({name_of(number) for number in (3, 14, 15)}, shown(samples))

        # Shows all of them, and none.
        self.reload(metrics_domains=30)
        samples = self.fresh()
        self.assertEqual(samples[series("dkimsignd_key_store_domains_cut")], 0)
        self.assertEqual(len(shown(samples)), 30)
        self.reload(metrics_domains=0)
        self.assertEqual(shown(self.fresh()), set())


class Trouble(MetricsCase):
    def setUp(self):
        super().setUp()
        self.store.generate("ed.example", "server", "ed25519", "--activate")

    def complaints(self):
        return [line for line in self.daemon.log_text().splitlines() if "metrics" in line]

    def signed(self):
        return series("dkimsignd_messages_signed_total", algorithms="ed25519")

    def test_a_missing_directory_that_comes_back(self):
        self.file = self.run / "missing" / "dkimsignd.prom"
        self.start()
        temporary = self.file.parent / ".dkimsignd.prom.new"
        reported = f"dkimsignd: warning: metrics not written, mail goes on: cannot create {temporary}: "
        wait_for(lambda: self.complaints(), "a complaint")
        self.send("a@ed.example", 4)
        self.more_attempts()
        self.assertEqual(self.complaints(), [reported + "No such file or directory"])
        # Another reason is reported, too; the same reason only once.
        self.file.parent.mkdir()
        self.file.parent.chmod(0o555)
        wait_for(lambda: len(self.complaints()) == 2, "the other complaint")
        self.more_attempts()
        self.assertEqual(self.complaints()[1:], [reported + "Permission denied"])
        self.file.parent.chmod(0o777)
        self.assertEqual(self.fresh()[self.signed()], 4)
        self.assertEqual(self.complaints()[2:], [f"dkimsignd: metrics written again: {self.file}"])

    def more_attempts(self):
        """Reloads several times: after each reload the daemon tries to write, though two may share one attempt."""
        for expiration in range(301, 306):
            self.reload(expiration=expiration)

    def test_a_full_disk_and_one_that_cannot_be_written(self):
        self.mount("size=64k,mode=0777")
        self.start()
        self.fresh()
        filler = self.run / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as out:
            while True:
                out.write(b"x" * 4096)
        wait_for(lambda: any("No space left on device" in line for line in self.complaints()), "a complaint")
        self.send("a@ed.example", 3)
        # The old file is unchanged, and no part of a new one is beside it.
        self.assertEqual(self.read()[self.signed()], 0)
        self.assertNotIn(".dkimsignd.prom.new", settled_names(self.run))
        filler.unlink()
        self.assertEqual(self.fresh()[self.signed()], 3)
        run("mount", "-o", "remount,ro", self.run)
        wait_for(lambda: any("Read-only file system" in line for line in self.complaints()), "a complaint")
        self.send("a@ed.example", 2)
        run("mount", "-o", "remount,rw", self.run)
        self.assertEqual(self.fresh()[self.signed()], 5)
        self.assertEqual(self.daemon.stop(), 0)

    def mount(self, options):
        run("mount", "-t", "tmpfs", "-o", options, "metrics-test", self.run)
        self.workspace.on_close(subprocess.run, ["umount", "-l", str(self.run)])

    def test_the_leftover_of_a_killed_daemon_is_replaced(self):
        leftover = self.run / ".dkimsignd.prom.new"
        leftover.write_text("half a fi")
        shutil.chown(leftover, USER, GROUP)
        daemon = self.start()
        self.fresh()
        daemon.process.kill()
        daemon.process.wait()
        self.assertLessEqual(set(settled_names(self.run)), {"dkimsignd.prom", ".dkimsignd.prom.new"})
        self.assertIn(series("dkimsignd_start_time_seconds"), self.read())
        self.start()
        self.fresh()
        self.daemon.stop()
        self.assertEqual(settled_names(self.run), ["dkimsignd.prom"])
        self.assertEqual(self.file.stat().st_mode & 0o7777, 0o644)

    def test_nothing_is_written_before_the_socket_listens(self):
        # Another daemon already listens there.
        self.start()
        self.fresh()
        other = self.run / "other.prom"
        config = self.workspace.path / "other.conf"
        config.write_text(f'socket = "unix:{self.socket}"; key_directory = "{self.store.path}"; '
                          f'log = "stderr"; metrics_file = "{other}";')
        done = subprocess.run([program("dkimsignd"), "--config", config], capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(other.exists())

    def test_a_reload_switches_it_on_moves_it_and_switches_it_off(self):
        self.start(metrics_file="")
        self.send("a@ed.example", 2)
        self.assertFalse(self.file.exists())
        self.reload()
        self.assertEqual(self.fresh()[self.signed()], 2)
        moved = self.run / "moved.prom"
        self.daemon.reload(metrics_file=str(moved), metrics_interval=3600)
        wait_for(moved.exists, "the other file")
        self.assertEqual(settled_names(self.run), ["moved.prom"])
        # The interval of an hour delays neither the next reload nor the stop.
        self.send("a@ed.example", 1)
        self.daemon.reload(metrics_file="")
        wait_for(lambda: not moved.exists(), "the file to go")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(list(self.run.iterdir()), [])

    def test_a_reader_never_sees_half_a_file(self):
        """Each reload writes the file at once, so it is written many times a second."""
        self.start()
        self.fresh()
        last = series("dkimsignd_domain_active_keys", domain="ed.example", algorithm="ed25519")
        seen, faults, done = set(), [], threading.Event()

        def read_on():
            while not done.is_set():
                try:
                    with open(self.file, encoding="ascii") as file:
                        seen.add(os.fstat(file.fileno()).st_ino)
                        text = file.read()
                    if last not in parse(text):
                        faults.append("the last line is missing:\n" + text)
                except (OSError, ValueError) as error:
                    faults.append(repr(error))

        reader = threading.Thread(target=read_on, daemon=True)
        reader.start()
        try:
            for expiration in range(301, 401):
                self.reload(expiration=expiration)
            wait_for(lambda: len(seen) > 20, "files to be seen", alive=self.daemon.alive)
        finally:
            done.set()
            join(reader, "the reader")
        self.assertEqual(faults, [])


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def shown(samples):
    return {dict(labels)["domain"] for name, labels in samples if name == "dkimsignd_key_state"}


def settled_names(directory):
    return sorted(path.name for path in directory.iterdir())


if __name__ == "__main__":
    unittest.main()
