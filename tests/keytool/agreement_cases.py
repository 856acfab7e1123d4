"""The cases of verify_agreement_test: message shapes, damage, and crafted signatures with their key records."""

import base64
import re
import subprocess

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.message import Message
from record_server import SERVFAIL
from signature_makers import DOMAIN, ED25519, RSA, craft

HEAD = f"""\
From: "A. Person" <a@{DOMAIN}>
To: One <one@receiver.example>,
 Two <two@receiver.example>
Cc: three@receiver.example
Subject: Disk  full on
\tserver
Date: Tue, 24 Nov 2026 06:00:00 +0000
Message-ID: <1@{DOMAIN}>
"""
TYPE = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"


def crlf(text):
    return text.encode().replace(b"\n", b"\r\n")


SHAPES = {
    "rich": crlf(HEAD + TYPE + "X-Mailer: test\n\nHello,\n\nthe  disk\tis full. \n-- \nserver\n"),
    "no body": crlf(HEAD + "\n"),
    "empty lines": crlf(HEAD + "\n\n\nfirst\n\n\nlast\n\n\n\n"),
    "no final line end": crlf(HEAD + "\n one").removesuffix(b"\r\n") + b"\r\n",
    "utf-8": crlf(HEAD + TYPE + "\nGr\u00fc\u00dfe aus K\u00f6ln \u2013 \u20ac\n"),
    "long lines": crlf(HEAD + TYPE + "\n" + ("x" * 900 + "\n") * 5 + "." + "\n..\n.\n"),
    "blanks": crlf(HEAD.replace("Disk", "\n  \n Disk").replace("\n  \n", "\n ") + "\n \t \n a \t b \n\t\n  \n"),
    "two of a name": crlf("To: first@receiver.example\n" + HEAD + "Comments: x\n\nbody\n"),
}


# --- damage ----------------------------------------------------------------------------------------

def join(fields, body):
    return b"".join(name + b":" + value + b"\r\n" for name, value in fields) + b"\r\n" + body


def signature_of(raw):
    message = Message(raw)
    index = [name.lower() for name, _ in message.fields].index(b"dkim-signature")
    return message, index, message.signatures()[0]


