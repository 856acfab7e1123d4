#!/usr/bin/python3
"""Writes sealed_key.vec to standard output, with the cryptography package and the format's description alone.

The nonces are fixed, so the file is the same each time. A second maker of the format, it shares no code with crypto/.
"""

import base64
import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).parent
FIRST = bytes(range(32))
SECOND = hashlib.sha256(b"another sealing key").digest()
PLACE = {"domain": "example.com", "selector": "server", "use": 1, "algorithm": "ed25519", "number": 1}

HEAD = """\
# Private keys sealed in the format of crypto/keys/sealed_key.hpp, and what must not open. Written by
# make_sealed_key.py, which says how.
#
# Bytes are in Base64. Sealing-Key: the key of that number in the file of the machine that opens; Fingerprint: what the
# fleet's database says of it. Private-Key: the PKCS#8 DER that comes out; Refused: the kind of the error instead."""


def der_of(pem):
    key = serialization.load_pem_private_key((HERE / pem).read_bytes(), password=None)
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def additional_data(place, version=1):
    texts = [place["domain"], place["selector"], str(place["use"]), place["algorithm"], str(place["number"])]
    return bytes([version]) + b"".join(len(text).to_bytes(4, "big") + text.encode() for text in texts)


def seal(der, place, key=FIRST, version=1, nonce=b"twelve bytes"):
    return bytes([version]) + nonce + AESGCM(key).encrypt(nonce, der, additional_data(place, version))


def fingerprint(key):
    return hmac.new(key, b"dkimsignd sealing key", hashlib.sha256).hexdigest()[:32]


def write(name, place, sealed, *, key=FIRST, said=None, result):
    values = {
        "Name": name,
        "Sealing-Key": base64.b64encode(key).decode(),
        "Fingerprint": fingerprint(key) if said is None else said,
        "Number": place["number"],
        "Domain": place["domain"],
        "Selector": place["selector"],
        "Use": place["use"],
        "Algorithm": place["algorithm"],
        "Sealed": base64.b64encode(sealed).decode(),
        "Refused" if isinstance(result, str) else "Private-Key":
            result if isinstance(result, str) else base64.b64encode(result).decode(),
    }
    print()
    for label, value in values.items():
        print(f"{label} = {value}")


def main():
    ed25519 = der_of("rfc8463_ed25519.pem")
    rsa = der_of("rfc8463_rsa.pem")
    print(HEAD)

    sealed = seal(ed25519, PLACE)
    write("an Ed25519 key", PLACE, sealed, result=ed25519)
    rsa_place = {**PLACE, "algorithm": "rsa", "selector": "a.b-c_d", "domain": "xn--mnchen-3ya.example", "number": 7}
    write("an RSA key", rsa_place, seal(rsa, rsa_place, SECOND), key=SECOND, result=rsa)
    slot = {**PLACE, "use": 12, "selector": "s1"}
    write("a key of a slot", slot, seal(ed25519, slot, nonce=bytes(12)), result=ed25519)

    for name, other in (("domain", {"domain": "example.org"}), ("domain of more labels", {"domain": "a.example.com"}),
                        ("selector", {"selector": "server2"}), ("use", {"use": 2}), ("algorithm", {"algorithm": "rsa"}),
                        ("number", {"number": 2})):
        write(f"moved to another {name}", {**PLACE, **other}, sealed, result="damaged")
    # Without the lengths, both places would have the same additional data.
    write("moved by a dot between selector and domain", {**PLACE, "domain": "example.co", "selector": "mserver"},
          sealed, result="damaged")

    write("with no such sealing key in the fleet", PLACE, sealed, said="", result="damaged")
    write("another sealing key than the fleet's", PLACE, sealed, key=SECOND, said=fingerprint(FIRST), result="wrong")
    write("sealed with another key than the fleet's", PLACE, seal(ed25519, PLACE, SECOND), result="damaged")

    write("nothing", PLACE, b"", result="damaged")
    write("the version alone", PLACE, sealed[:1], result="damaged")
    write("cut to an empty key", PLACE, sealed[:29], result="damaged")
    write("an empty key, well sealed", PLACE, seal(b"", PLACE), result="damaged")
    write("without its last byte", PLACE, sealed[:-1], result="damaged")
    write("without its tag", PLACE, sealed[:-16], result="damaged")
    write("with a byte more", PLACE, sealed + b"\0", result="damaged")
    write("another version, well sealed", PLACE, seal(ed25519, PLACE, version=2), result="damaged")
    write("version 0", PLACE, b"\0" + sealed[1:], result="damaged")

    write("no key, well sealed", PLACE, seal(b"no key", PLACE), result="damaged")
    write("a key and a byte more, well sealed", PLACE, seal(ed25519 + b"\0", PLACE), result="damaged")
    write("a key of another algorithm, well sealed", PLACE, seal(rsa, PLACE), result="damaged")


if __name__ == "__main__":
    main()
