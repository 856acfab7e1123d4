"""Has what the tests of slots in DNS share: a domain on slots s1 and s2, whose records go into our zone by updates."""

import re

from dns_case import DONE, WAITING, DnsCase
from dkimkey import run
from slots_world import OURS, OWNERS, TARGET

ROTATION = "rotation = { every = 180; drain = 7; forget = 30; };"


class SlotsCase(DnsCase):
    def setUp(self):
        super().setUp()
        self.domain = f"{self.selector_of_test(longest=50)}.{OWNERS}"
        self.use_updates()

    def use_updates(self):
        self.configure(f'{{ method = "update"; server = "{self.world.ours.primary}"; '
                       f'key_file = "{self.world.tsig_file}"; }}', self.more())

    @staticmethod
    def more():
        return f'slot_target = "{TARGET}";\n{ROTATION}'

    def slots(self, *names):
        """Runs generate; it makes a key in a free slot."""
        done = run("--config", self.config, "generate", "-d", self.domain, "--slots", ",".join(names), "-b", "1024")
        self.assertEqual(done.returncode, 0, done.stderr)

    def target(self, slot):
        return f"{slot}.{self.domain}.dkim.{OURS}"

    def owner_makes(self, *slots, ttl=60):
        """Makes the CNAMEs, as the owner of the domain does once."""
        for slot in slots:
            self.world.owners.alias(self.name(slot), self.target(slot) + ".", ttl=ttl)
        self.world.owners.let_through()

    def served(self, slot):
        """Returns what both servers of our zone have for a slot: they must agree."""
        primary, secondary = (self.world.texts(server, self.target(slot))
                              for server in (self.world.ours.primary, self.world.ours.secondary))
        self.assertEqual(primary, secondary)
        return primary

    def goes_on(self, *more):
        """Runs rotate, lets our secondary follow, and runs it again, as the timer does an hour later."""
        self.rotate("--due", *more)
        self.world.ours.let_through()
        return self.rotate("--due", *more)

    def start(self):
        """Brings the domain to its first active key, in s1."""
        self.slots("s1", "s2")
        self.owner_makes("s1", "s2")
        self.assert_ends(self.goes_on(), DONE, "activated s1")
        self.assertEqual(self.states(), {"s1": "active"})

    def turn(self, old, new):
        """Takes a turn until the new key signs."""
        self.assert_ends(self.rotate(), WAITING, f"made {new}", f"put the record {self.target(new)} into DNS")
        self.world.ours.let_through()
        self.assert_ends(self.rotate("--due"), WAITING, f"found the record of {new}")
        self.grow_older(hours=2)
        self.assert_ends(self.rotate("--due"), DONE, f"activated {new}", f"{old} retires")

    def drain(self, old):
        """Lets the old key drain, until both servers have its empty record."""
        self.grow_older(days=7)
        done = self.rotate("--due")
        self.assert_ends(done, WAITING, f"revoked {old}", f"put the record {self.target(old)} into DNS")
        self.world.ours.let_through()
        self.assert_ends(self.rotate("--due"), DONE, f"found the empty record of {old} on every server")
        self.assertEqual(self.served(old), ["v=DKIM1; k=rsa; p="])

    def key_file(self, selector):
        """Returns the name of the file of a slot's latest key, by the manifest."""
        text = self.manifest().decode()
        entry = re.search(rf'selector = "{selector}";.*?\}}', text[text.index("keys ="):], re.DOTALL)[0]
        use = re.search(r"use = (\d+);", entry)
        return f"{selector}+{use[1]}.private" if use else f"{selector}.private"
