"""Stands in front of a real name server, and misbehaves in one way that a test chooses.

It passes questions on to the real server, and the answers back.
"""

import socket
import socketserver
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset


class OddServer:
    """Set `behave` to a function (server, query, by_tcp) that returns the bytes of an answer, or None for silence."""

    def __init__(self, address, real, port=53):
        self.real = (real, port)
        self.behave = honest
        self.bytes_a_second = None  # over TCP; None sends all at once
        self.asked = []  # each question: (opcode, over TCP?)
        owner = self

        class ByUdp(socketserver.BaseRequestHandler):
            def handle(self):
                wire, back = self.request
                answer = owner.answer(wire, by_tcp=False)
                if answer is not None:
                    back.sendto(answer, self.client_address)

        class ByTcp(socketserver.StreamRequestHandler):
            def handle(self):
                size = int.from_bytes(self.rfile.read(2), "big")
                answer = owner.answer(self.rfile.read(size), by_tcp=True)
                if answer is not None:
                    framed = len(answer).to_bytes(2, "big") + answer
                    step = owner.bytes_a_second or len(framed)
                    for at in range(0, len(framed), step):
                        self.wfile.write(framed[at:at + step])
                        if at + step < len(framed) and owner.closing.wait(1):
                            return
                else:
                    owner.closing.wait(60)  # silent, with the connection open

        self.closing = threading.Event()
        self.servers = []
        for kind, handler in ((socketserver.ThreadingUDPServer, ByUdp), (socketserver.ThreadingTCPServer, ByTcp)):
            server = type("Server", (kind,), {"daemon_threads": True, "allow_reuse_address": True,
                                              "block_on_close": False})((address, 53), handler)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self.servers.append(server)

    def answer(self, wire, by_tcp):
        if len(wire) < 12:
            return None
        self.asked.append(((wire[2] >> 3) & 15, by_tcp))
        return self.behave(self, wire, by_tcp)

    def ask_real(self, wire):
        """Passes every byte on unchanged, so that a signature stays valid."""
        with socket.create_connection(self.real, timeout=5) as connection:
            connection.sendall(len(wire).to_bytes(2, "big") + wire)
            with connection.makefile("rb") as stream:
                return stream.read(int.from_bytes(stream.read(2), "big"))

    def close(self):
        self.closing.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()


def changed(wire, **changes):
    """Returns the answer with another ID, or without the AA flag."""
    answer = bytearray(wire)
    if "id" in changes:
        answer[0:2] = ((int.from_bytes(answer[0:2], "big") + changes["id"]) & 0xFFFF).to_bytes(2, "big")
    if changes.get("authoritative") is False:
        answer[2] &= ~0x04
    return bytes(answer)


def empty(wire, rcode=dns.rcode.NOERROR, flags=0):
    """Returns an answer with only the question, or with only the zone of an update."""
    end = 12
    while wire[end] != 0:
        end += wire[end] + 1
    opcode = int.from_bytes(wire[2:4], "big") & 0x7800
    flags |= dns.flags.QR | dns.flags.AA | opcode | rcode
    return wire[:2] + flags.to_bytes(2, "big") + b"\0\1" + bytes(6) + wire[12:end + 5]


def honest(server, wire, by_tcp):
    answer = server.ask_real(wire)
    return answer if by_tcp or len(answer) <= 1232 else empty(wire, flags=dns.flags.TC)


def silent(_server, _wire, _by_tcp):
    return None


def only_tcp(server, wire, by_tcp):
    return honest(server, wire, by_tcp) if by_tcp else None


def always_truncated(server, wire, by_tcp):
    """Answers over UDP as a server with a rate limit does."""
    return honest(server, wire, by_tcp) if by_tcp else empty(wire, flags=dns.flags.TC)


def truncated_and_no_tcp(server, wire, by_tcp):
    return None if by_tcp else always_truncated(server, wire, by_tcp)


def truncated_even_over_tcp(_server, wire, _by_tcp):
    return empty(wire, flags=dns.flags.TC)


def failing(rcode):
    return lambda _server, wire, _by_tcp: empty(wire, rcode)


def not_authoritative(server, wire, by_tcp):
    return changed(honest(server, wire, by_tcp), authoritative=False)


def garbage(_server, wire, _by_tcp):
    return wire[:2] + b"\x84\x00 this is no DNS message"


def wrong_number(server, wire, by_tcp):
    return changed(honest(server, wire, by_tcp), id=1)


def spoofed_over_udp(text):
    """Answers as a forger who is faster than the server: the right form, the wrong ID, and the forger's text."""
    def behave(server, wire, by_tcp):
        if by_tcp:
            return honest(server, wire, by_tcp)
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", text))
        return changed(reply.to_wire(), id=1)
    return behave


def another_question(server, wire, by_tcp):
    answer = dns.message.from_wire(honest(server, wire, by_tcp))
    answer.question[0].name = dns.name.from_text("another.test.")
    return answer.to_wire()


def referral(zone):
    """Delegates the zone to servers that do not exist."""
    def behave(server, wire, by_tcp):
        query = dns.message.from_wire(wire)
        if not query.question[0].name.is_subdomain(dns.name.from_text(zone)):
            return honest(server, wire, by_tcp)
        reply = dns.message.make_response(query)
        reply.authority.append(dns.rrset.from_text(zone, 60, "IN", "NS", "nobody." + zone))
        return reply.to_wire()
    return behave
