"""Has what the tests of check, activate, rotate and revoke share: a store, a configuration, and name servers.

`serve_file` starts the servers once for a file; each test uses its own selectors, or resets the servers.
"""

import concurrent.futures
import datetime
import json
import re
import tempfile

from clock import at_time
from dkimkey import StoreTest, run
from dns_world import ZONE

DONE, PROBLEM, USAGE, WAITING = 0, 1, 2, 3


class DnsCase(StoreTest):
    domain = ZONE
    world = None

    def setUp(self):
        super().setUp()
        self.make_store()
        self.config = self.directory / "dkimsignd.conf"
        self.configure()

    def configure(self, publish='{ method = "manual"; }', more=""):
        self.config.write_text(f'key_directory = "{self.keys}";\npublish = {publish};\n{more}\n')

    def update_method(self, key_file=None, server=None):
        self.configure(f'{{ method = "update"; server = "{server or self.world.primary}"; '
                       f'key_file = "{key_file or self.world.tsig_file}"; }}')

    def at_resolver(self):
        return ("--resolver", f"{self.world.resolver}@5353")

    def key(self, *arguments, **options):
        return run("--config", self.config, *arguments, "-d", self.domain, *self.at_resolver(), **options)

    def rotate(self, *more, at=None, **options):
        """Runs rotate, with the clock at a UTC time if one is given."""
        if at:
            options["env"] = at_time(at)
        return self.key("rotate", *more, **options)

    def grow_older(self, **by):
        """Moves all times of the manifest back instead of the clock forward: an update is signed with the time, and the
        server has the real one (RFC 8945 5.2.3)."""
        path = self.keys / self.domain / "keys.conf"
        form = "%Y-%m-%dT%H:%M:%SZ"

        def older(found):
            return (datetime.datetime.strptime(found[0], form) - datetime.timedelta(**by)).strftime(form)

        path.write_text(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", older, path.read_text()))

    def selector_of_test(self, longest=60):
        """Returns the name of the test as a selector, which no other test of the file has."""
        return self.id().rsplit(".", 1)[1].removeprefix("test_").replace("_", "-")[:longest].rstrip("-")

    def made(self, selector, *more):
        done = self.generate(selector, *more, domain=self.domain)
        self.assertEqual(done.returncode, 0, done.stderr)

    def value(self, selector):
        return run("show", "-D", self.keys, "-d", self.domain, "-s", selector,
                   "--format", "value").stdout.decode().strip()

    def name(self, selector):
        return f"{selector}._domainkey.{self.domain}"

    def states(self):
        return {key["selector"]: key["state"] for key in self.listed() if key["domain"] == self.domain}

    def manifest(self):
        return (self.keys / self.domain / "keys.conf").read_bytes()

    def assert_ends(self, done, code, *words):
        text = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, code, text)
        for word in words:
            self.assertIn(word, text)

    def checked(self, selector):
        """Runs check with a table and with JSON at the same time; returns the former and the object of the latter."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            table = pool.submit(self.key, "check", "-s", selector)
            as_json = pool.submit(self.key, "check", "-s", selector, "--json").result()
        table = table.result()
        self.assertEqual(as_json.returncode, table.returncode, as_json.stdout + as_json.stderr)
        objects = json.loads(as_json.stdout)
        self.assertEqual([key["selector"] for key in objects], [selector])
        return table, objects[0]

    def assert_check(self, selector, code, dns, *words):
        """Checks the outcome, and that the words are in the table and in the object."""
        table, found = self.checked(selector)
        self.assert_ends(table, code, *words)
        self.assertEqual(found["dns"], dns, found)
        for word in words:
            self.assertIn(word, found["servers"] + found["detail"])
        return found

    def assert_rotate_waits(self, selector, *words):
        """Checks, without JSON and with it, that rotate changes nothing and names the reason."""
        before = self.manifest()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            as_text = pool.submit(self.rotate, "--due")
            as_json = pool.submit(self.rotate, "--due", "--json").result()
        self.assert_ends(as_text.result(), WAITING, "waits", selector, *words)
        self.assertEqual(as_json.returncode, WAITING)
        waiting = {key["selector"]: key["waits_for"] for key in json.loads(as_json.stdout)}
        for word in words:
            self.assertIn(word, waiting[selector])
        self.assertEqual(self.manifest(), before)

    def assert_goes_on(self, selector):
        """Checks that check and rotate notice that the fault is fixed: rotate activates the key."""
        self.assert_check(selector, DONE, "right", "right")
        self.assert_ends(self.rotate("--due"), DONE, f"activated {selector}")
        self.assertEqual(self.states()[selector], "active")


def serve_file(make_world, **start_options):
    """Returns setUpModule and tearDownModule of a file whose tests share the world that make_world(directory) makes."""
    held = []

    def start():
        directory = tempfile.TemporaryDirectory(prefix="dkimkey-dns-")
        held.append(directory)
        world = make_world(directory.name)
        held.append(world)
        DnsCase.world = world
        try:
            world.start(**start_options)
        except BaseException:
            stop()
            raise

    def stop():
        while held:
            last = held.pop()
            (last.close if hasattr(last, "close") else last.cleanup)()

    return start, stop
