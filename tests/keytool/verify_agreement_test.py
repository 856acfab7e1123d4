#!/usr/bin/python3
"""dkimkey verify agrees with dkimpy and Mail::DKIM about which signatures hold.

The signatures are those of the real OpenDKIM, rspamd, dkimpy, Mail::DKIM and dkimkey sign, intact and damaged in every
part, and crafted ones that no signer writes: tags and key records at the limits of RFC 6376. If the judges differ, the
case is in KNOWN, with the section that settles it.
"""

import collections
import fnmatch
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import agreement_cases as cases
import dkim
import signature_makers as makers
from dkimkey import PROGRAM
from harness.verifiers import PERL, has_ed25519
from harness.workspace import Workspace
from record_server import RecordServer

OURS, DKIMPY, MAIL_DKIM = "dkimkey", "dkimpy", "Mail::DKIM"

# The pattern of a case, the judge that is wrong about it, and the section that says so: of RFC 6376 unless it names
# another.
KNOWN = [
    # Historic signatures "MUST NOT" be accepted.
    ("a: real rsa-sha1", DKIMPY, "RFC 8301 3.1"),
    ("a: real rsa-sha1", MAIL_DKIM, "RFC 8301 3.1"),
    ("key: weak", MAIL_DKIM, "RFC 8301 3.2"),
    # From MUST be signed.
    ("h: no From*", DKIMPY, "6.1.1"),
    ("h: no From*", MAIL_DKIM, "6.1.1"),
    # The From field that h= names is intact; whether another one may be there is for the receiver to judge.
    ("*| another From on top", DKIMPY, "8.15"),
    # A list of names is not empty, and has no empty name.
    ("h: an empty name", DKIMPY, "3.5, h="),
    ("h: an empty name", MAIL_DKIM, "3.5, h="),
    ("h: empty", DKIMPY, "3.5, h="),
    ("h: empty", MAIL_DKIM, "3.5, h="),
    # Mail::DKIM reads these as DomainKeys, the predecessor, or with its defaults.
    ("v: missing", MAIL_DKIM, "6.1.1"),
    ("v: 0.5", MAIL_DKIM, "6.1.1"),
    ("bh: missing", MAIL_DKIM, "6.1.1"),
    ("h: missing", MAIL_DKIM, "6.1.1"),
    # A tag that appears twice, an empty tag or a name that begins with a digit makes a tag list invalid.
    ("a tag twice", MAIL_DKIM, "3.2"),
    ("key: p-twice", MAIL_DKIM, "3.2"),
    ("an empty tag", MAIL_DKIM, "3.2"),
    ("a bad tag name", MAIL_DKIM, "3.2"),
    # Times are digits, and x= is after t=. A time in the future MAY be refused, but need not be.
    ("t: not a number", MAIL_DKIM, "3.5, t="),
    ("x: before t=", MAIL_DKIM, "3.5, x="),
    ("t: far in the future", DKIMPY, "3.5, t="),
    # l= MUST NOT be larger than the body; l=0 is a limit like any other.
    ("l: too much", DKIMPY, "3.5, l="),
    ("l: too much", MAIL_DKIM, "3.5, l="),
    ("l: nothing", MAIL_DKIM, "3.5, l="),
    # Unknown query methods are ignored, but not known ones beside them.
    ("q: unknown and dns/txt", DKIMPY, "3.5, q="),
    # The key of a domain in Unicode is at its ASCII form.
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
    # The other judges take the first of several records to come. The RFC also allows trying each, as we do.
    ("key: two-good-*", DKIMPY, "6.1.2, step 4"),
    ("key: two-good-*", MAIL_DKIM, "6.1.2, step 4"),
    ("key: beside-spf", DKIMPY, "6.1.2, step 4"),
    ("key: beside-spf", MAIL_DKIM, "6.1.2, step 4"),
]

if tuple(map(int, importlib.metadata.version("dkimpy").split("."))) < (1, 1, 7):
    KNOWN.append(("x: before t=", DKIMPY, "3.5, x="))
if not has_ed25519():
    # Mail::DKIM in Debian 12 has no Ed25519: it ignores such a signature, as 3.3.3 allows.
    KNOWN += [("* ed *", MAIL_DKIM, "RFC 8463 3"), ("*ed25519*", MAIL_DKIM, "RFC 8463 3")]
else:
    KNOWN.append(("ed25519 by the RSA key's record", MAIL_DKIM, "6.1.2, step 8"))

# Signatures that a signer makes wrongly, so that they hold for no judge.
SIGNED_WRONGLY = [
    ("OpenDKIM ed simple/simple", "*"),
    # rspamd does not begin with the lowest field of a name (5.4.2).
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
        """Returns {judge: (whether the signature holds, the answer)} by the name of the message."""
        verdicts = {name: {} for name in messages}
        listing = []
        for number, (name, raw) in enumerate(messages.items()):
            path = self.directory / f"{number}.eml"
            path.write_bytes(raw)
            listing.append((name, path))
            verdicts[name][OURS] = self.by_dkimkey(path)
            verdicts[name][DKIMPY] = self.by_dkimpy(raw)
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

    def by_dkimpy(self, raw):
        try:
            return dkim.DKIM(raw, minkey=1024).verify(dnsfunc=self.server.first), "no error"
        except dkim.DKIMException as error:
            return False, str(error)
        # dkimpy throws other exceptions for input that it does not expect. That is no pass.
        except Exception as error:  # pylint: disable=broad-except
            return False, repr(error)

    def assert_agreement(self, messages, expected=None):
        """Checks that all judges agree, except for known differences, and with `expected` if it is given."""
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
        # Counts canonicalizations and algorithms: 4 x 2, or as many as the signer has.
        signers = collections.Counter(maker for maker, _ in signed)
        self.assertEqual(len(signers), 8 + 8 + 4 + 4 + 2, signers)
        self.assertEqual(set(signers.values()), {len(cases.SHAPES)}, signers)
        intact = {f"{maker} | {shape} | intact": raw for (maker, shape), raw in signed.items()}
        self.assert_agreement(intact, {f"{maker} | {shape} | intact": not signed_wrongly(maker, shape)
                                       for maker, shape in signed})

        # Applies each kind of damage to every fifth signature, each signer in turn: all of them would be thousands.
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
        verdicts, excused = self.assert_agreement({name: raw for name, (raw, _) in crafted.items()})
        wrong = [f"{name}: expected {result}, got {verdicts[name][OURS][1]}"
                 for name, (_, result) in crafted.items() if verdicts[name][OURS][1]["reason"] != result]
        self.assertFalse(wrong, "\n".join(wrong))
        # A case must leave the table when its judge is corrected. Chance decides which of two records a judge takes.
        gone = [(pattern, judge, section) for pattern, judge, section in KNOWN
                if not pattern.startswith(("*", "key: two-good", "key: beside-spf")) and
                not any(who == judge and fnmatch.fnmatchcase(name, pattern) for name, who in excused)]
        self.assertEqual(gone, [], "no longer a difference")
        print(f"{len(crafted)} crafted, {len(excused)} known differences", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
