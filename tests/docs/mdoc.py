"""Reads the source of a manual page: its sections, items, examples and cross references."""

import dataclasses
import re


@dataclasses.dataclass
class Item:
    """One .It of a list, with its lines up to the next .It of that list, nested lists included."""

    section: str
    subsection: str
    parents: tuple  # the heads of the items that it is nested in
    head: str  # what follows .It
    body: list

    @property
    def text(self):
        return plain("\n".join(self.body))


class Page:
    def __init__(self, path):
        self.path = path
        self.name = path.name.rsplit(".", 1)[0]
        self.source = path.read_text(encoding="utf-8")
        self.lines = self.source.splitlines()

    def headings(self, macro):
        return [plain(line[4:]) for line in self.lines if line.startswith(f".{macro} ")]

    def items(self):
        items, stack, section, subsection = [], [], "", ""
        for line in self.lines:
            if line.startswith(".Sh "):
                section, subsection = plain(line[4:]), ""
            elif line.startswith(".Ss "):
                subsection = plain(line[4:])
            elif line.startswith(".Bl"):
                stack.append(None)
            elif line == ".El":
                stack.pop()
            elif line == ".It" or line.startswith(".It "):
                parents = tuple(item.head for item in stack[:-1] if item)
                stack[-1] = Item(section, subsection, parents, line[4:], [])
                items.append(stack[-1])
                for outer in stack[:-1]:
                    outer.body.append(line)
                continue
            for item in stack:
                if item:
                    item.body.append(line)
        assert not stack, f"{self.path}: a list without its .El"
        return items

    def displays(self, section=None):
        """Returns the literal examples, of the page or of one section, as a reader pastes them."""
        found, block = [], None
        for line in self.lines if section is None else self.section(section):
            if line.startswith(".Bd -literal"):
                block = []
            elif line == ".Ed" and block is not None:
                found.append("\n".join(block) + "\n")
                block = None
            elif block is not None:
                block.append(unescaped(line))
        return found

    def section(self, name):
        """Returns the source lines of a .Sh or .Ss, up to the next heading of the same or a higher level."""
        for macro, ends in ((".Sh ", (".Sh ",)), (".Ss ", (".Sh ", ".Ss "))):
            for start, line in enumerate(self.lines):
                if line.startswith(macro) and plain(line[4:]) == name:
                    rest = self.lines[start + 1 :]
                    end = next((i for i, line in enumerate(rest) if line.startswith(ends)), len(rest))
                    return rest[:end]
        raise AssertionError(f"{self.path}: there is no section {name}")


def unescaped(text):
    for escape, sign in (("\\&", ""), ("\\(dq", '"'), ("\\-", "-"), ("\\e", "\\")):
        text = text.replace(escape, sign)
    return text


# The macros that the pages use.
MACROS = ("Ar Bd Bl Cm Dq Dv Ed El Em Ev Fl Ic It Li Nm No Ns Op Pa Pc Po Pp Pq Ql Qq Sh Ss Sx Sy Va Xr").split()


def plain(source):
    """Returns the text without macros, with single spaces, and without spaces before . , ; and :."""
    words = []
    for line in source.splitlines():
        if line.startswith("."):
            line = re.sub(r'^\.It Sy "(.*)"$', r".It Sy \1", line)
            parts = line[1:].split(" ")
            parts = [
                ("-" + parts[i + 1] if part == "Fl" else "") if part in MACROS else part
                for i, part in enumerate(parts)
                if i == 0 or parts[i - 1] != "Fl"
            ]
            line = " ".join(part for part in parts if part)
        words += unescaped(line).split()
    return re.sub(r" ([.,;:])(?= |$)", r"\1", " ".join(words))


def options_of(text):
    """Returns each .Fl in the text: "Fl s Ar X , Fl -selector" has -s and --selector."""
    return {"-" + name for name in re.findall(r"\bFl (-?[A-Za-z][\w-]*)", text)}
