"""The mail that tests/bench/through_postfix sends: messages, the ways into Postfix, and the sink behind it.

smtp-source(1) and smtp-sink(1), which come with Postfix, cost little compared with it. They need root.
"""

import email.message
import os
import pwd
import random
import re
import socket

from harness.postfix import sendmail_program
from harness.workspace import HarnessError, free_port, run, wait_for

SENDER = "alerts@example.com"
RECIPIENT = "operators@receiver.example"
# For one round, on a slow machine. What is lost is noticed sooner.
PATIENCE = 600


def alert(size):
    """Returns a message of that many bytes or a little more, with LF: a report, as an attachment if it is large.

    It has no Date and no Message-ID: Postfix adds them, so that no two messages are equal.
    """
    numbers = random.Random(20261124)
    message = email.message.EmailMessage()
    message["From"] = f"Prometheus Alerts <{SENDER}>"
    message["To"] = f"Operators <{RECIPIENT}>"
    message["Subject"] = "[FIRING:1] FilesystemAlmostFull (db-1 /dev/sda1 ext4 node critical)"
    lines = [f"host db-{number}: {numbers.randrange(1000)} of {numbers.randrange(1000, 9999)} MB are left on /dev/sda1\n"
             for number in range(min(size, 1700) // 50)]
    message.set_content("".join(lines))
    if size > 4000:
        # In base64, a line has 57 of 77 bytes.
        message.add_attachment(numbers.randbytes((size - 2200) * 57 // 77), "application", "gzip",
                               filename="metrics.tar.gz")
        message.set_boundary("==20261124==")
    return message.as_bytes()


class BySmtp:
    """smtp-source(1), with one connection for each message unless `keep_open`."""

    def __init__(self, connections, keep_open=False):
        self.connections = connections
        self._more = ["-d"] if keep_open else []

    def send(self, postfix, message, count):
        """Returns when Postfix has accepted all. Returns the processor time of Postfix's own clients: none."""
        run("smtp-source", "-4", *self._more, "-s", self.connections, "-m", count, "-f", SENDER, "-t", RECIPIENT,
            "-M", "server.example.com", "-F", message, f"127.0.0.1:{postfix.port}")
        return 0


class BySendmail:
    """sendmail(1), one call after another, as cron and scripts make them."""

    connections = 1

    def send(self, postfix, message, count):
        """Returns when all are in Postfix's maildrop. Returns the processor time of sendmail(1) and postdrop(1)."""
        command = [sendmail_program(), "-C", str(postfix.config), "-i", "-f", SENDER, "--", RECIPIENT]
        seconds = 0
        for _ in range(count):
            child = os.posix_spawn(command[0], command, os.environ,
                                   file_actions=[(os.POSIX_SPAWN_OPEN, 0, str(message), os.O_RDONLY, 0)])
            try:
                _, status, usage = os.wait4(child, 0)
            except KeyboardInterrupt:
                # It ends soon, and must not write into a directory that is being removed.
                os.waitpid(child, 0)
                raise
            if status != 0:
                raise HarnessError(f"sendmail ended with status {status}\n{postfix.log_text()[-2000:]}")
            seconds += usage.ru_utime + usage.ru_stime
        return seconds


class Sink:
    """smtp-sink(1), which keeps each message as a file, with lines of its own at the top."""

    def __init__(self, workspace):
        self.port = free_port()
        self._arrived = workspace.directory("arrived")
        self._counts = workspace.path / "sink.counts"
        os.chown(self._arrived, pwd.getpwnam("nobody").pw_uid, -1)
        self._process = workspace.spawn("smtp-sink", "-4", "-c", "-u", "nobody", "-d", f"{self._arrived}/", "-m", 500,
                                        f"127.0.0.1:{self.port}", 1024, log=self._counts)
        wait_for(self._listens, "smtp-sink to listen", alive=self._alive)

    def _alive(self):
        return self._process.poll() is None

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def count(self):
        """Returns how many messages have arrived."""
        # smtp-sink writes it again and again, each time after the file of the last message is complete.
        with open(self._counts, "rb") as counts:
            counts.seek(max(0, os.fstat(counts.fileno()).st_size - 200))
            found = re.findall(rb"mesg=(\d+)\r", counts.read())
        return int(found[-1]) if found else 0

    def wait_until(self, count, postfix):
        """Waits until that many messages have arrived in all. Raises HarnessError if Postfix has deferred one."""
        def arrived():
            if queued(postfix, "deferred"):
                raise HarnessError(f"Postfix has deferred mail:\n{postfix.log_text()[-2000:]}")
            return self.count() >= count

        wait_for(arrived, f"{count} messages to arrive", alive=self._alive, patience=PATIENCE)

    def messages(self):
        """Yields each message that has arrived, with CRLF."""
        for path in self._arrived.iterdir():
            yield path.read_bytes().replace(b"\n", b"\r\n")

    def clear(self):
        """Removes the messages, to have the memory back."""
        for path in self._arrived.iterdir():
            path.unlink()


def queued(postfix, *queues):
    """Returns whether there is mail in one of these queues."""
    return any(files for queue in queues for _, _, files in os.walk(postfix.queue / queue))


def wait_until_idle(postfix):
    """Waits until nothing is in the queue: Postfix removes a message only after the sink has it."""
    wait_for(lambda: not queued(postfix, "maildrop", "incoming", "active"), "Postfix to empty its queue")
