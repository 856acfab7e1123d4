"""A machine to install on: a copy of the base system under a systemd of its own, in a container without a
network.

Call isolate() first: it runs the test's program again in namespaces for mounts and processes. When that ends, the
kernel ends every process and undoes every mount; only directories are left to remove.
"""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from built import BASE, run
from harness.workspace import stop_process, wait_for

CLONE_NEWNET = 0x40000000
# Keeps nothing of the test's own environment, which belongs to another machine.
CLEAN = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
         "DEBIAN_FRONTEND=noninteractive"]


UNSHARE = ["unshare", "--mount", "--propagation=private", "--pid", "--mount-proc", "--fork", "--kill-child", "--"]
# ctest takes this exit status for "skipped": a container without privileges cannot make namespaces.
SKIPPED = 77


def isolate():
    if os.environ.get("DKIMSIGND_ISOLATED") != "1":
        if os.getuid() != 0:
            sys.exit("only root can start a machine")
        probe = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], stderr=subprocess.PIPE,
                               check=False)
        if probe.returncode != 0:
            print("skipped: the kernel allows no namespaces here:", probe.stderr.decode().strip())
            sys.exit(SKIPPED)
        os.environ["DKIMSIGND_ISOLATED"] = "1"
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])


class Machine:
    """A base system in the state in which it was made, under `self.root`; boot() starts it."""

    def __init__(self, place, base=BASE):
        self._undo = contextlib.ExitStack()
        self.place = pathlib.Path(place)
        self.root = self.place / "root"
        for name in ("root", "changes", "work"):
            (self.place / name).mkdir(parents=True)
        run("mount", "-t", "overlay", "overlay", self.root,
            "-o", f"lowerdir={base},upperdir={self.place}/changes,workdir={self.place}/work")
        self._undo.callback(run, "umount", "--lazy", self.root)
        self._process = None
        self._leader = None

    def close(self):
        self._undo.close()
        shutil.rmtree(self.place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def boot(self, hostname="server"):
        """Starts systemd as process 1, and waits until it has started everything. After that, this thread is in
        the machine's network, which is a loopback interface; connect() joins two."""
        # systemd takes the name from there; the base system has that of the host on which it was made.
        (self.root / "etc/hostname").write_text(f"{hostname}\n")
        # Two containers in one control group would each take the other's processes for their own.
        groups = list(control_groups(self.place.name))
        for group in groups:
            group.mkdir()
        self._undo.callback(remove_groups, groups)
        log = self.place / "console.log"
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
                 "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe",
                 f"--hostname={hostname}", f"--directory={self.root}", "--boot"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                preexec_fn=lambda: [(group / "cgroup.procs").write_text("0") for group in groups])
        self._undo.callback(self._power_off)
        alive = lambda: self._process.poll() is None
        self._leader = wait_for(self._find_leader, f"a container; see {log}", alive)
        state = lambda: self.run("systemctl", "is-system-running", good=(0, 1, 4)).strip()
        wait_for(lambda: state() in ("running", "degraded"), "systemd to start", alive)
        self.enter_network()

    def enter_network(self):
        """Puts this thread into the machine's network."""
        with open(f"/proc/{self._leader}/ns/net", "rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def ip(self, *words):
        """Runs ip(8) of this host in the network of the machine, which need not have it."""
        return run("nsenter", f"--target={self._leader}", "--net", "--", "ip", *words)

    def connect(self, address, other, others_address):
        """Lays a cable to another machine that runs, with a device "cable" at both ends; the addresses have their prefix."""
        self.ip("link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", other._leader)
        for machine, own in ((self, address), (other, others_address)):
            machine.ip("address", "add", own, "dev", "cable")
            machine.ip("link", "set", "cable", "up")

    def _find_leader(self):
        """Returns the process that is number 1 in the container's process namespace, which is below ours."""
        for place in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                lines = (place / "status").read_text().splitlines()
                status = dict(line.split(":", 1) for line in lines)
                first = status["NSpid"].split()[1:] == ["1"] and status["Name"].strip() == "systemd"
                if first and os.path.samefile(place / "root", self.root):
                    return int(place.name)
            except (OSError, KeyError):
                continue  # it has ended meanwhile
        return None

    def _power_off(self):
        # SIGTERM to the container's program is like a power cut, so systemd may end its services first.
        if self._process.poll() is None and self._leader:
            self.run("systemctl", "poweroff", "--no-block", good=(0, 1))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)
        stop_process(self._process)

    def _inside(self):
        if self._leader:
            return ["nsenter", f"--target={self._leader}", "--root", "--wd", "--mount", "--uts", "--ipc", "--net",
                    "--pid", "--cgroup", "--", *CLEAN]
        return ["chroot", str(self.root), *CLEAN]

    def run(self, *command, **options):
        """Runs a command in the machine; before the start, in a chroot."""
        return run(*self._inside(), *command, **options)

    def install(self, *packages, recommends=False):
        """Installs packages by apt from the machine's archive; returns the output of apt."""
        choice = f"--option=APT::Install-Recommends={'true' if recommends else 'false'}"
        return self.run("apt-get", "-q", "-y", choice, "install", *packages)

    def put(self, source, directory="/root"):
        shutil.copy(source, self.path(directory))
        return f"{directory}/{pathlib.Path(source).name}"

    def active(self, unit):
        # The status is 3 for a unit that does not run, and from systemd 254 on 4 for one that does not exist.
        return self.run("systemctl", "is-active", unit, good=(0, 3, 4)).strip()

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def owner(self, path):
        """Returns owner, group and mode, such as "root:dkimsignd 750"."""
        return self.run("stat", "--format=%U:%G %a", path).strip()

    def path(self, path):
        """Returns where this machine sees a path of the other."""
        return self.root / str(path).lstrip("/")

    def exists(self, path):
        return os.path.lexists(self.path(path))


def remove_groups(groups):
    """Removes control groups. Each is busy until the kernel has finished with the last process in it."""
    def gone(group):
        try:
            os.rmdir(group)
            return True
        except OSError:
            return False

    for top in groups:
        for group, _, _ in os.walk(top, topdown=False):
            wait_for(lambda group=group: gone(group), f"{group} to be empty")


def control_groups(name):
    """Yields the path of a group of that name below ours, in each hierarchy that systemd uses."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "name=systemd"):
            trees = ("systemd",) if controllers else ("unified", "")
            tree = next(tree for tree in trees if pathlib.Path("/sys/fs/cgroup", tree).is_dir())
            yield pathlib.Path("/sys/fs/cgroup", tree, path.lstrip("/"), name)


def temporary_machine(test):
    machine = Machine(tempfile.mkdtemp(prefix="dkimsignd-machine-", dir="/var/tmp"))
    test.addClassCleanup(machine.close)
    return machine
