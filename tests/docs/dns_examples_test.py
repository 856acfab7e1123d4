"""Tries the examples about DNS in the pages: hooks, configurations of name servers, records."""

import base64
import http.server
import json
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

import dns.zone

import programs
from pages import PAGES, the_display
from programs import DKIMKEY


class Hooks(unittest.TestCase):
    NAME = "server._domainkey.example.com"

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.hook = self.directory / "to-dns"
        programs.output_of(
            DKIMKEY,
            "generate",
            "-D",
            f"{self.directory}/keys",
            "--config",
            "/dev/null",
            "-d",
            "example.com",
            "-s",
            "server",
            "-n",
            'says "hello" \\ there',
        )
        self.value = programs.output_of(
            DKIMKEY,
            "show",
            "-D",
            f"{self.directory}/keys",
            "--config",
            "/dev/null",
            "-d",
            "example.com",
            "--format",
            "value",
        ).rstrip("\n")

    def call(self, action, name=NAME):
        subprocess.run(
            [self.hook, action, name, "TXT", "3600", self.value if action == "set" else ""], check=True
        )

    def write(self, text):
        self.hook.write_text(text)
        self.hook.chmod(0o755)

    def served(self):
        """Returns the records of the zone file, name to value, as a name server reads them."""
        text = (self.directory / "records/zone").read_text()
        zone = dns.zone.from_text(
            "$ORIGIN example.com.\n@ 1 SOA a. b. 1 1 1 1 1\n@ 1 NS a.\n" + text,
            "example.com.",
            relativize=False,
        )
        return {
            name.to_text(): b"".join(rdata.strings).decode()
            for name, _, rdata in zone.iterate_rdatas("TXT")
        }

    def test_the_hook_in_shell(self):
        self.write(
            the_display("dkimkey.8", "#!/bin/sh").replace(
                "/var/lib/dkimkey-hook", f"{self.directory}/records"
            )
        )
        self.call("set")
        self.assertEqual(self.served(), {self.NAME + ".": self.value})
        self.call("set")
        self.call("set", "other._domainkey.example.com")
        self.assertEqual(
            self.served(), {self.NAME + ".": self.value, "other._domainkey.example.com.": self.value}
        )
        self.call("remove")
        self.call("remove")
        self.assertEqual(self.served(), {"other._domainkey.example.com.": self.value})
        self.call("remove", "other._domainkey.example.com")
        self.assertEqual(self.served(), {})

    def test_the_hook_in_python(self):
        asked = []

        class Api(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(
                    (self.command, self.path, self.headers["Authorization"], body and json.loads(body))
                )
                self.send_response(200)
                self.end_headers()

            do_PUT = do_DELETE = answer

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        (self.directory / "token").write_text("secret\n")
        self.write(
            the_display("dkimkey.8", "#!/usr/bin/python3")
            .replace("https://dns.example.net", f"http://127.0.0.1:{server.server_port}")
            .replace("/etc/dkimsignd/dns-token", f"{self.directory}/token")
        )
        self.call("set")
        self.call("remove")
        record = {"name": self.NAME, "type": "TXT", "ttl": 3600, "content": self.value}
        path = "/v1/records/" + self.NAME
        self.assertEqual(
            asked, [("PUT", path, "Bearer secret", record), ("DELETE", path, "Bearer secret", b"")]
        )


class NameServers(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.key = the_display("dkimkey.8", 'key "dkimsignd" {')

    def test_both_servers_have_the_same_secret_in_base64(self):
        secrets = re.findall(r'secret:? "?([\w+/=]+)', PAGES["dkimkey.8"].source)
        self.assertEqual(len(secrets), 2)
        self.assertEqual(len(set(secrets)), 1)
        self.assertGreater(len(base64.b64decode(secrets[0], validate=True)), 30)

    def test_bind_accepts_the_configuration(self):
        (self.directory / "dkimsignd.key").write_text(self.key)
        conf = the_display("dkimkey.8", 'include "/etc/bind/dkimsignd.key"')
        (self.directory / "named.conf").write_text(conf.replace("/etc/bind", str(self.directory)))
        done = subprocess.run(
            ["named-checkconf", self.directory / "named.conf"], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_knot_accepts_the_configuration(self):
        (self.directory / "knot.conf").write_text(the_display("dkimkey.8", "key:\n"))
        done = subprocess.run(
            ["knotc", "-c", self.directory / "knot.conf", "conf-check"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_name_server_can_read_each_example_of_records(self):
        count = 0
        for display in PAGES["dkimsignd-tutorial.7"].displays():
            records = len(re.findall(r" IN +(?:TXT|NS|A|AAAA|PTR|SOA|CNAME) ", display))
            if not records:
                continue
            # An example with a SOA record is one zone; the others have names from several zones.
            origin = re.search(r"\$ORIGIN (\S+)", display)[1] if " SOA " in display else "."
            zone = dns.zone.from_text(display, origin, relativize=False, check_origin=False)
            self.assertEqual(sum(1 for _ in zone.iterate_rdatas()), records, display)
            count += records
        self.assertGreater(count, 12)


class Slots(unittest.TestCase):
    """Follows the hoster's and the customer's steps in dkimsignd-tutorial(7)."""

    PAGE = "dkimsignd-tutorial.7"
    DOMAINS = ("mail.club.example", "shop.example")

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def run_shell(self, script):
        """Runs commands of the page, with the configuration of the page and a key directory of the test."""
        config = self.directory / "dkimsignd.conf"
        config.write_text(
            the_display(self.PAGE, "slot_target = ") + f'key_directory = "{self.directory}/keys";\n'
        )
        wrapper = f'dkimkey() {{ "{DKIMKEY}" "$@" --config {config}; }}; set -e; '
        done = subprocess.run(
            ["bash", "-c", wrapper + script], cwd=self.directory, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def make_keys(self):
        (self.directory / "domains").write_text("".join(f"{domain}\n" for domain in self.DOMAINS))
        self.run_shell(the_display(self.PAGE, "while read -r domain; do\n    dkimkey generate --domain \"$domain\" --slots"))

    def test_bind_accepts_the_zone_and_its_policy(self):
        key = the_display("dkimkey.8", 'key "dkimsignd" {')
        (self.directory / "dkimsignd.key").write_text(key)
        (self.directory / "dkim.hoster.example.zone").write_text(
            the_display(self.PAGE, "$ORIGIN dkim.hoster.example.")
        )
        displays = [display for display in PAGES[self.PAGE].displays() if "update-policy" in display]
        self.assertEqual(len(displays), 1)
        conf = displays[0].replace("/etc/bind", str(self.directory)).replace("/var/lib/bind", str(self.directory))
        (self.directory / "named.conf").write_text(conf)
        done = subprocess.run(
            ["named-checkconf", "-z", self.directory / "named.conf"], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("zone dkim.hoster.example/IN: loaded serial 1", done.stdout)

    def test_each_customer_gets_two_slots_below_the_one_zone(self):
        self.make_keys()
        # The file as a whole is part of a zone file.
        zone = dns.zone.from_text(
            (self.directory / "records.zone").read_text(),
            re.match(r"\$ORIGIN (\S+)", the_display(self.PAGE, "$ORIGIN dkim.hoster"))[1],
            check_origin=False,
        )
        self.assertEqual(
            {str(name) for name, _, _ in zone.iterate_rdatas("TXT")}, {f"s1.{domain}" for domain in self.DOMAINS}
        )
        slots = json.loads(self.run_shell("dkimkey list --slots --json"))
        self.assertEqual(
            {(slot["domain"], slot["selector"]) for slot in slots},
            {(domain, slot) for domain in self.DOMAINS for slot in ("s1", "s2")},
        )

    def test_customers_get_what_the_page_shows(self):
        self.make_keys()
        commands = the_display(self.PAGE, "dkimkey show --cname --domain shop.example --format form")
        self.assertEqual(self.run_shell(commands), the_display(self.PAGE, "shop.example\n"))
        everything = json.loads((self.directory / "cnames.json").read_text())
        self.assertEqual({cname["domain"] for cname in everything}, set(self.DOMAINS))
        form = self.run_shell(the_display(self.PAGE, "dkimkey show --cname --domain mail.club.example"))
        self.assertIn("  name    s1._domainkey.mail   (in the zone club.example", form)
        zone = self.run_shell("dkimkey show --cname --domain shop.example")
        for page in (self.PAGE, "dkimkey.8"):
            self.assertEqual(zone, the_display(page, "s1._domainkey.shop.example. 3600 IN CNAME"))

    def test_the_table_has_the_columns_of_the_program(self):
        self.make_keys()
        head, *rows = self.run_shell("dkimkey list --slots --domain shop.example").splitlines()
        shown = the_display(self.PAGE, "DOMAIN        SLOT").splitlines()
        self.assertEqual(head.split(), shown[0].split())
        for row, example in zip(rows, shown[1:], strict=True):
            self.assertEqual(row.split()[:3], example.split()[:3])
            self.assertIn(example.split()[6], row.split())

    def test_a_customer_goes_back_to_ordinary_selectors(self):
        self.make_keys()
        self.run_shell(the_display(self.PAGE, "dkimkey generate --domain shop.example --no-slots"))
        slots = json.loads(self.run_shell("dkimkey list --slots --json --domain shop.example"))
        self.assertEqual([slot["closed"] for slot in slots], [True, True])


if __name__ == "__main__":
    unittest.main()
