"""A person without privileges who runs containers by podman, on a host whose only network is loopback.

Call isolate() of machine.py first. podman keeps images, volumes and containers in the person's home directory, which is
in the test's workspace; everything that runs ends with the namespaces.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from bare import leave_the_network
from built import PLACE, run
from harness.workspace import HarnessError
from machine import SKIPPED

# image_archive_test.py makes these.
ARCHIVES = {form: PLACE / f"image-{form}.tar" for form in ("oci", "docker")}
# The number of the user and the group in the image.
ACCOUNT = 8891
PERSON, NUMBER = "erika", 4321
# Containers reach this address of the host, but not 127.0.0.1. RFC 5737 reserves it for examples.
HOST_ADDRESS = "192.0.2.1"
# The user numbers of the person's containers: 0 is the person, and 1 is the first of these.
SUBORDINATE = 300000
ACCOUNTS = {
    "passwd": f"{PERSON}:x:{NUMBER}:{NUMBER}::{{home}}:/bin/bash\n",
    "group": f"{PERSON}:x:{NUMBER}:\n",
    "subuid": f"{PERSON}:{SUBORDINATE}:65536\n",
    "subgid": f"{PERSON}:{SUBORDINATE}:65536\n",
}
# No service manager runs, nobody delegates a control group, and root itself may not be allowed to raise limits.
CONTAINERS_CONF = """\
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[network]
default_rootless_network_cmd = "slirp4netns"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class ContainerHost:
    def __init__(self, workspace):
        self._workspace = workspace
        self.home = workspace.directory("home", 0o700)
        self._runtime = workspace.directory("runtime", 0o700)
        leave_the_network()
        run("ip", "address", "add", f"{HOST_ADDRESS}/32", "dev", "lo")
        self._use_one_hierarchy()
        self._open_device("net/tun", 10, 200)
        self._add_person()
        workspace.on_close(self._close)
        for place in (self.home, self._runtime):
            os.chown(place, NUMBER, NUMBER)
        self._settings = workspace.path / "containers.conf"
        self._settings.write_text(CONTAINERS_CONF)
        self._settings.chmod(0o644)

    @staticmethod
    def _use_one_hierarchy():
        """crun refuses hosts where the controllers are divided between both versions of control groups."""
        if run("stat", "--file-system", "--format=%T", "/sys/fs/cgroup").strip() != "cgroup2fs":
            run("umount", "--recursive", "/sys/fs/cgroup")
            run("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")

    @staticmethod
    def _open_device(name, major, minor):
        """Everybody may use these devices on a usual host; udev sets that up."""
        place = f"/dev/{os.path.dirname(name)}"
        run("mount", "-t", "tmpfs", "tmpfs", place)
        run("mknod", "--mode=666", f"/dev/{name}", "c", major, minor)

    def _add_person(self):
        for name, line in ACCOUNTS.items():
            copy = self._workspace.path / name
            copy.write_text(pathlib.Path(f"/etc/{name}").read_text() + line.format(home=self.home))
            copy.chmod(0o644)
            run("mount", "--bind", copy, f"/etc/{name}")

    def _close(self):
        # Others own what is in the volumes.
        self.run("podman rm --all --force --time 0; podman unshare rm -rf ~/.local; true")

    def _command(self, line):
        environment = {
            "HOME": self.home, "USER": PERSON, "XDG_RUNTIME_DIR": self._runtime, "TMPDIR": self.home,
            "CONTAINERS_CONF": self._settings, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
        }
        return ["setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--init-groups",
                "env", "-i", f"--chdir={self.home}", *(f"{name}={value}" for name, value in environment.items()),
                "bash", "-c", line]

    def run(self, line, good=(0,)):
        """Runs a command line as the person; returns what it writes. Raises HarnessError if it fails."""
        return run(*self._command(line), good=good)

    def attempt(self, line):
        """Runs a command line; returns its exit status, standard output and standard error."""
        done = subprocess.run(self._command(line), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout, done.stderr

    def skip_without_podman(self):
        """Ends the test if this kernel does not let an ordinary user make namespaces, with a line that says so."""
        try:
            self.run("podman unshare true")
        except HarnessError as error:
            print("skipped: podman cannot make a user namespace here:", error)
            self._workspace.close()
            sys.exit(SKIPPED)

    def load(self, archive):
        """Loads an image from an archive; returns its name."""
        copy = self.home / archive.name
        shutil.copy(archive, copy)
        copy.chmod(0o644)
        said = self.run(f"podman load --quiet --input {copy.name}")
        copy.unlink()
        return said.rsplit(" ", 1)[1].strip()

    def inspect(self, name):
        return json.loads(self.run(f"podman inspect {name}"))[0]
