"""A private Dovecot that only tells Postfix whether a login and its password are right (SASL)."""

import re
import shutil

from .workspace import HarnessError, run, wait_for

COMMON = """\
protocols =
base_dir = {root}/base
state_dir = {root}/state
log_path = {root}/dovecot.log
ssl = no
auth_mechanisms = plain login
service auth {{
  unix_listener {socket} {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""

UP_TO_2_3 = """\
passdb {{
  driver = passwd-file
  args = {root}/users
}}
"""

FROM_2_4 = """\
dovecot_config_version = {version}
dovecot_storage_version = {version}
passdb passwd-file {{
  passwd_file_path = {root}/users
}}
"""


class Dovecot:
    def __init__(self, workspace, socket, passwords):
        """`passwords` maps logins to their passwords; Postfix's smtpd reaches `socket`."""
        program = shutil.which("dovecot", path="/usr/sbin:/usr/bin")
        if program is None:
            raise HarnessError("Dovecot is not installed")
        root = workspace.directory("dovecot")
        for name in ("base", "state"):
            workspace.directory(f"dovecot/{name}")
        users = root / "users"
        users.write_text("".join(f"{login}:{{PLAIN}}{password}\n" for login, password in passwords.items()))
        version = re.match(r"([0-9]+)\.([0-9]+)\.[0-9]+", run(program, "--version").stdout.decode())
        new = (int(version[1]), int(version[2])) >= (2, 4)
        config = root / "dovecot.conf"
        # The version has to be the first setting.
        text = FROM_2_4 + COMMON if new else COMMON + UP_TO_2_3
        config.write_text(text.format(root=root, socket=socket, version=version[0]))
        process = workspace.spawn(program, "-F", "-c", config, log=root / "dovecot.out")
        wait_for(socket.is_socket, "Dovecot to listen", alive=lambda: process.poll() is None)
