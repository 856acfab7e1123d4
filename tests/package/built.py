"""Says where the tests' packages are, and the machine to install them on; runs commands."""

import os
import pathlib
import re

from harness.workspace import output as run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
# ctest sets DKIMSIGND_PACKAGE_DIR; set it yourself to run a test by hand.
PLACE = pathlib.Path(os.environ["DKIMSIGND_PACKAGE_DIR"])
BASE = PLACE / "base"


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


def debian_source(suite):
    """Returns the source of another suite, from this machine's mirror, without its security updates."""
    mirrors = run("apt-get", "indextargets", "--format", "$(REPO_URI)",
                  "Created-By: Packages", "Origin: Debian", "Label: Debian")
    return f"deb {mirrors.splitlines()[0]} {suite} main"


def debian_sources():
    """Returns the sources of this machine's packages, as apt and mmdebstrap read them."""
    lines = run("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
                "Created-By: Packages", "Origin: Debian")
    return "\n".join(sorted(set(lines.splitlines())))
