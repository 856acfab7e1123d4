"""Runs more name servers than dns_world, of several makes, since they behave differently.

    example.test    knot, with knot and NSD as secondaries, which get a change when a test says so
    bind.test       BIND, with its update-policy
    elsewhere.test  knot, for CNAMEs
    odd.test        knot, and a server that misbehaves (odd_server)
    six.test        knot at ::1
    signed.test     knot, signed; the resolver has the key
    bogus.test      knot, not signed, although the resolver expects it
    quick.test      knot, with a negative TTL of a second
    lost.test       its servers do not know it

They are started once for a file of tests, so each test uses its own selectors.
"""

import socket
import subprocess

from dns_world import KEY_NAME, KNOT_HEAD, OTHER_ZONE, SECRET, UNBOUND_HEAD, ZONE, DnsWorld, wait_for
from harness.workspace import free_port
from name_server import path_of, serves
from odd_server import OddServer

# The addresses of a second secondary, a second primary and the misbehaving server, in a network of dns_world.
NSD, BIND, ODD = 4, 5, 6

NOBODY = "127.53.0.77"  # nobody listens at this address
RESTRICTED_KEY = "restricted"  # the servers know this key, but do not allow it our updates

# Newer versions of unbound pass on only 20 name servers of a zone if they are not told otherwise.
ALL_SERVERS = """\
server:
    iter-scrub-ns: 100
"""

KNOT = KNOT_HEAD + """\
  - id: {restricted}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: {key}
    action: update
  - id: restricted
    key: {restricted}
    action: update
    update-type: [SRV]
  - id: transfer
    address: 127.0.0.0/8
    action: transfer
policy:
  - id: fast
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: {root}
    file: "%s.zone"
    journal-content: changes
    zonefile-load: difference
    zonefile-sync: 0
    acl: [update, restricted, transfer]
  - id: signed
    storage: {root}
    file: "%s.zone"
    journal-content: changes
    zonefile-load: difference
    zonefile-sync: -1
    acl: [update, transfer]
    dnssec-signing: on
    dnssec-policy: fast
zone:
  - domain: example.test.
  - domain: odd.test.
  - domain: six.test.
  - domain: quick.test.
  - domain: bogus.test.
  - domain: signed.test.
    template: signed
"""

ZONE_TEXT = """\
$TTL 60
@ IN SOA ns1 hostmaster 1 3600 600 86400 {negative}
{records}
"""

NSD_CONFIG = """\
server:
    ip-address: {address}@53
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{root}"
    pidfile: "{root}/nsd.pid"
    xfrdfile: "{root}/xfrd.state"
    zonelistfile: "{root}/zone.list"
    xfrdir: "{root}"
    server-count: 1
    ip-transparent: no
    do-ip6: no
    xfrd-reload-timeout: 0
    verbosity: 1
remote-control:
    control-enable: no
zone:
    name: "{zone}"
    zonefile: "{zone}.zone"
    allow-notify: 127.0.0.0/8 NOKEY
    request-xfr: AXFR {primary} NOKEY
"""

BIND_CONFIG = """\
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
key "{restricted}" {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{
    directory "{root}";
    pid-file "{root}/named.pid";
    session-keyfile "{root}/session.key";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    minimal-responses yes;
}};
controls {{ }};
zone "bind.test" {{
    type primary;
    file "{root}/bind.test.zone";
    update-policy {{
        grant {key} zonesub TXT;
        grant {restricted} name www.bind.test A;
    }};
}};
zone "{other_zone}" {{
    // An old copy of a zone that is delegated to other servers.
    type primary;
    file "{root}/{other_zone}.zone";
}};
"""