def damages(raw):
    """Yields the name of some damage, the damaged message, and whether the signature must still hold (None: that
    depends on what is signed)."""
    message, own, tags = signature_of(raw)
    header_relaxed, body_relaxed = (part == "relaxed" for part in tags["c"].split("/"))
    named = [name.lower() for name in tags["h"].split(":")]
    fields, body = message.fields, message.body

    def with_field(index, *replacement):
        return join(fields[:index] + list(replacement) + fields[index + 1:], body)

    for index, (name, value) in enumerate(fields):
        if index == own:
            continue
        text = name.decode()
        is_signed = text.lower() in named
        fold = value.replace(b"\r\n", b"") if b"\r\n" in value else value.replace(b" ", b"\r\n ", 1)
        yield f"{text} changed", with_field(index, (name, value + b"x")), not is_signed
        yield f"{text} removed", with_field(index), not is_signed
        yield f"{text} in upper case", with_field(index, (name, value.swapcase())), (
            not is_signed or value.swapcase() == value)
        yield f"{text} refolded", with_field(index, (name, fold)), not is_signed or header_relaxed
        yield f"{text} with more white space", with_field(index, (name, b" " + value + b" ")), (
            not is_signed or header_relaxed)
        yield f"{text}'s name in lower case", with_field(index, (name.lower(), value)), (
            not is_signed or header_relaxed or name == name.lower())
        # A name in h= means the lowest field that is left: only oversigning notices one that is added on top.
        oversigned = named.count(text.lower()) > 1
        yield f"another {text} on top", join([(name, b" x")] + fields, body), not (is_signed and oversigned)
        yield f"another {text} below", join(fields + [(name, b" x")], body), not is_signed
        yield f"{text} moved to the top", join([fields[index]] + fields[:index] + fields[index + 1:], body), True
    yield "an unknown field added", join([(b"X-New", b" x")] + fields, body), True

    yield "body: a byte changed", join(fields, body.replace(b"Hello", b"hello")), False
    yield "body: text appended", join(fields, body + b"___\r\na list\r\n"), False
    yield "body: text on top", join(fields, b"[external]\r\n" + body), False
    yield "body: the last line cut", join(fields, body.removesuffix(b"server\r\n")), False
    yield "body: empty", join(fields, b""), False
    yield "body: empty lines at the end", join(fields, body + b"\r\n\r\n"), True
    yield "body: an empty line on top", join(fields, b"\r\n" + body), False
    yield "body: an empty line removed", join(fields, body.replace(b"\r\n\r\n", b"\r\n")), False
    yield "body: space at a line's end", join(fields, body.replace(b"server\r\n", b"server \r\n")), body_relaxed
    yield "body: a tab at a line's end", join(fields, body.replace(b"Hello,", b"Hello,\t")), body_relaxed
    yield "body: the space at a line's end removed", join(fields, body.replace(b"full. ", b"full.")), body_relaxed
    yield "body: two spaces as one", join(fields, body.replace(b"the  disk", b"the disk")), body_relaxed
    yield "body: a space removed", join(fields, body.replace(b"is full", b"isfull")), False
    yield "body: a space at a line's beginning", join(fields, body.replace(b"the  ", b" the  ")), False
    yield "body: a line of white space at the end", join(fields, body + b" \t\r\n"), body_relaxed

    value = fields[own][1]

    def retag(pattern, replacement, count=1):
        changed = re.sub(pattern, replacement, value, count=count, flags=re.DOTALL)
        return with_field(own, (fields[own][0], changed))

    def flip(match):
        return match[1] + (b"A" if match[2] != b"A" else b"B")

    yield "b: a byte changed", retag(rb"((?:;|\s)b=\s*)(\S)", flip), False
    yield "b: cut", retag(rb"(;\s*b=\s*\S{40})[^;]*", rb"\1"), False
    yield "b: folded again", retag(rb"(;\s*b=)\s*(\S{9})", rb"\1\r\n\t \2 \r\n\t "), True
    yield "b: empty", retag(rb"(;\s*b=)[^;]*", rb"\1"), False
    yield "b: not base64", retag(rb"(;\s*b=\s*)\S", rb"\1!"), False
    yield "bh: a byte changed", retag(rb"(bh=\s*)(\S)", flip), False
    yield "bh: missing", retag(rb"bh=[^;]*;", b""), False
    yield "d: another domain", retag(rb"d=[\w.]*", b"d=other.example"), False
    yield "d: a domain below", retag(rb"d=", b"d=sub."), False
    yield "s: another selector", retag(rb"([;\s])s=\w*", rb"\1s=absent"), False
    yield "s: the other key", retag(rb"([;\s])s=(\w*)", lambda m: m[1] + (b"s=ed" if m[2] == b"rsa" else b"s=rsa")), False
    yield "h: a name removed", retag(rb"h=\s*[\w-]+\s*:", b"h="), False
    yield "h: a name added", retag(rb"h=", b"h=X-Mailer:"), False
    yield "h: the name of an absent field added", retag(rb"h=", b"h=X-Absent:"), False
    yield "h: without From", retag(rb"(?i)([:=\s])from\b", rb"\1X-From", count=0), False
    yield "a: the other algorithm", retag(rb"a=[\w-]*", b"a=ed25519-sha256" if tags["s"] == RSA else b"a=rsa-sha256"), False
    yield "a: rsa-sha1", retag(rb"a=[\w-]*", b"a=rsa-sha1"), False
    yield "a: unknown", retag(rb"a=[\w-]*", b"a=rsa-md5"), False
    yield "c: another method", retag(rb"c=[\w/]*", b"c=simple/relaxed" if tags["c"] != "simple/relaxed" else b"c=relaxed/simple"), False
    yield "c: missing", retag(rb"c=[\w/]*;", b""), False
    yield "c: unknown", retag(rb"c=[\w/]*", b"c=nofws/relaxed"), False
    yield "v: 2", retag(rb"v=1", b"v=2"), False
    yield "v: missing", retag(rb"v=1;", b""), False
    yield "i: added", retag(rb"d=", f"i=@{DOMAIN}; d=".encode()), False
    yield "i: of another domain", retag(rb"d=", b"i=@other.example; d="), False
    yield "t: changed", retag(rb"([;\s])t=\d+", rb"\1t=1000") if "t" in tags else retag(rb"d=", b"t=1000; d="), False
    yield "x: added", retag(rb"d=", b"x=9999999999; d="), False
    yield "x: expired", retag(rb"d=", b"x=1500000000; d="), False
    yield "l: added", retag(rb"d=", b"l=5; d="), False
    yield "the field refolded", retag(rb"\r\n[ \t]+", b" ", count=0), True if header_relaxed else None
    yield "no signature value", with_field(own, (fields[own][0], b"")), False
    yield "a tag twice", retag(rb"d=", b"d=other.example; d="), False


