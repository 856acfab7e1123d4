"""Serves two zones with two servers each, for slots: the zone of the domains' owner, with the CNAMEs, and ours, with the
records where they lead. A secondary gets a change only when a test says so."""

import pathlib

from dns_world import UNBOUND, DnsWorld, wait_for
from name_server import path_of, serves

OWNERS = "shop.test"
OURS = "hoster.test"
TARGET = f"%selector%.%domain%.dkim.{OURS}"


class Zone(DnsWorld):
    """A zone with a primary and a secondary; without `lag`, the secondary follows at once."""

    def __init__(self, directory, network, zone, lag):
        directory = pathlib.Path(directory)
        directory.mkdir(exist_ok=True)
        super().__init__(directory, negative_ttl=1, network=network, notify=not lag)
        self.zone = zone

    def start(self, secondary=True):
        self.start_knot("primary", self.primary, [(self.zone, "primary")])
        self.start_knot("secondary", self.secondary, [(self.zone, "secondary")])

    def put(self, name, *values, address=None, zone=None, kind="TXT", ttl=60):
        super().put(name, *values, address=address, zone=zone or self.zone, kind=kind, ttl=ttl)

    def clear(self, name):
        """Removes everything at a name, whatever is there."""
        update = self.update_of(self.zone)
        for kind in ("TXT", "CNAME"):
            update.delete(name.removesuffix("." + self.zone), kind)
        self.send(update, self.primary)

    def alias(self, name, target, ttl=60):
        """Makes a CNAME in place of what is there."""
        self.clear(name)
        self.put(name, target, kind="CNAME", ttl=ttl)


class SlotsWorld(DnsWorld):
    def __init__(self, directory, network, lag=True):
        """The network is the beginning of two, such as 127.53.2 for 127.53.20 and 127.53.21."""
        super().__init__(directory, network=f"{network}0")
        self.owners = Zone(self.directory / "owners", f"{network}0", OWNERS, lag)
        self.ours = Zone(self.directory / "ours", f"{network}1", OURS, lag)
        self.tsig_file = self.ours.tsig_file
        self.primary = self.ours.primary

    def start(self, secondary=True):
        self.owners.start()
        self.ours.start()
        self.start_resolver()

    def start_resolver(self):
        root = self.directory / "resolver"
        root.mkdir()
        config = root / "unbound.conf"
        config.write_text(UNBOUND.format(root=root, address=self.resolver, zone=OWNERS, other_zone=OURS,
                                         primary=self.owners.primary, other=self.ours.primary))
        self.spawn("resolver", path_of("unbound"), "-d", "-p", "-c", config)
        wait_for(lambda: serves(self.resolver, OWNERS, 5353), "the resolver to answer")

    def settle_all(self):
        for zone in (self.owners, self.ours):
            zone.let_through()

    def close(self):
        super().close()
        self.owners.close()
        self.ours.close()
