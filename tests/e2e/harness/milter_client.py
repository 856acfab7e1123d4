"""Speaks the MTA's side of the milter protocol, as far as tests need it.

The numbers are those of libmilter's mfdef.h. The client offers what Postfix 3.7 offers, skips the steps that the
milter negotiates away, waits for no reply if none is due, and collects the changes that the milter asks for.
"""

import socket
import struct

from .workspace import PATIENCE, HarnessError

ACTIONS = 0x1FF
NO_CONNECT, NO_HELO, NO_MAIL, NO_RCPT, NO_BODY, NO_HEADERS, NO_EOH = (1 << n for n in range(7))
NR_HEADER, NO_UNKNOWN, NO_DATA = 1 << 7, 1 << 8, 1 << 9
SKIP, RCPT_REJECTED = 1 << 10, 1 << 11
NR_CONNECT, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA, NR_UNKNOWN, NR_EOH, NR_BODY = (1 << n for n in range(12, 20))
HEADER_LEADING_SPACE = 1 << 20
PROTOCOL = (1 << 21) - 1

CHUNK = 65535


class MilterDied(HarnessError):
    pass


class Outcome:
    """The milter's verdict (the letter of its reply), and the fields that it asked to insert."""

    def __init__(self, verdict, inserted=(), text=b""):
        self.verdict = verdict
        self.inserted = list(inserted)
        self.text = text


class MilterClient:
    def __init__(self, address, client="127.0.0.1", name="localhost", protocol=PROTOCOL, macros=None):
        """`address` is a path, or (host, port). With `client` None, the client's address family is unknown."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(address)
        self._buffer = b""
        self._macros = macros or {}
        self._send(b"O", struct.pack("!III", 6, ACTIONS, protocol))
        command, data = self._receive()
        if command != b"O":
            raise HarnessError(f"the milter answered the negotiation with {command!r}")
        self.version, self.actions, self.steps = struct.unpack("!III", data[:12])
        if client is None:
            where = b"U"
        elif ":" in client:
            where = b"6" + struct.pack("!H", 1025) + b"IPv6:" + client.encode() + b"\0"
        else:
            where = b"4" + struct.pack("!H", 1025) + client.encode() + b"\0"
        self._macro(b"C", {"j": "mail.private.example", "{daemon_name}": "mail.private.example", "v": "Postfix 3.7.11",
                           **self._macros})
        self.connect_reply = self._step(NO_CONNECT, NR_CONNECT, b"C", name.encode() + b"\0" + where)
        self._step(NO_HELO, NR_HELO, b"H", b"client.example\0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self._send(b"Q")
        except OSError:
            pass
        self._socket.close()

    def message(self, fields, body, sender="sender@example", queue_id="QUEUEID", macros=None):
        """Sends one message: (name, raw value) fields with CRLF folds, and a body. Returns its Outcome."""
        self._macro(b"M", {"{mail_addr}": sender, **(macros or {})})
        reply = self._step(NO_MAIL, NR_MAIL, b"M", f"<{sender}>\0".encode())
        if reply in b"artd":
            self._send(b"A")
            return Outcome(reply)
        self._macro(b"R", {"i": queue_id, "{rcpt_addr}": "rcpt@receiver.example"})
        reply = self._step(NO_RCPT, NR_RCPT, b"R", b"<rcpt@receiver.example>\0")
        if reply in b"artd":
            self._send(b"A")
            return Outcome(reply)
        self._macro(b"T", {"i": queue_id})
        self._step(NO_DATA, NR_DATA, b"T")
        for name, value in fields:
            reply = self._field(name, value)
            if reply in b"artd":
                return Outcome(reply)
        self._macro(b"N", {"i": queue_id})
        reply = self._step(NO_EOH, NR_EOH, b"N")
        if reply in b"artd":
            return Outcome(reply)
        for start in range(0, len(body), CHUNK):
            reply = self._step(NO_BODY, NR_BODY, b"B", body[start:start + CHUNK])
            if reply in b"artd":
                return Outcome(reply)
            if reply == b"s":
                break
        self._macro(b"E", {"i": queue_id})
        self._send(b"E")
        inserted = []
        while True:
            command, data = self._receive()
            if command == b"i":
                index = struct.unpack("!I", data[:4])[0]
                name, value = data[4:].split(b"\0")[:2]
                inserted.append((index, name, value))
            elif command == b"p":
                continue
            elif command in (b"h", b"m", b"b", b"+", b"-", b"e", b"q"):
                raise HarnessError(f"the milter asked for {command!r}, which no signer needs")
            else:
                return Outcome(command, inserted, data)

    def sender_after(self, macros, sender="sender@example"):
        """Sends a sender after macros as they go over the wire, and aborts the message. Returns the letter of the reply."""
        self._send(b"D", b"M" + macros)
        reply = self._step(NO_MAIL, NR_MAIL, b"M", f"<{sender}>\0".encode())
        self._send(b"A")
        return reply

    def break_off(self, fields, sender="sender@example"):
        """Sends a sender and fields, and aborts the message."""
        reply = self._step(NO_MAIL, NR_MAIL, b"M", f"<{sender}>\0".encode())
        if reply != b"c":
            raise HarnessError(f"the milter answered the sender with {reply!r}")
        for name, value in fields:
            self._field(name, value)
        self._send(b"A")

    def _field(self, name, value):
        # Postfix hands over folds as LF, and keeps the leading space only if asked to.
        value = value.replace(b"\r\n", b"\n")
        if not self.steps & HEADER_LEADING_SPACE and value[:1] in (b" ", b"\t"):
            value = value[1:]
        return self._step(NO_HEADERS, NR_HEADER, b"L", name + b"\0" + value + b"\0")

    def _macro(self, step, macros):
        words = [word for pair in macros.items() if pair[1] is not None for word in pair]
        if words:
            self._send(b"D", step + b"".join(word.encode() + b"\0" for word in words))

    def _step(self, left_out, no_reply, command, data=b""):
        """Sends a step unless it was negotiated away; returns the letter of the reply, 'c' if none is due."""
        if self.steps & left_out:
            return b"c"
        self._send(command, data)
        if self.steps & no_reply:
            return b"c"
        while True:
            reply, _ = self._receive()
            if reply != b"p":
                return reply

    def _send(self, command, data=b""):
        try:
            self._socket.sendall(struct.pack("!I", len(data) + 1) + command + data)
        except BrokenPipeError as error:
            raise MilterDied(f"while sending {command!r}") from error

    def _receive(self):
        length = struct.unpack("!I", self._exactly(4))[0]
        packet = self._exactly(length)
        return packet[:1], packet[1:]

    def _exactly(self, count):
        while len(self._buffer) < count:
            more = self._socket.recv(65536)
            if not more:
                raise MilterDied("the milter hung up")
            self._buffer += more
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def applied(fields, body, outcome):
    """Returns the message as Postfix sends it on: inserted fields on top, folds as CRLF, a final line end. With
    HEADER_LEADING_SPACE, the inserted value has its own space."""
    fields = list(fields)
    for index, name, value in outcome.inserted:
        fields.insert(index, (name, value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))
    raw = b"".join(name + b":" + value + b"\r\n" for name, value in fields)
    return with_final_line_end(raw + b"\r\n" + body)


def with_final_line_end(raw):
    """Adds a final line end if there is none: SMTP needs one, and OpenDKIM refuses to judge a message without."""
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"
