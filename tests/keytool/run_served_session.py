#!/usr/bin/python3
"""Plays a session with name servers and a clock; sessions are written as for run_session.py.

usage: run_served_session.py --dkimkey PROGRAM SESSION.txt

The servers have two zones: that of a customer, example.test, on two servers, and ours, elsewhere.test, on one. The
second server of the customer does not notice automatically that its zone has changed. $RESOLVER is a resolver that finds
both zones and remembers nothing. A session has these commands besides dkimkey:

    at TIME COMMAND ...            runs a command at a UTC time such as 2026-11-24T12:00:00Z
    enter NAME TYPE VALUE          what a person does with the web form of a provider: replaces the records of a name
    catch-up                       waits until the second server has the customer's zone as it is now
    served NAME [TYPE]             prints what each authoritative server has for a name; TXT if no type is given
    to-dns set|remove NAME TXT TTL VALUE   the hook of publish, for both zones; $TO_DNS is its path
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

import dns.rdatatype

import clock
from dns_world import OTHER_ZONE, ZONE, DnsWorld
from run_session import check_session
from sanitizers import options

NETWORK = "127.53.83"
COMMANDS = ("at", "enter", "catch-up", "served", "to-dns")


class World(DnsWorld):
    """The running servers, as a command sees them that did not start them."""

    def __init__(self, directory):
        super().__init__(directory, network=NETWORK, notify=False)

    def zone_of(self, name):
        """Returns the zone, and the address of its primary."""
        for zone, address in ((ZONE, self.primary), (OTHER_ZONE, self.other)):
            if name == zone or name.endswith("." + zone):
                return zone, address
        sys.exit(f"{name} is in none of the zones")

    def enter(self, name, kind, *values, ttl=3600):
        zone, address = self.zone_of(name)
        update = self.update_of(zone)
        relative = name.removesuffix("." + zone)
        for old in ("TXT", "CNAME"):
            update.delete(relative, old)
        self.send(update, address)
        if values:
            self.put(name, *values, address=address, zone=zone, kind=kind, ttl=ttl)

    def served(self, name, kind="TXT"):
        zone, _ = self.zone_of(name)
        servers = [("ns1", self.primary), ("ns2", self.secondary)] if zone == ZONE else [("ns1", self.other)]
        for server, address in servers:
            records = [record for record in self.records(address, name, kind)
                       if record.rdtype == dns.rdatatype.from_text(kind)]
            shown = [b"".join(record.strings).decode() if kind == "TXT" else record.to_text() for record in records]
            print(f"{server}.{zone}", *(shown or ["nothing"]))


def command(name, arguments):
    world = World(os.environ["WORLD"])
    if name == "at":
        program = shutil.which(arguments[1])
        os.execve(program, arguments[1:], dict(clock.at_time(arguments[0], program), RESOLVER=os.environ["RESOLVER"]))
    elif name == "enter":
        given, kind, *values = arguments
        world.enter(given, kind, *values)
    elif name == "catch-up":
        world.let_through()
    elif name == "served":
        world.served(*arguments)
    else:
        action, given, kind, ttl, value = arguments
        world.enter(given, kind, *([value] if action == "set" else []), ttl=int(ttl))


def make_commands(directory):
    """Makes a script for each command. An update has the time in its signature, which must be the real one."""
    this = pathlib.Path(__file__).resolve()
    for name in COMMANDS:
        script = directory / name
        script.write_text("#!/bin/sh\nunset LD_PRELOAD FAKETIME TZ\n"
                          f'PYTHONPATH={":".join(sys.path)} exec {sys.executable} {this} --command {name} "$@"\n')
        script.chmod(0o755)


def main():
    if sys.argv[1:2] == ["--command"]:
        command(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser()
    parser.add_argument("--dkimkey", type=pathlib.Path, required=True)
    parser.add_argument("session", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dkimkey-served-") as holder:
        place = pathlib.Path(holder)
        for folder in ("commands", "home"):
            (place / folder).mkdir()
        make_commands(place / "commands")
        world = World(place)
        try:
            world.start()
            return check_session(arguments.session, place / "home", {
                "PATH": f"{place}/commands:{arguments.dkimkey.resolve().parent}:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": f"{place}/home", "LC_ALL": "C.UTF-8", "WORLD": holder, "RESOLVER": f"{world.resolver}@5353",
                "TO_DNS": f"{place}/commands/to-dns", "PYTHONDONTWRITEBYTECODE": "1", **options()})
        finally:
            world.close()


if __name__ == "__main__":
    sys.exit(main())
