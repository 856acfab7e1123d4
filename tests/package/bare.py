"""A machine with only Debian's base system and sudo, and a person on it. Nobody else can enter her home directory or
read what she makes. There is no systemd, no log, and no network except loopback.

Call isolate() of machine.py first. Programs are compiled with the ccache of the machine that runs this; the copy is in
a place where no package puts one.
"""

import ctypes
import fcntl
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile

from built import PACKAGING, ROOT, architecture, debian_sources, debian_suite, run
from machine import Machine

CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET = 0x04000000, 0x08000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

PERSON = "erika"
CLONE = f"/home/{PERSON}/dkimsignd"
LAUNCHER = "/opt/ccache/ccache"
# The systems on which such machines are based, one for each suite.
ROOTS = ROOT / "build-roots"

# Here apt keeps the packages that it has fetched, so that it need not fetch them again.
FETCHED = "/var/cache/apt/archives"


def lists_of_packages():
    """Returns the names in all lists of packages: everything that our commands install."""
    lists = [*PACKAGING.glob("packages-*"), *(ROOT / "tests").rglob("packages")]
    names = {line.split("#")[0].strip() for each in lists if each.is_file() for line in each.read_text().splitlines()}
    return sorted(names - {""})


class Root:
    """Which packages and architectures a root has: by default every package that our commands install, and this machine's
    architecture. The first of the architectures is the root's own."""

    def __init__(self, packages=None, architectures=()):
        self.packages = lists_of_packages() if packages is None else packages
        self.architectures = architectures
        self.suffix = "".join(f"-{name}" for name in architectures)


