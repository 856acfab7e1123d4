"""Builds and installs the sources as they are, without packaging/debian, on a system that lacks what Debian has."""

import json
import os
import pathlib
import re
import shlex
import shutil

from built import ROOT
from harness.workspace import output

BUILD = pathlib.Path(os.environ["DKIMSIGND_BUILD_DIR"])
CACHE = dict(re.findall(r"^(\w+):\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE))
# What a release has and building needs.
SOURCES = ("CMakeLists.txt", "canon", "crypto", "keytool", "milter", "packaging")
PATIENCE = 3000  # seconds, on a busy machine that compiles everything


class Sources:
    """A copy of the sources with one build directory, so that a compiler cache knows their paths from tests/run."""

    def __init__(self, place):
        self.place = place
        self.build = place / "build"
        place.mkdir()
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, place / name)

    def _run(self, *command, good=(0,), **environment):
        cache = {"CCACHE_BASEDIR": str(self.place), "CCACHE_NOHASHDIR": "1"}
        return output(*command, good=good, timeout=PATIENCE, env={**os.environ, **cache, **environment})

    def configure(self, *options, good=(0,), cxxflags="", **environment):
        """Configures without anything that was cached; returns what CMake says, on one line."""
        same = {name: CACHE[name] for name in ("CMAKE_CXX_COMPILER", "CMAKE_CXX_COMPILER_LAUNCHER") if CACHE.get(name)}
        said = self._run("cmake", "--fresh", "-S", self.place, "-B", self.build, "-G", "Ninja", "-DDKIMSIGND_BUILD_TESTS=OFF",
                         "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *(f"-D{name}={value}" for name, value in same.items()),
                         *options, good=good, CXXFLAGS=cxxflags, **environment)
        return " ".join(said.split())

    def make(self):
        self._run("cmake", "--build", self.build, "--target", "dkimsignd", "dkimkey")

    def install(self, *options, good=(0,), **environment):
        return " ".join(self._run("cmake", "--install", self.build, *options, good=good, **environment).split())

    def commands(self):
        """Returns how each file is compiled, by its path in the sources."""
        listed = json.loads((self.build / "compile_commands.json").read_text())
        return {os.path.relpath(entry["file"], self.place): shlex.split(entry["command"]) for entry in listed}

    def predefined(self, source):
        """Returns the macros that the compiler defines for a file of the sources."""
        command = self.commands()[source]
        said = self._run(*command[:command.index("-o")], "-E", "-dM", "-x", "c++", "/dev/null")
        return dict(re.findall(r"^#define (\w+) (.*)$", said, re.MULTILINE))


def without_prometheus(directory):
    """Returns CMake's options for a system that has neither prometheus-cpp nor a configuration of fmt for CMake, and the
    environment for pkg-config."""
    directory.mkdir()
    for name in ("libconfig++", "ldns", "libidn2", "libpq", "libssl", "libcrypto", "fmt"):
        where = output("pkg-config", "--variable=pcfiledir", name).strip()
        (directory / f"{name}.pc").symlink_to(f"{where}/{name}.pc")
    missing = ("-DCMAKE_DISABLE_FIND_PACKAGE_prometheus-cpp=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON")
    return missing, {"PKG_CONFIG_LIBDIR": str(directory)}


def shared_libmilter(directory):
    """Makes a place for MILTER_ROOT that has only a shared library. Returns the library; None if there is none here."""
    found = pathlib.Path(CACHE["MILTER_LIBRARY"]).with_name("libmilter.so")
    if not found.exists():
        return None
    (directory / "lib").mkdir(parents=True)
    (directory / "include").mkdir()
    (directory / "lib/libmilter.so").symlink_to(found.resolve())
    (directory / "include/libmilter").symlink_to(pathlib.Path(CACHE["MILTER_INCLUDE_DIR"]) / "libmilter")
    return directory / "lib/libmilter.so"


def files_below(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}
