"""A message as octets: its header fields as they stand, and its body."""

import re

# RFC 5322 3.6.8: a field name is printable US-ASCII without the colon. White space before the colon
# is the obsolete syntax (4.5), which Postfix accepts too.
FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)([ \t]*):(.*)", re.DOTALL)
FOLD = re.compile(rb"\r\n(?=[ \t])")


class Message:
    """Lines end with CRLF. `fields` are (name, raw value) with the value as it stands after the
    colon, folds included, without the final CRLF."""

    def __init__(self, octets):
        self.octets = octets
        self.fields = []
        self.body = b""
        # The octets of the header, and whether the empty line after it is missing.
        self.header = octets
        self.stray_line = False
        position = 0
        while position < len(octets):
            if octets.startswith(b"\r\n", position):
                self.header = octets[:position]
                self.body = octets[position + 2:]
                return
            end = position
            while True:
                end = octets.find(b"\r\n", end)
                if end < 0:
                    end = len(octets)
                    following = end
                    break
                following = end + 2
                if octets[following:following + 1] not in (b" ", b"\t"):
                    break
                end = following
            match = FIELD.fullmatch(octets[position:end])
            if match is None:
                # As Postfix does it: what is no field begins the body.
                self.header = octets[:position]
                self.body = octets[position:]
                self.stray_line = True
                return
            self.fields.append((match[1], match[3]))
            position = following

    def values(self, name):
        wanted = name.lower().encode()
        return [value for field, value in self.fields if field.lower() == wanted]

    def signatures(self):
        """The DKIM-Signature fields as dictionaries of tags, top first."""
        return [tags(value) for value in self.values("DKIM-Signature")]

    def with_only_signature(self, index):
        """The message with just the signature that stands at `index` among the signatures."""
        kept, seen = [], 0
        for name, value in self.fields:
            if name.lower() == b"dkim-signature":
                seen += 1
                if seen - 1 != index:
                    continue
            kept.append((name, value))
        return kept, self.body

    def queue_id(self):
        """The queue ID that the private Postfix gave it: the topmost Received field is its own."""
        received = self.values("Received")
        if not received:
            return None
        match = re.search(rb"\sid\s+([0-9A-Za-z]+)", received[0])
        return match[1].decode() if match else None


def tags(value):
    """RFC 6376 3.2: a tag list, white space around values removed and folds undone."""
    found = {}
    for part in FOLD.sub(b"", value).split(b";"):
        name, equals, content = part.partition(b"=")
        if equals:
            found[name.strip().decode()] = content.strip().decode("utf-8", "replace")
    # Where white space means nothing, none is kept, so that values compare.
    for name in ("b", "bh", "h", "c", "d", "s", "a", "i"):
        if name in found:
            found[name] = re.sub(r"\s+", "", found[name])
    return found
