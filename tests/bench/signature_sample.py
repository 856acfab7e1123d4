"""Looks whether mail that has gone through Postfix is signed: what was not signed must not be measured as signing."""

import base64
import binascii

from harness.message import Message
from harness.verifiers import dkimpy_verdict
from peers import DOMAIN, SELECTOR

# Each milter has to do the same work.
TAGS = {"a": "rsa-sha256", "c": "relaxed/relaxed", "d": DOMAIN, "s": SELECTOR}
KEY_BYTES = 2048 // 8
# The number of signatures that are verified in each round. The tags of all are read.
VERIFIED = 5


def problem_of(messages, count, is_signed, record):
    """Returns what is wrong with the messages of a round; None if all are there, and each has its one signature, or
    none if `is_signed` is false. `record` is the key's TXT record, as bytes."""
    seen = set()
    number = 0
    for number, raw in enumerate(messages, 1):
        message = Message(raw)
        seen.update(message.values("Message-ID"))
        signatures = message.signatures()
        if len(signatures) != (1 if is_signed else 0):
            return f"a message has {len(signatures)} signatures"
        if not is_signed:
            continue
        problem = _tag_problem(signatures[0])
        if problem is None and number <= VERIFIED:
            verdict = dkimpy_verdict(raw, 0, lambda *_, **__: record)
            problem = None if verdict == "pass" else f"dkimpy says of a signature: {verdict}"
        if problem is not None:
            return problem
    if number != count:
        return f"{number} messages have arrived instead of {count}"
    if len(seen) != count:
        return f"{count} messages have only {len(seen)} different Message-IDs"
    return None


def _tag_problem(signature):
    for tag, value in TAGS.items():
        if signature.get(tag) != value:
            return f"a signature has {tag}={signature.get(tag)} instead of {value}"
    if "l" in signature:
        return "a signature covers only a part of the body"
    try:
        length = len(base64.b64decode(signature["b"], validate=True))
    except (KeyError, binascii.Error):
        return "a signature has no value"
    return None if length == KEY_BYTES else f"a signature has {length} bytes instead of {KEY_BYTES}"
