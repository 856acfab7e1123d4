"""The daemon writes the metrics that dkimsignd(8) lists, with their labels, and no others."""

import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

from mdoc import plain
from pages import PAGES
from programs import DKIMKEY, DKIMSIGND


def documented():
    """Returns the metrics and their labels: "dkimsignd_x{a,b} , dkimsignd_y" has two metrics."""
    found = {}
    for item in PAGES["dkimsignd.8"].items():
        if item.section == "METRICS":
            for name, labels in re.findall(r"(dkimsignd_\w+)(?:\{([\w,]+)\})?", plain(".It " + item.head)):
                found[name] = set(filter(None, labels.split(",")))
    return found


def documented_values():
    """Returns the metrics and the values of their labels, for labels with a fixed choice of values."""
    items = [item for item in PAGES["dkimsignd.8"].items() if item.section == "METRICS"]
    words = {item.head: set(re.findall(r"\.Ql ([\w-]+)", "\n".join(item.body))) for item in items}
    return {re.search(r"dkimsignd_\w+", head)[0]: found for head, found in words.items() if found}


def values_in(text, name):
    return {
        value
        for labels in re.findall(rf"^{name}\{{(.*)\}} ", text, re.M)
        for value in re.findall(r'"(.*?)"', labels)
    }


def written(text):
    found = {name: set() for name in re.findall(r"^# TYPE (\w+) ", text, re.M)}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.M):
        family = name if name in found else re.sub(r"_(bucket|sum|count)$", "", name)
        found[family] |= set(re.findall(r'(\w+)="', labels)) - {"le"}
    return found


class Metrics(unittest.TestCase):
    def test_names_and_labels(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)

            def dkimkey(*words):
                words = [
                    DKIMKEY,
                    *words,
                    "-D",
                    directory / "keys",
                    "--config",
                    "/dev/null",
                    "-d",
                    "example.com",
                ]
                subprocess.run(words, check=True, capture_output=True)

            # A key in each state that has its own metric.
            dkimkey("generate", "-s", "old", "--activate")
            dkimkey("generate", "-s", "new")
            dkimkey("activate", "-s", "new", "--force")
            # The copy of a fleet has a metric of its own.
            (directory / "keys/.lease").write_text('format = 1; end = "2999-01-01T00:00:00Z";')
            metrics = directory / "metrics.prom"
            conf = directory / "dkimsignd.conf"
            conf.write_text(
                f'socket = "unix:{name}/socket"; key_directory = "{name}/keys"; log = "stderr";'
                f'metrics_file = "{metrics}";'
            )
            daemon = subprocess.Popen([DKIMSIGND, "--config", conf], stderr=subprocess.PIPE, text=True)
            deadline = threading.Timer(60, daemon.kill)
            deadline.start()
            self.addCleanup(deadline.cancel)
            with daemon:
                self.assertTrue(any("listens on" in line for line in daemon.stderr), "the daemon does not start")
                # The daemon writes the file also when it ends, so there is nothing else to wait for.
                daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.returncode, 0)
            text = metrics.read_text()
            self.assertEqual(documented(), written(text))
            self.assertGreater(len(documented_values()), 4)
            for name, values in documented_values().items():
                self.assertEqual(values, values_in(text, name), name)


if __name__ == "__main__":
    unittest.main()
