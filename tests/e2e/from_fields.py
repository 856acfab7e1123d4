"""Generates From: fields as careless programs and hostile senders write them, from a fixed seed."""

import random

WORDS = ["Acme", "Inc.", "Alert", "disk", "Foo", "via", "List", "J", "=?utf-8?q?J=C3=B6rg?=", "O'Neil", "R&D", "100%",
         "-", "*", "#1", "!", "Müller"]
OURS = ["a@example.com", "root@host.example.com", "x.y+z@example.com"]
OTHERS = ["b@other.example", "evil@b.example", "c@d"]
# Separators of words, addresses and lists.
SPECIALS = [",", ";", ":", "@", ".", "..", "[", "]", "(", ")", "<", ">", '"', "\\", "|", "/", "=", "'", "\t"]
ENCLOSED = ['"Acme, Inc."', '"x"', '""', '"b@other.example"', '"<b@other.example>"', '"a \\" b"', "(note)", "(it's)",
            "(b@other.example)", "(<b@other.example>)", "(a (b) c)", "(\")", "[Bar]", "[b@other.example]", "[a,b]",
            "[", "(:", ":)"]
ENDS = ["", ";", " ;", ";;", " (note)", "(x);", ",", ".", ">", ")", " b", " b@other.example", ";b@other.example",
        " <b@other.example>", ", ", "\t", " (b@other.example)", ":", ' "x"', "; (x) ;", "\\"]


def piece(rng):
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(WORDS)
    if kind < 0.65:
        return rng.choice(SPECIALS)
    if kind < 0.85:
        return rng.choice(ENCLOSED)
    return rng.choice(OURS + OTHERS)


def address(rng):
    text = rng.choice(OURS)
    if rng.random() < 0.1:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice(SPECIALS + [" ", "(x)", '"q"']) + text[at:]
    return text


def field(rng):
    words = [piece(rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 2, 3, 4)))]
    phrase = "".join(word + rng.choice(("", " ", " ", " ")) for word in words)
    end = rng.choice(ENDS) if rng.random() < 0.4 else ""
    if rng.random() < 0.3:
        return phrase + address(rng) + end
    return phrase + rng.choice(("<", "<", "<", "< ", "<<", "")) + address(rng) + rng.choice((">", ">", ">", " >", "")) + end


# Fields that people and programs write, and that everybody reads in the same way.
COMMON = ["Team @ Acme <a@example.com>", "a@example.com <a@example.com>", "Foo [Bar] <a@example.com>",
          "Alert: disk <a@example.com>", "Acme, Inc. <a@example.com>", "Foo; Bar <a@example.com>", "a@example.com;",
          "bob@other.example via List <a@example.com>", "a@example.com (disk);", "Foo <a@example.com>;"]
# Fields without one certain author: most have two for some reader.
HOSTILE = ["b@other.example; Foo <a@example.com>", "Foo: b@other.example; <a@example.com>",
           "<b@other.example> <a@example.com>", "Foo <b@other.example>; Bar <a@example.com>",
           '"Foo <b@other.example> <a@example.com>', "(Foo <b@other.example> <a@example.com>",
           "a@example.com b@other.example", "a@example.com; b@other.example", "a@example.com <b@other.example",
           "Foo \\<b@other.example> <a@example.com>", "a@example.com(<b@other.example>);", "Foo <a@>", "Foo <a>",
           "[Foo <a@example.com>", "a@example.com@b.example;",
           "via !b, Foo <a@example.com>", "50% b: Foo <a@example.com>",
           '"b@other.example", Foo: <a@example.com>;', "Foo <a@example.com;b@other.example>"]


def generated(count, seed):
    rng = random.Random(seed)
    fields = list(COMMON) + list(HOSTILE)
    while len(fields) < count:
        text = field(rng).strip()
        if text:
            fields.append(text)
    return fields
