"""Signs messages for verify_agreement_test: with the real OpenDKIM, rspamd, dkimpy, Mail::DKIM and dkimkey sign, and
with crafted signatures, which none of them would write.

All sign as one domain with the same two keys, and return messages with exactly one signature each.
"""

import base64
import hashlib
import json
import pathlib
import re
import shutil

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness.message import Message
from harness.milter_client import MilterClient, applied
from harness.workspace import run, wait_for

DOMAIN = "agree.example"
RSA, ED25519 = "rsa", "ed"  # selectors
SIGNED = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
          "Content-Transfer-Encoding"]
METHODS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
PERL = pathlib.Path(__file__).with_name("sign_mail_dkim.pl")

OPENDKIM = """\
Mode s
Syslog no
Background no
RequireSafeKeys no
Domain {domain}
Selector {selector}
KeyFile {key}
SignatureAlgorithm {algorithm}
Canonicalization {method}
InternalHosts 127.0.0.1
"""

RSPAMD = """
options {{
  pidfile = "{root}/pid"; tempdir = "{root}"; cache_file = "{root}/cache"; hs_cache_dir = "{root}/";
  control_socket = "{root}/control mode=0600"; url_tld = "{root}/tld";
  filters = "dkim"; local_addrs = ["127.0.0.0/8"];
  dns {{ nameserver = ["127.0.0.1:9"]; }}
}}
logging {{ type = "file"; filename = "{root}/rspamd.log"; level = "notice"; }}
worker "rspamd_proxy" {{
  bind_socket = "{root}/sock mode=0600";
  milter = yes; timeout = 120s; count = 1;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
actions {{ reject = 999; add_header = 998; greylist = 997; }}
dkim {{ }}
dkim_signing {{
  sign_local = true; allow_username_mismatch = true; use_esld = false;
  domain {{ {domain} {{ path = "{key}"; selector = "{selector}"; }} }}
}}
"""


class Keys:
    """Has the two private keys, in a store made by dkimkey."""

    def __init__(self, program, store):
        self.program = program
        self.store = store
        for selector, algorithm in ((RSA, "rsa"), (ED25519, "ed25519")):
            run(program, "generate", "-D", store, "-d", DOMAIN, "-s", selector, "--algorithm", algorithm,
                *(["--bits", "1024"] if algorithm == "rsa" else []), "--activate")
        self.folder = store / DOMAIN
        self.private = {selector: serialization.load_pem_private_key(self.path(selector).read_bytes(), None)
                        for selector in (RSA, ED25519)}

    def path(self, selector):
        return self.folder / f"{selector}.private"

    def record(self, selector):
        return run(self.program, "show", "-D", self.store, "-d", DOMAIN, "-s", selector, "--format",
                   "value").stdout.strip()

    def seed(self):
        """Returns the Ed25519 key in the form that dkimpy and rspamd expect."""
        return base64.b64encode(self.private[ED25519].private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()))


def each_signature(signed):
    """Yields a message for each signature of a message, with only that one."""
    message = Message(signed)
    for index in range(len(message.values("DKIM-Signature"))):
        fields, body = message.with_only_signature(index)
        yield b"".join(name + b":" + value + b"\r\n" for name, value in fields) + b"\r\n" + body


def by_dkimkey(keys, directory, messages):
    """Returns the signed messages by (label, name of the message)."""
    signed = {}
    for method in METHODS:
        config = directory / "dkimkey.conf"
        config.write_text(f'key_directory = "{keys.store}";\ncanonicalization = "{method}";\n')
        for name, raw in messages.items():
            done = run(keys.program, "sign", "--config", config, input=raw)
            for one in each_signature(done.stdout):
                signed[f"dkimkey {Message(one).signatures()[0]['s']} {method}", name] = one
    return signed


def by_dkimpy(keys, _directory, messages):
    signed = {}
    for method in METHODS:
        pair = tuple(method.encode().split(b"/"))
        for selector, key, algorithm in ((RSA, keys.path(RSA).read_bytes(), b"rsa-sha256"),
                                         (ED25519, keys.seed(), b"ed25519-sha256")):
            for name, raw in messages.items():
                field = dkim.sign(raw, selector.encode(), DOMAIN.encode(), key, canonicalize=pair,
                                  signature_algorithm=algorithm)
                signed[f"dkimpy {selector} {method}", name] = field + raw
    return signed


def by_mail_dkim(keys, directory, messages):
    listing = []
    for number, (name, raw) in enumerate(messages.items()):
        path = directory / f"sign-{number}.eml"
        path.write_bytes(raw)
        listing += [(method, name, path) for method in METHODS]
    done = run("perl", PERL, DOMAIN, RSA, keys.path(RSA),
               input="".join(f"{method} {path}\n" for method, _, path in listing).encode())
    lines = done.stdout.decode().splitlines()
    return {(f"Mail::DKIM rsa {method}", name): json.loads(line).encode() + b"\r\n" + messages[name]
            for (method, name, _), line in zip(listing, lines, strict=True)}


