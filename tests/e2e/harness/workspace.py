"""A temporary directory with the processes that run in it; both always end with the test.

Everything that a test starts is registered here at once, and is undone in reverse order when the
test ends, fails, or is interrupted by SIGINT, SIGTERM or SIGHUP. Processes are ended by their pid
or by their own stop command, never by name: other Postfix instances may run on the machine.
DKIMSIGND_E2E_KEEP=1 keeps the directory, with all logs and messages, to look into a failure.
"""

import atexit
import contextlib
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

# A condition that has not come true after this long never will; a slow machine needs far less.
PATIENCE = 60.0
GIVEN_OUT = set()  # ports, by free_port


class HarnessError(Exception):
    """The surroundings of the test are broken; this is not a verdict on the product."""


def wait_for(condition, what, alive=None, patience=PATIENCE):
    """Polls `condition` until it returns something true, and returns that.

    If `alive` is given, it is polled as well, so that the death of a process is reported at once. Raises HarnessError
    if the process has died or the time is over.
    """
    deadline = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if alive is not None and not alive():
            raise HarnessError(f"the process ended while waiting for {what}")
        if time.monotonic() > deadline:
            raise HarnessError(f"gave up after {patience:.0f} s waiting for {what}")
        time.sleep(0.01)


def free_port():
    """Returns a loopback port that nobody listens on, for programs that cannot choose one: one that the kernel gives to no
    client meanwhile, such as a resolver that asks by UDP."""
    while True:
        port = random.randrange(10000, 32000)
        if port in GIVEN_OUT:
            continue
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
            for probe in (tcp, udp):
                probe.bind(("127.0.0.1", port))
            GIVEN_OUT.add(port)
            return port


def run(*args, **kwargs):
    """Runs a command; raises HarnessError with its output if it fails."""
    done = subprocess.run([str(a) for a in args], capture_output=True, check=False, **kwargs)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        raise HarnessError(f"{' '.join(map(str, args))} ended with {done.returncode}:\n{said}")
    return done


def output(*command, good=(0,), **options):
    """Runs a command; returns what it writes, standard error included. Raises HarnessError with that if the exit
    status is not in `good`."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=None if "input" in options else subprocess.DEVNULL, check=False, **options)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode not in good:
        raise HarnessError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return said


def join(worker, what, patience=PATIENCE):
    """Waits for the end of a thread or process; raises HarnessError if it does not end."""
    worker.join(patience)
    if worker.is_alive():
        raise HarnessError(f"{what} did not end within {patience:.0f} s")


def next_line(pipe, patience=PATIENCE):
    """Returns the next line from a program that writes one line at a time; b"" at its end. Raises HarnessError if there
    is none in time."""
    if not select.select([pipe], [], [], patience)[0]:
        raise HarnessError(f"gave up after {patience:.0f} s waiting for a line")
    return pipe.readline()


def interrupt(*_):
    """Ends the test as Ctrl-C does: unittest would take SystemExit for a failed test and go on."""
    raise KeyboardInterrupt


class Workspace:
    def __init__(self, parent=None):
        """The directory is made in `parent`, by default where temporary files are."""
        self._undo = contextlib.ExitStack()
        # Short, because a UNIX socket's path must fit into 107 bytes.
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="dkimsignd-e2e-",
                                                  dir=parent or os.environ.get("TMPDIR", "/tmp")))
        self._undo.callback(self._remove)
        # Postfix and the daemon run as other users and must be able to pass through.
        self.path.chmod(0o711)
        atexit.register(self.close)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)

    def _remove(self):
        if os.environ.get("DKIMSIGND_E2E_KEEP"):
            print(f"kept: {self.path}", file=sys.stderr)
            return
        shutil.rmtree(self.path, ignore_errors=True)

    def on_close(self, function, *args):
        self._undo.callback(function, *args)

    def close(self):
        atexit.unregister(self.close)
        # A second Ctrl-C must not interrupt the cleanup.
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._undo.close()
        finally:
            signal.signal(signal.SIGINT, previous)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def directory(self, name, mode=0o755):
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        return path

    def spawn(self, *args, log, **kwargs):
        """Starts a process in a session of its own, so that Ctrl-C reaches only us, and registers its end."""
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **kwargs)
        self.on_close(stop_process, process)
        return process


def stop_process(process, patience=PATIENCE):
    """Sends SIGTERM, and SIGKILL if the process does not end; returns its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode
