"""A resolver that refuses every question at once: for steps that are decided without DNS."""

import socketserver
import threading

import dns.message
import dns.rcode


class Refusal(socketserver.BaseRequestHandler):
    def handle(self):
        query, socket = self.request
        response = dns.message.make_response(dns.message.from_wire(query))
        response.set_rcode(dns.rcode.SERVFAIL)
        socket.sendto(response.to_wire(), self.client_address)


def refusing_resolver(test):
    """Returns the options that name it; it ends with the test."""
    server = socketserver.UDPServer(("127.0.0.1", 0), Refusal)
    test.addCleanup(server.server_close)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    test.addCleanup(thread.join)
    test.addCleanup(server.shutdown)
    return ("--resolver", f"127.0.0.1@{server.server_address[1]}")
