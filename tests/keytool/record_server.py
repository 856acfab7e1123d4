"""Serves TXT records from a dictionary to verifiers, on loopback.

Answers over UDP at a free port: with all records of a name, with SERVFAIL for a name whose record is `SERVFAIL`, and
with NXDOMAIN for every other name.
"""

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SERVFAIL = "SERVFAIL"


class RecordServer:
    def __init__(self, records):
        """`records` maps a name to a list of TXT values, or to SERVFAIL."""
        self.records = records
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        # An empty datagram ends the loop: closing a socket does not wake its reader.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def _serve(self):
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            self._socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), client)

    def _answer(self, query):
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA | dns.flags.AA
        question = query.question[0]
        found = self.records.get(question.name.to_text(omit_final_dot=True).lower())
        if found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif question.rdtype == dns.rdatatype.TXT:
            texts = [" ".join(f'"{value[i:i + 200]}"' for i in range(0, max(len(value), 1), 200)) for value in found]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts))
        return response

    def first(self, name, timeout=5):
        """Returns the first TXT value of a name, or None; this is dkimpy's interface to DNS."""
        del timeout
        found = self.records.get(name.decode("ascii").rstrip(".").lower())
        return found[0].encode() if found and found != SERVFAIL else None
