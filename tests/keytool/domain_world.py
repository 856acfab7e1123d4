"""Serves a zone of many domains for doctor_dns_test; each is healthy except in one way. The servers are real: two for
the zone, one for another zone and the reverse trees, one for the zone above both, and a resolver that finds them.

The domain NAME.example.test sends mail from its own address, 198.51.100.N. That address has the name
mail.NAME.example.test, which is also the domain's MX.
"""

import pathlib

from dns_world import OTHER_ZONE, ZONE, DnsWorld

NETWORK = "127.53.50"
REVERSE = "100.51.198.in-addr.arpa"
REVERSE_6 = "8.b.d.0.1.0.0.2.ip6.arpa"

# The zone above both, where a walk up the tree ends.
TOP_ZONE = "test"
TOP = f"{NETWORK}.4"

SOA = "$TTL 60\n@ IN SOA ns1.{zone}. hostmaster 1 3600 600 86400 60\n"
# No server has this address: nothing can be found out about the names that are delegated to it.
DEAD = "127.53.50.77"


def quoted(value):
    return " ".join('"' + value[at:at + 255] + '"' for at in range(0, len(value), 255))


class Domain:
    """Has the records of one domain: for each name, relative to ZONE, a list of "TYPE data". Change them before the
    world starts."""

    def __init__(self, name, number):
        self.name = name
        self.domain = f"{name}.{ZONE}"
        self.address = f"198.51.100.{number}"
        self.address_6 = f"2001:db8::{number:x}"
        self.helo = f"mail.{self.domain}"
        self.records = {
            name: ["MX 10 mail." + name],
            f"mail.{name}": [f"A {self.address}", f"AAAA {self.address_6}"],
        }
        self.lagging = {}  # like records; the second server serves these instead
        self.txt(name, f"v=spf1 ip4:{self.address} ip6:{self.address_6} -all")
        self.txt(f"_dmarc.{name}", f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{self.domain}")
        self.pointer = [f"{self.helo}."]
        self.pointer_6 = [f"{self.helo}."]
        self.signing = [self.domain]

    def txt(self, name, *values):
        kept = [record for record in self.records.get(name, []) if not record.startswith("TXT ")]
        self.records[name] = kept + ["TXT " + quoted(value) for value in values]

    def spf(self, *values):
        me = f"ip4:{self.address} ip6:{self.address_6}"
        self.txt(self.name, *(value.replace("ME", me) for value in values))

    def dmarc(self, *values):
        self.txt(f"_dmarc.{self.name}", *(value.replace("ME", self.domain) for value in values))

    def key(self, selector, *values):
        self.txt(f"{selector}._domainkey.{self.name}", *values)

    def lines(self, lagging=False):
        records = self.records | self.lagging if lagging else self.records
        return [f"{name} IN {record}" for name, data in records.items() for record in data]

    def pointer_lines(self):
        number = self.address.rsplit(".", 1)[1]
        return [f"{number} IN PTR {name}" for name in self.pointer]

    def pointer_lines_6(self):
        digits = f"{int(self.address.rsplit('.', 1)[1]):024x}"
        return [f"{'.'.join(reversed(digits))} IN PTR {name}" for name in self.pointer_6]


class DomainWorld(DnsWorld):
    def __init__(self, directory, domains, lines, other_lines):
        super().__init__(directory, network=NETWORK)
        self.domains = domains
        self.lines = lines
        self.other_lines = other_lines
        self.resolver_config = f"stub-zone:\n    name: {TOP_ZONE}\n    stub-addr: {TOP}\nserver:\n"
        for zone in (REVERSE, REVERSE_6):
            self.resolver_config += f'    local-zone: "{zone}" nodefault\n'
        for zone in (REVERSE, REVERSE_6):
            self.resolver_config += f'stub-zone:\n    name: "{zone}"\n    stub-addr: {self.other}\n'

    def start(self):
        servers = [f"@ IN NS ns{n}\nns{n} IN A {address}" for n, address in
                   ((1, self.primary), (2, self.secondary))]
        for name, lagging in (("primary", False), ("secondary", True)):
            lines = [line for domain in self.domains for line in domain.lines(lagging)]
            self.write(name, ZONE, servers + [f"dead IN A {DEAD}"] + self.lines + lines)
            self.start_knot(name, self.primary if name == "primary" else self.secondary, [(ZONE, "alone")])
        self.write("other", OTHER_ZONE, ["@ IN NS ns1", f"ns1 IN A {self.other}"] + self.other_lines)
        back = {zone: [f"@ IN NS ns1.{OTHER_ZONE}."] for zone in (REVERSE, REVERSE_6)}
        for domain in self.domains:
            back[REVERSE] += domain.pointer_lines()
            back[REVERSE_6] += domain.pointer_lines_6()
        for zone, lines in back.items():
            self.write("other", zone, lines)
        self.start_knot("other", self.other, [(zone, "alone") for zone in (OTHER_ZONE, REVERSE, REVERSE_6)])
        zones = ((ZONE, self.primary), (OTHER_ZONE, self.other))
        self.write("top", TOP_ZONE, [f"@ IN NS ns\nns IN A {TOP}"] +
                   [f"{zone}. IN NS ns1.{zone}.\nns1.{zone}. IN A {address}" for zone, address in zones])
        self.start_knot("top", TOP, [(TOP_ZONE, "alone")])
        self.start_resolver()

    def write(self, server, zone, lines):
        root = pathlib.Path(self.directory) / server
        root.mkdir(exist_ok=True)
        (root / f"{zone}.zone").write_text(SOA.format(zone=zone) + "\n".join(lines) + "\n")
