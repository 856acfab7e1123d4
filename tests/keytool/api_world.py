#!/usr/bin/python3
"""Starts PowerDNS with its API for a session (pdns_world), and shows and changes what it does.

usage: api_world.py start              in the current directory; ends when that is removed
       api_world.py stop
       api_world.py behave MODE        of the API: a mode of api_proxy.ApiProxy
       api_world.py served NAME        what the name server has
"""

import os
import pathlib
import subprocess
import sys
import time

from dns_world import wait_for
from pdns_world import TOKEN, PdnsWorld

NETWORK = "127.53.22"
PLACE = pathlib.Path("world")


def put(name, text):
    """Writes a file that the other process reads: whole or not at all."""
    (PLACE / f".{name}").write_text(text)
    (PLACE / f".{name}").rename(PLACE / name)


def read(name):
    try:
        return (PLACE / name).read_text()
    except FileNotFoundError:
        return None


def serve():
    world = PdnsWorld(PLACE.resolve(), network=NETWORK)
    try:
        # With one server, the outcome of a command does not depend on how fast another one is.
        world.start(secondary=False)
        put("behaves", "pass")
        # In the place of the file, not of this process, which has no current directory once that is removed.
        while PLACE.exists() and read("stop") is None:
            wanted = read("behave")
            if wanted and wanted != world.proxy.mode:
                world.proxy.mode = wanted
                world.proxy.release()
                put("behaves", wanted)
            time.sleep(0.05)
    finally:
        world.close()


def start():
    PLACE.mkdir()
    with open(PLACE / "log", "wb") as log:
        process = subprocess.Popen([sys.executable, __file__, "serve"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True)

    def ready():
        if process.poll() is not None:
            raise AssertionError((PLACE / "log").read_text())
        return read("behaves")

    wait_for(ready, "the name server")
    write_settings()


def write_settings():
    pathlib.Path("powerdns.env").write_text(f'LEXICON_POWERDNS_AUTH_TOKEN="{TOKEN}"\n'
                                            f"LEXICON_POWERDNS_PDNS_SERVER=http://{NETWORK}.3:8080\n")
    pathlib.Path("powerdns.env").chmod(0o600)
    pathlib.Path("dkimsignd.conf").write_text(
        f'key_directory = "{os.getcwd()}/keys";\n'
        f'publish = {{ method = "lexicon"; provider = "powerdns"; credentials = "{os.getcwd()}/powerdns.env"; }};\n')
    # The system's resolver does not know the zone.
    pathlib.Path("key").write_text(f'#!/bin/sh\nexec dkimkey "$@" --config dkimsignd.conf --resolver {NETWORK}.9@5353\n')
    pathlib.Path("key").chmod(0o755)


def served(name):
    for value in PdnsWorld.texts(f"{NETWORK}.1", name) or ["nothing"]:
        print(value)


def main():
    command, *words = sys.argv[1:]
    if command == "serve":
        serve()
    elif command == "start":
        start()
    elif command == "stop":
        put("stop", "now")
    elif command == "behave":
        put("behave", words[0])
        wait_for(lambda: read("behaves") == words[0], "the API to behave so")
    elif command == "served":
        served(words[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
