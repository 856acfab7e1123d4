#!/usr/bin/python3
"""The daemon with other libmilters than this system's: it works with them, leaves out its read-ahead, or does not start.

These libraries are this system's, with its calls of poll and read redirected to functions that make them under other
names."""

import functools
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/e2e"))
from harness.milter_client import MilterClient  # noqa: E402
from harness.products import GROUP, USER, Daemon, KeyStore  # noqa: E402
from harness.workspace import Workspace, output, wait_for  # noqa: E402

BUILD = pathlib.Path(os.environ["DKIMSIGND_BUILD_DIR"])
DIALOGUE = ROOT / "tests/milter/dialogue"
CACHE = dict(re.findall(r"^(\w+):\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE))
COMPILER = CACHE["CMAKE_CXX_COMPILER"]
PATIENCE = 120  # seconds, on a busy machine
FIELDS = 400  # of the test's message, one packet each

FORTIFIED = """
#include <poll.h>
#include <unistd.h>
extern "C" {
ssize_t __read_chk(int, void*, size_t, size_t);
int __poll_chk(pollfd*, nfds_t, int, size_t);
ssize_t redirected_read(int fd, void* buffer, size_t size) { return __read_chk(fd, buffer, size, size); }
int redirected_poll(pollfd* list, nfds_t count, int timeout) {
  return __poll_chk(list, count, timeout, count * sizeof *list);
}
"""

# Reads packets by a call that is not known here.
STRANGE = """
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>
extern "C" {
ssize_t redirected_read(int fd, void* buffer, size_t size) {
  iovec part{buffer, size};
  return size == 0 ? read(fd, buffer, size) : readv(fd, &part, 1);
}
int redirected_poll(pollfd* list, nfds_t count, int timeout) { return poll(list, count, timeout); }
"""

# For a library that is fortified already.
CHECKED = """
ssize_t redirected_read_chk(int fd, void* buffer, size_t size, size_t) { return redirected_read(fd, buffer, size); }
int redirected_poll_chk(pollfd* list, nfds_t count, int timeout, size_t) { return redirected_poll(list, count, timeout); }
}
"""


# A build takes far less.
run = functools.partial(output, timeout=600)


def compiled(directory, name, source, *options):
    (directory / f"{name}.cpp").write_text(source)
    run(COMPILER, "-O2", "-fPIC", *options, "-c", f"{name}.cpp", "-o", f"{name}.o", cwd=directory)
    return directory / f"{name}.o"


def archive_of(directory, name, *objects):
    archive = directory / f"{name}.a"
    archive.unlink(missing_ok=True)
    run("ar", "qcs", archive, *objects)
    return archive


class TemporaryCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="libmilter-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)


class LookTest(TemporaryCase):
    """CMake judges an archive by the functions that it calls."""

    def hindrance(self, library):
        script = self.directory / "look.cmake"
        script.write_text(f'include({ROOT}/milter/libmilter/libmilter_fit.cmake)\nset(CMAKE_NM {CACHE["CMAKE_NM"]})\n'
                          f'read_ahead_hindrance({library} hindrance)\nmessage(NOTICE "hindrance: [${{hindrance}}]")\n')
        return re.search(r"hindrance: \[(.*)\]", run("cmake", "-P", script))[1]

    def calling(self, *names, defining="unused"):
        lines = "".join(f'extern "C" int {name}();\nint call_{name}() {{ return {name}(); }}\n' for name in names)
        return compiled(self.directory, "calling_" + "_".join(names),
                        f'{lines}extern "C" int {defining}() {{ return 1; }}\n', "-fno-builtin", "-U_FORTIFY_SOURCE")

    def look(self, *names):
        return self.hindrance(archive_of(self.directory, "look", self.calling(*names)))

    def test_known_calls_do_not_matter(self):
        self.assertEqual(self.look("poll", "read", "close", "malloc", "strlen"), "")
        self.assertEqual(self.look("__poll_chk", "__read_chk", "__syslog_chk", "writev"), "")

    def test_every_other_call_is_named(self):
        for name in ("recv", "recvfrom", "recvmsg", "readv", "preadv", "select", "pselect", "ppoll", "epoll_wait",
                     "__recv_chk", "__recvfrom_chk", "__ppoll_chk", "__fdelt_chk", "syscall", "io_uring_enter", "fread",
                     "fgets", "dup2", "splice", "not_yet_thought_of"):
            self.assertEqual(self.look("poll", "read", name), f"libmilter.a calls what is not known here: {name}")

    def test_all_unknown_calls_are_named(self):
        self.assertEqual(self.look("poll", "read", "select", "recv"),
                         "libmilter.a calls what is not known here: recv, select")

    def test_calls_from_one_member_to_another_do_not_matter(self):
        archive = archive_of(self.directory, "look", self.calling("poll", "read", "mi_rd_cmd"),
                             self.calling("close", defining="mi_rd_cmd"))
        self.assertEqual(self.hindrance(archive), "")

    def test_an_archive_must_poll_and_read(self):
        for names in (("read", "close"), ("poll", "close"), ("close",)):
            self.assertEqual(self.look(*names), "libmilter.a is not seen to call poll and read")
        (self.directory / "text").write_text("no object\n")
        archive = archive_of(self.directory, "look", self.directory / "text")
        self.assertEqual(self.hindrance(archive), "libmilter.a is not seen to call poll and read")

    def test_a_shared_library_is_not_an_archive(self):
        shared = self.directory / "libshared.so"
        run(COMPILER, "-shared", self.calling("poll", "read"), "-o", shared)
        self.assertEqual(self.hindrance(shared), "libmilter is a shared library")


class BuildTest(TemporaryCase):
    """The daemon is configured, linked, started and sent messages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = pathlib.Path(CACHE["MILTER_LIBRARY"])
        cls.build = cls.directory / "build"

    def redirected(self, name, source):
        if self.system.suffix != ".a":
            self.skipTest("this system's libmilter is a shared library")
        archive = self.directory / f"{name}.a"
        run("objcopy", "--redefine-sym", "read=redirected_read", "--redefine-sym", "poll=redirected_poll", "--redefine-sym",
            "__read_chk=redirected_read_chk", "--redefine-sym", "__poll_chk=redirected_poll_chk", self.system, archive)
        run("ar", "qs", archive, compiled(self.directory, name, source + CHECKED, "-U_FORTIFY_SOURCE"))
        return archive

    def imports(self, library):
        return set(re.findall(r"^(\S+) U", run(CACHE["CMAKE_NM"], "-P", library), re.MULTILINE))

    def built(self, library, read_ahead="AUTO"):
        """Builds the daemon, which is then at self.daemon(); returns what CMake says about read-ahead."""
        same = {name: CACHE[name] for name in ("CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER", "CMAKE_CXX_COMPILER_LAUNCHER",
                                               "CMAKE_CXX_FLAGS", "DKIMSIGND_SANITIZE") if name in CACHE}
        said = run("cmake", "-S", ROOT, "-B", self.build, "-G", "Ninja", "-DDKIMSIGND_BUILD_TESTS=OFF",
                   *(f"-D{name}={value}" for name, value in same.items()),
                   f"-DMILTER_LIBRARY={library}", f"-DDKIMSIGND_READ_AHEAD={read_ahead}")
        run("cmake", "--build", self.build, "--target", "dkimsignd")
        return re.search(r"Read-ahead: (.*)", said)[1]

    def daemon(self):
        return self.build / "milter/dkimsignd"

    def answers(self):
        for script in ("plain", "old_mta", "several_messages", "abort"):
            self.assertRegex(run(DIALOGUE / "run", DIALOGUE / f"{script}.lua", self.daemon()),
                             "[0-9]+ signed messages verified")

    def started(self):
        """Starts a daemon, which may never become ready."""
        workspace = Workspace()
        self.addCleanup(workspace.close)
        directory = workspace.directory("socket")
        shutil.chown(directory, USER, GROUP)
        return Daemon(workspace, directory / "s", KeyStore(workspace).path, self.daemon(), wait=False)

    def wait_until_it_says(self, daemon, text):
        wait_for(lambda: text in daemon.log_text(), f"the daemon to say {text!r}", alive=daemon.alive)

    def reads_a_packet(self):
        """Returns how often the daemon reads for each packet of a message. libmilter reads twice: the length, and then the
        rest. If we read ahead, nothing is left for it to read; our recv(2) does not count here."""
        daemon = self.started()
        daemon.wait_until_ready()
        with MilterClient(daemon.socket) as connection:
            before = self.reads_of(daemon)
            self.assertEqual(connection.message([(b"X-Field", b" text")] * FIELDS, b"").verdict, b"a")
            return (self.reads_of(daemon) - before) / FIELDS

    def reads_of(self, daemon):
        counts = pathlib.Path(f"/proc/{daemon.process.pid}/io").read_text()
        return int(re.search(r"^syscr: ([0-9]+)$", counts, re.MULTILINE)[1])

    def assert_it_reads_ahead(self):
        self.assertLess(self.reads_a_packet(), 0.1)

    def assert_libmilter_reads(self):
        self.assertGreaterEqual(self.reads_a_packet(), 2)

    def assert_only_the_main_thread_takes_signals(self):
        """libmilter's own thread would end the daemon in the middle of messages."""
        daemon = self.started()
        daemon.wait_until_ready()
        threads = pathlib.Path(f"/proc/{daemon.process.pid}/task")

        def system_calls():
            """Returns the number of the system call in which each thread waits, or nothing if one does not wait."""
            try:
                calls = {int(thread.name): (thread / "syscall").read_text().split()[0] for thread in threads.iterdir()}
            except (FileNotFoundError, ProcessLookupError):
                return None  # a thread has just ended
            return calls if all(call.isdigit() for call in calls.values()) else None

        calls = wait_for(system_calls, "all threads to wait", alive=daemon.alive)
        self.assertGreater(len(calls), 2)
        main = calls[daemon.process.pid]
        self.assertEqual([thread for thread, call in calls.items() if call == main], [daemon.process.pid])

    def assert_it_survives_macros_without_a_value(self):
        """The lists of macros have all lengths, so that their blocks of memory have all sizes."""
        if CACHE.get("DKIMSIGND_SANITIZE"):
            return  # a sanitizer has a malloc of its own
        daemon = self.started()
        daemon.wait_until_ready()
        for count in range(1, 400, 2):
            with MilterClient(daemon.socket) as connection:
                macros = b"".join(b"value\0" if i % 2 else b"{name}\0" for i in range(count))
                self.assertEqual(connection.sender_after(macros), b"c", daemon.log_text())
        self.assertTrue(daemon.alive())

    def end_of(self, daemon):
        return daemon.process.wait(PATIENCE), daemon.log_text()

    def test_this_systems_own(self):
        said = self.built(self.system)
        if said == "on":
            self.assert_it_reads_ahead()
        else:
            self.assertRegex(said, "^off, messages take more system calls: libmilter is a shared library$")
            self.assert_libmilter_reads()
        self.assert_only_the_main_thread_takes_signals()
        self.assert_it_survives_macros_without_a_value()

    def test_a_fortified_one(self):
        library = self.redirected("fortified", FORTIFIED)
        by_either_name = {"read", "__read_chk", "poll", "__poll_chk"}
        self.assertEqual(self.imports(library) & by_either_name, {"__read_chk", "__poll_chk"})
        self.assertEqual(self.built(library), "on")
        self.answers()
        self.assert_it_reads_ahead()

    def test_one_compiled_at_the_highest_level(self):
        library = os.environ.get("DKIMSIGND_FORTIFIED_LIBMILTER")
        if not library:
            self.skipTest("DKIMSIGND_FORTIFIED_LIBMILTER is not set; see tests/package/fortified-libmilter")
        self.assertLess({"__read_chk", "__poll_chk"}, self.imports(library))
        self.assertEqual(self.built(library), "on")
        self.answers()
        self.assert_it_reads_ahead()

    def test_a_strange_one(self):
        library = self.redirected("strange", STRANGE)
        hindrance = "libmilter.a calls what is not known here: readv"
        self.assertEqual(self.built(library), f"off, messages take more system calls: {hindrance}")
        self.answers()
        self.assert_libmilter_reads()
        daemon = self.started()
        self.wait_until_it_says(daemon, f"dkimsignd: read-ahead is off, messages take more system calls: {hindrance}\n")
        daemon.process.send_signal(signal.SIGTERM)
        status, said = self.end_of(daemon)
        self.assertEqual(status, 0, said)

    def test_a_strange_one_is_noticed_at_the_start_if_the_build_did_not_look(self):
        self.assertEqual(self.built(self.redirected("strange", STRANGE), read_ahead="ON"), "on")
        daemon = self.started()
        status, said = self.end_of(daemon)
        self.assertEqual(status, 1, said)
        self.assertRegex(said, r"error: not ready, exiting: no answer on our own socket unix:\S+/s: no answer in time\n")
        self.assertEqual(daemon.told(), ["STOPPING=1"])

    def test_a_stop_does_not_wait_for_the_answer(self):
        self.assertEqual(self.built(self.redirected("strange", STRANGE), read_ahead="ON"), "on")
        daemon = self.started()
        self.wait_until_it_says(daemon, " listens on ")
        daemon.process.send_signal(signal.SIGTERM)
        status, said = self.end_of(daemon)
        self.assertEqual(status, 0, said)
        self.assertNotIn("not ready", said)
        self.assertEqual(daemon.told(), ["STOPPING=1"])

    def test_a_shared_one(self):
        shared = self.system.with_name("libmilter.so")
        if not shared.exists():
            self.skipTest("this system has no shared libmilter")
        self.assertEqual(self.built(shared), "off, messages take more system calls: libmilter is a shared library")
        self.assertIn("libmilter.so", run("readelf", "-d", self.daemon()))
        self.answers()
        self.assert_libmilter_reads()
        self.assert_only_the_main_thread_takes_signals()
        self.assert_it_survives_macros_without_a_value()

    def test_without_read_ahead(self):
        self.assertEqual(self.built(self.system, read_ahead="OFF"), "off, messages take more system calls: it was built so")
        self.answers()
        self.assert_libmilter_reads()


if __name__ == "__main__":
    sys.exit(unittest.main())
