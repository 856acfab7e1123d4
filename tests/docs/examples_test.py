"""The examples in the pages and the README: what can be tried is tried."""

import base64
import http.server
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import unittest

import dns.zone

import programs
from mdoc import Page
from programs import DKIMKEY, DKIMSIGND, ROOT

PAGES = {page.path.name: page for page in map(Page, sorted((ROOT / "packaging/man").glob("*.[0-9]")))}
README = (ROOT / "README.md").read_text(encoding="utf-8")

COMMAND = re.compile(
    r"(?:^|[|;&]|\bdo\b|\bsudo(?: -u \w+)?)[ $]*(dkimkey|dkimsignd)(?= |$)([^|;&>\n]*)", re.M
)


def the_display(page, beginning):
    found = [display for display in PAGES[page].displays() if display.startswith(beginning)]
    assert len(found) == 1, f"{page}: {len(found)} examples begin with {beginning!r}"
    return found[0]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.options = {name: programs.options_in(programs.help_of(name)) for name in programs.subcommands()}
        cls.of_daemon = programs.options_in(programs.output_of(DKIMSIGND, "--help"))

    def assert_exists(self, program, text, where):
        words = shlex.split(text, comments=True)
        options = {word.split("=")[0] for word in words if word.startswith("-") and word != "-"}
        if program == "dkimsignd":
            self.assertLessEqual(options, self.of_daemon, f"{where}: dkimsignd {text}")
            return
        if options <= {"--help", "--version"} and len(words) == len(options):
            return
        self.assertIn(words[0], self.options, f"{where}: dkimkey {text}")
        self.assertLessEqual(options, self.options[words[0]], f"{where}: dkimkey {text}")

    def test_in_displays(self):
        places = [(page.path.name, display) for page in PAGES.values() for display in page.displays()]
        places += [("README", block) for block in re.findall(r"^```\n(.*?)^```", README, re.M | re.S)]
        count = 0
        for where, text in places:
            if "  done " in text or text.lstrip().startswith("#!"):
                continue  # what dkimkey prints, and programs
            for program, arguments in COMMAND.findall(text.replace("\\\n", " ")):
                # The README's list of subcommands, and the daemon's line of a unit.
                if "   " in arguments.strip().split("#")[0]:
                    arguments = arguments.split()[0]
                self.assert_exists(program, arguments.replace("DIR/*", "x"), where)
                count += 1
        self.assertGreater(count, 50)

    def test_in_the_text(self):
        count = 0
        for page in PAGES.values():
            for program, arguments in re.findall(r"^\.Ql (dkimkey|dkimsignd) (.*)$", page.source, re.M):
                if arguments == "WHAT .":
                    continue
                self.assert_exists(program, re.sub(r"( [.,;)])+$", "", arguments), page.path.name)
                count += 1
        for arguments in re.findall(r"`dkimkey ([^`]*)`", README):
            self.assert_exists("dkimkey", arguments, "README")
            count += 1
        self.assertGreater(count, 30)


class Configurations(unittest.TestCase):
    def test_they_are_taken(self):
        names = {name for name in programs.settings() if "." not in name}
        count = 0
        for page in PAGES.values():
            for display in page.displays():
                first = next((line for line in display.splitlines() if not re.match(r"\s*(#|$)", line)), "")
                if (
                    re.match(r"\w+", first)
                    and re.match(r"(\w+)\s*=", first)
                    and re.match(r"\w+", first)[0] in names
                ):
                    text = re.sub(r"^@include.*$", "", display, flags=re.M)
                    self.assertIsNone(programs.config_error(text), f"{page.path.name}:\n{display}")
                    count += 1
        self.assertGreater(count, 10)


class FromOpenDkim(unittest.TestCase):
    def test_the_tables_become_those_rules(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            keys = the_display("dkimsignd-from-opendkim.7", "main    example.com:server:")
            for selector in re.findall(r"/etc/dkimkeys/(\w+)\.private", keys):
                subprocess.run(
                    ["openssl", "genrsa", "-out", directory / f"{selector}.private", "2048"],
                    check=True,
                    capture_output=True,
                )
            (directory / "key.table").write_text(keys.replace("/etc/dkimkeys", name))
            (directory / "signing.table").write_text(
                the_display("dkimsignd-from-opendkim.7", "example.com   ")
            )
            (directory / "opendkim.conf").write_text(
                f"KeyTable {name}/key.table\nSigningTable {name}/signing.table\n"
            )
            printed = programs.output_of(
                DKIMKEY,
                "import",
                "--opendkim",
                f"{name}/opendkim.conf",
                "--dry-run",
                "-D",
                f"{name}/keys",
                "--output",
                f"{name}/dkimsignd.conf",
            )
            self.assertIn(the_display("dkimsignd-from-opendkim.7", "rules = ("), printed)


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
        """The records of the zone file, name to value, read as a name server would read them."""
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

    def test_the_shell_one(self):
        self.write(
            the_display("dkimkey.8", "#!/bin/sh").replace(
                "/var/lib/dkim-records", f"{self.directory}/records"
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

    def test_the_python_one(self):
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
            .replace("/etc/dkimsignd/api-token", f"{self.directory}/token")
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

    def test_the_secrets_are_one_and_base64(self):
        secrets = re.findall(r'secret:? "?([\w+/=]+)', PAGES["dkimkey.8"].source)
        self.assertEqual(len(secrets), 2)
        self.assertEqual(len(set(secrets)), 1)
        self.assertGreater(len(base64.b64decode(secrets[0], validate=True)), 30)

    def test_bind(self):
        (self.directory / "dkimsignd.key").write_text(self.key)
        conf = the_display("dkimkey.8", 'include "/etc/bind/dkimsignd.key"')
        (self.directory / "named.conf").write_text(conf.replace("/etc/bind", str(self.directory)))
        done = subprocess.run(
            ["named-checkconf", self.directory / "named.conf"], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_knot(self):
        (self.directory / "knot.conf").write_text(the_display("dkimkey.8", "key:\n"))
        done = subprocess.run(
            ["knotc", "-c", self.directory / "knot.conf", "conf-check"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_records(self):
        """Each example of records can be read by a name server."""
        count = 0
        for display in PAGES["dkimsignd-tutorial.7"].displays():
            records = len(re.findall(r" IN +(?:TXT|NS|A|AAAA|PTR|SOA) ", display))
            if not records:
                continue
            # A zone with a SOA is that zone's; the others have names of several.
            origin = re.search(r"\$ORIGIN (\S+)", display)[1] if " SOA " in display else "."
            zone = dns.zone.from_text(display, origin, relativize=False, check_origin=False)
            self.assertEqual(sum(1 for _ in zone.iterate_rdatas()), records, display)
            count += records
        self.assertGreater(count, 12)


if __name__ == "__main__":
    assert shutil.which("openssl")
    unittest.main()