# --- key records and crafted signatures ------------------------------------------------------------

def weak_key():
    # cryptography makes none below 1024 bits from version 42 on, and reads them.
    made = subprocess.run(["openssl", "genrsa", "512"], check=True, capture_output=True)
    return serialization.load_pem_private_key(made.stdout, None)


WEAK = weak_key()
OTHER = rsa.generate_private_key(65537, 1024)


def p_of(key, form=serialization.PublicFormat.SubjectPublicKeyInfo):
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def records(keys):
    """Returns the TXT values by name: the good records, and each of `KEY_CASES` with its own selector."""
    good = {RSA: keys.record(RSA).decode(), ED25519: keys.record(ED25519).decode()}
    found = {f"{selector}._domainkey.{DOMAIN}": [value] for selector, value in good.items()}
    for selector, (_, make) in KEY_CASES.items():
        values = make(p_of(keys.private[RSA]), good[ED25519].split("p=")[1], keys)
        if values is not None:
            found[f"{selector}._domainkey.{DOMAIN}"] = values
    found[f"{RSA}._domainkey.sub.{DOMAIN}"] = [good[RSA]]
    found[f"{RSA}._domainkey.other.example"] = [f"v=DKIM1; k=rsa; p={p_of(OTHER)}"]
    found[f"{RSA}._domainkey.xn--bcher-kva.example"] = [good[RSA]]
    return found


