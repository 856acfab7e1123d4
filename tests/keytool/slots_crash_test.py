#!/usr/bin/python3
"""Interrupts each step of a slot's cycle at each system call that touches the store, with real name servers: by a kill
before the call, or by a failure of the call.

The store is always in its state before the step or in the one after, a key never gets the file of the one before it, and
the same command, run again, completes the step.
"""

import os
import re
import unittest

from clock import at_time
from dkimkey import run, succeed
from interrupted import CycleTest
from slots_world import OURS, OWNERS, TARGET, SlotsWorld

DONE, WAITING = 0, 3
EMPTY = "v=DKIM1; k=rsa; p="
# Each step of the cycle, at a time of its own.
STEPS = {"generate": "2037-01-01T06:00:00Z", "first": "2037-01-01T07:00:00Z", "turn": "2037-07-01T06:00:00Z",
         "seen": "2037-07-01T07:00:00Z", "activated": "2037-07-01T10:00:00Z", "revoked": "2037-07-09T06:00:00Z",
         "emptied": "2037-07-09T08:00:00Z", "free": "2037-09-01T06:00:00Z", "again": "2038-01-01T06:00:00Z"}


class SlotSteps(CycleTest):
    domain = OWNERS

    def setUp(self):
        super().setUp()
        (self.directory / "world").mkdir()
        world = SlotsWorld(self.directory / "world", "127.53.9", lag=False)
        self.addCleanup(world.close)
        world.start()
        self.world = world
        self.config = self.directory / "dkimsignd.conf"
        self.config.write_text(f'slot_target = "{TARGET}";\nrotation = {{ every = 180; drain = 7; forget = 30; }};\n')
        for slot in ("s1", "s2"):
            world.owners.alias(f"{slot}._domainkey.{OWNERS}", self.target(slot) + ".")
        world.owners.let_through()

    @staticmethod
    def target(slot):
        return f"{slot}.{OWNERS}.dkim.{OURS}"

    def in_domain(self, subcommand, *more):
        return [subcommand, "--config", self.config, "-D", self.keys, "-d", self.domain, *more]

    def rotate(self, *more):
        return self.in_domain("rotate", "--resolver", f"{self.world.resolver}@5353", *(more or ["--due"]))

    def publish(self, slot, value=None):
        if value is None:
            value = succeed(*self.in_domain("show", "-s", slot, "--format", "value")).stdout.decode().strip()
        self.world.ours.put(self.target(slot), value)
        self.world.ours.let_through()

    def at(self, step, *command):
        done = run(*command, env=at_time(STEPS[step]))
        self.assertIn(done.returncode, (DONE, WAITING), done.stderr)

    def make_until(self, last):
        """Takes a new store through the cycle, up to the step before `last`."""
        self.make_store()
        for step in STEPS:
            if step == last:
                return
            if step == "generate":
                self.at(step, *self.in_domain("generate", "--slots", "s1,s2", "-b", "1024"))
                self.publish("s1")
            elif step == "turn":
                self.at(step, *self.rotate("--json"))
                self.publish("s2")
            else:
                self.at(step, *self.rotate())
            if step == "revoked":
                self.publish("s1", EMPTY)

    def key_file(self, selector):
        text = (self.keys / self.domain / "keys.conf").read_text()
        entry = re.search(rf'selector = "{selector}";.*?\}}', text[text.index("keys ="):], re.DOTALL)[0]
        use = re.search(r"use = (\d+);", entry)
        return f"{selector}+{use[1]}.private" if use else f"{selector}.private"

    def interrupt_step(self, step, before, after, command=None, codes=(DONE, WAITING)):
        self.prepare(lambda: self.make_until(step))
        self.go_through(command or self.rotate(), before, after, codes=codes, retry_codes=(DONE, WAITING),
                        at=STEPS[step])

    def test_the_turn_into_a_new_slot(self):
        self.interrupt_step("turn", {"s1": "active"}, {"s1": "active", "s2": "pending"}, self.rotate("--json"))

    def test_the_new_key_signs(self):
        self.interrupt_step("activated", {"s1": "active", "s2": "pending"}, {"s1": "retiring", "s2": "active"})

    def test_the_old_key_is_revoked(self):
        self.interrupt_step("revoked", {"s1": "retiring", "s2": "active"}, {"s1": "revoked", "s2": "active"})

    def test_the_slot_is_free_and_taken_again(self):
        self.interrupt_step("again", {"s1": "revoked", "s2": "active"}, {"s1": "pending", "s2": "active"},
                            self.rotate("--json"))
        self.assertEqual(self.key_file("s1"), "s1+2.private")
        self.assertFalse((self.keys / self.domain / "s1.private").exists())


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main(verbosity=2)
