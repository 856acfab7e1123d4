"""What tests/bench/compare and tests/bench/through_postfix do before they measure: options, packages, a key."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from peers import DOMAIN, PEERS, SELECTOR

ROOT = Path(__file__).resolve().parent.parent.parent


def say(text):
    print(text, file=sys.stderr, flush=True)


def add_options(parser):
    """Adds the options that both programs have."""
    parser.add_argument("--build", type=Path, default=ROOT / "build",
                        help="build folder with the programs (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", action="append", default=[], help="leave out this server, e.g. dkimpy-milter")
    parser.add_argument("--install", action="store_true", help="install missing milters with apt")


def check_options(parser, arguments, programs):
    """Ends with a usage error if an option makes no sense or one of our programs has not been built."""
    arguments.build = arguments.build.resolve()
    for program in programs:
        if not (arguments.build / program).exists():
            parser.error(f"{arguments.build / program} is missing; build first or give --build")
    if arguments.rounds < 1:
        parser.error("--rounds must be above 0")


def installed_peers(arguments, names):
    """Returns the other milters with these names that are installed; with --install, installs the missing ones first."""
    peers = [peer for peer in PEERS if peer.name in names and peer.name not in arguments.without]
    if arguments.install:
        _install([peer for peer in peers if not peer.program()])
    for peer in peers:
        if not peer.program():
            say(f"{peer.name} is not installed and is left out (--install installs {peer.package})")
    return [peer for peer in peers if peer.program()]


def _install(missing):
    if not missing:
        return
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # The milters' own services must not start: each is run here with a configuration of its own.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(["apt-get", "update", "-q"], env=environment, check=True, stdout=sys.stderr)
        subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends",
                        *(peer.package for peer in missing)],
                       env=environment, check=True, stdout=sys.stderr)
    finally:
        if ours:
            policy.unlink()


def make_key(build, work, algorithm):
    """Makes a key store with one active key. Returns it with a copy of the key file, with which the peers sign."""
    store = work / f"keys-{algorithm}"
    store.mkdir(mode=0o750)
    subprocess.run([build / "keytool/dkimkey", "generate", "-D", store, "--domain", DOMAIN, "--selector",
                    SELECTOR, "--algorithm", algorithm, "--activate"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    copy = work / f"key-{algorithm}.pem"
    shutil.copyfile(store / DOMAIN / f"{SELECTOR}.private", copy)
    copy.chmod(0o600)
    return store, copy
