"""Parts that the harnesses of real name servers share: dns_world, wide_world, and dns_server of tests/e2e."""

import re
import shutil
import subprocess

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

# The beginning of a configuration of knot.
KNOT_START = """\
server:
    listen: [{listen}]
    rundir: {root}
    identity: ""
database:
    storage: {root}
log:
  - target: stderr
    any: info
"""


def path_of(server):
    """Returns the path of a server's program: /usr/sbin may not be in PATH."""
    return shutil.which(server) or f"/usr/sbin/{server}"


def knot_version():
    """Returns the version of knot, such as (3, 4)."""
    said = subprocess.run([path_of("knotd"), "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


def serves(address, zone, port=53):
    """Returns whether the server at the address answers with the zone's SOA record. Ask again until it does."""
    query = dns.message.make_query(zone, dns.rdatatype.SOA)
    try:
        return bool(dns.query.udp(query, address, timeout=0.2, port=port).answer)
    except (OSError, dns.exception.DNSException):
        return False
