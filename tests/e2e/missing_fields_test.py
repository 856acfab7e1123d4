#!/usr/bin/python3
"""Messages without Date and Message-ID, and who adds them: the Postfix that has them signed, or a hop after it.

One Postfix plays both hops. Its first smtpd adds nothing, as for mail from elsewhere, has the message signed and sends
it on to the second smtpd, which adds what is missing and asks no milter.
"""

import unittest

from harness.dns_server import DnsServer
from harness.message import Message
from harness.postfix import Postfix
from harness.products import Daemon, KeyStore, Raw
from harness.sink import Sink
from harness.smtp_client import SmtpClient
from harness.verifiers import Judges, complaints
from harness.workspace import Workspace, free_port

DOMAIN = "both.example"
SENT = b"From: alerts@both.example\r\nTo: you@receiver.example\r\nSubject: no date\r\n\r\nText.\r\n"

# The first two services send mail on: as mail from elsewhere, or after cleanup has added all missing fields, whichever
# client it comes from. The last service is the next hop.
MASTER = """\
127.0.0.1:{plain}  inet  n  -  y  -     -  smtpd
  -o local_header_rewrite_clients= -o content_filter=smtp:[127.0.0.1]:{hop}
127.0.0.1:{always}  inet  n  -  y  -     -  smtpd
  -o local_header_rewrite_clients= -o content_filter=smtp:[127.0.0.1]:{hop} -o cleanup_service_name=always
always    unix  n  -  y  -     0  cleanup
  -o always_add_missing_headers=yes
127.0.0.1:{hop}  inet  n  -  y  -     -  smtpd
  -o local_header_rewrite_clients=permit_inet_interfaces -o smtpd_milters= -o content_filter=
"""


class Scene:
    def __init__(self):
        self.workspace = Workspace()
        self.sink = Sink(self.workspace)
        self.postfix = Postfix(self.workspace, self.sink.port, origin=DOMAIN)
        self.plain, self.always, self.hop = free_port(), free_port(), free_port()
        with open(self.postfix.config / "master.cf", "a", encoding="ascii") as master:
            master.write(MASTER.format(plain=self.plain, always=self.always, hop=self.hop))
        keys = KeyStore(self.workspace)
        keys.generate(DOMAIN, "server", "both", "--activate")
        self.daemon = Daemon(self.workspace, self.postfix.make_socket_directory("nobody"), keys.path)
        self.postfix.start(self.workspace)
        self.judges = Judges(self.workspace, DnsServer(self.workspace, keys.records()))
        self.count = 0

    def through(self, port, **settings):
        """Returns the message as it arrives after both hops, signed under these settings."""
        self.daemon.reload(**settings)
        self.count += 1
        recipient = f"case-{self.count}@receiver.example"
        with SmtpClient(port) as client:
            client.send(f"alerts@{DOMAIN}", recipient, SENT)
        return Message(self.sink.wait([recipient])[recipient])


SCENE = None


def setUpModule():
    global SCENE
    SCENE = Scene()
    unittest.addModuleCleanup(SCENE.workspace.close)


class MissingFields(unittest.TestCase):
    def verdicts(self, message):
        """Returns the tags of each signature, with the judges that do not accept it."""
        judged = SCENE.judges.judge({"message": message.raw})["message"]
        signatures = message.signatures()
        self.assertEqual(sorted(s["a"] for s in signatures), ["ed25519-sha256", "rsa-sha256"])
        for name in ("Date", "Message-ID"):
            self.assertEqual(len(message.values(name)), 1, f"nobody added {name}")
        return [(tags, complaints(verdict, tags)) for tags, verdict in zip(signatures, judged)]

    def test_a_hop_that_adds_them_leaves_the_signature_good(self):
        for tags, refused in self.verdicts(SCENE.through(SCENE.plain)):
            signed = tags["h"].lower().split(":")
            self.assertNotIn("date", signed)
            self.assertNotIn("message-id", signed)
            self.assertEqual(refused, {}, tags)

    def test_a_hop_that_adds_them_breaks_a_signature_that_says_there_is_none(self):
        for name in ("Date", "Message-ID"):
            message = SCENE.through(SCENE.plain, oversigned_headers=Raw(f'( "+{name}" )'))
            for tags, refused in self.verdicts(message):
                with self.subTest(name, algorithm=tags["a"]):
                    self.assertEqual(tags["h"].lower().split(":").count(name.lower()), 1)
                    self.assertEqual(set(refused) | {"Mail::DKIM"}, {"dkimpy", "Mail::DKIM", "OpenDKIM"})
                    if tags["a"] == "rsa-sha256":
                        self.assertIn("Mail::DKIM", refused)

    def test_fields_that_postfix_adds_itself_are_signed(self):
        """Postfix adds them by always_add_missing_headers, as dkimkey doctor advises, or for its own clients."""
        for way, port in (("always", SCENE.always), ("own clients", SCENE.postfix.port)):
            message = SCENE.through(port, oversigned_headers=Raw('( "+Date", "+Message-ID" )'))
            for tags, refused in self.verdicts(message):
                with self.subTest(way, algorithm=tags["a"]):
                    signed = tags["h"].lower().split(":")
                    self.assertEqual((signed.count("date"), signed.count("message-id")), (2, 2))
                    self.assertEqual(refused, {}, tags)


if __name__ == "__main__":
    unittest.main()
