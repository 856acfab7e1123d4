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
            records = len(re.findall(r" IN +(?:TXT|NS|A|AAAA|PTR|SOA) ", display))
            if not records:
                continue
            # An example with a SOA record is one zone; the others have names from several zones.
            origin = re.search(r"\$ORIGIN (\S+)", display)[1] if " SOA " in display else "."
            zone = dns.zone.from_text(display, origin, relativize=False, check_origin=False)
            self.assertEqual(sum(1 for _ in zone.iterate_rdatas()), records, display)
            count += records
        self.assertGreater(count, 12)


if __name__ == "__main__":
    unittest.main()
