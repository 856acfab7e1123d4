#!/usr/bin/python3
"""Files that dkimkey generate writes have the right owner, group and mode, and reveal no private key."""

import base64
import concurrent.futures
import os
import re
import subprocess
import unittest

from dkimkey import GROUP, PROGRAM, StoreTest, run, succeed, without_leak_check


class Modes(StoreTest):
    def test_with_every_umask(self):
        self.make_store()
        for mask in (0o000, 0o027, 0o077, 0o777):
            domain = f"mask{mask:o}.example"
            done = self.generate("s", "--algorithm", "both", "-b", "1024", domain=domain, umask=mask)
            self.assertEqual(done.returncode, 0, done.stderr)
            modes = {path.name: (path.stat().st_mode & 0o7777, path.stat().st_uid, path.stat().st_gid)
                     for path in (self.keys / domain).iterdir() if path.name != ".lock"}
            self.assertEqual(modes, {
                "keys.conf": (0o640, 0, GROUP),
                "s.private": (0o640, 0, GROUP), "s.txt": (0o644, 0, GROUP),
                "s-ed25519.private": (0o640, 0, GROUP), "s-ed25519.txt": (0o644, 0, GROUP)})
            self.assertEqual((self.keys / domain).stat().st_mode & 0o7777, 0o750)
            self.assert_tidy(domain)

    def test_the_daemons_group_can_read_and_not_write(self):
        self.make_store()
        self.generate("s", "--algorithm", "ed25519")
        self.directory.chmod(0o755)

        def as_daemon(*command):
            return subprocess.run(command, user=GROUP, group=GROUP, extra_groups=[], capture_output=True,
                                  check=False).returncode

        key = self.keys / "example.com" / "s.private"
        self.assertEqual(as_daemon("cat", key), 0)
        self.assertNotEqual(as_daemon("sh", "-c", f"echo >> {key}"), 0)
        self.assertNotEqual(as_daemon("touch", key.parent / "new"), 0)
        self.assertNotEqual(as_daemon("touch", self.keys / "new"), 0)

    def test_a_new_key_directory(self):
        for mask in (0o000, 0o077):
            self.keys = self.directory / f"keys{mask:o}"
            done = self.generate("s", "--algorithm", "ed25519", umask=mask)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.keys.stat().st_mode & 0o7777, 0o750)
            self.assertEqual([path.name for path in self.directory.iterdir() if path.name.startswith(".")], [])


class Owners(StoreTest):
    def test_a_store_of_another_user(self):
        """The owner decides what is signed: not even root writes keys into it."""
        self.make_store()
        self.generate("one", "--algorithm", "ed25519")
        everything = [self.keys, *self.keys.rglob("*")]
        for path in everything:
            os.chown(path, 12345, GROUP)
        done = self.generate("two", "--algorithm", "ed25519")
        self.assertEqual(done.returncode, 1, done.stderr)
        remedy = f"chown -R root {self.keys}"
        self.assertIn(f"fix it with: {remedy}\n".encode(), done.stderr)
        self.assertEqual(sorted(everything), sorted([self.keys, *self.keys.rglob("*")]))
        # Follows one message after the other.
        done = self.follow_advice(lambda: self.generate("two", "--algorithm", "ed25519"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.follow_advice(lambda: run("show", "-D", self.keys, "-d", "example.com", "-s", "one"))
        self.assertEqual(self.selectors(), ["one", "two"])
        self.assert_tidy()

    def test_a_caller_without_permission(self):
        self.make_store()
        self.generate("one", "--algorithm", "ed25519")
        self.directory.chmod(0o755)
        for domain in ("example.com", "new.example"):
            done = self.generate("two", "--algorithm", "ed25519", domain=domain, user=12345, group=GROUP,
                                 extra_groups=[])
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"Permission denied", done.stderr)
            self.assertEqual(done.stdout, b"")
        self.assertEqual(self.selectors(), ["one"])
        self.assert_tidy()

    def test_a_user_with_a_store_of_their_own(self):
        os.chown(self.directory, 12345, 12345)
        done = self.generate("one", "--algorithm", "ed25519", user=12345, group=12345, extra_groups=[])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.keys.stat().st_uid, 12345)
        done = run("list", "-D", self.keys, user=12345, group=12345, extra_groups=[])
        self.assertIn(b"one", done.stdout)
        # root does not use it as long as it belongs to another user.
        self.assertIn(f"{self.directory} belongs to user 12345".encode(), run("list", "-D", self.keys).stderr)
        for path in [self.directory, self.keys, *self.keys.rglob("*")]:
            os.chown(path, 0, 12345)
        self.assert_tidy()


