"""Serves TXT records to a session, on loopback: zone_server.py FILE PORT_FILE

Each line of FILE is NAME VALUE. It is read for each question, so a session publishes a record by writing a line. The server
ends when FILE is gone, as it is with the session's directory.
"""

import pathlib
import sys

from record_server import RecordServer


def records_of(text):
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


class ZoneServer(RecordServer):
    def __init__(self, file):
        self.file = file
        super().__init__({})

    def _answer(self, query):
        self.records = records_of(self.file.read_text("ascii"))
        return super()._answer(query)


def main():
    file, port_file = map(pathlib.Path, sys.argv[1:])
    server = ZoneServer(file)
    new = port_file.with_suffix(".new")
    new.write_text(f"{server.port}\n")
    new.rename(port_file)
    while file.exists():
        server._thread.join(0.2)


if __name__ == "__main__":
    main()
