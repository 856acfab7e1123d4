"""Splits a message into its raw header fields and its body."""

import re

# RFC 5322 3.6.8: a field name is printable US-ASCII without the colon. White space before the colon
# is the obsolete syntax (4.5), which Postfix accepts too.
FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)([ \t]*):(.*)", re.DOTALL)
FOLD = re.compile(rb"\r\n(?=[ \t])")


class Message:
    """A message whose lines end with CRLF. `fields` are (name, raw value): the value is everything after the
    colon, folds included, without the final CRLF."""

    def __init__(self, raw):
        self.raw = raw
        self.fields = []
        self.body = b""
        # The bytes of the header, and whether the empty line after it is missing.
        self.header = raw
        self.stray_line = False
        position = 0
        while position < len(raw):
            if raw.startswith(b"\r\n", position):
                self.header = raw[:position]
                self.body = raw[position + 2:]
                return
            end = position
            while True:
                end = raw.find(b"\r\n", end)
                if end < 0:
                    end = len(raw)
                    following = end
                    break
                following = end + 2
                if raw[following:following + 1] not in (b" ", b"\t"):
                    break
                end = following
            match = FIELD.fullmatch(raw[position:end])
            if match is None:
                # As in Postfix, a line that is not a field begins the body.
                self.header = raw[:position]
                self.body = raw[position:]
                self.stray_line = True
                return
            self.fields.append((match[1], match[3]))
            position = following

    def values(self, name):
        wanted = name.lower().encode()
        return [value for field, value in self.fields if field.lower() == wanted]

    def signatures(self):
        """Returns the DKIM-Signature fields as dictionaries of tags, top first."""
        return [tags(value) for value in self.values("DKIM-Signature")]

    def with_only_signature(self, index):
        """Returns the fields and the body, with no signature except the one at `index`."""
        kept, seen = [], 0
        for name, value in self.fields:
            if name.lower() == b"dkim-signature":
                seen += 1
                if seen - 1 != index:
                    continue
            kept.append((name, value))
        return kept, self.body

    def queue_id(self):
        """Returns the queue ID that the private Postfix gave the message: the topmost Received field is its own."""
        received = self.values("Received")
        if not received:
            return None
        match = re.search(rb"\sid\s+([0-9A-Za-z]+)", received[0])
        return match[1].decode() if match else None


def tags(value):
    """Returns the tags of a tag list (RFC 6376 3.2), without folds and without white space around the values."""
    found = {}
    for part in FOLD.sub(b"", value).split(b";"):
        name, equals, content = part.partition(b"=")
        if equals:
            found[name.strip().decode()] = content.strip().decode("utf-8", "replace")
    # White space means nothing in these values. It is removed, so that they can be compared.
    for name in ("b", "bh", "h", "c", "d", "s", "a", "i"):
        if name in found:
            found[name] = re.sub(r"\s+", "", found[name])
    return found
