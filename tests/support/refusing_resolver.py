"""A resolver on loopback that refuses every question at once, for tests that need no answer from DNS."""

import contextlib
import socket
import threading

REFUSED = 5  # the RCODE, which also clears RA


@contextlib.contextmanager
def refusing_resolver():
    """Yields the resolver's address, in the form of --resolver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve():
            while True:
                question, client = server.recvfrom(4096)
                if not question:
                    return
                # The answer is the question, with QR set.
                server.sendto(question[:2] + bytes([question[2] | 0x80, REFUSED]) + question[4:], client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1@{server.getsockname()[1]}"
        finally:
            # An empty datagram ends the loop: closing a socket does not wake its reader.
            server.sendto(b"", server.getsockname())
            thread.join(10)