def base_of(suite, settings=(), renew=False, root=None):
    """Returns the suite's base system. Makes it if there is none, if asked to, or if the lists of packages have changed.
    The settings are lines for apt."""
    root = root or Root()
    name = suite + root.suffix
    base, made_for = ROOTS / name, ROOTS / f"{name}.packages"
    wanted = "\n".join(root.packages)
    ROOTS.mkdir(exist_ok=True)
    with open(ROOTS / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if renew or not made_for.exists() or made_for.read_text() != wanted:
            print(f"Making a root of {name} in {base}", flush=True)
            made_for.unlink(missing_ok=True)
            make_base(base, suite, settings, root)
            made_for.write_text(wanted)
    return base


def make_base(place, suite, settings, root):
    """Makes Debian's smallest system. Fetches the root's packages, without installing them."""
    if place.exists():
        shutil.rmtree(place)
    sources = debian_sources(suite, foreign=bool(root.architectures))
    take = f'find {FETCHED} -name "*.deb" -exec cp --force %s -t "$1"{FETCHED} {{}} +'
    options = [f"--aptopt={setting}" for setting in settings]
    if root.architectures:
        options.append(f"--architectures={','.join(root.architectures)}")
    elif suite == debian_suite():
        # Hard links, if both are in one file system.
        options.append(f'--setup-hook=mkdir -p "$1"{FETCHED}; {take % "--link"} 2>/dev/null || {take % ""}')
    run("mmdebstrap", "--mode=root", "--variant=minbase", "--dpkgopt=force-unsafe-io",
        '--aptopt=Acquire::Languages "none"', "--include=adduser,sudo", "--skip=cleanup/apt,download/empty", *options,
        '--customize-hook=chroot "$1" apt-get -q -y --no-install-recommends --download-only install '
        + " ".join(root.packages),
        suite, place, *([] if sources is None else ["-"]), input=(sources or "").encode())


def leave_the_network():
    """Moves this process to a host whose name has no dot, and whose only network is loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    socket.sethostname("bare")
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


class BareMachine(Machine):
    def __init__(self, base):
        super().__init__(tempfile.mkdtemp(prefix="dkimsignd-bare-", dir="/var/tmp"), base)
        self._mount("proc", "/proc")
        self._mount("tmpfs", "/dev/shm")
        self._mount("devpts", "/dev/pts", "newinstance,ptmxmode=0666")
        self._write("/etc/hostname", "bare\n")
        self._write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 bare\n")
        self._share_compilations()
        self.run("adduser", "--disabled-password", "--gecos", "", PERSON)
        self._write(f"/etc/sudoers.d/{PERSON}", f"{PERSON} ALL=(ALL:ALL) NOPASSWD: ALL\n")
        self._clone()

    def _mount(self, kind, place, options="rw"):
        target = self.path(place)
        target.mkdir(parents=True, exist_ok=True)
        if kind == "bind":
            run("mount", "--bind", options, target)
        else:
            run("mount", "-t", kind, "-o", options, kind, target)
        self._undo.callback(run, "umount", "--lazy", target)

    def _write(self, path, text):
        self.path(path).write_text(text)

    def _share_compilations(self):
        """Shares the compiler cache of this machine: ccache takes a file in another directory for the same file."""
        # The machine's C library may be another one, so that ccache takes its own along, and the loader with it.
        files = [shutil.which("ccache")]
        files += re.findall(r"(/\S+) \(0x", run("ldd", *files))
        libraries = f"{pathlib.Path(LAUNCHER).parent}/lib"
        self.path(libraries).mkdir(parents=True)
        for file in files:
            shutil.copy(file, self.path(libraries))
        loader = next(pathlib.Path(file).name for file in files if "/ld-linux" in file)
        self._write(LAUNCHER, f'#!/bin/sh\nexec {libraries}/{loader} --library-path {libraries} {libraries}/ccache "$@"\n')
        self.path(LAUNCHER).chmod(0o755)
        # These are the settings of tests/run, which has filled the cache.
        size = run("ccache", "--get-config", "max_size").strip()
        settings = f"base_dir = {CLONE}\nhash_dir = false\nsloppiness = locale\nmax_size = {size}\n"
        # A compiler for another architecture may have the name, the time and even the size of this machine's.
        if self.run("dpkg", "--print-architecture").strip() != architecture():
            settings += "compiler_check = content\n"
        self._write("/etc/ccache.conf", settings)
        cache = pathlib.Path(run("ccache", "--get-config", "cache_dir").strip())
        cache.mkdir(parents=True, exist_ok=True)
        self._mount("bind", "/root/.cache/ccache", cache)

    def _clone(self):
        """Copies the sources as they are, without build directories, with the modes that umask 077 gives."""
        clone = self.path(CLONE)
        shutil.copytree(ROOT, clone, symlinks=True, ignore=lambda folder, names: [
            name for name in names if name in (".git", "__pycache__")
            or (pathlib.Path(folder) == ROOT and name.startswith("build"))])
        run("chmod", "-R", "u=rwX,go=", clone)
        self.run("chown", "-R", f"{PERSON}:{PERSON}", CLONE)

    def check_that_it_is_bare(self):
        """Raises AssertionError if the machine has more than the base system, or the clone is open to others."""
        owners = {path: self.owner(path) for path in (f"/home/{PERSON}", f"{CLONE}/README.md")}
        assert list(owners.values()) == [f"{PERSON}:{PERSON} 700", f"{PERSON}:{PERSON} 600"], owners
        for missing in ("gcc", "make", "python3", "postfix", "systemctl", "ps"):
            found = self.run("which", missing, good=(0, 1))
            assert found == "", found

    def _by_sudo(self, command):
        """Returns the command as the person would start it: in the clone, without a terminal."""
        return ["su", "--login", PERSON, "--command", f"umask 077; cd {CLONE} && sudo {command}"]

    def by_sudo(self, command):
        """Returns the output of the command; raises HarnessError with it if the command fails."""
        return self.run(*self._by_sudo(command))

    def show(self, command):
        """Runs the command with its output on ours; returns its exit status."""
        done = subprocess.run([*self._inside(), *self._by_sudo(command)], stdin=subprocess.DEVNULL, check=False)
        return done.returncode
