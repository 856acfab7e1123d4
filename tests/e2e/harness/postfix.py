"""A private Postfix: its own configuration, queue and data, on loopback ports above 1024.

Where it matters to a milter, it is set up as Debian sets up the real one: smtpd and cleanup are
chrooted to the queue directory, and the milter is named relative to it. The system's own Postfix,
if there is one, is neither read nor touched; only its programs are used.
"""

import grp
import os
import pathlib
import pwd
import shutil
import subprocess

from .workspace import HarnessError, free_port, run, wait_for

# The columns of master(5): private, unprivileged, chroot, wakeup, process limit.
MASTER = """\
127.0.0.1:{port}   inet  n  -  y  -     -  smtpd
[::1]:{port}       inet  n  -  y  -     -  smtpd
127.0.0.1:{submission_port}  inet  n  -  y  -     -  smtpd
  -o milter_macro_daemon_name=ORIGINATING
127.0.0.1:{verbatim_port}  inet  n  -  y  -     -  smtpd
  -o local_header_rewrite_clients=
pickup    unix  n  -  y  60    1  pickup
cleanup   unix  n  -  y  -     0  cleanup
qmgr      unix  n  -  n  300   1  qmgr
rewrite   unix  -  -  y  -     -  trivial-rewrite
bounce    unix  -  -  y  -     0  bounce
defer     unix  -  -  y  -     0  bounce
trace     unix  -  -  y  -     0  bounce
verify    unix  -  -  y  -     1  verify
flush     unix  n  -  y  1000? 0  flush
smtp      unix  -  -  y  -     -  smtp
relay     unix  -  -  y  -     -  smtp
recoding  unix  -  -  y  -     -  smtp
  -o smtp_discard_ehlo_keywords=8bitmime,smtputf8
verbatim  unix  -  -  y  -     -  smtp
  -o smtp_discard_ehlo_keywords=8bitmime,smtputf8 -o disable_mime_output_conversion=yes
longline  unix  -  -  y  -     -  smtp
  -o smtp_line_length_limit=5000
error     unix  -  -  y  -     -  error
retry     unix  -  -  y  -     -  error
anvil     unix  -  -  y  -     1  anvil
scache    unix  -  -  y  -     1  scache
showq     unix  n  -  y  -     -  showq
postlog   unix-dgram n - n  -     1  postlogd
"""

MAIN = """\
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
maillog_file = {log}
maillog_file_prefixes = {root}
import_environment = MAIL_CONFIG={config}
myhostname = mail.private.example
mydomain = {origin}
myorigin = {origin}
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1, ::1
inet_protocols = all
mynetworks = 127.0.0.0/8, [::1]/128
# Everything goes to the sink, whoever sends it: only this machine can connect.
relayhost = [127.0.0.1]:{sink_port}
relay_domains = receiver.example, recoding.example, verbatim.example, longline.example
# Three more ways to the sink: as if it had no 8BITMIME (which SMTPUTF8 implies); without it as well, but with
# the setting that keeps Postfix from recoding; and with a longer line limit than Postfix's default.
transport_maps = inline:{{
  {{ recoding.example = recoding:[127.0.0.1]:{sink_port} }}
  {{ verbatim.example = verbatim:[127.0.0.1]:{sink_port} }}
  {{ longline.example = longline:[127.0.0.1]:{sink_port} }} }}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtp_dns_support_level = disabled
smtp_destination_concurrency_limit = 8
message_size_limit = 50000000
mailbox_size_limit = 0
smtpd_milters = unix:dkimsignd/dkimsignd.sock
non_smtpd_milters = unix:dkimsignd/dkimsignd.sock
milter_default_action = tempfail
"""


class Postfix:
    def __init__(self, workspace, sink_port, origin, folder="postfix", **changed):
        """Settings in `changed` replace those of MAIN. Several in one workspace need a folder each."""
        if os.getuid() != 0:
            raise HarnessError("Postfix can only be started by root")
        if shutil.which("postfix") is None:
            raise HarnessError("Postfix is not installed")
        root = workspace.directory(folder)
        self.config = workspace.directory(f"{folder}/config")
        self.queue = workspace.directory(f"{folder}/queue")
        self.log = root / "postfix.log"
        # The ports of the usual service; of one whose {daemon_name} is ORIGINATING; and of one that adds no
        # missing fields and completes no addresses, as for mail from elsewhere.
        self.port, self.submission_port, self.verbatim_port = free_port(), free_port(), free_port()
        data = workspace.directory(f"{folder}/data", 0o700)
        os.chown(data, pwd.getpwnam("postfix").pw_uid, -1)
        (self.config / "main.cf").write_text(MAIN.format(
            root=root, config=self.config, queue=self.queue, data=data, log=self.log, origin=origin,
            sink_port=sink_port))
        self.change(**changed)
        (self.config / "master.cf").write_text(MASTER.format(
            port=self.port, submission_port=self.submission_port, verbatim_port=self.verbatim_port))

    def change(self, **settings):
        """Changes settings in main.cf, before the start."""
        # No setting may stand in main.cf twice: each program of Postfix would warn of it, postlogd(8) as well, which then
        # waits for ever for room in the queue of its own socket.
        for name, value in settings.items():
            run("postconf", "-c", self.config, "-e", f"{name} = {value}")

    def make_socket_directory(self, owner):
        """Makes the directory of the milter's socket inside the chroot; returns the path of the socket. The
        milter's user may create the socket, and the group postfix may reach it: the socket gets that group
        by the SGID bit."""
        directory = self.queue / "dkimsignd"
        directory.mkdir()
        os.chown(directory, pwd.getpwnam(owner).pw_uid, grp.getgrnam("postfix").gr_gid)
        directory.chmod(0o2750)
        return directory / "dkimsignd.sock"

    def start(self, workspace):
        # The stop is registered first: a start that fails half way, or is interrupted, leaves a master as well.
        workspace.on_close(self.stop)
        self._command("start")
        wait_for(lambda: self._command("status", check=False) == 0, "Postfix to start")

    def master(self):
        """Returns the process ID of master(8), whose children are all other daemons."""
        return int((self.queue / "pid/master.pid").read_text())

    def stop(self):
        # Does nothing if it never ran. "stop" waits some seconds for the master, then ends it by force and reports failure.
        if self._command("status", check=False) == 0:
            self._command("stop", check=False)
            wait_for(lambda: self._command("status", check=False) != 0, "Postfix to stop")

    def _command(self, verb, check=True):
        done = subprocess.run(["postfix", "-c", str(self.config), verb], capture_output=True,
                              check=False, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise HarnessError(f"postfix {verb}: {done.stdout + done.stderr!r}\n{self.log_text()}")
        return done.returncode

    def log_text(self):
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def sendmail(self, sender, recipient, raw):
        """Sends mail from this machine, as cron and mail(1) do: lines end with LF, and a lone dot does not end it."""
        run(sendmail_program(), "-C", self.config, "-i", "-f", sender, "--", recipient,
            input=raw.replace(b"\r\n", b"\n"))


def sendmail_program():
    for place in ("/usr/sbin/sendmail", "/usr/lib/sendmail"):
        if pathlib.Path(place).exists():
            return place
    raise HarnessError("sendmail(1) of Postfix is missing")
