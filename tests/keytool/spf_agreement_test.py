"""keytool/spf, pyspf and Mail::SPF, asking the same real name server, find the result that RFC 7208 requires for every
record of spf_cases.py."""

import os
import pathlib
import subprocess
import tempfile
import unittest
import warnings

import dns.resolver
import spf
from dns_world import DnsWorld
from spf_cases import CASES, GOOD, HOSTS, REVERSE, ZONE

NETWORK = "127.53.51"
PROBE = os.environ["SPF_PROBE"]
HELO = "helo.example"


def zone_text():
    lines = [HOSTS]
    for name, (records, *_) in CASES.items():
        for record in records:
            pieces = [record[at:at + 200] for at in range(0, len(record), 200)]
            lines.append(f"{name} 60 IN TXT " + " ".join(f'"{piece}"' for piece in pieces))
    return "\n".join(lines) + "\n"


def setUpModule():
    global world
    directory = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(directory.cleanup)
    world = DnsWorld(directory.name, network=NETWORK)
    unittest.addModuleCleanup(world.close)
    root = pathlib.Path(directory.name) / "spf"
    root.mkdir()
    (root / f"{ZONE}.zone").write_text(zone_text())
    for zone, text in REVERSE.items():
        (root / f"{zone}.zone").write_text("@ 60 IN SOA ns1.spf.test. hostmaster 1 3600 600 86400 60\n"
                                           "@ 60 IN NS ns1.spf.test.\n" + text)
    world.start_knot("spf", world.primary, [(zone, "alone") for zone in (ZONE, *REVERSE)], secondary=False)


def ask_program(questions, *command):
    text = "".join(f"{address} {name}.{ZONE} {HELO}\n" for name, address in questions)
    done = subprocess.run([*command, world.primary], input=text.encode(), capture_output=True, timeout=300)
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or len(lines) != len(questions):
        raise AssertionError(f"{command}: {len(lines)} answers to {len(questions)} questions: {done.stderr}")
    return lines


class Agreement(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.questions = [(name, address) for name, (_, results, *_) in CASES.items() for address in results]
        cls.ours = ask_program(cls.questions, PROBE)

    def results(self, answers):
        return dict(zip(self.questions, answers))

    def expected(self, implementation):
        """Returns the result of each question, with the known deviations of an implementation."""
        wanted = {}
        for name, (_, results, *more) in CASES.items():
            own = more[0].get(implementation, {}) if more else {}
            if own is not None:
                for address, result in results.items():
                    wanted[(name, address)] = own.get(address, result)
        return wanted

    def assert_as_expected(self, implementation, answers):
        wanted = self.expected(implementation)
        got = {question: answer for question, answer in self.results(answers).items() if question in wanted}
        self.assertEqual(got.keys(), wanted.keys())
        differing = {question: (answer, wanted[question]) for question, answer in got.items()
                     if answer != wanted[question]}
        self.assertEqual(differing, {}, "(the actual result, the expected result)")

    def test_ours_follows_the_rfc(self):
        self.assert_as_expected("ours", [line.split()[0] for line in self.ours])

    def test_pyspf_agrees(self):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [world.primary]
        dns.resolver.default_resolver = resolver
        warnings.simplefilter("ignore", DeprecationWarning)  # pyspf's own
        answers = [spf.check2(i=address, s=f"postmaster@{name}.{ZONE}", h=HELO)[0]
                   for name, address in self.questions]
        self.assert_as_expected("pyspf", answers)

    def test_mail_spf_agrees(self):
        script = pathlib.Path(__file__).with_name("spf_mail_spf.pl")
        self.assert_as_expected("mail_spf", ask_program(self.questions, "perl", script))

    def test_lookups_are_counted(self):
        costs = {question: [int(word) for word in line.split()[1:5]]
                 for question, line in zip(self.questions, self.ours)}
        for name, lookups, voids, all_lookups, all_voids in (
                ("ip4", 0, 0, 0, 0), ("ten", 10, 0, 10, 0), ("eleven", 11, 0, 11, 0),
                ("eleven-behind", 0, 0, 11, 0), ("include-redirect", 2, 0, 2, 0), ("two-voids", 2, 2, 2, 2),
                ("three-voids", 3, 3, 3, 3),
                ("voids-nested", 3, 2, 4, 3), ("redirect-all", 0, 0, 0, 0), ("mx", 1, 0, 1, 0)):
            self.assertEqual(costs[(name, GOOD)], [lookups, voids, all_lookups, all_voids], name)

    def test_errors_name_their_place(self):
        mechanism = "an unknown mechanism, at byte 22"
        reasons = {name: line.split(maxsplit=5)[5] for (name, _), line in zip(self.questions, self.ours)}
        for name, reason in (
                ("bad-ip4", "the record of bad-ip4.spf.test: not an IPv4 address, at byte 12"),
                ("bad-a-prefix", "the record of bad-a-prefix.spf.test: not a prefix length, at byte 10"),
                ("bad-mechanism", f"the record of bad-mechanism.spf.test: {mechanism}"),
                ("include-broken", f"the record of bad-mechanism.spf.test: {mechanism}"),
                ("macro-zero", "the record of macro-zero.spf.test: a macro that keeps 0 parts, at byte 18"),
                ("eleven", "more than 10 lookups, at a:near.spf.test of eleven.spf.test"),
                ("three-voids", "more than 2 questions without an answer, "
                 "at a:n3.spf.test of three-voids.spf.test")):
            self.assertEqual(reasons[name], reason)


if __name__ == "__main__":
    unittest.main()
