"""A hook for dkimkey's publish that does what the hook of a DNS provider would do: it changes the zone of a DnsWorld.

It uses real time, whatever clock dkimkey has: the time is part of an update's signature.
"""

import pathlib

import dns_world
from clock import CLOCK

TEXT = """\
#!/bin/sh
exec env {unset} /usr/bin/python3 -B - "$@" <<'END'
import sys
sys.path.insert(0, {tests!r})
from dns_world import DnsWorld
action, name, _, ttl, value = sys.argv[1:]
DnsWorld({directory!r}, network={network!r}, notify=False).put(
    name, *([value] if action == "set" else []), ttl=int(ttl))
END
"""


def make_update_hook(workspace, network):
    """Returns the path of the program."""
    hook = workspace.directory("hook", 0o755) / "hook"
    tests = str(pathlib.Path(dns_world.__file__).parent)
    hook.write_text(TEXT.format(unset=" ".join(f"-u {name}" for name in CLOCK), tests=tests, directory=str(hook.parent),
                                network=network))
    hook.chmod(0o755)
    return hook
