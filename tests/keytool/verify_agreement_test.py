#!/usr/bin/python3
"""dkimkey verify agrees with dkimpy and Mail::DKIM: which signatures hold, and which do not.

Signed by real OpenDKIM, rspamd, dkimpy, Mail::DKIM and dkimkey sign, as they are and damaged in every part;
and crafted, for what no signer writes: tags and key records at the limits of RFC 6376. Where the judges differ
the case stands in KNOWN with the section that settles it, and nowhere else.
"""

import collections
import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import agreement_cases as cases  # noqa: E402
import dkim  # noqa: E402
import signature_makers as makers  # noqa: E402
from dkimkey import PROGRAM  # noqa: E402
from harness.workspace import Workspace  # noqa: E402
from record_server import RecordServer  # noqa: E402

PERL = pathlib.Path(__file__).resolve().parent.parent / "e2e" / "harness" / "verify_mail_dkim.pl"

OURS, DKIMPY, MAIL_DKIM = "dkimkey", "dkimpy", "Mail::DKIM"

# Case (a pattern) to the judge that is wrong, and why we are not.
# RFC 6376 unless another is named.
KNOWN = [
    # Debian 12's Mail::DKIM has no Ed25519: it ignores such a signature, as 3.3.3 lets it.
    ("* ed *", MAIL_DKIM, "RFC 8463 3"),
    ("*ed25519*", MAIL_DKIM, "RFC 8463 3"),
    # Historic: "MUST NOT" be accepted.
    ("a: real rsa-sha1", DKIMPY, "RFC 8301 3.1"),
    ("a: real rsa-sha1", MAIL_DKIM, "RFC 8301 3.1"),
    ("key: weak", MAIL_DKIM, "RFC 8301 3.2"),
    # From MUST be signed.
    ("h: no From*", DKIMPY, "6.1.1"),
    ("h: no From*", MAIL_DKIM, "6.1.1"),
    # The From that h= names is as signed; that there is another is the receiver's to judge.
    ("*| another From on top", DKIMPY, "8.15"),
    # A list of names has no empty one, and is not empty.
    ("h: an empty name", DKIMPY, "3.5, h="),
    ("h: an empty name", MAIL_DKIM, "3.5, h="),
    ("h: empty", DKIMPY, "3.5, h="),
    ("h: empty", MAIL_DKIM, "3.5, h="),
    # Mail::DKIM reads these as DomainKeys, the forerunner, or with its defaults.
    ("v: missing", MAIL_DKIM, "6.1.1"),
    ("v: 0.5", MAIL_DKIM, "6.1.1"),
    ("bh: missing", MAIL_DKIM, "6.1.1"),
    ("h: missing", MAIL_DKIM, "6.1.1"),
    # Tag lists: a tag twice makes the whole list invalid; an empty one and a name that begins with a digit are none.
    ("a tag twice", MAIL_DKIM, "3.2"),
    ("key: p-twice", MAIL_DKIM, "3.2"),
    ("an empty tag", MAIL_DKIM, "3.2"),
    ("a bad tag name", MAIL_DKIM, "3.2"),
    # Times: digits, and x= after t=. A time in the future MAY be refused; it need not.
    ("t: no number", MAIL_DKIM, "3.5, t="),
    ("x: before t=", DKIMPY, "3.5, x="),
    ("x: before t=", MAIL_DKIM, "3.5, x="),
    ("t: far in the future", DKIMPY, "3.5, t="),
    # l= MUST NOT be larger than the body; 0 octets of it are a limit like another.
    ("l: too much", DKIMPY, "3.5, l="),
    ("l: too much", MAIL_DKIM, "3.5, l="),
    ("l: nothing", MAIL_DKIM, "3.5, l="),
    # Unknown query methods are ignored, known ones beside them are not.
    ("q: unknown and dns/txt", DKIMPY, "3.5, q="),
    # A domain in Unicode is asked for in its ASCII form.
    ("d: U-label", DKIMPY, "RFC 8616 5"),
    ("d: U-label", MAIL_DKIM, "RFC 8616 5"),
    # Key records.
    ("key: hash-sha1", DKIMPY, "6.1.2, step 6"),
    ("key: service-list", DKIMPY, "3.6.1, s= is a list"),
    ("key: version-last", DKIMPY, "3.6.1, v= comes first"),
    ("key: version-last", MAIL_DKIM, "3.6.1, v= comes first"),
    ("key: p-no-base64", DKIMPY, "3.6.1, p="),
    ("key: pkcs1", MAIL_DKIM, "3.6.1, p= is an RSAPublicKey by the letter"),
    ("key: strict, i= below d=", DKIMPY, "3.6.1, t=s"),
    ("ed25519 by the RSA key's record", DKIMPY, "6.1.2, step 8"),
    # Several records: the others take one of them, whichever comes first. Trying each is the other way that is named.
    ("key: two-good-*", DKIMPY, "6.1.2, step 4"),
    ("key: two-good-*", MAIL_DKIM, "6.1.2, step 4"),
    ("key: beside-spf", DKIMPY, "6.1.2, step 4"),
    ("key: beside-spf", MAIL_DKIM, "6.1.2, step 4"),
]

