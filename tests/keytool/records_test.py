#!/usr/bin/python3
"""Others can read the output of dkimkey: BIND and dnspython the records, dkimpy the records and the signatures."""

import base64
import hashlib
import json
import re
import subprocess
import unittest

import dkim
import dns.rdatatype
import dns.zone

from dkimkey import StoreTest, run, succeed

NOTES = ['plain', 'call "Bob"; or \\ him', 'back\\slash" ; n=2; p=AAAA', 'line\nbreak\ttab', '=3D =', 'ümläut', ');',
         '\\" )\n@ IN A 192.0.2.1 ;', "x" * 300]


def zone_values(text, origin):
    """Returns TXT values by absolute name, as dnspython reads them."""
    head = f"$ORIGIN {origin}.\n$TTL 60\n@ IN SOA ns.invalid. root.invalid. 1 1 1 1 1\n@ IN NS ns.invalid.\n"
    zone = dns.zone.from_text(head + text, origin=origin)
    return {name.derelativize(zone.origin).to_text(): b"".join(record.strings).decode()
            for name, _, record in zone.iterate_rdatas(dns.rdatatype.TXT)}


class Records(StoreTest):
    def setUp(self):
        super().setUp()
        self.make_store()

    def check_zone(self, text, domain):
        """Reads a zone file with BIND's own reader."""
        zone = self.directory / "zone"
        zone.write_bytes("$TTL 60\n@ IN SOA ns.invalid. root.invalid. 1 1 1 1 1\n@ IN NS ns.invalid.\n".encode() + text)
        done = subprocess.run(["named-checkzone", "-i", "none", domain, zone], capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_form_says_the_same(self):
        for i, note in enumerate(NOTES):
            domain = f"d{i}.example"
            done = self.generate("s", "--algorithm", "both", "-b", "2048", "-n", note, "-t", domain=domain)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.check_zone(done.stdout, domain)
            keys = json.loads(succeed("show", "-D", self.keys, "-d", domain, "--json").stdout)
            wanted = {key["name"] + ".": key["value"] for key in keys}
            self.assertEqual(len(wanted), 2)
            self.assertEqual(zone_values(done.stdout.decode(), domain), wanted)

            def show(form):
                return succeed("show", "-D", self.keys, "-d", domain, "-f", form).stdout.decode()

            self.assertEqual(show("value").splitlines(), [key["value"] for key in keys])
            lines = "".join(f"{key['name']}. TXT {line}\n" for key, line in
                            zip(keys, show("strings").splitlines(), strict=True))
            self.assertEqual(zone_values(lines, domain), wanted)
            updates = re.findall(r"^update add (.*)$", show("nsupdate"), re.MULTILINE)
            self.assertEqual(zone_values("\n".join(updates) + "\n", domain), wanted)
            for line, key in zip(show("tinydns").splitlines(), keys, strict=True):
                name, value, ttl = line[1:].split(":")
                self.assertEqual((line[0], name, ttl), ("'", key["name"], "3600"))
                self.assertEqual(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), value), key["value"])

            relative = self.generate("r", "-b", "1024", "--noappend-domain", domain=domain).stdout
            self.check_zone(relative, domain)
            self.assertEqual(list(zone_values(relative.decode(), domain)), [f"r._domainkey.{domain}."])

    def test_dkimpy_reads_records(self):
        for i, note in enumerate(NOTES):
            domain = f"d{i}.example"
            for flags in ([], ["-t"], ["-r", "-S"], ["-h", "sha256"]):
                self.generate("x" + "".join(flags).replace("-", ""), "--algorithm", "both", "-b", "1024", "-n", note,
                              *flags, domain=domain)
            for key in json.loads(succeed("show", "-D", self.keys, "-d", domain, "--json").stdout):
                value = key["value"].encode()
                public, size, kind, _ = dkim.evaluate_pk("", value)
                self.assertEqual(kind, key["algorithm"].encode())
                self.assertEqual(size, key["bits"])
                tags = dkim.util.parse_tag_value(value)
                quoted = tags[b"n"].decode()
                self.assertEqual(re.sub("=([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), quoted).encode("latin1"),
                                 note.encode())

    def test_fit_makes_the_largest_key_that_fits(self):
        for limit, note in ((255, None), (255, "a note"), (300, None), (420, "another")):
            domain = f"fit{limit}{len(note or '')}.example"
            flags = ["-n", note] if note else []
            done = self.generate("s", "--fit", str(limit), *flags, domain=domain)
            self.assertEqual(done.returncode, 0, done.stderr)
            key = json.loads(succeed("show", "-D", self.keys, "-d", domain, "--json").stdout)[0]
            self.assertLessEqual(len(key["value"]), limit)
            self.assertEqual(b"warning" in done.stderr, key["bits"] < 2048)
            # The next size up does not fit.
            self.generate("larger", "-b", str(key["bits"] + 8), domain=domain)
            larger = json.loads(succeed("show", "-D", self.keys, "-d", domain, "-s", "larger", "--json").stdout)[0]
            self.assertGreater(len(larger["value"]), limit)


class Signatures(StoreTest):
    def setUp(self):
        super().setUp()
        self.make_store()
        done = self.generate("s", "--algorithm", "both", "-b", "1024", "--activate")
        self.records = {name.encode(): value.encode()
                        for name, value in zone_values(done.stdout.decode(), "example.com").items()}

    def sign(self, message, *more):
        done = run("sign", "-D", self.keys, *more, stdin=None, input=message)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def verify(self, message):
        """dkimpy verifies both signatures, with CRLF line ends as mail is sent."""
        wire = re.sub(rb"\r?\n", b"\r\n", message)
        verifier = dkim.DKIM(wire)
        for index in (0, 1):
            self.assertTrue(verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: self.records[name]), message)

    def test_messages_of_many_shapes(self):
        header = b"From: A <a@example.com>\nTo: b@example.org\nSubject: x\n"
        shapes = [
            header + b"\nbody\n", header + b"\n", header, header[:-1], header + b"\nno line end",
            header + b"\n\n\n\n", header + b"\n  spaces \t\n\n.\n..\n", header + b"\nNUL \0 byte\n",
            header + b"\n\xff\xfe 8-bit \xc3\xa4\n", header.replace(b"Subject: x", b"Subject:\n x\n\ty") + b"\nb\n",
            header.replace(b"Subject: x", b"Subject:") + b"\nb\n", header + b"X-" + b"y" * 5000 + b": z\n\nb\n",
            header + b"Subject: again\nTo: c@example.net\n\nbody\n", header + b"\n" + b"line\n" * 100_000]
        for canonicalization in ("relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"):
            config = self.directory / "conf"
            config.write_text(f'canonicalization = "{canonicalization}";\n')
            for shape in shapes:
                for message in (shape, re.sub(rb"\n", b"\r\n", shape)):
                    with self.subTest(canonicalization=canonicalization, message=message[:200]):
                        signed = self.sign(message, "--config", config)
                        self.assertTrue(signed.endswith(message))
                        added = signed[:-len(message)]
                        self.assertEqual(added.count(b"DKIM-Signature:"), 2)
                        if b"\r\n" in message:
                            self.assertEqual(added.count(b"\n"), added.count(b"\r\n"))
                        elif b"\n" in message:
                            self.assertNotIn(b"\r", added)
                        self.verify(signed)

    def test_a_header_that_ends_without_an_empty_line(self):
        signed = self.sign(b"From: a@example.com\nnot a field\nbody\n")
        self.assertTrue(signed.endswith(b"From: a@example.com\n\nnot a field\nbody\n"))
        self.verify(signed)

    def test_a_hundred_megabytes(self):
        line = b"0123456789" * 7 + b"\n"
        body = line * (100_000_000 // len(line))
        message = b"From: a@example.com\nSubject: large\n\n" + body
        signed = self.sign(message)
        self.assertEqual(len(signed) - len(message), signed.index(b"From: a@"))
        self.assertTrue(signed.endswith(b"\n\n" + body))
        digest = base64.b64encode(hashlib.sha256(body.replace(b"\n", b"\r\n")).digest())
        self.assertEqual(re.sub(rb"\s", b"", signed[:3000]).count(b"bh=" + digest), 2)

    def test_any_bytes(self):
        for message in (b"", b"\0", b"\n", b"\r", b"\r\n", b":", b" ", b":\n", b"From", b"From:", b"From:\n", b"\xff" * 1000,
                        b"a:b\n" * 1000, b"From a\n", b"From a", b" From: a@example.com\n", b"From : \n\n"):
            done = run("sign", "-D", self.keys, stdin=None, input=message)
            self.assertEqual((done.returncode, done.stdout), (1, b""), message)
            self.assertTrue(done.stderr.startswith(b"not signed: "), done.stderr)


if __name__ == "__main__":
    unittest.main()
