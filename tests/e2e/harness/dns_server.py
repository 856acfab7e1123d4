"""An authoritative name server on loopback: knot, with one zone file per domain.

The zone files hold what `dkimkey show --format zone` prints, so that the tests cover the path of a record
from the key tool into DNS and back to three different resolvers.
"""

import dns.resolver
from name_server import KNOT_START, path_of, serves

from .workspace import HarnessError, free_port, wait_for

CONFIG = KNOT_START + """\
template:
  - id: default
    storage: {root}
    file: "%s.zone"
    zonefile-load: whole
    journal-content: none
zone:
{zones}
"""

# Nobody asks for the address of the name server: every resolver gets its address and port.
ZONE = """\
$TTL 300
{zone}. IN SOA ns.{zone}. hostmaster.{zone}. 1 3600 600 86400 300
{zone}. IN NS ns.{zone}.
ns.{zone}. IN A 127.0.0.1
{records}
"""


class DnsServer:
    def __init__(self, workspace, records):
        """`records` maps a zone's name to the text of its records."""
        root = workspace.directory("dns", 0o700)
        for zone, text in records.items():
            (root / f"{zone}.zone").write_text(ZONE.format(zone=zone, records=text))
        self.port = free_port()
        config = root / "knot.conf"
        config.write_text(CONFIG.format(
            listen=f"127.0.0.1@{self.port}", root=root, zones="\n".join(f"  - domain: {zone}." for zone in records)))
        log = root / "knot.log"
        process = workspace.spawn(path_of("knotd"), "-c", config, log=log)
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = ["127.0.0.1"]
        self.resolver.port = self.port
        self.resolver.lifetime = 60.0
        self._cache = {}
        try:
            for zone in records:
                wait_for(lambda zone=zone: serves("127.0.0.1", zone, self.port), f"knot to serve {zone}",
                         alive=lambda: process.poll() is None)
        except HarnessError as error:
            raise HarnessError(f"{error}\n{log.read_text()}") from error

    def txt(self, name, timeout=5):
        """Returns the TXT value of a name (bytes with a final dot), or None: dkimpy's interface to DNS."""
        del timeout
        if name not in self._cache:
            try:
                answer = self.resolver.resolve(name.decode("ascii"), "TXT")
                self._cache[name] = b"".join(answer[0].strings)
            except dns.resolver.NoAnswer:
                self._cache[name] = None
            except dns.resolver.NXDOMAIN:
                self._cache[name] = None
            except dns.resolver.NoNameservers:
                # The name is not in one of our zones: the signature is somebody else's.
                self._cache[name] = None
        return self._cache[name]
