"""Runs real name servers on loopback: a zone's primary and secondary (knot), and a resolver (unbound) that finds them.

Each server has its own address, since dkimkey asks authoritative servers at port 53. Tests that can run at the same
time have different networks. Each process is started for one test or one file of tests, and ended by its pid.
"""

import base64
import itertools
import pathlib
import subprocess
import time

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone

from name_server import KNOT_START, path_of, serves

NETWORK = "127.53.0"
PRIMARY = f"{NETWORK}.1"
SECONDARY = f"{NETWORK}.2"
OTHER = f"{NETWORK}.3"  # the servers of another zone, for CNAMEs
RESOLVER = f"{NETWORK}.9"
ZONE = "example.test"
OTHER_ZONE = "elsewhere.test"

KEY_NAME = "dkimkey"
SECRET = base64.b64encode(b"a secret of thirty-two bytes ...").decode()

KNOT_HEAD = KNOT_START + """\
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
"""

KNOT = KNOT_HEAD + """\
acl:
  - id: update
    key: {key}
    action: update
    update-type: [TXT, CNAME]
  - id: transfer
    address: 127.0.0.0/8
    action: [transfer, notify]
remote:
  - id: primary
    address: {primary}@53
  - id: secondary
    address: {secondary}@53
zone:
{zones}
"""

ZONE_TEXT = """\
$TTL 60
@ IN SOA ns1 hostmaster 1 3600 600 86400 {negative}
@ IN NS ns1
{second}
ns1 IN A {first_address}
ns2 IN A {second_address}
"""

UNBOUND_HEAD = """\
server:
    directory: "{root}"
    username: ""
    chroot: ""
    pidfile: "{root}/unbound.pid"
    use-syslog: no
    logfile: ""
    interface: {address}@5353
    do-not-query-localhost: no
    access-control: 127.0.0.0/8 allow
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    infra-host-ttl: 0
    num-threads: 1
    do-ip6: no
    local-zone: "test." transparent
"""

UNBOUND = UNBOUND_HEAD + """\
    module-config: "iterator"
stub-zone:
    name: "{zone}"
    stub-addr: {primary}
    stub-no-cache: yes
stub-zone:
    name: "{other_zone}"
    stub-addr: {other}
    stub-no-cache: yes
remote-control:
    control-enable: no
"""


