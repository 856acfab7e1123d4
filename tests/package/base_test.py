#!/usr/bin/python3
"""Makes the machine that the other tests install on: Debian with systemd, and packages to install without a
network.

It is a test in name only, so that ctest runs it once.
"""

import shutil

from built import BASE, CURRENT, SUITE, debian_sources, package, run
from machine import isolate

# Shortens the installation from minutes to seconds: nothing here needs to survive a power cut.
FAST = "--dpkgopt=force-unsafe-io"
# The machine's archive has these packages, and the tests install one of them: they conflict with each other.
LATER = ("postfix", "sendmail")
# The store of record of a fleet.
DATABASE = "postgresql"
# Not every release has this one.
PERHAPS = "lexicon"


def main():
    if BASE.exists():
        shutil.rmtree(BASE)
    sources = debian_sources(SUITE)
    run("mmdebstrap", "--mode=root", "--variant=apt", FAST, '--aptopt=Acquire::Languages "none"',
        "--include=systemd-sysv,init-system-helpers", "--skip=cleanup/apt",
        f"--customize-hook=copy-in {package(CURRENT)} /var/tmp",
        *('--customize-hook=chroot "$1" apt-get -q -y --download-only --no-install-recommends install '
          f"{later} /var/tmp/{package(CURRENT).name}" for later in (*LATER, DATABASE)),
        f'--customize-hook=chroot "$1" sh -c "! apt-cache policy {PERHAPS} | grep -q \'Candidate: [^(]\' || '
        f'apt-get -q -y --download-only --no-install-recommends install {PERHAPS}"',
        '--customize-hook=rm "$1"/var/tmp/*.deb',
        SUITE, BASE, *([] if sources is None else ["-"]), input=(sources or "").encode())


if __name__ == "__main__":
    isolate()
    main()