def through_milter(socket, label, messages, alive):
    def connected():
        try:
            return MilterClient(str(socket))
        except ConnectionError:
            return None

    wait_for(socket.exists, f"{label} to listen", alive=alive)
    signed = {}
    with wait_for(connected, f"{label} to answer", alive=alive) as client:
        for name, raw in messages.items():
            message = Message(raw)
            outcome = client.message(message.fields, message.body, sender=f"a@{DOMAIN}")
            for one in each_signature(applied(message.fields, message.body, outcome)):
                tags = Message(one).signatures()[0]
                signed[f"{label} {tags['s']} {tags['c']}", name] = one
    return signed


def by_opendkim(keys, directory, messages, spawn):
    signed = {}
    for selector, algorithm in ((RSA, "rsa-sha256"), (ED25519, "ed25519-sha256")):
        for method in ("simple/simple", "relaxed/relaxed"):
            root = directory / f"opendkim-{selector}-{method.replace('/', '-')}"
            root.mkdir()
            config = root / "opendkim.conf"
            config.write_text(OPENDKIM.format(domain=DOMAIN, selector=selector, key=keys.path(selector),
                                              algorithm=algorithm, method=method))
            process = spawn("/usr/sbin/opendkim", "-f", "-x", config, "-p", f"local:{root}/sock",
                            log=root / "log")
            signed |= through_milter(root / "sock", "OpenDKIM", messages, lambda: process.poll() is None)
    return signed


def by_rspamd(keys, directory, messages, spawn):
    program = shutil.which("rspamd") or "/usr/bin/rspamd"
    signed = {}
    for selector in (RSA, ED25519):
        root = directory / f"rspamd-{selector}"
        root.mkdir()
        (root / "tld").write_text("com\nnet\norg\n")
        key = keys.path(selector)
        if selector == ED25519:  # rspamd takes only RSA keys in PEM
            key = root / "key"
            key.write_bytes(keys.seed())
        config = root / "rspamd.conf"
        config.write_text(RSPAMD.format(root=root, domain=DOMAIN, key=key, selector=selector))
        process = spawn(program, "--insecure", "-f", "-c", config, log=root / "log", cwd=root)
        signed |= through_milter(root / "sock", "rspamd", messages, lambda: process.poll() is None)
    return signed


# --- crafted signatures ----------------------------------------------------------------------------

def relaxed_field(name, value):
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.lower().rstrip(b" \t") + b":" + value


def relaxed_body(body):
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def craft(raw, key, tags, written="{tags}", end=""):
    """Signs a message by relaxed/relaxed. `tags` replaces and adds to the default tags, and leaves out a tag whose value
    is None; bh and b are computed. `written` puts text around {tags}; `end` follows b=."""
    message = Message(raw)
    algorithm = "ed25519-sha256" if isinstance(key, Ed25519PrivateKey) else "rsa-sha256"
    limit = tags.get("l")
    body = relaxed_body(message.body)
    if limit is not None and limit.isdigit():
        body = body[:int(limit)]
    new_hash = hashlib.sha1 if tags.get("a") == "rsa-sha1" else hashlib.sha256
    values = {"v": "1", "a": algorithm, "c": "relaxed/relaxed", "d": DOMAIN, "s": RSA,
              "h": "From:To:Subject:Date", "bh": base64.b64encode(new_hash(body).digest()).decode(), **tags}
    b_tag = values.pop("b", "b")
    text = "; ".join(f"{name}={value}" for name, value in values.items() if value is not None)
    value = written.format(tags=text).encode()
    if b_tag is None:
        return b"DKIM-Signature: " + value + b"\r\n" + raw
    value += b"; b="

    left = [(name.lower().strip(), name, content) for name, content in message.fields]
    canonical = b""
    for wanted in (values["h"] or "").split(":"):
        for index in range(len(left) - 1, -1, -1):
            if left[index][0] == wanted.strip().lower().encode():
                canonical += relaxed_field(left[index][1], left[index][2]) + b"\r\n"
                del left[index]
                break
    canonical += relaxed_field(b"DKIM-Signature", b" " + value + end.encode())
    digest = new_hash(canonical).digest()
    if isinstance(key, Ed25519PrivateKey):
        signature = key.sign(digest)
    else:
        kind = hashes.SHA1() if new_hash is hashlib.sha1 else hashes.SHA256()
        signature = key.sign(digest, padding.PKCS1v15(), utils.Prehashed(kind))
    return b"DKIM-Signature: " + value + base64.b64encode(signature) + end.encode() + b"\r\n" + raw

