"""Runs PowerDNS with its API, which lexicon speaks, as the primary of a zone; knot as its secondary and for another zone;
a resolver (unbound) that finds them; and a proxy before the API that misbehaves (api_proxy).

The zones have names below a public suffix, because lexicon finds no others.
"""

import contextlib
import json
import pathlib
import sqlite3
import urllib.error
import urllib.request

from api_proxy import ApiProxy
from dns_world import DnsWorld, KEY_NAME, KNOT, SECRET, UNBOUND, ZONE_TEXT, wait_for
from name_server import path_of, serves

ZONE = "example.com"
OTHER_ZONE = "example.net"
# With bytes that a URL, Python or JSON writes in another way.
TOKEN = "Tok3n/of+the&API%20'end"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

PDNS = """\
launch=gsqlite3
gsqlite3-database={root}/zones.db
gsqlite3-pragma-synchronous=0
local-address={address}
local-port=53
socket-dir={root}
daemon=no
guardian=no
disable-syslog=yes
write-pid=no
primary=yes
allow-axfr-ips=127.0.0.0/8
only-notify=127.0.0.0/8
api=yes
api-key={token}
webserver=yes
webserver-address={address}
webserver-port={port}
webserver-allow-from=127.0.0.0/8
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
consistent-backends=no
security-poll-suffix=
"""

API_PORT = 8081


class PdnsWorld(DnsWorld):
    def __init__(self, directory, network, notify=True):
        """Without `notify`, the secondary gets changes only by `let_through`."""
        super().__init__(directory, network=network, notify=notify)
        self.zone = ZONE
        self.proxy = None

    def start(self, secondary=True):
        self.start_pdns(secondary)
        if secondary:
            self.start_knot("secondary", self.secondary, [(ZONE, "secondary")])
        self.start_other()
        self.start_resolver()
        self.proxy = ApiProxy(self.other, self.primary, API_PORT, TOKEN)
        self.proxy.start()

    def start_pdns(self, secondary):
        root = self.directory / "pdns"
        root.mkdir()
        with contextlib.closing(sqlite3.connect(root / "zones.db")) as database:
            database.executescript(pathlib.Path(SCHEMA).read_text())
        (root / "pdns.conf").write_text(PDNS.format(root=root, address=self.primary, token=TOKEN, port=API_PORT))
        self.spawn("pdns", path_of("pdns_server"), f"--config-dir={root}")
        wait_for(self.has_api, "the API of PowerDNS")
        servers = [("ns1", self.primary)] + [("ns2", self.secondary)] * secondary
        self.api("POST", "/zones", {
            "name": f"{ZONE}.", "kind": "Master" if self.notify else "Native",
            "nameservers": [f"{name}.{ZONE}." for name, _ in servers],
            "rrsets": [self.rrset(f"{name}.{ZONE}", "A", address) for name, address in servers]})
        wait_for(lambda: serves(self.primary, ZONE), f"PowerDNS to serve {ZONE}")

    def start_other(self):
        """The zone of a customer, with CNAMEs into ours."""
        root = self.directory / "customer"
        root.mkdir()
        (root / f"{OTHER_ZONE}.zone").write_text(
            ZONE_TEXT.format(negative=60, second="", first_address=self.other, second_address=self.other))
        zones = f"  - domain: {OTHER_ZONE}.\n    storage: {root}\n    file: {OTHER_ZONE}.zone\n    acl: [update, transfer]\n"
        (root / "knot.conf").write_text(KNOT.format(
            listen=f"{self.other}@53", root=root, key=KEY_NAME, secret=SECRET, primary=self.primary,
            secondary=self.secondary, zones=zones))
        self.spawn("customer", path_of("knotd"), "-c", root / "knot.conf")
        wait_for(lambda: serves(self.other, OTHER_ZONE), f"knot to serve {OTHER_ZONE}")

    def start_resolver(self):
        root = self.directory / "resolver"
        root.mkdir()
        (root / "unbound.conf").write_text(UNBOUND.format(
            root=root, address=self.resolver, zone=ZONE, other_zone=OTHER_ZONE, primary=self.primary, other=self.other))
        self.spawn("resolver", path_of("unbound"), "-d", "-p", "-c", root / "unbound.conf")
        wait_for(lambda: serves(self.resolver, ZONE, 5353), "the resolver to answer")

    def close(self):
        if self.proxy:
            self.proxy.stop()
        super().close()

    def api(self, method, path, body=None):
        """Asks PowerDNS itself, not the proxy."""
        request = urllib.request.Request(
            f"http://{self.primary}:{API_PORT}/api/v1/servers/localhost{path}", method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"X-API-Key": TOKEN, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def has_api(self):
        try:
            self.api("GET", "/zones")
            return True
        except urllib.error.URLError:
            return False

    @staticmethod
    def rrset(name, kind, *contents, ttl=60):
        return {"name": f"{name}.", "type": kind, "ttl": ttl, "changetype": "REPLACE" if contents else "DELETE",
                "records": [{"content": content, "disabled": False} for content in contents]}

    def put_by_api(self, name, *values):
        """Replaces a name's TXT records, as a person does in the provider's web form."""
        contents = [" ".join(f'"{value[i:i + 255]}"' for i in range(0, len(value), 255)) for value in values]
        self.api("PATCH", f"/zones/{ZONE}.", {"rrsets": [self.rrset(name, "TXT", *contents)]})
        if self.notify:
            self.api("PUT", f"/zones/{ZONE}./notify")

    def texts_below(self, label):
        """Returns the TXT records of the zone whose names begin with the label, as PowerDNS has them."""
        return {rrset["name"].rstrip("."): [record["content"] for record in rrset["records"]]
                for rrset in self.api("GET", f"/zones/{ZONE}.")["rrsets"]
                if rrset["type"] == "TXT" and rrset["name"].startswith(label)}