UNBOUND = UNBOUND_HEAD + """\
    module-config: "validator iterator"
    trust-anchor: "signed.test. {key}"
    trust-anchor: "bogus.test. {key}"
remote-control:
    control-enable: no
{stubs}
"""


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class WideWorld(DnsWorld):
    def __init__(self, directory, network, six=False):
        """Only one file of tests may have `six`, since there is only one ::1."""
        self.six = six
        super().__init__(directory, network=network)
        self.nsd, self.bind, self.odd_address = (f"{network}.{n}" for n in (NSD, BIND, ODD))
        self.secondaries = (self.secondary, self.nsd)
        self.restricted_file = self.directory / "restricted.key"
        self.restricted_file.write_text(
            f'key "{RESTRICTED_KEY}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n')
        self.restricted_file.chmod(0o600)
        self.fronts = []
        self.odd = None

    def start(self, secondary=True):
        self.start_primary()
        self.start_knot("other", self.other, [(OTHER_ZONE, "alone")])
        self.start_secondary()
        self.start_nsd()
        self.start_bind()
        self.odd = self.front(self.odd_address, self.primary)
        self.start_resolver()

    def start_secondary(self):
        self.start_knot("secondary", self.secondary, [(ZONE, "secondary")])

    def zone_file(self, root, zone, *records, negative=60):
        (root / f"{zone}.zone").write_text(ZONE_TEXT.format(records="\n".join(records), negative=negative))

    def start_primary(self):
        root = self.directory / "primary"
        root.mkdir()
        alone = ("@ NS ns1", f"ns1 A {self.primary}")
        self.zone_file(root, "example.test", *alone, "@ NS ns2", "@ NS ns3", f"ns2 A {self.secondary}",
                       f"ns3 A {self.nsd}")
        self.zone_file(root, "odd.test", *alone, "@ NS ns2", f"ns2 A {self.odd_address}")
        self.zone_file(root, "six.test", "@ NS ns1", "ns1 AAAA ::1")
        self.zone_file(root, "quick.test", *alone, negative=1)
        self.zone_file(root, "bogus.test", *alone)
        self.zone_file(root, "signed.test", *alone)
        listen = f"{self.primary}@53" + (", ::1@53" if self.six else "")
        config = root / "knot.conf"
        config.write_text(KNOT.format(listen=listen, root=root, key=KEY_NAME, restricted=RESTRICTED_KEY, secret=SECRET))
        self.spawn("primary", path_of("knotd"), "-c", config)
        for zone in ("example.test", "odd.test", "six.test", "quick.test", "bogus.test", "signed.test"):
            wait_for(lambda zone=zone: serves(self.primary, zone), f"the primary to serve {zone}")

    def start_nsd(self):
        root = self.directory / "nsd"
        root.mkdir(exist_ok=True)
        config = root / "nsd.conf"
        config.write_text(NSD_CONFIG.format(address=self.nsd, root=root, zone=ZONE, primary=self.primary))
        self.spawn("nsd", path_of("nsd"), "-d", "-c", config)
        wait_for(lambda: serves(self.nsd, ZONE), "NSD to serve the zone")

    def start_bind(self):
        root = self.directory / "bind"
        root.mkdir()
        self.zone_file(root, "bind.test", "@ NS ns1", f"ns1 A {self.bind}")
        self.zone_file(root, OTHER_ZONE, "@ NS ns1", f"ns1 A {self.other}", 'stale._keys TXT "v=DKIM1; p="')
        config = root / "named.conf"
        port = free_port()
        config.write_text(BIND_CONFIG.format(port=port, root=root, key=KEY_NAME, restricted=RESTRICTED_KEY,
                                             secret=SECRET, other_zone=OTHER_ZONE))
        self.spawn("bind", path_of("named"), "-g", "-n", "1", "-c", config)
        # BIND listens only at addresses that an interface has, so a front passes questions from its address on.
        wait_for(lambda: serves("127.0.0.1", "bind.test", port), "BIND to serve its zone")
        self.front(self.bind, "127.0.0.1", port)

    def start_resolver(self):
        root = self.directory / "resolver"
        root.mkdir()
        homes = {ZONE: self.primary, OTHER_ZONE: self.other, "odd.test": self.primary, "six.test": self.primary,
                 "quick.test": self.primary, "bogus.test": self.primary, "signed.test": self.primary,
                 "bind.test": self.bind, "lost.test": self.bind}
        stubs = "\n".join(f'stub-zone:\n    name: "{zone}"\n    stub-addr: {address}\n    stub-no-cache: yes'
                          for zone, address in homes.items())
        wait_for(lambda: self.records(self.primary, "signed.test", "DNSKEY"), "the key of signed.test")
        key = self.records(self.primary, "signed.test", "DNSKEY")[0]
        config = root / "unbound.conf"
        config.write_text(ALL_SERVERS)
        knows = subprocess.run([path_of("unbound-checkconf"), config], check=False, capture_output=True).returncode == 0
        config.write_text((ALL_SERVERS if knows else "") +
                          UNBOUND.format(root=root, address=self.resolver, stubs=stubs, key=f"DNSKEY {key}"))
        self.spawn("resolver", path_of("unbound"), "-d", "-p", "-c", config)
        wait_for(lambda: serves(self.resolver, ZONE, 5353), "the resolver to answer")

    def front(self, address, real, port=53):
        self.fronts.append(OddServer(address, real, port))
        return self.fronts[-1]

    def close(self):
        for front in self.fronts:
            front.close()
        super().close()

    def take_away(self, name, kind, *values):
        zone = ".".join(name.split(".")[-2:])
        update = self.update_of(zone)
        update.delete(name + ".", kind, *values)
        self.send(update, self.home(zone))

    def put(self, name, *values, zone=None, address=None, **more):
        zone = zone or ".".join(name.split(".")[-2:])
        super().put(name, *values, zone=zone, address=address or self.home(zone), **more)

    def home(self, zone):
        return {OTHER_ZONE: self.other, "bind.test": self.bind}.get(zone, self.primary)
