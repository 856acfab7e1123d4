"""The output of --json has exactly the members that dkimkey(8) lists."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from mdoc import plain
from pages import PAGES
from programs import DKIMKEY, source
from refusing_resolver import refusing_resolver

KEY = PAGES["dkimkey.8"]


class Members(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.resolver = self.enterContext(refusing_resolver())
        items = {
            plain(".It " + item.head): set(re.findall(r"\.Ql (\w+)", "\n".join(item.body)))
            for item in KEY.items()
            if item.subsection == "JSON"
        }
        text = "\n".join(KEY.section("JSON"))
        self.common = set(re.findall(r"\.Ql (\w+)", text.split(".Bl", maxsplit=1)[0]))
        self.documented = {name: members for names, members in items.items() for name in names.split(", ")}

    def members_about_slots(self):
        config = self.directory / "slots.conf"
        config.write_text('slot_target = "%selector%.%domain%.dkim.example";\n')
        keys = self.directory / "slots"
        self.members("generate", "-d", "example.com", "--slots", "a,b", "--json", keys=keys, config=config)
        return self.members("list", "--slots", "--json", keys=keys), self.members("show", "--cname", "--json", keys=keys)

    def members(self, name, *words, keys=None, config="/dev/null"):
        done = subprocess.run(
            [DKIMKEY, name, *words, "-D", keys or self.directory / "keys", "--config", config],
            capture_output=True,
            text=True,
            check=False,
        )
        objects = json.loads(done.stdout)
        self.assertTrue(objects, done.stderr)
        return set().union(*objects)

    def test_members_of_each_subcommand(self):
        record = self.documented["show"]
        real = {
            "generate": self.members("generate", "-d", "example.com", "-s", "s1", "--activate", "--json")
        }
        message = self.directory / "message"
        message.write_text("From: a@example.com\n\nhello\n")
        signed = self.directory / "signed"
        sign = [DKIMKEY, "sign", "-D", self.directory / "keys", "--config", "/dev/null", message]
        signed.write_bytes(subprocess.run(sign, check=True, capture_output=True).stdout)
        real["show"] = self.members("show", "--json")
        real["list"] = self.members("list", "--json")
        real["list --slots"], real["show --cname"] = self.members_about_slots()
        real["explain"] = self.members("explain", "a@example.com", "--json")
        real["check"] = self.members("check", "--json", "--resolver", self.resolver)
        config = self.directory / "dkimsignd.conf"
        config.write_text('publish = { method = "hook"; program = "/bin/false"; };')
        real["check-publish"] = self.members("check-publish", "--json", "--resolver", self.resolver, config=config)
        real["rotate"] = self.members("rotate", "--json", "--resolver", self.resolver)
        real["verify"] = self.members("verify", "--json", "--key-record", "v=DKIM1; p=", str(signed))
        real["revoke"] = self.members("revoke", "-s", "s1", "--json", "--resolver", self.resolver)
        real["doctor"] = self.members("doctor", "--json", "--local", "--postfix-config", self.directory)
        # Its output needs a database: the tests of keytool have that.
        real["fleet status"] = set(re.findall(r'\b(?:object|about)\.\w+\("(\w+)"',
                                              source("keytool/commands/fleet_status_text.cpp")))
        wanted = {name: self.common | members for name, members in self.documented.items()}
        wanted["list"] = self.common
        for name in ("verify", "doctor", "check-publish", "list --slots", "show --cname", "fleet status"):
            wanted[name] = self.documented[name]
        for name in ("check", "rotate", "revoke"):
            wanted[name] |= record
        self.assertEqual(real, wanted)


if __name__ == "__main__":
    unittest.main()
