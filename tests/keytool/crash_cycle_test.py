#!/usr/bin/python3
"""Interrupts activate, rotate, revoke and import at each system call that touches the store: by a kill before the call,
or by a failure of the call, as on a full or broken disk.

The store is always in its state before the command or in the one after, and each algorithm has an active key. The same
command, run again, completes the work and leaves no unneeded private key.
"""

import datetime
import os
import subprocess
import unittest

from clock import at_time
from dkimkey import run, succeed
from dns_world import ZONE, DnsWorld
from interrupted import CycleTest
from refusing_resolver import refusing_resolver

DONE, PROBLEM, WAITING = 0, 1, 3
# After the drain, but before the next turn is due.
SOON = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
T0 = "2037-11-24T06:00:00Z"


class Cycle(CycleTest):
    """Interrupts the steps that need no answer from DNS."""

    def setUp(self):
        super().setUp()
        self.resolver = ("--resolver", self.enterContext(refusing_resolver()))

    def in_domain(self, subcommand, *more):
        return [subcommand, "-D", self.keys, "-d", self.domain, *more, *self.resolver]

    def prepare_keys(self, *selectors_and_options):
        self.make_store()
        for selector, *options in selectors_and_options:
            done = self.generate(selector, "--algorithm", "ed25519", *options)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_activate(self):
        self.prepare(lambda: self.prepare_keys(["old", "--activate"], ["new"]))
        # If the key is active already, activate reports a problem.
        self.go_through(self.in_domain("activate", "--force", "-s", "new"), {"old": "active", "new": "pending"},
                        {"old": "retiring", "new": "active"}, retry_codes=(DONE, PROBLEM))

    def test_rotate_begins(self):
        def make():
            self.make_store()
            self.generate("s", "--algorithm", "both", "-b", "1024", "--activate")

        self.prepare(make)
        active = {"s": "active", "s-ed25519": "active"}
        self.go_through(self.in_domain("rotate", "--due"), active,
                        active | {"s-20371124": "pending", "s-ed25519-20371124": "pending"},
                        codes=(WAITING,), retry_codes=(WAITING,), at="2037-11-24T06:00:00Z")

    def test_rotate_revokes_what_has_drained(self):
        def make():
            self.prepare_keys(["old", "--activate"], ["new"])
            succeed(*self.in_domain("activate", "--force", "-s", "new"))

        self.prepare(make)
        # The emptied record cannot be looked up. This is reported, and does not stop the run.
        self.go_through(self.in_domain("rotate", "--due"),
                        {"old": "retiring", "new": "active"}, {"old": "revoked", "new": "active"},
                        codes=(DONE, WAITING), retry_codes=(DONE, WAITING), at=SOON)

    def test_revoke(self):
        self.prepare(lambda: self.prepare_keys(["old", "--activate"], ["new"]))
        # If the key is revoked already, revoke reports a problem.
        self.go_through(self.in_domain("revoke", "-s", "old"), {"old": "active", "new": "pending"},
                        {"old": "revoked", "new": "active"}, codes=(DONE, WAITING),
                        retry_codes=(DONE, PROBLEM, WAITING))


class Import(CycleTest):
    """Interrupts an import of keys and configuration. The other signer's files do not change; ours is written last."""

    def test_opendkim(self):
        theirs = self.directory / "opendkim"
        theirs.mkdir()
        for selector in ("mail", "more"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out",
                            theirs / f"{selector}.private"], check=True, capture_output=True)
            (theirs / f"{selector}.private").chmod(0o600)
        (theirs / "KeyTable").write_text("".join(f"{selector} {self.domain}:{selector}:{theirs}/{selector}.private\n"
                                                 for selector in ("mail", "more")))
        (theirs / "SigningTable").write_text(f"*@{self.domain} mail\nlist@{self.domain} more\n")
        conf = theirs / "opendkim.conf"
        conf.write_text(f"KeyTable {theirs}/KeyTable\nSigningTable refile:{theirs}/SigningTable\n")
        self.prepare(self.make_store)
        output = self.holder / "dkimsignd.conf"
        command = ["import", "--opendkim", conf, "-D", self.keys, "--output", output]
        before = self.everything_of(theirs)
        texts = set()

        def also():
            texts.add(output.read_text())
            self.assertEqual([path.name for path in self.holder.iterdir() if path.name.startswith(".")], [])
            self.assertEqual(self.everything_of(theirs), before)

        self.go_through(command, {}, {"mail": "active", "more": "active"}, also=also)
        self.assertEqual(len(texts), 1)

    @staticmethod
    def everything_of(folder):
        return {path: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in folder.iterdir()}


class CycleInDns(CycleTest):
    """Interrupts the step that looks for the record in DNS."""

    domain = ZONE

    def test_rotate_activates(self):
        world = DnsWorld(self.directory, network="127.53.11")
        self.addCleanup(world.close)
        world.start(secondary=False)
        resolver = ("--resolver", f"{world.resolver}@5353")

        def make():
            self.make_store()
            for selector, *more in (["old", "--activate"], ["new"]):
                self.generate(selector, "--algorithm", "ed25519", *more, domain=ZONE)
            for selector in ("old", "new"):
                value = succeed("show", "-D", self.keys, "-d", ZONE, "-s", selector, "--format", "value")
                world.put(f"{selector}._domainkey.{ZONE}", value.stdout.decode().strip())
            # At T0 every server has the record; two hours later no resolver remembers anything else.
            done = run("rotate", "-D", self.keys, "-d", ZONE, "--due", *resolver, env=at_time(T0))
            self.assertEqual(done.returncode, WAITING, done.stderr)

        self.prepare(make)
        self.go_through(["rotate", "-D", self.keys, "-d", ZONE, "--due", *resolver],
                        {"old": "active", "new": "pending"}, {"old": "retiring", "new": "active"},
                        at="2037-11-24T08:00:00Z")


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
