"""Writes domains into a fleet's database as dkimkey does, but by another implementation of the format: SQL, and AES-256-GCM
by Python's cryptography. So a test can also write what dkimkey never would.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import pathlib
import re
import shutil
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from dkimkey import run


class SealingKey:
    def __init__(self, number=1):
        self.number, self.bytes = number, os.urandom(32)

    def fingerprint(self):
        return hmac.new(self.bytes, b"dkimsignd sealing key", hashlib.sha256).digest()[:16].hex()

    def text(self):
        return f'{{ number = {self.number}; key = "{base64.b64encode(self.bytes).decode()}"; }}'

    def seal(self, der, domain, selector, use, algorithm):
        fields = (domain, selector, str(use), algorithm, str(self.number))
        place = b"\1" + b"".join(len(field).to_bytes(4, "big") + field.encode() for field in fields)
        nonce = os.urandom(12)
        return b"\1" + nonce + AESGCM(self.bytes).encrypt(nonce, der, place)


def write_sealing_keys(path, *keys):
    path.write_text(f"sealing_keys = ( {', '.join(key.text() for key in keys)} );\n")
    path.chmod(0o640)


def literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Author:
    """A machine that makes keys: it has a key store of its own, and writes what is in it into the database."""

    def __init__(self, query, key):
        """query: runs SQL and returns rows as lists of texts."""
        self.query, self.key = query, key
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="dkimsignd-author-"))
        self.keys = self.root / "keys"
        self.keys.mkdir(0o750)

    def close(self):
        shutil.rmtree(self.root)

    def dkimkey(self, command, domain, *more):
        done = run(command, "-D", self.keys, "-d", domain, *more)
        # A record that a person has to publish is none of this test's business.
        if done.returncode not in (0, 3):
            raise AssertionError(f"dkimkey {command} {more} ended with {done.returncode}: {done.stderr.decode()}")

    def make(self, domain, selector="server", *more):
        """Makes a domain with an active key."""
        self.dkimkey("generate", domain, "-s", selector, "--algorithm", "ed25519", "--activate", *more)
        return self.put(domain)

    def turn(self, domain, old, new, put=True):
        """Lets another key take the place of one, which is revoked."""
        self.dkimkey("generate", domain, "-s", new, "--algorithm", "ed25519")
        self.dkimkey("activate", domain, "-s", new, "--force")
        self.dkimkey("revoke", domain, "-s", old)
        return self.put(domain) if put else None

    def state(self, domain):
        """Returns the manifest, and (selector, use, algorithm, DER) for each key."""
        manifest = (self.keys / domain / "keys.conf").read_text()
        keys = []
        for path in sorted((self.keys / domain).glob("*.private")):
            selector, _, use = path.stem.partition("+")
            key = load_pem_private_key(path.read_bytes(), None)
            algorithm = re.search(rf'selector = "{re.escape(selector)}".*?algorithm = "(\w+)"', manifest, re.S)[1]
            keys.append((selector, int(use or 1), algorithm,
                         key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())))
        return manifest, keys

    def clone(self, domain, *others):
        """Gives other domains the same key, in one transaction each but by one call."""
        for other in others:
            shutil.copytree(self.keys / domain, self.keys / other)
            for path in (self.keys / other).glob("*.txt"):
                path.write_text(path.read_text().replace(domain, other))
        self.query("".join(f"BEGIN;{self._change(other, *self._rows_of(other))}COMMIT;" for other in others))

    def put(self, domain, notify=True, **wrong):
        """Writes a domain's whole state in one transaction; returns the number of the change. wrong: what is to be wrong
        in the row: name, manifest, rows."""
        manifest, rows = self._rows_of(domain)
        ((sequence,),) = self.query(f"""
            BEGIN;
            {self._change(wrong.get("name", domain), wrong.get("manifest", manifest), wrong.get("rows", rows))}
            {"NOTIFY dkimsignd;" if notify else ""}
            SELECT sequence FROM dkimsignd.store;
            COMMIT;""")
        return int(sequence)

    def _rows_of(self, domain):
        manifest, keys = self.state(domain)
        return manifest, [(selector, use, algorithm, self.key.number, self.key.seal(der, domain, selector, use, algorithm))
                          for selector, use, algorithm, der in keys]

    @staticmethod
    def _change(domain, manifest, rows):
        name = literal(domain)
        inserts = "".join(
            f"INSERT INTO dkimsignd.sealed_keys VALUES ({name}, {', '.join(map(literal, row))});" for row in rows)
        return f"""
            UPDATE dkimsignd.store SET sequence = sequence + 1;
            INSERT INTO dkimsignd.changes (sequence) SELECT sequence FROM dkimsignd.store;
            INSERT INTO dkimsignd.domains SELECT {name}, sequence, {literal(manifest)} FROM dkimsignd.store
                ON CONFLICT (domain) DO UPDATE SET sequence = EXCLUDED.sequence, manifest = EXCLUDED.manifest;
            DELETE FROM dkimsignd.sealed_keys WHERE domain = {name};
            {inserts}"""

    # As it was earlier.

    def remember(self):
        shutil.copytree(self.keys, self.root / "then")

    def go_back(self):
        """Has the state of then; what it had until now is in another directory, which is returned."""
        self.keys.rename(self.root / "lost")
        (self.root / "then").rename(self.keys)
        return self.root / "lost"

    def files(self, domain):
        """Returns the names and contents of a domain's files, without those that are no part of its state."""
        return files(self.keys, domain)


def files(keys, domain):
    """Reads them while the files are written: then the answer is one of many."""
    contents = {}
    for path in sorted((keys / domain).glob("*")) + sorted((keys / domain).glob(".*.new")):
        with contextlib.suppress(FileNotFoundError):
            contents[path.name] = path.read_bytes()
    return contents
