"""Says where the tests' packages are, and which suite of Debian they are for; runs commands.

The tests run on this machine, but what they build, install and start is on machines of their own, which have the suite
that DKIMSIGND_PACKAGE_SUITE names: bookworm or trixie. Without it, they have this machine's.
"""

import os
import pathlib
import re

from harness.workspace import output as run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def version():
    """Returns the version in CMakeLists.txt; debian/changelog must have the same."""
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"^project\(dkimsignd VERSION (\S+)", text, re.MULTILINE)[1]


CURRENT = f"{version()}-1"
# As long as there is no release, the previous version is these sources with a lower number.
PREVIOUS = "0.0.9-1"


def package(of_version):
    return PLACE / f"dkimsignd_{of_version}_{architecture()}.deb"


def architecture():
    return run("dpkg", "--print-architecture").strip()


def debian_suite():
    return run("sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME").strip()


def debian_sources(suite, foreign=False):
    """Returns the sources of the suite's packages, as apt and mmdebstrap read them: this machine's; or mmdebstrap's usual
    ones, which are None, if this machine has another suite. With `foreign`, for another architecture: only the suite itself
    from this machine's mirror, without its security updates."""
    if foreign:
        mirrors = run("apt-get", "indextargets", "--format", "$(REPO_URI)",
                      "Created-By: Packages", "Origin: Debian", "Label: Debian")
        return f"deb {mirrors.splitlines()[0]} {suite} main"
    if suite != debian_suite():
        return None
    lines = run("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                "Created-By: Packages", "Origin: Debian")
    return "\n".join(sorted(set(lines.splitlines())))


SUITE = os.environ.get("DKIMSIGND_PACKAGE_SUITE") or debian_suite()
# ctest sets DKIMSIGND_PACKAGE_DIR; set it yourself to run a test by hand.
PLACE = pathlib.Path(os.environ.get("DKIMSIGND_PACKAGE_DIR", ROOT / "build-packages"), SUITE)
BASE = PLACE / "base"