# By selector: the reason that verify gives, and a function that makes the TXT values (None: no record) from p= for RSA,
# p= for Ed25519, and the keys.
KEY_CASES = {
    "plain": ("holds", lambda p, e, k: [f"v=DKIM1; k=rsa; p={p}"]),
    "only-p": ("holds", lambda p, e, k: [f"p={p}"]),
    "final-semicolon": ("holds", lambda p, e, k: [f"v=DKIM1; p={p};"]),
    "white-space": ("holds", lambda p, e, k: [f" v = DKIM1 ;  k = rsa ; p = {p[:50]} {p[50:]} "]),
    "unknown-tags": ("holds", lambda p, e, k: [f"v=DKIM1; n=a note; zz=1; p={p}"]),
    "granularity": ("holds", lambda p, e, k: [f"v=DKIM1; g=*; p={p}"]),
    "test-mode": ("holds", lambda p, e, k: [f"v=DKIM1; t=y; p={p}"]),
    "hash-right": ("holds", lambda p, e, k: [f"v=DKIM1; h=sha1:sha256; p={p}"]),
    "hash-sha1": ("key_hash", lambda p, e, k: [f"v=DKIM1; h=sha1; p={p}"]),
    "service-email": ("holds", lambda p, e, k: [f"v=DKIM1; s=email; p={p}"]),
    "service-any": ("holds", lambda p, e, k: [f"v=DKIM1; s=*; p={p}"]),
    "service-list": ("holds", lambda p, e, k: [f"v=DKIM1; s=other:email; p={p}"]),
    "service-other": ("key_syntax", lambda p, e, k: [f"v=DKIM1; s=other; p={p}"]),
    "strict": ("holds", lambda p, e, k: [f"v=DKIM1; t=s; p={p}"]),
    "revoked": ("key_revoked", lambda p, e, k: ["v=DKIM1; k=rsa; p="]),
    "no-p": ("key_syntax", lambda p, e, k: ["v=DKIM1; k=rsa"]),
    "another-key": ("not_by_this_key", lambda p, e, k: [f"v=DKIM1; p={p_of(OTHER)}"]),
    "key-type": ("key_of_other_kind", lambda p, e, k: [f"v=DKIM1; k=ed25519; p={e}"]),
    "key-type-only": ("key_of_other_kind", lambda p, e, k: [f"v=DKIM1; k=ed25519; p={p}"]),
    "key-type-unknown": ("key_syntax", lambda p, e, k: [f"v=DKIM1; k=dsa; p={p}"]),
    "version-2": ("key_syntax", lambda p, e, k: [f"v=DKIM2; p={p}"]),
    "version-last": ("key_syntax", lambda p, e, k: [f"k=rsa; p={p}; v=DKIM1"]),
    "p-damaged": ("key_syntax", lambda p, e, k: [f"v=DKIM1; p={p[:-20]}"]),
    "p-cut": ("key_syntax", lambda p, e, k: [f"v=DKIM1; p={p[:100]}"]),
    "p-no-base64": ("key_syntax", lambda p, e, k: [f"v=DKIM1; p=!!{p}"]),
    "p-twice": ("key_syntax", lambda p, e, k: [f"v=DKIM1; p={p}; p={p}"]),
    "no-tags": ("key_syntax", lambda p, e, k: ["a text of another kind"]),
    "empty": ("key_syntax", lambda p, e, k: [""]),
    "pkcs1": ("holds", lambda p, e, k: [f"v=DKIM1; p={p_of(k.private[RSA], serialization.PublicFormat.PKCS1)}"]),
    "two-good-first": ("holds", lambda p, e, k: [f"v=DKIM1; p={p}", f"v=DKIM1; p={p_of(OTHER)}"]),
    "two-good-last": ("holds", lambda p, e, k: [f"v=DKIM1; p={p_of(OTHER)}", f"v=DKIM1; p={p}"]),
    "beside-spf": ("holds", lambda p, e, k: ["v=spf1 -all", f"v=DKIM1; p={p}"]),
    "missing": ("no_key", lambda p, e, k: None),
    "broken": ("key_unavailable", lambda p, e, k: SERVFAIL),
    "weak": ("weak_key", lambda p, e, k: [f"v=DKIM1; p={p_of(WEAK)}"]),
}

LETTER = crlf(f"Subject: outer\nFrom: a@{DOMAIN}\nTo: b@receiver.example\nSubject: inner\n"
              "Date: Tue, 24 Nov 2026 06:00:00 +0000\n\nfirst line\nsecond line\n")


