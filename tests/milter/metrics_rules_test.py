#!/usr/bin/python3
"""The alert rules, the dashboard and the manual page name metrics that a real dkimsignd has."""

import itertools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import yaml
from prometheus_client.parser import text_string_to_metric_families

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "e2e"))
from harness.products import GROUP, USER, Daemon, KeyStore, program  # noqa: E402
from harness.workspace import Workspace, wait_for  # noqa: E402

ROOT = TESTS.parent
RULES = ROOT / "packaging/prometheus/dkimsignd.rules.yml"
RULE_TESTS = TESTS / "milter/prometheus/dkimsignd.rules.test.yml"
DASHBOARD = ROOT / "packaging/grafana/dkimsignd.json"
PAGE = ROOT / "packaging/man/dkimsignd.8"
FLEET_PAGE = ROOT / "packaging/man/dkimsignd-fleet.7"

# A metric of node_exporter.
OTHERS = {"node_textfile_mtime_seconds": {"file": {"/var/lib/prometheus/node-exporter/dkimsignd.prom",
                                                  "/var/lib/prometheus/node-exporter/dkimkey-fleet.prom"}}}
# Labels that Prometheus adds to everything that it collects.
TARGET = {"instance": {"host"}, "job": {"node"}}


def promtool(*args):
    done = subprocess.run(["promtool", *map(str, args)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def real_metrics():
    """Returns the metrics of a daemon with keys in several states, and a lease: for each name, its labels with their values."""
    with Workspace() as workspace:
        store = KeyStore(workspace)
        for state in ("active", "pending", "retiring"):
            more = [] if state == "pending" else ["--activate"]
            store.generate(f"{state}.example", "server", "both", *more)
        manifest = store.path / "retiring.example/keys.conf"
        text = manifest.read_text()
        manifest.write_text(re.sub(r'state = "active"(.*?)activated = ("[^"]*")',
                                   r'state = "retiring"\1activated = \2; retired = \2', text, flags=re.S))
        lease = store.path / ".lease"
        lease.write_text('format = 1;\nend = "2099-01-01T00:00:00Z";\n')
        shutil.chown(lease, group=GROUP)
        lease.chmod(0o640)
        directory = workspace.directory("run")
        shutil.chown(directory, USER, GROUP)
        file = directory / "dkimsignd.prom"
        daemon = Daemon(workspace, directory / "s", store.path, metrics_file=str(file))
        wait_for(file.exists, "the metrics", alive=daemon.alive)
        return metrics_in(file)


def agents_metrics():
    """Returns the metrics of a fleet's agent whose database is away; none if dkimkey was built without fleets."""
    with Workspace() as workspace:
        keys = KeyStore(workspace).path
        (keys / ".lease").write_text('format = 1;\nend = "2030-01-01T00:00:00Z";\n')
        (keys / ".fleet").write_text('format = 1;\nfleet = "00000000-0000-4000-8000-000000000000";\nhost = "mx1";\n'
                                     'sequence = 0;\ncontact = "2026-01-01T00:00:00Z";\n')
        fleet = workspace.path / "fleet.conf"
        fleet.write_text('connection = "host=127.0.0.1 port=1 connect_timeout=2";\nhost = "mx1";\n'
                         f'sealing_key_file = "{workspace.path}/sealing.key";\n')
        config = workspace.path / "dkimsignd.conf"
        config.write_text(f'key_directory = "{keys}";\nfleet = "{fleet}";\n')
        for path in (keys / ".lease", keys / ".fleet", fleet):
            path.chmod(0o640)
        log = workspace.path / "log"
        file = workspace.path / "agent.prom"
        agent = workspace.spawn(program("dkimkey"), "--config", config, "fleet", "sync", "--metrics", file, log=log)
        wait_for(lambda: file.exists() or agent.poll() is not None, "the agent's metrics")
        if not file.exists() and "built without" in log.read_text():
            return {}
        return metrics_in(file)


def metrics_in(file):
    """Returns for each name its labels with their values."""
    metrics = {}
    for family in text_string_to_metric_families(file.read_text()):
        for sample in family.samples:
            labels = metrics.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return metrics


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon, cls.agent = real_metrics(), agents_metrics()
        if not cls.agent:
            raise unittest.SkipTest("the rules name the metrics of fleets, without which this was built")
        cls.real = {**cls.daemon, **cls.agent}
        cls.known = {**cls.real, **OTHERS}

    def check(self, expression):
        """Asserts that the metrics of an expression exist, with the labels and values that it asks for."""
        names = re.findall(r"\b(?:dkimsignd|node)_\w+", expression)
        self.assertTrue(names, expression)
        for name in names:
            self.assertIn(name, self.known, expression)
        for name, matchers in re.findall(r"\b((?:dkimsignd|node)_\w+)\{(.*?)\}", expression):
            for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
                values = {**self.known[name], **TARGET}.get(label)
                self.assertIsNotNone(values, f"{name} has no label {label}: {expression}")
                for word in value.split("|") if "~" in operator else [re.escape(value)]:
                    known = any(re.fullmatch(word, real) for real in values)
                    self.assertTrue(known, f"{label}={word}: {expression}")
        labels = set(TARGET).union(*(self.known[name] for name in names))
        for group in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expression):
            for label in filter(None, re.split(r"[,\s]+", group)):
                self.assertIn(label, labels, expression)


class Rules(Case):
    def setUp(self):
        groups = yaml.safe_load(RULES.read_text())["groups"]
        self.rules = [rule for group in groups for rule in group["rules"]]

    def test_prometheus_accepts_them(self):
        status, said = promtool("check", "rules", RULES)
        self.assertEqual(status, 0, said)

    def test_they_fire_when_they_should(self):
        status, said = promtool("test", "rules", RULE_TESTS)
        self.assertEqual(status, 0, said)

    def test_each_is_tested(self):
        tests = RULE_TESTS.read_text()
        for rule in self.rules:
            name = rule["alert"]
            self.assertRegex(tests, rf'alertname="{name}", alertstate="firing"|alertname: {name}\n')

    def test_each_uses_metrics_that_exist_and_says_what_to_do(self):
        for rule in self.rules:
            with self.subTest(rule["alert"]):
                self.check(rule["expr"])
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                self.assertEqual(set(rule["annotations"]), {"summary", "description"})
                self.assertRegex(rule["annotations"]["description"],
                                 r"systemctl|journalctl|dkimkey|dkimsignd --check|Look for")


class Dashboard(Case):
    def setUp(self):
        self.board = json.loads(DASHBOARD.read_text())
        self.panels = [panel for panel in self.board["panels"] if panel["type"] != "row"]
        self.expressions = [target["expr"] for panel in self.panels for target in panel["targets"]]

    def test_prometheus_reads_its_expressions(self):
        rules = []
        for number, expression in enumerate(self.expressions):
            # Fills in the variables, as Grafana does.
            expression = expression.replace("$__rate_interval", "5m").replace("$instance", ".*")
            self.assertNotIn("$", expression)
            rules.append({"record": f"panel:{number}", "expr": expression})
        with Workspace() as workspace:
            path = workspace.path / "rules.yml"
            path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
            status, said = promtool("check", "rules", path)
        self.assertEqual(status, 0, said)
        self.assertGreater(len(rules), 20)

    def test_it_uses_metrics_that_exist(self):
        for expression in self.expressions:
            with self.subTest(expression):
                self.check(expression.replace("$instance", ".*"))
        for panel in self.panels:
            for target in panel["targets"]:
                for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                    self.assertRegex(target["expr"], rf"(by|group_left) \([^)]*\b{label}\b", panel["title"])

    def test_it_shows_every_metric(self):
        shown = set(re.findall(r"\bdkimsignd_\w+", " ".join(self.expressions)))
        for name in self.real:
            family = re.sub(r"_(sum|count)$", "_bucket", name)
            # These are only for alerts.
            if not re.match("dkimsignd_(config_last|key_retired|key_store_domains|metrics_interval)", name):
                self.assertIn(family, shown)

    def test_form(self):
        ids = [panel["id"] for panel in self.board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in self.panels:
            self.assertTrue(panel["title"] and panel["description"])
            self.assertIn(panel["fieldConfig"]["defaults"]["unit"], {"short", "s", "cps", "ops", "Bps"})
            self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24)
        for one, other in itertools.combinations(self.board["panels"], 2):
            self.assertFalse(overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"]))


def overlap(a, b):
    return (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and
            b["y"] < a["y"] + a["h"])


class Manual(Case):
    def test_the_page_has_every_metric_with_its_labels(self):
        section = PAGE.read_text().split(".Sh METRICS\n")[1].split("\n.Sh ")[0]
        documented = {}
        for head in (item.split("\n", 1)[0] for item in section.split("\n.It Sy ")[1:]):
            for name, labels in re.findall(r"(dkimsignd_\w+)(?:\{(.*?)\})?", head):
                documented[name] = set(filter(None, labels.split(",")))
        real = {}
        for name, labels in self.daemon.items():
            if not name.endswith("_bucket"):
                real[re.sub(r"_seconds_(sum|count)$", "_seconds", name)] = set(labels)
        self.assertEqual(documented, real)
        for name in ("dkimsignd_messages_not_signed_total", "dkimsignd_errors_total",
                     "dkimsignd_key_cache_lookups_total", "dkimsignd_messages_signed_total"):
            for values in self.real[name].values():
                for value in values:
                    self.assertRegex(section, rf"\.Ql {value}\b", name)

    def test_the_page_on_fleets_has_every_metric_of_the_agent(self):
        heads = re.findall(r"^\.It Sy (dkimsignd_fleet_\w+)(?:\{(.*?)\})?$", FLEET_PAGE.read_text(), re.M)
        self.assertEqual({name: set(filter(None, labels.split(","))) for name, labels in heads},
                         {name: set(labels) for name, labels in self.agent.items()})


if __name__ == "__main__":
    unittest.main()
