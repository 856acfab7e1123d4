"""Lists what dkimsignd-compatibility(7) promises, one name a line, from the programs and the pages that tests compare with
them. Run it to write the list of the next release:

    DKIMSIGND=BUILD/milter/dkimsignd DKIMKEY=BUILD/keytool/dkimkey python3 tests/docs/promised.py > tests/docs/promises.txt
"""

import re

import programs
from mdoc import plain
from metrics_test import documented, documented_values
from pages import PAGES
from programs import DKIMSIGND

KEY = PAGES["dkimkey.8"]


def settings():
    defaults = programs.defaults()
    for name, wanted in programs.settings().items():
        kind = re.match(r"a text in quotes|true or false|a whole number|a list of \w+|a group", wanted or "")
        yield f"setting {name}" + (f": {kind[0]}" if kind else "")
        if name in defaults and kind:
            yield f"default {name} = {defaults[name]}"
            yield from (f"word of {name}: {word}" for word in programs.words_of(name))


def command_lines():
    for option in programs.options_in(programs.output_of(DKIMSIGND, "--help")):
        yield f"option dkimsignd {option}"
    for code in programs.exit_codes_in(programs.output_of(DKIMSIGND, "--help")):
        yield f"exit code dkimsignd {code}"
    for name in programs.subcommands():
        yield f"subcommand dkimkey {name}"
        yield from (f"option dkimkey {name} {option}" for option in programs.options_in(programs.help_of(name)))
        yield from (f"exit code dkimkey {name} {code}" for code in programs.exit_codes_in(programs.help_of(name)))


def json_members():
    """Yields the members that dkimkey(8) lists; docs.json compares them with the output of --json."""
    section = "\n".join(KEY.section("JSON"))
    common = set(re.findall(r"\.Ql (\w+)", section.split(".Bl", maxsplit=1)[0]))
    yield from (f"member of --json: {name}" for name in common)
    for item in KEY.items():
        if item.subsection == "JSON":
            for name in plain(".It " + item.head).split(", "):
                for member in re.findall(r"\.Ql (\w+)", "\n".join(item.body)):
                    yield f"member of dkimkey {name} --json: {member}"
        elif item.subsection == "Topics of doctor":
            for word in item.head.split():
                if word not in ("Ic", "Cm", ","):
                    yield f"topic of dkimkey doctor --json: {word}"
    for reason, result in programs.verify_reasons().items():
        yield f"reason of dkimkey verify --json: {result} {reason}"


def log_lines():
    for shape, level in programs.log_lines().items():
        if level != "debug":
            yield f"log line, {level}: {shape}"


def metrics():
    """Yields the metrics that dkimsignd(8) lists; docs.metrics compares them with the daemon's."""
    for name, labels in documented().items():
        yield f"metric {name}" + ("{%s}" % ",".join(sorted(labels)) if labels else "")
    for name, values in documented_values().items():
        yield from (f"label of metric {name}: {value}" for value in values)


def promised():
    parts = (settings(), command_lines(), json_members(), log_lines(), metrics())
    return sorted({name for part in parts for name in part})


if __name__ == "__main__":
    print("\n".join(promised()))
