# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that loses, delays, stalls and cuts what goes through it.

    with Proxy(("127.0.0.1", port)) as proxy:
        proxy.address            # what the client connects to
        proxy.choose = function  # asked for each new connection: Treatment
        proxy.cut(); proxy.refuse(True); proxy.stall(True)

One thread of its own runs the connections; all methods may be called from any thread.
"""

import asyncio
import dataclasses
import socket
import struct
import threading


@dataclasses.dataclass
class Treatment:
    """What happens to one connection. Bytes are those from the server to the client."""

    delay: float = 0  # seconds that each piece of the server waits: the order between connections changes
    cut_after: int = 0  # reset after so many bytes, wherever in a record that is; 0: never
    piece: int = 65536  # bytes at a time


class Proxy:
    def __init__(self, server: tuple[str, int]):
        self.server = server
        self.choose = lambda index: Treatment()
        self.connections = 0
        self.resets = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        self._call(self._listen(0))
        return self

    def __exit__(self, *_):
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Resets every open connection."""
        self._call(self._cut())

    def refuse(self, refused: bool) -> None:
        """Nobody listens any more; what is open is reset."""
        self._call(self._refuse() if refused else self._listen(self.port))

    def stall(self, stalled: bool) -> None:
        """Connections stay open and no byte passes, until it is called with False."""
        self._call(self._stall(stalled))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self, port: int) -> None:
        self._passing = asyncio.Event()
        self._passing.set()
        self._listener = await asyncio.start_server(self._connection, "127.0.0.1", port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        self._listener.close()
        await self._cut()

    async def _stall(self, stalled: bool) -> None:
        if stalled:
            self._passing.clear()
        else:
            self._passing.set()

    async def _cut(self) -> None:
        for writer in list(self._open):
            self._reset(writer)

    async def _end(self) -> None:
        await self._refuse()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        self.resets += 1
        raw = writer.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            # RST, not FIN: that is what a router that lost its table answers.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _connection(self, reader, writer) -> None:
        self.connections += 1
        treatment = self.choose(self.connections)
        self._open.add(writer)
        upstream = None
        try:
            from_server, upstream = await asyncio.open_connection(*self.server)
            await asyncio.gather(
                self._pump(reader, upstream, Treatment()), self._pump(from_server, writer, treatment)
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()
            if upstream is not None:
                upstream.transport.abort()

    async def _pump(self, reader, writer, treatment: Treatment) -> None:
        passed = 0
        while data := await reader.read(treatment.piece):
            if treatment.delay:
                await asyncio.sleep(treatment.delay)
            await self._passing.wait()
            if treatment.cut_after and passed + len(data) >= treatment.cut_after:
                writer.write(data[: treatment.cut_after - passed])
                await writer.drain()
                self._reset(writer)
                raise ConnectionResetError
            passed += len(data)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # one side is gone, so the other goes too
