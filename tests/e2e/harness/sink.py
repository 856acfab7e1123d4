"""The next hop: an SMTP server on loopback that keeps each message exactly as it arrived.

By default it offers 8BITMIME and SMTPUTF8, so that Postfix has no reason to recode a body (RFC 6152) or to
bounce an internationalized message. It offers no CHUNKING and no STARTTLS, so that there is nothing
to negotiate.
"""

import re
import socketserver
import threading

from .workspace import PATIENCE, HarnessError

PATH = re.compile(rb"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)


class Sink:
    def __init__(self, workspace, extensions=(b"8BITMIME", b"SMTPUTF8"), address="127.0.0.1"):
        self._extensions = extensions
        self._messages = {}
        self._changed = threading.Condition()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                try:
                    sink.converse(self.rfile, self.wfile)
                except (ConnectionError, TimeoutError):
                    # Postfix was stopped in the middle; the test notices what is missing.
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server((address, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        workspace.on_close(self._close)

    def _close(self):
        self._server.shutdown()
        self._server.server_close()

    def converse(self, incoming, outgoing):
        def reply(text):
            outgoing.write(text + b"\r\n")
            outgoing.flush()

        recipients, sender = [], None
        reply(b"220 sink.example ESMTP")
        while line := incoming.readline(4096):
            verb = line[:4].upper()
            if verb == b"EHLO":
                lines = [b"sink.example", b"PIPELINING", b"SIZE 0", *self._extensions]
                for text in lines[:-1]:
                    outgoing.write(b"250-" + text + b"\r\n")
                reply(b"250 " + lines[-1])
            elif verb in (b"HELO", b"NOOP"):
                reply(b"250 sink.example")
            elif verb == b"RSET":
                recipients, sender = [], None
                reply(b"250 ok")
            elif verb == b"MAIL":
                match = PATH.search(line)
                recipients, sender = [], match[1].decode("utf-8", "replace") if match else None
                reply(b"250 ok")
            elif verb == b"RCPT":
                match = PATH.search(line)
                recipients.append(match[1].decode("utf-8", "replace") if match else "")
                reply(b"250 ok")
            elif verb == b"DATA":
                reply(b"354 go on")
                raw = read_data(incoming)
                if raw is None:
                    return
                self._keep(sender, recipients, raw)
                recipients, sender = [], None
                reply(b"250 kept")
            elif verb == b"QUIT":
                reply(b"221 bye")
                return
            else:
                reply(b"502 unknown")

    def _keep(self, sender, recipients, raw):
        with self._changed:
            for recipient in recipients:
                self._messages.setdefault(recipient.lower(), []).append((sender, raw))
            self._changed.notify_all()

    def wait(self, recipients):
        """Waits until every recipient has a message; returns the first message of each."""
        wanted = [r.lower() for r in recipients]

        def missing():
            return [r for r in wanted if r not in self._messages]

        with self._changed:
            count = -1
            # Waits longer as long as messages come in.
            while missing() and count != len(self._messages):
                count = len(self._messages)
                self._changed.wait_for(lambda: not missing() or len(self._messages) > count, PATIENCE)
            if missing():
                raise HarnessError(f"never arrived: {', '.join(missing()[:10])} ({len(missing())} in all); "
                                   f"others that arrived: {sorted(set(self._messages) - set(wanted))[:10]}")
            return {r: self._messages[r.lower()][0][1] for r in recipients}

    def copies(self, recipient):
        with self._changed:
            return len(self._messages.get(recipient.lower(), []))


def read_data(incoming):
    """Returns the bytes up to the line of a single dot, with dots unstuffed (RFC 5321 4.5.2); None if the connection
    ends before it. Lines end only with CRLF: a lone CR or LF is kept as a byte of its line."""
    lines = []
    while True:
        line = incoming.readline()
        while line and not line.endswith(b"\r\n"):
            more = incoming.readline()
            if not more:
                return None
            line += more
        if not line:
            return None
        if line == b".\r\n":
            return b"".join(lines)
        lines.append(line[1:] if line.startswith(b".") else line)