class Secrets(StoreTest):
    def test_no_private_key_on_either_stream(self):
        self.make_store()
        shown = b""
        for arguments in (["a", "-b", "1024", "-v"], ["b", "--algorithm", "both", "--json", "--activate"],
                          ["b", "-b", "1024"]):
            done = self.generate(*arguments)
            shown += done.stdout + done.stderr
        message = b"From: a@example.com\n\nbody\n"
        for arguments in (["list"], ["list", "--json"], *(["show", "-d", "example.com", "-f", kind] for kind in
                          ("zone", "value", "strings", "json", "tinydns", "nsupdate")), ["explain", "a@example.com"]):
            done = run(*arguments, "-D", self.keys)
            shown += done.stdout + done.stderr
        done = run("sign", "-D", self.keys, stdin=None, input=message)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown += done.stdout + done.stderr
        # The text of a damaged key is not quoted either.
        key = self.keys / "example.com" / "b.private"
        key.write_bytes(key.read_bytes().replace(b"BEGIN", b"BEGUN"))
        for arguments in (["show", "-d", "example.com"], ["explain", "a@example.com"]):
            done = run(*arguments, "-D", self.keys)
            self.assertNotEqual(done.returncode, 0)
            shown += done.stdout + done.stderr

        self.assertNotIn(b"PRIVATE", shown)
        text = re.sub(rb'["\s]', b"", shown)  # records are cut into strings
        for path in (self.keys / "example.com").glob("*.private"):
            body = b"".join(path.read_bytes().splitlines()[1:-1])
            # The first bytes of an RSA key's PKCS#8 are those of its public modulus; nobody may see the rest.
            for start in range(0, len(body) - 16, 16):
                piece = body[start:start + 16]
                if start > len(body) * 2 // 5 or len(body) < 100:
                    self.assertNotIn(piece, text, path)
            raw = base64.b64decode(body)
            self.assertNotIn(raw[-32:], shown)

    def test_the_process_leaves_no_core(self):
        self.make_store()
        traced = subprocess.run(["strace", "-f", "-o", self.directory / "log", "-e", "trace=prctl,prlimit64,openat",
                                 PROGRAM, "generate", "-D", self.keys, "-d", "example.com",
                                 "--algorithm", "ed25519"], env=without_leak_check(), capture_output=True, check=True)
        self.assertEqual(traced.returncode, 0)
        calls = (self.directory / "log").read_text()
        self.assertIn("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE", calls)
        # A limit of 1 also keeps the kernel from starting a collector of cores, which 0 does not.
        self.assertIn("RLIMIT_CORE, {rlim_cur=1, rlim_max=1}", calls)


class Concurrency(StoreTest):
    def test_many_at_once(self):
        # The key directory does not exist yet: the runs also race to make it.
        selectors = [f"key{i}" for i in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda s: self.generate(s, "--algorithm", "ed25519"), selectors))
        for done in results:
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.selectors(), sorted(selectors))
        self.assert_tidy()
        self.assertEqual([path.name for path in self.directory.iterdir()], ["keys"])

    def test_the_same_selector_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            results = list(pool.map(lambda _: self.generate("same", "--algorithm", "ed25519"), range(6)))
        self.assertEqual(sorted(done.returncode for done in results), [0, 1, 1, 1, 1, 1])
        winner = next(done for done in results if done.returncode == 0)
        self.assertEqual(winner.stdout, succeed("show", "-D", self.keys).stdout)
        for done in results:
            if done.returncode == 1:
                self.assertEqual(done.stdout, b"")
        self.assert_tidy()


class Scale(StoreTest):
    def test_list_reads_manifests_and_no_keys(self):
        self.make_store()
        self.generate("s", "--algorithm", "both", "-b", "1024")
        log = self.directory / "log"
        subprocess.run(["strace", "-f", "-o", log, "-e", "trace=openat,open", PROGRAM, "list", "-D",
                        self.keys], env=without_leak_check(), capture_output=True, check=True)
        opened = log.read_text()
        self.assertIn("keys.conf", opened)
        self.assertNotIn(".private", opened)
        self.assertNotIn(".txt", opened)

    def test_ten_thousand_domains(self):
        self.make_store()
        manifest = ('format = 1; keys = ( { selector = "s"; algorithm = "rsa"; bits = 2048; state = "active"; '
                    'created = "2026-11-24T06:00:00Z"; } );')
        for i in range(10_000):
            folder = self.keys / f"d{i:05}.example"
            folder.mkdir()
            (folder / "keys.conf").write_text(manifest)
        keys = self.listed()
        self.assertEqual(len(keys), 10_000)
        self.assertEqual([key["domain"] for key in keys], sorted(key["domain"] for key in keys))


class FullDisk(StoreTest):
    def setUp(self):
        super().setUp()
        self.keys.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0750", "tmpfs", self.keys],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"mounting is not permitted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", self.keys], check=True)

    def test_the_store_stays_as_it_was(self):
        self.assertEqual(self.generate("one", "--algorithm", "ed25519").returncode, 0)
        manifest = self.keys / "example.com" / "keys.conf"
        filler = self.keys / "filler"
        page = os.statvfs(self.keys).f_bsize
        failures = 0
        # Begins with no free page and ends when everything fits, so that each file fails once.
        for free_pages in range(0, 12):
            before = manifest.read_bytes()
            selectors = self.selectors()
            free = os.statvfs(self.keys).f_bavail - free_pages
            filler.write_bytes(b"x" * (free * page))
            self.assertEqual(os.statvfs(self.keys).f_bavail, free_pages)
            done = self.generate(f"key{free_pages}", "--algorithm", "both", "-b", "1024", "-n", f"note {free_pages}")
            filler.unlink()
            if done.returncode == 0:
                break
            failures += 1
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(b"No space left on device", done.stderr)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(manifest.read_bytes(), before)
            self.assertEqual(self.selectors(), selectors)
            self.assert_tidy()
        self.assertGreater(failures, 3)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_tidy()


if __name__ == "__main__":
    unittest.main()