def crafted(keys, now):
    """Returns, by name, the signed message and the reason that verify gives ("holds" for a pass)."""
    key, ed25519 = keys.private[RSA], keys.private[ED25519]
    found = {}

    def add(name, reason, tags=None, signing_key=key, written="{tags}", end=""):
        found[name] = (craft(LETTER, signing_key, tags or {}, written, end), reason)

    for selector, (reason, _) in KEY_CASES.items():
        signing_key = WEAK if selector == "weak" else key
        add(f"key: {selector}", reason, {"s": selector}, signing_key)
    add("key: strict, i= is d=", "holds", {"s": "strict", "i": f"user@{DOMAIN}"})
    add("key: strict, i= below d=", "key_strict", {"s": "strict", "i": f"@sub.{DOMAIN}"})
    add("key: test and strict, i= below d=", "holds", {"s": "test-mode", "i": f"@sub.{DOMAIN}"})

    add("plain", "holds")
    add("plain ed25519", "holds", {"s": ED25519}, ed25519)
    add("ed25519 by the RSA key's record", "key_of_other_kind", {"a": "ed25519-sha256"})
    add("a: real rsa-sha1", "historic_algorithm", {"a": "rsa-sha1"})
    for tag in ("v", "a", "d", "s", "bh"):
        add(f"{tag}: missing", "missing_tag", {tag: None})
    add("h: missing", "missing_tag", {"h": None})
    add("b: missing", "missing_tag", {"b": None})
    add("c: missing is simple/simple", "header_differs", {"c": None})
    add("c: one word", "holds", {"c": "relaxed"})
    add("v: 0.5", "version", {"v": "0.5"})
    add("v: 1.0", "version", {"v": "1.0"})
    add("unknown tags", "holds", {"zz": "1", "y_2": ""})
    add("final semicolon", "holds", tags={"zz": "1"}, end=";")
    add("an empty tag", "syntax", written="{tags};")
    add("a tag without =", "syntax", written="{tags}; zz")
    add("a bad tag name", "syntax", written="{tags}; 1z=1")
    add("white space around tags", "holds", written=" {tags} \t", tags={"d": f"\r\n\t{DOMAIN} ", "h": " From : To \r\n : Subject"})
    add("a tag twice", "syntax", written="{tags}; v=1")
    add("q: dns/txt", "holds", {"q": "dns/txt"})
    add("q: unknown and dns/txt", "holds", {"q": "zz/yy:dns/txt"})
    add("q: unknown", "unknown_query", {"q": "zz/yy"})
    add("d: upper case", "holds", {"d": DOMAIN.upper()})
    add("s: upper case", "holds", {"s": RSA.upper()})
    add("d: empty", "domain", {"d": ""})
    add("s: empty", "selector", {"s": ""})
    add("d: U-label", "holds", {"d": "b\u00fccher.example"})
    add("d: A-label", "holds", {"d": "xn--bcher-kva.example"})
    add("d: subdomain with a key", "holds", {"d": f"sub.{DOMAIN}"})
    add("h: every name again", "holds", {"h": "From:To:Subject:Date:From:To:Subject:Date"})
    add("h: both of two", "holds", {"h": "from:subject:subject"})
    add("h: only From", "holds", {"h": "from"})
    add("h: names of absent fields", "holds", {"h": "From:X-Absent:Cc"})
    add("h: no From", "from_not_signed", {"h": "To:Subject"})
    add("h: no From but similar names", "from_not_signed", {"h": "To:X-From:Fromage"})
    add("h: an empty name", "syntax", {"h": "From::To"})
    add("h: empty", "syntax", {"h": ""})
    add("i: d=", "holds", {"i": f"@{DOMAIN}"})
    add("i: a user", "holds", {"i": f"user=20name@{DOMAIN}"})
    add("i: below d=", "holds", {"i": f"user@deep.sub.{DOMAIN}"})
    add("i: of another domain", "identity", {"i": "user@other.example"})
    add("i: ends like d=", "identity", {"i": f"user@not{DOMAIN}"})
    add("i: above d=", "identity", {"i": "user@example"})
    add("i: without @", "identity", {"i": DOMAIN})
    add("t: past", "holds", {"t": str(now - 1000)})
    add("t: soon", "holds", {"t": str(now + 600)})
    add("t: far in the future", "holds", {"t": str(now + 10 ** 6)})
    add("t: not a number", "syntax", {"t": "yesterday"})
    add("x: in the future", "holds", {"t": str(now - 1000), "x": str(now + 1000)})
    add("x: in the past", "expired", {"t": str(now - 10 ** 6), "x": str(now - 10 ** 5)})
    add("x: in the past, without t=", "expired", {"x": str(now - 10 ** 5)})
    add("x: before t=", "times", {"t": str(now + 2000), "x": str(now + 1000)})
    add("x: not a number", "syntax", {"x": "never"})
    length = len(b"first line\r\nsecond line\r\n")
    add("l: the whole body", "holds", {"l": str(length)})
    add("l: the first line", "holds", {"l": "12"})
    add("l: within a line", "holds", {"l": "5"})
    add("l: nothing", "holds", {"l": "0"})
    add("l: too much", "body_differs", {"l": str(length + 1)})
    add("l: not a number", "syntax", {"l": "-1"})
    add("bh: of something else", "body_differs", {"bh": base64.b64encode(b"x" * 32).decode()})
    add("bh: too short", "body_differs", {"bh": base64.b64encode(b"x" * 16).decode()})
    add("bh: not base64", "syntax", {"bh": "?"})
    found["b: of another key"] = (craft(LETTER, OTHER, {}), "not_by_this_key")
    found["l: text appended"] = (craft(LETTER, key, {"l": str(length)}) + b"footer\r\n", "holds")
    return found
