"""A proxy between two nodes that counts what passes and can lose it: requests, answers, everything.

It stands in front of one node (that node's address names the proxy) and works on whole HTTP/1.1 messages, so that "an answer is
lost" means exactly that: the node has done what was asked, the asker never hears of it.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Seen:
    """One request that came to the proxy. `passed`: the node was asked; `answered`: the asker got the node's answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    passed: bool = True
    answered: bool = True

    @property
    def purpose(self) -> str:
        return self.headers.get("microsocial-purpose", "")


@dataclass
class Mood:
    """What the proxy does to those who come. Change it at any time."""

    is_dark: bool = False  # refuses connections and cuts the open ones
    drop_requests: int | bool = 0  # so many (True: all) are swallowed before the node sees them
    drop_answers: int | bool = 0  # so many (True: all) are swallowed after the node gave them
    delay_seconds: float = 0.0
    hang: bool = False  # takes requests and never answers


class Proxy:
    """`with Proxy(port) as proxy:` … `proxy.port`, `proxy.seen`, `proxy.mood`."""

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.target_port = target_port
        self.port = port
        self.mood = Mood()
        self.seen: list[Seen] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def requests(self, path: str = "/peer/v1/exchange", purpose: str | None = None) -> list[Seen]:
        return [
            one
            for one in list(self.seen)
            if one.path == path and (purpose is None or one.purpose == purpose)
        ]

    def forget(self) -> None:
        self.seen.clear()

    def go_dark(self) -> None:
        self.mood.is_dark = True
        self._loop.call_soon_threadsafe(self._cut)

    def come_back(self) -> None:
        self.mood.is_dark = False

    def wait_for(self, count: int, seconds: float = 15.0) -> None:
        """Wait until so many requests were seen."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= count, seconds), (
                f"{len(self.seen)} of {count} requests came"
            )

    # -- in the proxy's own thread --

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", self.port)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._cut()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0.01))
            self._loop.close()

    def _cut(self) -> None:
        for writer in self._writers:
            transport = writer.transport
            transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not self.mood.is_dark:
                await self._one(reader, writer)
        self._writers.discard(writer)
        writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, headers, raw_head = await _read_head(reader)
        body = await _read_body(reader, headers)
        method, path, _ = first.split(" ", 2)
        mood = self.mood
        if mood.is_dark:
            raise ConnectionResetError
        if mood.delay_seconds:
            await asyncio.sleep(mood.delay_seconds)
        if mood.hang:
            self._note(Seen(method, path, headers, body, passed=False, answered=False))
            await asyncio.Event().wait()
        if mood.drop_requests:
            mood.drop_requests = _one_less(mood.drop_requests)
            self._note(Seen(method, path, headers, body, passed=False, answered=False))
            raise ConnectionResetError
        answer = await self._ask(raw_head, body)
        if answer is None:
            self._note(Seen(method, path, headers, body, passed=False, answered=False))
            raise ConnectionResetError
        if mood.drop_answers:
            mood.drop_answers = _one_less(mood.drop_answers)
            self._note(Seen(method, path, headers, body, answered=False))
            raise ConnectionResetError
        self._note(Seen(method, path, headers, body))
        writer.write(answer)
        await writer.drain()

    async def _ask(self, raw_head: bytes, body: bytes) -> bytes | None:
        """Ask the node over a connection of its own. None: it is not there."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            return None
        try:
            writer.write(raw_head + body)
            await writer.drain()
            _, headers, answer_head = await _read_head(reader)
            return answer_head + await _read_body(reader, headers)
        except (OSError, asyncio.IncompleteReadError):
            return None
        finally:
            writer.close()

    def _note(self, seen: Seen) -> None:
        with self._changed:
            self.seen.append(seen)
            self._changed.notify_all()


def _one_less(count: int | bool) -> int | bool:
    return count if count is True else count - 1


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            headers[name.strip().lower()] = value.strip()
    return first, headers, raw


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        parts = []
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            part = await reader.readexactly(size + 2)
            parts.append(line + part)
            if size == 0:
                return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", "0")))


@contextlib.contextmanager
def silent_listener() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]
