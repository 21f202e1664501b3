"""From a thread to whoever downloads: piece by piece, no faster than they take it, and gone when they are.

Rule 1: what is made and not taken yet is bounded; who stands still is let go, so that the database is not held open.
Rule 2: what breaks off here must look broken there: the error leaves the stream, and the connection does not end well.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection

from microsocial.archive.website.model import AlreadyExporting
from microsocial.database import Database
from microsocial.errors import Conflict, MicrosocialError

PIECE_BYTES = 256 * 1024
MADE_AHEAD = 8  # pieces: 2 MiB
PATIENCE_S = (
    300.0  # for one piece to be taken; a phone that was put into a pocket comes back sooner
)
LOOK_S = 0.5  # how often a thread that waits looks whether anybody is still there


class DownloadBroken(Conflict):
    """The download was broken off. Begin it again."""


class Downloads:
    """Who downloads now: one at a time, since each keeps one of the database's few readers. Lives in the event loop."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._gone = threading.Event()
        self._making: asyncio.Future[None] | None = None

    def begin(self, make: Callable[[Connection], Iterator[bytes]]) -> AsyncGenerator[bytes, None]:
        """Begin to make it, on a reader thread and within one look at the database. Raises AlreadyExporting."""
        if self._making is not None and not self._making.done():
            raise AlreadyExporting
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MADE_AHEAD)
        gone = self._gone = threading.Event()

        def hand_over(piece: bytes | None) -> None:
            given = asyncio.run_coroutine_threadsafe(waiting.put(piece), loop)
            _until_taken(given, gone)

        def pump(conn: Connection) -> None:
            for piece in _gathered(make(conn)):
                hand_over(piece)
            hand_over(None)

        self._making = asyncio.ensure_future(self._db.read_long(pump))
        return _taken(waiting, self._making, gone)

    async def stop(self) -> None:
        """Break off what runs: the node stops."""
        self._gone.set()
        if self._making is not None:
            with contextlib.suppress(MicrosocialError, OSError):
                await self._making


async def _taken(
    waiting: "asyncio.Queue[bytes | None]", making: "asyncio.Future[None]", gone: threading.Event
) -> AsyncGenerator[bytes, None]:
    try:
        while (piece := await _next(waiting, making)) is not None:
            yield piece
    finally:
        gone.set()
        making.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _next(
    waiting: "asyncio.Queue[bytes | None]", making: "asyncio.Future[None]"
) -> bytes | None:
    """The next piece, or None after the last; raises what the making failed with."""
    if waiting.empty():
        taking = asyncio.ensure_future(waiting.get())
        either: set[asyncio.Future[Any]] = {taking, making}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if taking.done():
            return taking.result()
        taking.cancel()
    if waiting.empty():
        await making
        raise DownloadBroken
    return waiting.get_nowait()


def _until_taken(given: "Future[None]", gone: threading.Event) -> None:
    """Wait in the thread, as long as somebody is there. Raises DownloadBroken."""
    began = time.monotonic()
    while not gone.is_set() and time.monotonic() - began < PATIENCE_S:
        with contextlib.suppress(TimeoutError):
            given.result(LOOK_S)
            return
    given.cancel()
    raise DownloadBroken


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a size that is worth handing over."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
