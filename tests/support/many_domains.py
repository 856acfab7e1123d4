"""Makes a key store of many domains quickly: dkimkey makes the first, and the others are copies of it.

Each domain has a manifest of its own, with an active RSA and an active Ed25519 key. The keys are the same in all of
them, which makes no difference to what is measured: nothing may read them.
"""

import os
import pathlib
import re
import subprocess


def name_of(number):
    return f"d{number:07}.example"


def make_store(dkimkey, directory, count, group=0):
    """Makes `count` domains in `directory`, which must not exist yet."""
    directory = pathlib.Path(directory)
    directory.mkdir(0o750)
    os.chown(directory, -1, group)
    subprocess.run([dkimkey, "generate", "-D", directory, "-d", name_of(0), "-s", "server", "--algorithm", "both",
                    "--activate"], check=True, capture_output=True)
    pattern = directory / name_of(0)
    files = [(path.name, path.read_bytes(), path.stat().st_mode & 0o7777) for path in pattern.iterdir()]
    for number in range(1, count):
        folder = f"{directory}/{name_of(number)}"
        os.mkdir(folder)
        os.chmod(folder, 0o750)
        os.chown(folder, -1, group)
        for name, content, mode in files:
            descriptor = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, content)
            os.fchmod(descriptor, mode)
            os.fchown(descriptor, -1, group)
            os.close(descriptor)


def make_due(directory, number):
    """Changes the manifest of one domain as if its keys had been signing for years."""
    manifest = pathlib.Path(directory) / name_of(number) / "keys.conf"
    manifest.write_text(re.sub(r'(created|activated) = "\d{4}-', r'\1 = "2020-', manifest.read_text()))
