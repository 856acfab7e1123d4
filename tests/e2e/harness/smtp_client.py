"""An SMTP client that sends bytes as they are.

smtplib normalizes line ends and knows neither XCLIENT nor BDAT. BDAT (RFC 3030) matters here, because it is
the only way to send a body without a final line end over SMTP.
"""

import re
import socket

from .workspace import PATIENCE, HarnessError

QUEUED = re.compile(rb"queued as ([0-9A-Za-z]+)")


class Refused(HarnessError):
    """The server gave another answer than expected."""


def stuffed(raw):
    """Returns the message as it goes over the wire after DATA, with the final line end and dot."""
    if raw and not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    if raw.startswith(b"."):
        raw = b"." + raw
    return raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"


class SmtpClient:
    def __init__(self, port, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")
        self._expect(b"220")
        self.ehlo()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.command(b"QUIT", b"221")
        except (OSError, HarnessError):
            pass
        self.drop()

    def drop(self):
        """Disconnects without a word, like a client that crashed."""
        self._replies.close()
        self._socket.close()

    def _reply(self):
        text = b""
        while True:
            line = self._replies.readline()
            if not line:
                raise Refused("the server hung up")
            text += line
            if line[3:4] != b"-":
                return text

    def _expect(self, code):
        text = self._reply()
        if not text.startswith(code):
            raise Refused(text.decode("utf-8", "replace"))
        return text

    def write(self, raw):
        self._socket.sendall(raw)

    def command(self, line, code=b"250"):
        self.write(line + b"\r\n")
        return self._expect(code)

    def ehlo(self):
        return self.command(b"EHLO client.example")

    def xclient(self, **attributes):
        """Takes on another identity; Postfix greets again afterwards."""
        words = " ".join(f"{name}={value}" for name, value in attributes.items())
        self.command(f"XCLIENT {words}".encode(), b"220")
        self.ehlo()

    def envelope(self, sender, recipient, smtputf8=False):
        parameters = b" BODY=8BITMIME" + (b" SMTPUTF8" if smtputf8 else b"")
        self.command(b"MAIL FROM:<" + sender.encode() + b">" + parameters)
        self.command(b"RCPT TO:<" + recipient.encode() + b">")

    def send(self, sender, recipient, raw, smtputf8=False, chunks=None):
        """Sends one message; returns its queue ID. With `chunks`, sends it by BDAT in pieces of that many bytes."""
        self.envelope(sender, recipient, smtputf8)
        if chunks is None:
            self.command(b"DATA", b"354")
            self.write(stuffed(raw))
            reply = self._expect(b"250")
        else:
            for start in range(0, len(raw), chunks):
                piece = raw[start:start + chunks]
                last = b" LAST" if start + chunks >= len(raw) else b""
                self.write(b"BDAT %d%s\r\n" % (len(piece), last) + piece)
                reply = self._expect(b"250")
        match = QUEUED.search(reply)
        if match is None:
            raise Refused(reply.decode("utf-8", "replace"))
        return match[1].decode()
