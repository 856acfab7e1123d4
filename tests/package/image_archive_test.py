#!/usr/bin/python3
"""Makes the archives of the image that the other tests run, and looks at what is in them."""

import json
import re
import shutil
import tarfile
import unittest

from built import CURRENT, PACKAGING, PLACE, package, run
from containers import ACCOUNT, ARCHIVES


def build_image(form, archive):
    run(PACKAGING / "image/build", "--deb", package(CURRENT), "--format", form, "--output", archive)


class ArchiveTest(unittest.TestCase):
    """What is in the archives."""

    @classmethod
    def setUpClass(cls):
        with tarfile.open(ARCHIVES["oci"]) as archive:
            cls.members = archive.getmembers()
            read = lambda name: archive.extractfile(name).read()
            blob = lambda entry: read(f"blobs/sha256/{entry['digest'].partition(':')[2]}")
            cls.index = json.loads(read("index.json"))
            manifest = json.loads(blob(cls.index["manifests"][0]))
            cls.media_type = cls.index["manifests"][0]["mediaType"]
            cls.config = json.loads(blob(manifest["config"]))
            layer = PLACE / "layer.tar.gz"
            layer.write_bytes(blob(manifest["layers"][0]))
        with tarfile.open(layer) as files:
            cls.files = {member.name: member for member in files.getmembers()}
        layer.unlink()

    def test_it_is_an_oci_image_of_one_layer_that_runs_as_nobody_special(self):
        self.assertEqual(self.media_type, "application/vnd.oci.image.manifest.v1+json")
        self.assertEqual(len(self.config["rootfs"]["diff_ids"]), 1)
        settings = self.config["config"]
        self.assertEqual(settings["User"], f"{ACCOUNT}:{ACCOUNT}")
        self.assertEqual(settings["Volumes"], {"/etc/dkimsignd": {}})
        self.assertEqual(settings["ExposedPorts"], {"8891/tcp": {}})

    def test_docker_gets_a_health_check(self):
        with tarfile.open(ARCHIVES["docker"]) as archive:
            manifest = json.load(archive.extractfile("manifest.json"))[0]
            config = json.load(archive.extractfile(manifest["Config"]))
        self.assertEqual(config["config"]["Healthcheck"]["Test"], ["CMD", "dkimsignd", "--probe"])
        self.assertEqual(config["rootfs"], self.config["rootfs"])

    def test_it_holds_nothing_that_the_programs_do_not_need(self):
        self.assertEqual([name for name in self.files if re.match(r"(usr/)?(s?bin)/.", name)],
                         ["usr/sbin/dkimkey", "usr/sbin/dkimsignd"])
        self.assertEqual([name for name, file in self.files.items() if file.isreg() and file.mode & 0o6000], [])
        self.assertLess(sum(file.size for file in self.files.values()), 36_000_000)
        licences = [name for name in self.files if re.fullmatch(r"usr/share/doc/[^/]+/copyright", name)]
        packages = [name for name in self.files if name.startswith("var/lib/dpkg/status.d/")]
        # Packages from one source share a file.
        self.assertGreater(len(licences), len(packages) // 2)
        self.assertIn("usr/share/doc/dkimsignd/copyright", licences)

    def test_nobody_but_root_can_change_what_runs_and_what_is_signed(self):
        of_others = {name for name, file in self.files.items() if (file.uid, file.gid) != (0, 0)}
        self.assertEqual(of_others, {"etc/dkimsignd", "etc/dkimsignd/keys", "run/dkimsignd"})
        keys = self.files["etc/dkimsignd/keys"]
        self.assertEqual((keys.uid, keys.gid, keys.mode & 0o7777), (0, ACCOUNT, 0o750))

    def test_the_same_packages_make_the_same_archive(self):
        self.assertEqual({member.mtime for member in self.members}, {self.members[0].mtime})
        for form, archive in ARCHIVES.items():
            again = PLACE / "again"
            again.mkdir(exist_ok=True)
            try:
                # From sources in another place.
                shutil.copytree(PACKAGING, again / "packaging")
                run(again / "packaging/image/build", "--deb", package(CURRENT), "--format", form, "--output", again / "image")
                self.assertTrue((again / "image").read_bytes() == archive.read_bytes(), form)
            finally:
                shutil.rmtree(again)


if __name__ == "__main__":
    for each, place in ARCHIVES.items():
        build_image(each, place)
    unittest.main()
