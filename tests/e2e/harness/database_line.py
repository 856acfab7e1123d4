"""The lines from one machine to the database servers: a program that passes connections on, byte for byte, and can be cut,
or kill a server before or after a certain statement.

    python3 database_line.py PORT=PORT...     listens at each first one, and passes on to the second, all on 127.0.0.1

It has a command in each line of its input, and says "ok" when it is carried out:

    cut                   nothing passes any longer, in either direction, and nobody is told
    heal                  everything passes again, and first what waited
    kill PID before N     of all statements from now on, the Nth is not passed on: the server dies
    kill PID after N      the Nth is passed on, and the server dies at once, with its answer or without
    look                  looks which servers are there: where there is none, connections are refused
    count                 says how many statements have passed since the last "kill" or "count", instead of "ok"

A server that dies does so as with its machine: its postmaster and all its processes get SIGKILL at the same time.
"""

import asyncio
import contextlib
import os
import pathlib
import signal
import struct
import sys


def children(pid):
    with contextlib.suppress(FileNotFoundError):
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def kill_with_children(pid):
    """Kills a postmaster and its processes, so that none of them outlives another."""
    os.kill(pid, signal.SIGSTOP)  # so that it starts no more of them
    for process in (*children(pid), pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


class Line:
    def __init__(self, ports):
        self._ports = ports  # where we listen, and where the server is
        self._listeners = {}
        self.open = asyncio.Event()
        self.open.set()
        self.passed = 0
        self._victim = None

    def kill(self, pid, when, number):
        self.passed = 0
        self._victim = (pid, when, number)

    def count(self):
        passed, self.passed, self._victim = self.passed, 0, None
        return passed

    def _strike(self, when):
        if self._victim and self._victim[1:] == (when, self.passed):
            kill_with_children(self._victim[0])
            self._victim = None

    async def look(self):
        """A client tries its next server only if the first one refuses: so nobody may listen for a dead server."""
        for port, target in self._ports:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", target)
                writer.close()
            except OSError:
                self._refuse(target)
                continue
            if target not in self._listeners:
                self._listeners[target] = await asyncio.start_server(
                    lambda reader, writer, target=target: self._connection(reader, writer, target), "127.0.0.1", port)

    def _refuse(self, target):
        listener = self._listeners.pop(target, None)
        if listener:
            listener.close()

    async def _connection(self, reader, writer, target):
        await self.open.wait()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            self._refuse(target)
            writer.transport.abort()
            return
        ways = [asyncio.create_task(way) for way in (self._statements(reader, server_writer),
                                                     self._answers(server_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, server_writer):
            end.close()

    async def _statements(self, reader, writer):
        """Passes on the client's messages one by one; a statement ends with Query or Sync."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            kind, inside = b"", False  # the first message has no letter
            while True:
                head = await reader.readexactly(4)
                body = await reader.readexactly(struct.unpack("!I", head)[0] - 4)
                await self.open.wait()
                if kind in (b"Q", b"P") and not inside:
                    inside = True
                    self.passed += 1
                    self._strike("before")
                writer.write(kind + head + body)
                await writer.drain()
                if kind in (b"Q", b"S") and inside:
                    inside = False
                    self._strike("after")
                kind = await reader.readexactly(1)

    async def _answers(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self.open.wait()
                writer.write(data)
                await writer.drain()

    async def obey(self, words):
        if words[0] == "cut":
            self.open.clear()
        elif words[0] == "heal":
            self.open.set()
        elif words[0] == "kill":
            self.kill(int(words[1]), words[2], int(words[3]))
        elif words[0] == "look":
            await self.look()
        elif words[0] == "count":
            return self.count()
        else:
            raise ValueError(words)
        return "ok"


async def main():
    line = Line([tuple(map(int, argument.split("="))) for argument in sys.argv[1:]])
    await line.look()
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    print("ok", flush=True)
    while command := await commands.readline():
        print(await line.obey(command.decode().split()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