def wait_for(condition, what):
    """Polls until the condition is true; gives up after 30 seconds."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting for {what}")
        time.sleep(0.05)


class DnsWorld:
    def __init__(self, directory, negative_ttl=60, network=NETWORK, notify=True):
        """Without `notify`, the secondary gets changes only by `let_through`."""
        self.directory = pathlib.Path(directory)
        self.zone = ZONE
        self.negative_ttl = negative_ttl
        self.primary, self.secondary, self.other, self.resolver = (f"{network}.{n}" for n in (1, 2, 3, 9))
        self.secondaries = (self.secondary,)
        self.notify = notify
        self.resolver_config = ""  # more lines for unbound.conf
        self.processes = {}
        self.tsig_file = self.directory / "tsig.key"
        self.tsig_file.write_text(f'key "{KEY_NAME}" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n')
        self.tsig_file.chmod(0o640)

    def start(self, secondary=True):
        self.start_knot("primary", self.primary, [(ZONE, "primary")], secondary)
        self.start_knot("other", self.other, [(OTHER_ZONE, "alone")], secondary)
        if secondary:
            self.start_knot("secondary", self.secondary, [(ZONE, "secondary")], secondary)
        self.start_resolver()

    def start_knot(self, name, address, zones, secondary=True):
        root = self.directory / name
        root.mkdir(exist_ok=True)
        text = ""
        for zone, role in zones:
            text += f"  - domain: {zone}.\n    storage: {root}\n    file: {zone}.zone\n"
            if role == "primary":
                text += "    acl: [update, transfer]\n    journal-content: changes\n    zonefile-load: difference\n"
                text += "    zonefile-sync: 0\n"
                if secondary and self.notify:
                    text += "    notify: secondary\n"
            if role == "alone":
                text += "    acl: [update, transfer]\n"
            if role == "secondary":
                text += "    master: primary\n    acl: transfer\n"
            else:
                file = root / f"{zone}.zone"
                if not file.exists():
                    file.write_text(ZONE_TEXT.format(
                        negative=self.negative_ttl, second="@ IN NS ns2" if role == "primary" and secondary else "",
                        first_address=address, second_address=self.secondary))
        config = root / "knot.conf"
        config.write_text(KNOT.format(listen=f"{address}@53", root=root, key=KEY_NAME, secret=SECRET,
                                      primary=self.primary, secondary=self.secondary, zones=text))
        self.spawn(name, path_of("knotd"), "-c", config)
        for zone, _ in zones:
            wait_for(lambda zone=zone: serves(address, zone), f"{name} to serve {zone}")

    def start_resolver(self):
        root = self.directory / "resolver"
        root.mkdir()
        config = root / "unbound.conf"
        config.write_text(UNBOUND.format(root=root, address=self.resolver, zone=ZONE, other_zone=OTHER_ZONE,
                                         primary=self.primary, other=self.other) + self.resolver_config)
        self.spawn("resolver", path_of("unbound"), "-d", "-p", "-c", config)
        wait_for(lambda: serves(self.resolver, ZONE, 5353), "the resolver to answer")

    def reset(self):
        """Restores the first state: both servers run, and the zones have only their own records."""
        if "lame" in self.processes:
            self.stop("lame")
        if "secondary" not in self.processes:
            self.start_knot("secondary", self.secondary, [(ZONE, "secondary")])
        self.remove_records()
        self.let_through()

    def remove_records(self):
        """Removes all TXT and CNAME records from the primary, and from the servers of the other zone."""
        for zone, server in ((ZONE, self.primary), (OTHER_ZONE, self.other)):
            update = self.update_of(zone)
            for name, node in dns.zone.from_xfr(dns.query.xfr(server, zone)).items():
                for kind in (dns.rdatatype.TXT, dns.rdatatype.CNAME):
                    if node.get_rdataset(dns.rdataclass.IN, kind):
                        update.delete(name, kind)
            if update.update:
                self.send(update, server)

    def spawn(self, name, *command):
        with open(self.directory / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log,
                                                    stdin=subprocess.DEVNULL)

    def stop(self, name):
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self):
        for name in list(self.processes):
            self.stop(name)

    @staticmethod
    def records(address, name, kind):
        query = dns.message.make_query(name, kind)
        answer = []

        def asked():
            try:
                answer.extend(dns.query.tcp(query, address, timeout=5).answer)
                return True
            except (ConnectionResetError, EOFError, dns.exception.Timeout):
                return False  # NSD ends the processes that served the old zone; a busy machine takes its time

        wait_for(asked, f"an answer from {address}")
        return [record for rrset in answer if rrset.rdtype == dns.rdatatype.from_text(kind) for record in rrset]

    @classmethod
    def texts(cls, address, name):
        """Returns the TXT values that a server has for a name."""
        return [b"".join(record.strings).decode() for record in cls.records(address, name, "TXT")]

    def put(self, name, *values, address=None, zone=ZONE, kind="TXT", ttl=60):
        """Replaces a name's records by an update, as a person does with a web form."""
        update = self.update_of(zone)
        relative = "@" if name == zone else name.removesuffix("." + zone)
        update.delete(relative, "TXT")
        for value in values:
            if kind == "TXT":
                pieces = [value[i:i + 255] for i in range(0, len(value), 255)]
                escaped = [piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces]
                update.add(relative, ttl, "TXT", " ".join(f'"{piece}"' for piece in escaped))
            else:
                update.add(relative, ttl, kind, value)
        self.send(update, address or self.primary)

    @staticmethod
    def update_of(zone):
        return dns.update.Update(zone, keyring=dns.tsigkeyring.from_text({KEY_NAME: SECRET}),
                                 keyalgorithm="hmac-sha256")

    @staticmethod
    def send(update, address):
        response = dns.query.tcp(update, address, timeout=60)
        if response.rcode() != 0:
            raise AssertionError(f"the update was refused: {response}")

    def serial(self, address):
        return self.records(address, self.zone, "SOA")[0].serial

    def let_through(self, *servers):
        """Notifies the given secondaries, or all, that the zone has changed (RFC 1996), and waits until they have the
        zone of the primary. A transfer that fails is tried again only after the next notification."""
        for server in servers or self.secondaries:
            self.notify_of_change(server)
            tries = itertools.count(1)

            def follows(server=server, tries=tries):
                if self.serial(server) == self.serial(self.primary):
                    return True
                if next(tries) % 40 == 0:
                    self.notify_of_change(server)
                return False

            wait_for(follows, f"the zone to reach {server}")

    def notify_of_change(self, server):
        notify = dns.message.make_query(self.zone, dns.rdatatype.SOA, flags=dns.flags.AA)
        notify.set_opcode(dns.opcode.NOTIFY)
        response = dns.query.udp(notify, server, timeout=10)
        if response.rcode() != 0:
            raise AssertionError(f"{server} did not take the notification: {response}")