# What a signer signs wrongly, so that it holds for no judge.
SIGNED_WRONGLY = [
    ("OpenDKIM ed simple/simple", "*"),
    # Not from the bottom up (5.4.2).
    ("rspamd *", "two of a name"),
]


def signed_wrongly(maker, shape):
    return any(fnmatch.fnmatchcase(maker, m) and fnmatch.fnmatchcase(shape, s) for m, s in SIGNED_WRONGLY)


def known(name, judge):
    return any(judge == wrong and fnmatch.fnmatchcase(name, pattern) for pattern, wrong, _ in KNOWN)


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        store = cls.workspace.directory("keys", 0o750)
        cls.directory = cls.workspace.directory("messages", 0o700)
        cls.keys = makers.Keys(PROGRAM, store)
        cls.server = RecordServer(cases.records(cls.keys))
        cls.addClassCleanup(cls.server.close)

    def judge_all(self, messages):
        """Name to octets; gives name to {judge: does it hold?}, with what each said."""
        verdicts = {name: {} for name in messages}
        listing = []
        for number, (name, octets) in enumerate(messages.items()):
            path = self.directory / f"{number}.eml"
            path.write_bytes(octets)
            listing.append((name, path))
            verdicts[name][OURS] = self.by_dkimkey(path)
            verdicts[name][DKIMPY] = self.by_dkimpy(octets)
        done = subprocess.run(["perl", PERL, str(self.server.port)], check=False, capture_output=True,
                              input="".join(f"{path}\n" for _, path in listing).encode())
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        for (name, _), line in zip(listing, done.stdout.decode().splitlines(), strict=True):
            said = json.loads(line)
            verdicts[name][MAIL_DKIM] = (said == ["pass"], said)
        return verdicts

    def by_dkimkey(self, path):
        done = subprocess.run([PROGRAM, "verify", "--json", "--resolver", f"127.0.0.1@{self.server.port}", path],
                              capture_output=True, check=False)
        answer = [] if not done.stdout else json.loads(done.stdout)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(len(answer), 1, answer)
        holds = answer[0]["result"] == "pass"
        self.assertEqual(done.returncode, 0 if holds else 3 if answer[0]["result"] == "temperror" else 1)
        return holds, answer[0]

    def by_dkimpy(self, octets):
        try:
            return dkim.DKIM(octets, minkey=1024).verify(dnsfunc=self.server.first), "no error"
        except dkim.DKIMException as error:
            return False, str(error)
        # Input that dkimpy does not expect ends it by other exceptions: not a pass.
        except Exception as error:  # pylint: disable=broad-except
            return False, repr(error)

    def assert_agreement(self, messages, expected=None):
        """`expected`: what all must say, where that is known."""
        verdicts = self.judge_all(messages)
        complaints, excused = [], set()
        for name, judges in verdicts.items():
            ours = judges[OURS][0]
            if expected is not None and ours != expected[name]:
                complaints.append(f"{name}: dkimkey says {judges[OURS]}")
            for judge in (DKIMPY, MAIL_DKIM):
                if judges[judge][0] == ours:
                    continue
                if known(name, judge):
                    excused.add((name, judge))
                else:
                    answer = judges[OURS][1]
                    complaints.append(f"{name}: {judge} says {judges[judge]}, dkimkey {answer['result']} "
                                      f"({answer['reason']}: {answer['detail']})")
        if complaints:
            self.fail(f"{len(complaints)} disagreements:\n" + "\n".join(complaints))
        return verdicts, excused

    def signed_by_all(self, messages):
        spawn = self.workspace.spawn
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.workspace.path))
        signed = {}
        for maker in (makers.by_dkimkey, makers.by_dkimpy, makers.by_mail_dkim):
            signed |= maker(self.keys, directory, messages)
        for maker in (makers.by_opendkim, makers.by_rspamd):
            signed |= maker(self.keys, directory, messages, spawn)
        return signed

    def test_signatures_of_five_signers_intact_and_damaged(self):
        signed = self.signed_by_all(cases.SHAPES)
        # Four canonicalizations and two algorithms where a signer has them.
        signers = collections.Counter(maker for maker, _ in signed)
        self.assertEqual(len(signers), 8 + 8 + 4 + 4 + 2, signers)
        self.assertEqual(set(signers.values()), {len(cases.SHAPES)}, signers)
        intact = {f"{maker} | {shape} | intact": octets for (maker, shape), octets in signed.items()}
        self.assert_agreement(intact, {f"{maker} | {shape} | intact": not signed_wrongly(maker, shape)
                                       for maker, shape in signed})

        # Each damage with every fifth of the signatures, which takes each signer's in turn: all with all would
        # be thousands.
        damaged, expected = {}, {}
        makers_of_rich = sorted(maker for maker, shape in signed if shape == "rich" and not signed_wrongly(maker, shape))
        for number, maker in enumerate(makers_of_rich):
            for index, (damage, changed, harmless) in enumerate(cases.damages(signed[maker, "rich"])):
                if (index + number) % 5 != 0:
                    continue
                name = f"{maker} | rich | {damage}"
                damaged[name] = changed
                if harmless is not None:
                    expected[name] = harmless
        verdicts, _ = self.assert_agreement(damaged)
        wrong = [f"{name}: {verdicts[name][OURS][1]}" for name, holds in expected.items()
                 if verdicts[name][OURS][0] != holds]
        self.assertFalse(wrong, "\n".join(wrong))
        print(f"{len(intact)} intact, {len(damaged)} damaged", file=sys.stderr)

    def test_crafted_signatures(self):
        crafted = cases.crafted(self.keys, int(time.time()))
        verdicts, excused = self.assert_agreement({name: octets for name, (octets, _) in crafted.items()})
        wrong = [f"{name}: expected {result}, got {verdicts[name][OURS][1]}"
                 for name, (_, result) in crafted.items() if verdicts[name][OURS][1]["reason"] != result]
        self.assertFalse(wrong, "\n".join(wrong))
        # The table is to shrink when a judge mends its ways. Which of two records a judge takes is chance.
        for pattern, judge, section in KNOWN:
            if pattern.startswith("*") or pattern.startswith(("key: two-good", "key: beside-spf")):
                continue
            self.assertTrue(any(who == judge and fnmatch.fnmatchcase(name, pattern) for name, who in excused),
                            f"{judge} no longer differs on {pattern} ({section})")
        print(f"{len(crafted)} crafted, {len(excused)} known differences", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
