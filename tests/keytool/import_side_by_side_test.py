#!/usr/bin/python3
"""The real opendkim and a dkimsignd with a configuration imported from opendkim's sign the same messages, with the same
set of (d=, s=).

A message for which they are meant to differ has the reason, and what each of them does.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from harness.milter_client import MilterClient

DKIMKEY = os.environ["DKIMKEY"]
DKIMSIGND = os.environ["DKIMSIGND"]
OPENDKIM = shutil.which("opendkim", path="/usr/sbin:/usr/bin")
OUTSIDE = "203.0.113.9"
PATIENCE = 60


class Message:
    def __init__(self, *authors, client="127.0.0.1", name="unknown", macros=None, mail_macros=None, differs=None):
        """`differs` is None, or the reason, what opendkim does and what dkimsignd does."""
        self.authors = authors
        self.client = client
        self.name = name
        self.macros = macros
        self.mail_macros = mail_macros
        self.differs = differs

    def __str__(self):
        return f"From {self.authors} by {self.name}[{self.client}] {self.macros or ''}{self.mail_macros or ''}"

    def signatures(self, address):
        """Returns the set of (d, s) that the milter signs with, or its verdict if it stops the message."""
        fields = [(b"From", b" " + author.encode()) for author in self.authors]
        fields.append((b"Subject", b" side by side"))
        with MilterClient(address, client=self.client, name=self.name, macros=self.macros) as milter:
            outcome = milter.message(fields, b"text\r\n", macros=self.mail_macros)
        if outcome.verdict not in b"ac":
            return outcome.verdict.decode()
        found = set()
        for _, _, value in outcome.inserted:
            tags = dict(tag.strip().split(b"=", 1) for tag in re.sub(rb"\s+", b" ", value).split(b";") if b"=" in tag)
            found.add((tags[b"d"].strip().decode(), tags[b"s"].strip().decode()))
        return found


def signed(*names):
    return {tuple(name.split("/")) for name in names}


def start(command, address, log):
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(address)
            return process
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError(f"{command[0]} does not listen:\n{pathlib.Path(log).read_text()}") from None
            time.sleep(0.02)


def kill(process):
    """Kills opendkim, which would take up to five seconds to end otherwise: its libmilter looks that rarely."""
    process.kill()
    process.wait()


def stop(process):
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@unittest.skipIf(OPENDKIM is None and "CI" not in os.environ, "opendkim is not installed")
class SideBySide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory(prefix="dkimkey-side-")
        cls.addClassCleanup(cls.keys.cleanup)
        for name in ("1.pem", "2.pem"):
            subprocess.run(["openssl", "genrsa", "-out", f"{cls.keys.name}/{name}", "1024"], check=True,
                           capture_output=True)

    def compare(self, configuration, messages, files=None, keys=("one.pem",), code=0, arguments=(), service=None):
        """Imports a configuration, and compares both programs; at least one message must be signed, and one not.

        `$D` in the texts stands for the directory of all files. With `arguments`, a unit is imported that has them, and
        opendkim is started with them. `service` is then the unit's section, if it says that in other words.
        """
        holder = tempfile.TemporaryDirectory(prefix="dkimkey-side-")
        self.addCleanup(holder.cleanup)
        directory = pathlib.Path(holder.name)
        for number, key in enumerate(keys):
            (directory / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(f"{self.keys.name}/{1 + number % 2}.pem", directory / key)
            (directory / key).chmod(0o600)
        for name, text in (files or {}).items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(text.replace("$D", holder.name).encode())
        theirs, ours = f"{holder.name}/opendkim.sock", f"{holder.name}/dkimsignd.sock"
        (directory / "opendkim.conf").write_text(
            f"Syslog no\nBackground no\nRequireSafeKeys no\nSocket local:{theirs}\n"
            + configuration.replace("$D", holder.name))

        arguments = ["-x", str(directory / "opendkim.conf")] + [text.replace("$D", holder.name) for text in arguments]
        service = (service or "ExecStart=$OPENDKIM " + " ".join(arguments)).replace("$OPENDKIM", OPENDKIM)
        (directory / "opendkim.service").write_text("[Service]\n" + service.replace("$D/", f"{holder.name}/") + "\n")
        named = "opendkim.service" if len(arguments) > 2 else "opendkim.conf"

        before = {path: path.read_bytes() for path in directory.iterdir() if path.is_file()}
        imported = subprocess.run(
            [DKIMKEY, "import", "--opendkim", directory / named, "-D", directory / "store", "--output",
             directory / "dkimsignd.conf"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(imported.returncode, code, imported.stdout + imported.stderr)
        self.assertEqual({path: path.read_bytes() for path in before}, before, "opendkim's files have changed")
        self.imported = (directory / "dkimsignd.conf").read_text()
        with open(directory / "dkimsignd.conf", "a", encoding="utf-8") as text:
            text.write(f'socket = "unix:{ours}";\nlog = "stderr";\nlog_level = "debug";\n')

        opendkim = start([OPENDKIM, "-f", *arguments], theirs, directory / "opendkim.log")
        self.addCleanup(kill, opendkim)
        dkimsignd = start([DKIMSIGND, "--config", directory / "dkimsignd.conf"], ours, directory / "dkimsignd.log")
        self.addCleanup(stop, dkimsignd)
        seen = set()
        for message in messages:
            with self.subTest(str(message)):
                their_answer, our_answer = message.signatures(theirs), message.signatures(ours)
                if message.differs:
                    _, expected_theirs, expected_ours = message.differs
                    self.assertEqual((their_answer, our_answer), (expected_theirs, expected_ours), imported.stdout)
                else:
                    self.assertEqual(our_answer, their_answer, imported.stdout +
                                     (directory / "dkimsignd.conf").read_text())
                    seen.add(bool(our_answer))
        self.assertEqual(seen, {True, False}, "some messages must be signed, and some not")
        self.assertIsNone(opendkim.poll())
        self.assertIsNone(dkimsignd.poll())
        return imported.stdout

    SINGLE = "Mode s\nDomain example.com\nSelector mail\nKeyFile $D/one.pem\n"

    def test_single_domain(self):
        self.compare(self.SINGLE, [
            Message("a@example.com"),
            Message("A Person <A@Example.COM>"),
            Message('"x, y@other.org" <a@example.com>'),
            Message("a@sub.example.com"),
            Message("a@xexample.com"),
            Message("a@example.com.org"),
            Message("a@other.org"),
            Message("a@example.com", client=OUTSIDE),
            Message("a@example.com", client="127.0.0.2"),
            Message("a@example.com", client="::1"),
            Message("a@example.com", client=OUTSIDE, mail_macros={"{auth_type}": "PLAIN"}),
            Message("a@example.com", client=OUTSIDE, mail_macros={"{auth_authen}": "user"}),
            Message("a@example.com", client=OUTSIDE, macros={"{daemon_name}": "ORIGINATING"}),
            Message("a@example.com", "b@example.com", differs=(
                "two From fields show a reader one author and a verifier another", signed("example.com/mail"), set())),
            Message("a@example.com, b@other.org"),
            Message("b@other.org, a@example.com", differs=(
                "opendkim looks only at the first author", set(), signed("example.com/mail"))),
            Message("a@example.com", client=None, differs=(
                "opendkim takes a client of unknown family for 127.0.0.1", signed("example.com/mail"), set())),
        ])

    def test_subdomains(self):
        self.compare("Mode sv\nDomain $D/domains\nSelector mail\nKeyFile $D/one.pem\nSubDomains yes\n"
                     "ExemptDomains quiet.example.com\n", [
                         Message("a@example.com"),
                         Message("a@x.example.com"),
                         Message("a@x.y.example.com"),
                         Message("a@b.example.com"),
                         Message("a@x.b.example.com"),
                         Message("a@quiet.example.com"),
                         Message("a@other.org"),
                         Message("a@example.net"),
                     ], {"domains": "Example.com # ours\n\nb.example.com\n"})

    def test_hosts(self):
        networks = ("10.0.0.0/8\n!10.1.0.0/16\n10.1.2.3\n10.9.0.0/16\n!10.9.0.0/16\n192.168.1.1/24\nlocalhost\n"
                    "2001:db8::/32\n!2001:db8:1::/48\n[2001:db9::1]\n172.16.0.0/255.240.0.0\n")
        hosts = ["10.0.0.1", "10.1.0.1", "10.1.2.3", "10.1.2.4", "10.5.1.1", "10.6.0.1", "10.9.1.1", "10.255.255.255",
                 "11.0.0.0", "192.168.1.1", "192.168.1.2", "172.16.1.1", "2001:db8::1", "2001:db8:1::1", "2001:db9::1",
                 "2001:db9::2", "2001:dba::1"]
        self.compare(self.SINGLE + "InternalHosts $D/hosts\nPeerList 10.5.0.0/16,!10.5.1.0/24,10.6.0.1\n",
                     [Message("a@example.com", client=host) for host in hosts] + [
                         Message("a@example.com", client="127.0.0.1", name="localhost"),
                         Message("a@example.com", client="::1", name="localhost"),
                         Message("a@example.com", client=OUTSIDE, name="localhost", differs=(
                             "the client's own reverse zone decides its name", signed("example.com/mail"), set())),
                         Message("a@example.com", client="127.0.0.1", differs=(
                             "localhost is a name to opendkim only", set(), signed("example.com/mail"))),
                         Message("a@example.com", client="::ffff:10.0.0.1", differs=(
                             "an IPv4 address in IPv6 form is the same host", set(), signed("example.com/mail"))),
                     ], {"hosts": networks})

    def test_hosts_by_name(self):
        said = self.compare(self.SINGLE + "InternalHosts 127.0.0.1,mail.example.com,.lan.example.com\n", [
            Message("a@example.com"),
            Message("a@example.com", client=OUTSIDE),
            Message("a@example.com", client=OUTSIDE, name="mail.example.com", differs=(
                "hosts by name are not imported", signed("example.com/mail"), set())),
            Message("a@example.com", client=OUTSIDE, name="x.lan.example.com", differs=(
                "hosts by name are not imported", signed("example.com/mail"), set())),
        ], code=1)
        self.assertIn("mail.example.com: a host is trusted by address", said)

    def test_hosts_in_a_file_of_patterns(self):
        """Most guides have such a file. A pattern with * in front also matches opendkim's question for an exception."""
        hosts = ("127.0.0.1\n::1\nlocalhost\n10.0.0.0/8\n!10.2.9.9\n10.2.9.10\n172.17.*\n172.19.*.*\n192.168.5.*\n"
                 "12.*\n2001:DB8::/32\n2001:db9:5:*\n*.example.com\n[10.200.0.1]\n")
        said = self.compare(self.SINGLE + "InternalHosts refile:$D/hosts\nPeerList refile:$D/peers\n"
                            "ExternalIgnoreList refile:$D/hosts\n", [
                                Message("a@example.com", client=host) for host in (
                                    "127.0.0.1", "127.0.0.2", "::1", "10.1.2.3", "10.2.9.9", "10.2.9.10", "10.3.0.1",
                                    "10.3.1.1", "11.0.0.1", "172.16.200.1", "172.17.0.1", "172.19.3.7", "192.168.4.255", "192.168.5.1", "12.1.1.1",
                                    "2001:db8::7", "2001:db8:ffff::7", "2001:db9:5::1", "2001:db9:5:6::1",
                                    "2001:db9:50::1", OUTSIDE)] + [
                                        Message("a@example.com", client=OUTSIDE, name="mail.example.com"),
                                        Message("a@example.com", client=OUTSIDE, name="example.com"),
                                        Message("a@example.com", client="13.0.0.1", differs=(
                                            "opendkim also asks for 12.0.0.0/7, which 12.* matches",
                                            signed("example.com/mail"), set()))],
                            {"hosts": hosts, "peers": "10.3.1.*\n*.peer.example\n"})
        self.assertIn("*.example.com matches no host there", said)
        self.assertIn("12.* is taken for 12.0.0.0/8; there it matches all of 12.0.0.0/6", said)

    def test_a_pattern_of_all_hosts(self):
        said = self.compare(self.SINGLE + "InternalHosts refile:$D/hosts\nMTA msa\n", [
            Message("a@example.com"), Message("a@example.com", client="10.0.0.1"), Message("a@example.com", client=OUTSIDE),
            Message("a@example.com", macros={"{daemon_name}": "msa"})], {"hosts": "127.0.0.1\n10.0.0.0/8\n*\n"}, code=1)
        self.assertTrue(said.startswith("ATTENTION: no host is trusted"), said)

    def test_overlapping_hosts(self):
        self.compare(self.SINGLE + "InternalHosts $D/hosts\n", [
            Message("a@example.com", client=host) for host in ("127.0.0.1", "127.200.0.1", "10.0.0.5", "10.0.0.6",
                                                               "10.0.1.5", "10.4.4.4", "10.4.4.5", "::1", OUTSIDE)],
            {"hosts": "127.0.0.1\n127.0.0.0/8\n10.0.0.5\n10.0.0.0/24\n10.4.4.0/24\n!10.4.4.4\n10.4.4.5\n::1\n"})

    def test_arguments_of_a_unit(self):
        self.compare("Mode v\nDomain conf.example\nSelector mail\nKeyFile $D/one.pem\nSubDomains no\n", [
            Message("a@unit.example"), Message("a@x.other.example"), Message("a@conf.example"), Message("a@none.example"),
            Message("a@unit.example", client=OUTSIDE)],
            arguments=("-lDb", "s", "-d", "unit.example,other.example", "-stwo", "-k", "$D/none.pem", "-c", "relaxed"))

    def test_arguments_of_a_unit_by_variables(self):
        """What systemd makes of the unit, by its manual, are the arguments that opendkim gets here."""
        self.compare("Mode s\nDomain conf.example\nSelector mail\nKeyFile $D/one.pem\n", [
            Message("a@unit.example"), Message("a@x.unit.example"), Message("a@conf.example"), Message("a@other.example"),
            Message("a@unit.example", client=OUTSIDE), Message("a@file.example")],
            files={"default": "# by hand\nDAEMON_OPTS=\"-D -o 'To,Cc'\"\nDOM=\"unit.example,file.example\"\n"},
            arguments=("-D", "-o", "To,Cc", "-d", "unit.example,file.example", "-s", "two"),
            service="Environment=DOM=other.example \"SEL=-s two\"\nEnvironmentFile=-$D/default\n"
                    "ExecStart=-$OPENDKIM -x \"$D/opendkim.conf\" $DAEMON_OPTS \\\n  # a comment\n"
                    "  -d \"${DOM}\" $SEL $NONE")

    def test_arguments_of_a_unit_with_tables(self):
        self.compare("KeyTable csl:k=k.example:s1:$D/one.pem\nSigningTable csl:k.example=k\n", [
            Message("a@unit.example"), Message("a@k.example")], arguments=("-b", "s", "-d", "unit.example"))

    def test_relative_paths(self):
        self.compare("KeyTable file:tables/keys\nSigningTable refile:./signing\nInternalHosts file:hosts\nBaseDirectory $D\n", [
            Message("a@k.example"), Message("a@other.example"), Message("a@k.example", client="10.0.0.1"),
            Message("a@k.example", client="::1")],
            {"tables/keys": "k k.example:s1:./keys/k.pem\r\n", "signing": "*@k.example k\r\n", "hosts": "127.0.0.1\r\n"},
            ("keys/k.pem",))

    def test_macros(self):
        self.compare(self.SINGLE + "InternalHosts 10.0.0.1\nMTA msa,submission\nMacroList daemon_port,kind=in|out\n", [
            Message("a@example.com"),
            *(Message("a@example.com", macros=macros) for macros in (
                {"{daemon_name}": "msa"}, {"{daemon_name}": "submission"}, {"{daemon_name}": "MSA"},
                {"{daemon_name}": "ORIGINATING"}, {"{daemon_port}": "25"}, {"{kind}": "in"}, {"{kind}": "out"},
                {"{kind}": "up"}, {"{kind}": "in|out"}))])

    KEYS = "".join(f"k{n} d{n}.example:s{n}:$D/one.pem\n" for n in range(12))

    AUTHORS = ("alice@example.com", "bob@example.com", "carl@example.com", "ALICE@EXAMPLE.COM", "alice@x.example.com",
               "carl@x.y.example.com", "alice@foo.com", "carl@foo.com", "alice@else.where", "bob@else.where",
               "carl@else.where", "u@lit.example", "u@dup.example", "u@upper.example", "u@example.org",
               "Alice <alice@example.com>", "d@d5.example", "d@d0.example", "d@x.d0.example")

    TABLE = """alice@example.com k0
        example.com k1
        alice@.example.com k2
        .example.com k3
        alice@* k4
        bob@* k5
        *@lit.example k6
        dup.example k7 # the first counts
        dup.example k8
        UPPER.Example k9
        example.org %
        alice@.com k11
        """

    def test_file_tables(self):
        """The order of the look-ups decides, not the order of the lines."""
        for order in (1, -1):
            lines = self.TABLE.splitlines(keepends=True)[::order]
            self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable file:$D/signingtable\n",
                         [Message(author) for author in self.AUTHORS],
                         {"keytable": self.KEYS + "example.org example.org:so:$D/one.pem\n",
                          "signingtable": "".join(line.strip() + "\n" for line in lines)})

    def test_catch_all_line(self):
        self.compare("KeyTable $D/keytable\nSigningTable $D/signingtable\nMode s\n", [
            Message("a@anything.example"), Message("a@example.com"), Message("a@d1.example"),
            Message("a@x.d0.example"), Message("a@example.com", client=OUTSIDE)],
            {"keytable": self.KEYS, "signingtable": "* k0\nexample.com k1\n"})

    def test_usual_tables(self):
        """Each domain has its own key, as in every tutorial. That needs no rules."""
        said = self.compare(
            "Mode s\nKeyTable /$D/keytable\nSigningTable refile:$D/signingtable\nCanonicalization relaxed/simple\n",
            [Message(author) for author in ("a@example.com", "a@example.net", "a@sub.example.com", "a@s.example.net",
                                            "a@b.s.example.net", "a@example.org")],
            {"keytable": "com example.com:s1:$D/one.pem\nnet example.net:s2:$D/two.pem\n",
             "signingtable": "*@example.com com\n*@example.net net\n*@*.example.net net\n"}, ("one.pem", "two.pem"))
        self.assertNotIn("rules", said)

    def test_pattern_tables(self):
        table = """Foo@example.com k1
            news-*@n.example k2
            *@n.example k3
            *.part@n.example k4
            bare.example k1
            *end.example k5
            *@d6.example k6
            *@*.d6.example k6
            me@d7.example k7
            *@*.d8.example k8
            """
        self.compare("Mode s\nKeyTable refile:$D/keytable\nSigningTable refile:$D/signingtable\n", [
            Message(author) for author in (
                "foo@example.com", "FOO@EXAMPLE.COM", "xfoo@example.com", "news-1@n.example", "news-a.part@n.example",
                "a.part@n.example", "u@n.example", "u@x.n.example", "u@bare.example", "u@theend.example",
                "u@end.example", "u@d6.example", "u@a.b.d6.example", "me@d7.example", "you@d7.example",
                "you@x.d7.example", "u@d8.example", "u@x.d8.example", "u@d1.example", "u@nomatch.example")],
            {"keytable": self.KEYS, "signingtable": "".join(line.strip() + "\n" for line in table.splitlines())})

    def test_lists_in_the_configuration(self):
        self.compare("Mode s\nDomain ignored.example\nKeyTable csl:a=example.com:s1:$D/one.pem,b=d.example:s2:$D/two.pem\n"
                     "SigningTable csl:example.com=a,.example.com=b,root@example.com=b\n"
                     "InternalHosts csl:127.0.0.1,10.0.0.0/24\n", [
                         Message("a@example.com"), Message("root@example.com"), Message("a@s.example.com"),
                         Message("a@ignored.example"), Message("a@d.example"), Message("a@x.d.example"),
                         Message("a@example.com", client="10.0.0.7"), Message("a@example.com", client="10.0.1.7"),
                     ], keys=("one.pem", "two.pem"))

    MULTIPLE = ("k1 example.com:s1:$D/one.pem\nk2 example.com:s2:$D/two.pem\nk3 example.com:s3:$D/one.pem\n"
                "k4 example.com:s4:$D/two.pem\n")

    def test_multiple_signatures_of_a_file(self):
        def missing(*names):
            return ("opendkim loses all but the first and the last of three or more",
                    signed("example.com/" + names[0], "example.com/" + names[-1]),
                    signed(*("example.com/" + name for name in names)))
        self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable file:$D/signingtable\nMultipleSignatures yes\n", [
            Message("a@example.com"),
            Message("root@other.example"),
            Message("root@example.com"),
            Message("a@x.example.com"),
            Message("root@x.example.com"),
            Message("cron@x.example.com", differs=missing("s1", "s2", "s3")),
            Message("cron@example.com"),
            Message("a@other.example"),
        ], {"keytable": self.MULTIPLE,
            "signingtable": "example.com k4\nroot@* k2\n.example.com k3\ncron@x.example.com k1\n"
                            "cron@.example.com k2\n"},
            ("one.pem", "two.pem"))

    def test_multiple_signatures_of_patterns(self):
        self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\nMultipleSignatures yes\n",
                     [Message(author) for author in ("a@example.com", "root@example.com", "root@other.example",
                                                     "a@other.example", "a@x.example.com", "root@x.example.com")],
                     {"keytable": self.MULTIPLE,
                      "signingtable": "*@example.com k1\nroot@* k2\n*@*.example.com k3\n"},
                     ("one.pem", "two.pem"))

    def test_several_domains_at_once(self):
        said = self.compare(
            "Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\nMultipleSignatures yes\n", [
                Message("a@d0.example"), Message("a@d2.example"),
                Message("root@d2.example"), Message("root@other.example"), Message("a@other.example")],
            {"keytable": self.KEYS, "signingtable": "*@d0.example k0\n*@d0.example k1\n*@d2.example k2\nroot@* k1\n"})
        self.assertNotIn("signs a message", said)

    def test_a_provider_signs_beside_its_customers(self):
        """The set-up of feedback loops: whichever line is first, the customer's signature is the author's."""
        customers = "*@shop.example k0\n*@club.example k1\nnews@club.example k2\n"
        for table in (customers + "* k3\n", "* k3\n" + customers):
            said = self.compare(
                "Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\nMultipleSignatures yes\n", [
                    Message("a@shop.example"), Message("A@Club.example"), Message("a@sub.shop.example"),
                    Message("a@stranger.example"), Message("a@esp.example"), Message("a@shop.example", client=OUTSIDE),
                    Message("news@club.example", differs=(
                        "opendkim loses all but the first and the last of three or more",
                        signed("club.example/s1", "esp.example/s3") if table.startswith("*@") else
                        signed("esp.example/s3", "club.example/s2"),
                        signed("club.example/s1", "club.example/s2", "esp.example/s3"))),
                ], {"keytable": "k0 shop.example:s0:$D/one.pem\nk1 club.example:s1:$D/one.pem\n"
                                "k2 club.example:s2:$D/two.pem\nk3 esp.example:s3:$D/two.pem\n",
                    "signingtable": table}, ("one.pem", "two.pem"))
            self.assertIn('{ sender = "*@shop.example"; domain = "shop.example"; }', self.imported)
            self.assertIn('also_sign = (\n  { sender = "*"; domain = "esp.example"; }\n);', self.imported)

    def test_second_signatures_for_some(self):
        """They can be those of a user, of a subdomain, or of a domain that signs for another."""
        self.compare(
            "Mode s\nKeyTable file:$D/keytable\nSigningTable file:$D/signingtable\nMultipleSignatures yes\n", [
                Message(author) for author in (
                    "a@d1.example", "root@d1.example", "root@else.example", "a@x.d1.example", "root@x.d1.example",
                    "a@d4.example", "a@else.example", "Root@D1.example")],
            {"keytable": self.KEYS, "signingtable": "d1.example k1\nroot@* k2\nd4.example k5\n.d1.example k3\n"})

    def test_second_signatures_without_a_key(self):
        self.compare(
            "Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\nMultipleSignatures yes\n", [
                Message("a@shop.example", differs=("opendkim defers the message", "t", signed("shop.example/s0"))),
                Message("a@club.example"), Message("a@else.example")],
            {"keytable": "k0 shop.example:s0:$D/one.pem\nk1 club.example:s1:$D/one.pem\nk3 esp.example:s3:$D/none.pem\n",
             "signingtable": "*@shop.example k0\n*@shop.example k3\n*@club.example k1\n"}, code=1)

    def test_percent(self):
        """Each domain has its own key file, and one line names all of them."""
        self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\n", [
            Message("a@p.example"), Message("a@q.example"), Message("a@fix.example"), Message("a@x.fix.example"),
            Message("a@p.example", client=OUTSIDE),
            Message("a@x.p.example", differs=("opendkim finds no key and defers the message", "t", set())),
            Message("a@none.example", differs=("opendkim finds no key and defers the message", "t", set())),
        ], {"keytable": "own %:mail:$D/%.pem\nfix %:fixed:$D/one.pem\n",
            "signingtable": "*@fix.example fix\n*@x.fix.example fix\n* own\n"},
            ("one.pem", "p.example.pem", "q.example.pem"))

    def test_percent_for_a_directory(self):
        """Other files beside the domains' directories are no domains, and a domain without its key gets a remark."""
        said = self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\n", [
            Message("a@p.example"), Message("a@q.example"),
            Message("a@new.example", differs=("opendkim finds no key and defers the message", "t", set())),
            Message("a@old.private", differs=("opendkim finds no key and defers the message", "t", set())),
            Message("a@p.example", client=OUTSIDE),
        ], {"keytable": "generic %:mail:$D/keys/%/mail.private\n", "signingtable": "*@p.example generic\n* generic\n",
            "keys/README": "read me\n", "keys/new.example/README": "to come\n", "keys/backup/a": ""},
            ("keys/p.example/mail.private", "keys/q.example/mail.private", "keys/old.private"), code=1)
        self.assertTrue(said.startswith("ATTENTION: mail leaves unsigned that OpenDKIM signs, defers or refuses:"), said)
        self.assertIn("keys/new.example/mail.private", said)
        self.assertNotIn("old.private", said)
        self.assertNotIn("backup", said)

    def test_percent_names_the_key(self):
        self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable file:$D/signingtable\n", [
            Message("a@p.example"), Message("a@x.q.example"), Message("a@q.example"), Message("a@x.x.q.example"),
            Message("a@o.q.example", differs=("opendkim finds no key and defers the message", "t", set())),
        ], {"keytable": "p.example p.example:s1:$D/one.pem\nx.q.example x.q.example:s2:$D/one.pem\n"
                        "x.x.q.example q.example:s3:$D/one.pem\nq.example q.example:s4:$D/one.pem\n",
            "signingtable": "p.example %\n.q.example %\n"})

    def test_keys_that_do_not_exist(self):
        said = self.compare("Mode s\nKeyTable file:$D/keytable\nSigningTable refile:$D/signingtable\n", [
            Message("a@good.example"), Message("a@other.example"),
            Message("a@gone.example", differs=("opendkim defers the message", "t", set())),
            Message("a@sub.good.example", differs=("opendkim defers the message", "t", set())),
        ], {"keytable": "good good.example:s1:$D/one.pem\ngone gone.example:s2:$D/gone.pem\n",
            "signingtable": "*@good.example good\n*@gone.example gone\n*@sub.good.example nokey\n*@*.good.example good\n"},
            code=1)
        self.assertTrue(said.startswith("ATTENTION: mail leaves unsigned"), said)
        self.assertIn("gone.pem does not exist", said)
        self.assertIn("KeyTable has no nokey", said)

    def test_included_file_and_repeated_settings(self):
        self.compare("Selector first\n" + self.SINGLE + "Include $D/more.conf\nSELECTOR last # wins\n", [
            Message("a@example.com"), Message("a@included.example")],
            {"more.conf": "Domain\tincluded.example\r\nSelector included\n"})


if __name__ == "__main__":
    unittest.main()
