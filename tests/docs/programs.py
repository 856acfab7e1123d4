"""Asks the programs and their sources for settings, options, subcommands and log lines."""

import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DKIMSIGND = os.environ["DKIMSIGND"]
DKIMKEY = os.environ["DKIMKEY"]


def output_of(*words, status=0):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{words}: {done.returncode}\n{done.stderr}"
    return done.stdout


def config_error(text):
    """Returns the error of dkimsignd for a configuration; None if it accepts it."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [DKIMSIGND, "--config", file.name, "--print-config"],
            capture_output=True,
            text=True,
            check=False,
        )
    return None if done.returncode == 0 else done.stderr


def names_known_in(text):
    """Returns the settings that the error for the unknown setting nobody_knows lists."""
    error = config_error(text)
    found = re.search(r'unknown setting "nobody_knows"; known here: (.*)', error or "")
    assert found, f"{text}: {error}"
    return set(found[1].split(", "))


# Groups have members. A group must be complete, or the error is not about the unknown member.
GROUPS = {
    "macros": ['( { name = "x"; %s } )'],
    "rules": ['( { sender = "*"; domain = "example.com"; %s } )', '( { sender = "*"; sign = false; %s } )'],
    "also_sign": ['( { sender = "*"; domain = "example.com"; %s } )'],
    "logins": ['( { login = "*@example.com"; domains = ( "example.com" ); %s } )'],
    "publish": [
        '{ method = "manual"; %s }',
        '{ method = "update"; key_file = "/x"; %s }',
        '{ method = "hook"; program = "/x"; %s }',
        '{ method = "lexicon"; provider = "x"; credentials = "/x"; %s }',
    ],
    "domains": ['( { domain = "example.com"; publish = { method = "manual"; }; %s } )'],
    "rotation": ['{ %s }'],
}


def settings():
    """Returns all settings, members of groups as GROUP.MEMBER, each with what its value must be; None for a member."""
    found = {}
    for name in names_known_in("nobody_knows = 1;"):
        found[name] = wanted(f"{name} = 1.5;")
        if "group" not in found[name]:
            continue
        assert name in GROUPS, f"{name} is a group: say in programs.py what its members need"
        for form in GROUPS[name]:
            for member in names_known_in(f"{name} = " + form % "nobody_knows = 1;" + ";"):
                found[f"{name}.{member}"] = None
    return found


def wanted(text):
    """Returns what the error for a number with a fraction, which no setting accepts, says is correct."""
    error = config_error(text)
    right = re.search(r"it must be (.*)", error or "")
    assert right, f"{text}: {error}"
    return right[1]


def words_of(name):
    """Returns the words that a text setting accepts; empty if it accepts any text."""
    error = config_error(f'{name} = "nobody_knows";')
    found = re.search(r"it can be (.*)", error or "")
    return re.findall(r'"(\w+)"', found[1]) if found else []


def defaults():
    """Returns the settings at the root with their defaults."""
    text = output_of(DKIMSIGND, "--config", "/dev/null", "--print-config")
    return dict(re.findall(r"^(\w+) = (.*);$", text, re.M))


def options_in(help_text):
    """Returns the options that --help lists: "  -s [ --selector ] SELECTOR  ..." has two."""
    found = set()
    for short, name in re.findall(r"^  (?:(-\w) \[ )?(--[\w-]+)", help_text, re.M):
        found |= {name} | ({short} if short else set())
    return found


def listed_in(text):
    listed = text[text.index("Subcommands:") :].split("\n\n")[0]
    return re.findall(r"^  ([\w-]+) ", listed, re.M)


def main_subcommands():
    return listed_in(output_of(DKIMKEY, "--help"))


def fleet_subcommands():
    """Returns the subcommands of dkimkey fleet."""
    return listed_in(help_of("fleet"))


def subcommands():
    """Returns all, those of fleet as "fleet join"."""
    return main_subcommands() + [f"fleet {name}" for name in fleet_subcommands()]


def help_of(subcommand):
    return output_of(DKIMKEY, *subcommand.split(), "--help")


def exit_codes_in(help_text):
    codes = re.search(r"Exit (?:codes|status): (.*?)(?:\n\n|\Z)", help_text, re.S)
    return set(re.findall(r"(?:^|[\s,])(\d) (?=[A-Za-z])", codes[1]))


LITERAL = r'"(?:[^"\\]|\\.)*"'


def source(path):
    """Returns a source file without comments and includes, whose words the program never prints."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.sub(r"^\s*(//|#include).*$", "", text, flags=re.M)


def joined(literals):
    """Joins adjacent literals and resolves escapes."""
    return "".join(re.sub(r"\\(.)", r"\1", literal[1:-1]) for literal in re.findall(LITERAL, literals))


def literals(path):
    """Returns the texts that a source file can print, and the arguments of throw_store_error after their "cannot"."""
    text = source(path)
    # Character literals are skipped as a whole: they may contain a quotation mark.
    tokens = re.findall(rf"{LITERAL}|(?<![0-9A-Za-z])'(?:[^'\\]|\\.)+'|\s+|.", text)
    runs = [""]
    for token in tokens:
        if token.startswith('"'):
            runs[-1] += joined(token)
        elif runs[-1] and not token.isspace():
            runs.append("")
    actions = re.findall(rf"throw_store_error\(({LITERAL})", text)
    return [run for run in runs if run] + ["cannot " + joined(action) for action in actions]


def log_lines():
    """Returns the daemon's log lines, each {place} in capital letters, with their levels."""
    text = source("milter/log_lines.hpp")
    found = re.findall(rf"LogLine \w+\{{\s*LogLevel::(\w+),\s*((?:{LITERAL}\s*)+)\}}", text)
    assert len(found) == text.count("inline constexpr LogLine "), "a log line of an unknown form"
    return {
        re.sub(r"\{(\w+)\}", lambda place: place[1].upper(), joined(shape)): level for level, shape in found
    }


def opendkim_settings():
    """Returns the settings of opendkim.conf(5) that import knows, by what happens to them at an import."""
    found = {}
    for name, fate in re.findall(
        r'Entry\{"([\w-]+)", (\w+),', source("keytool/opendkim/setting_names.cpp")
    ):
        # Lost settings are listed together, whatever the loss means for mail.
        kind = "lost" if fate in ("unsigned_mail", "otherwise") else fate
        found.setdefault(kind, set()).add(name)
    return found


def verify_reasons():
    """Returns the reasons of verify --json, with the result of each."""
    rows = re.findall(
        r'Row\{VerifyReason::\w+, "(\w+)", VerifyResult::(\w+)\}', source("crypto/signatures/verify_result.cpp")
    )
    assert len(rows) == source("crypto/signatures/verify_result.cpp").count("Row{")
    return dict(rows)
