"""Three independent judges of a signature: dkimpy, Mail::DKIM and OpenDKIM.

Each gets every signature of ours in every message, and must judge each signature separately. They ask
the test's own name server for keys, each through its own resolver.

Running the packages of Debian 12 and 13 has shown what they can do:
- dkimpy 1.1.4 judges one signature by its index, and Ed25519 by PyNaCl.
- Mail::DKIM judges all signatures of a message. 1.20230212 in Debian 12 has no Ed25519 whatever else
  is installed: it calls such a signature "invalid (unsupported algorithm ed25519-sha256)". Later ones
  (1.20230911 in Ubuntu 24.04, 1.20240923 in Debian 13) verify it. has_ed25519() finds out.
- OpenDKIM 2.11.0~beta2 is built with libunbound, which takes a port only by ResolverConfiguration
  (Nameservers takes none). It runs as a verifying milter and reports in Authentication-Results.
  It looks at three signatures at most and summarizes, so it gets each signature alone. It does verify
  Ed25519, and detects a changed message.
"""

import functools
import json
import pathlib
import re
import subprocess

import dkim
import dkim.canonicalization

from .message import Message
from .milter_client import MilterClient
from .workspace import HarnessError, wait_for

# RFC 6376 6.1: a verifier must ignore what it does not know, so this is not a failure.
NO_ED25519 = "invalid (unsupported algorithm ed25519-sha256)"

PERL = pathlib.Path(__file__).with_name("verify_mail_dkim.pl")

UNBOUND = """\
server:
    do-not-query-localhost: no
    module-config: "iterator"
    use-syslog: no
    do-ip6: no
stub-zone:
    name: "example."
    stub-addr: 127.0.0.1@{port}
"""

OPENDKIM = """\
Mode v
Syslog no
LogWhy yes
AlwaysAddARHeader yes
AuthservID verifier.example
MaximumHeaders 0
ResolverConfiguration {resolver}
On-DNSError accept
On-Security accept
On-InternalError tempfail
"""


class Judges:
    """The three judges together."""

    def __init__(self, workspace, dns_server):
        self._dns = dns_server
        self._directory = workspace.directory("verify", 0o700)
        self._opendkim = OpenDkim(workspace, dns_server)

    def judge(self, messages):
        """Judges `messages`, which maps names to bytes. Returns for each name a list with one entry per
        DKIM-Signature field (top first): a dictionary from judge to verdict, 'pass' or a reason."""
        perl = self._mail_dkim(messages)
        verdicts = {}
        for name, raw in messages.items():
            message = Message(raw)
            per_signature = []
            for index in range(len(message.values("DKIM-Signature"))):
                per_signature.append({
                    "dkimpy": dkimpy_verdict(raw, index, self._dns.txt),
                    "Mail::DKIM": perl[name][index],
                    "OpenDKIM": self._opendkim.verdict(*message.with_only_signature(index)),
                })
            verdicts[name] = per_signature
        return verdicts

    def strict(self, raw, index):
        """Returns the verdict of dkimpy with StrictRelaxed in place of its own canonicalization."""
        algorithms = dkim.canonicalization.ALGORITHMS
        own = algorithms[b"relaxed"]
        algorithms[b"relaxed"] = StrictRelaxed
        try:
            return dkimpy_verdict(raw, index, self._dns.txt)
        finally:
            algorithms[b"relaxed"] = own

    def _mail_dkim(self, messages):
        """Runs one process for all: starting perl costs far more than a verification."""
        listing = []
        for number, (name, raw) in enumerate(messages.items()):
            path = self._directory / f"{number}.eml"
            path.write_bytes(raw)
            listing.append((name, path))
        done = subprocess.run(
            ["perl", str(PERL), str(self._dns.port)],
            input="".join(f"{path}\n" for _, path in listing).encode(), capture_output=True, check=False)
        lines = done.stdout.decode().splitlines()
        if done.returncode != 0 or len(lines) != len(listing):
            raise HarnessError(f"Mail::DKIM gave up: {done.stderr.decode('utf-8', 'replace')}")
        for _, path in listing:
            path.unlink()
        return {name: json.loads(line) for (name, _), line in zip(listing, lines)}


def dkimpy_verdict(raw, index, txt):
    """Returns the verdict of dkimpy on one signature: 'pass' or a reason. `txt` is dkimpy's interface to DNS."""
    # RFC 8301 refuses keys of fewer than 1024 bits; dkimpy leaves that to its caller.
    try:
        good = dkim.DKIM(raw, minkey=1024).verify(idx=index, dnsfunc=txt)
        return "pass" if good else "fail"
    except dkim.DKIMException as error:
        return f"error: {error}"


class StrictRelaxed(dkim.canonicalization.Relaxed):
    """Relaxed header fields by the letter of RFC 6376 3.4.2: WSP is space and tab, not VT or FF.

    All three judges take VT and FF at the ends of a value for white space, OpenDKIM also those inside.
    """

    @staticmethod
    def canonicalize_headers(headers):
        canonical = []
        for name, value in headers:
            value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
            canonical.append((name.lower().rstrip(b" \t"), value + b"\r\n"))
        return canonical


def complaints(verdicts, signature):
    """Returns the judges that do not accept a signature (given by its tags), with what they say."""
    return {judge: verdict for judge, verdict in verdicts.items()
            if verdict != (mail_dkim_accepts(signature.get("a")) if judge == "Mail::DKIM" else "pass")}


@functools.cache
def has_ed25519():
    """Returns whether this Mail::DKIM verifies Ed25519."""
    module = subprocess.run(["perl", "-MMail::DKIM::Algorithm::ed25519_sha256", "-e", "1"], check=False,
                            stderr=subprocess.DEVNULL)
    return module.returncode == 0


def mail_dkim_accepts(algorithm):
    """Returns what Mail::DKIM says of a correct signature."""
    return "pass" if algorithm != "ed25519-sha256" or has_ed25519() else NO_ED25519


class OpenDkim:
    def __init__(self, workspace, dns_server):
        root = workspace.directory("opendkim", 0o700)
        resolver, config = root / "unbound.conf", root / "opendkim.conf"
        resolver.write_text(UNBOUND.format(port=dns_server.port))
        config.write_text(OPENDKIM.format(resolver=resolver))
        socket = root / "opendkim.sock"
        process = workspace.spawn("/usr/sbin/opendkim", "-f", "-x", config, "-p", f"local:{socket}",
                                  log=root / "opendkim.log")
        wait_for(socket.exists, "OpenDKIM to listen", alive=lambda: process.poll() is None)
        # The client is not one of OpenDKIM's internal hosts, whose mail it would not verify.
        self._client = wait_for(lambda: self._connected(str(socket)), "OpenDKIM to answer",
                                alive=lambda: process.poll() is None)
        workspace.on_close(self._client.close)

    @staticmethod
    def _connected(path):
        try:
            return MilterClient(path, client="192.0.2.1", name="client.example")
        except ConnectionError:
            return None

    def verdict(self, fields, body):
        outcome = self._client.message(fields, body)
        for _, name, value in outcome.inserted:
            if name.lower() == b"authentication-results":
                text = re.sub(rb"\s+", b" ", value).decode("utf-8", "replace")
                match = re.search(r"dkim=(\w+)(?: reason=\"([^\"]*)\"| \(([^)]*)\))?", text)
                if match is None:
                    return f"error: {text}"
                return match[1] if match[1] == "pass" else f"{match[1]}: {match[2] or match[3] or text}"
        return f"error: no answer, verdict {outcome.verdict!r}"
