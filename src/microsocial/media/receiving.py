"""The bytes of uploads on their way to the disk: in a thread, and from one connection at a time.

Rule 1: only the newest connection writes, and it begins where the one before it has really stopped.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from microsocial.media.model import OffsetDiffers, UploadTooLarge


class Receiving:
    """Appends to the files of uploads. Lives in the event loop."""

    def __init__(self) -> None:
        self._newest: dict[str, object] = {}  # who may append, per upload
        self._pens: dict[str, asyncio.Lock] = {}  # held while a piece is being written

    async def append(
        self, upload_id: str, path: Path, offset: int, length: int, content: AsyncIterator[bytes]
    ) -> int:
        """Add bytes that begin at `offset`, at most up to `length`; return the new offset, durable.

        A broken connection keeps what came. Raises OffsetDiffers, also when another connection took over; UploadTooLarge.
        """
        writer = self._newest[upload_id] = object()
        pen = self._pens.setdefault(upload_id, asyncio.Lock())
        acknowledged = offset
        with path.open("ab", buffering=0) as file:  # so that the file's length is the truth
            try:
                async with pen:
                    if os.fstat(file.fileno()).st_size != offset:
                        raise OffsetDiffers
                async for piece in content:
                    if offset + len(piece) > length:
                        raise UploadTooLarge
                    async with pen:
                        if self._newest.get(upload_id) is not writer:
                            raise OffsetDiffers
                        await _in_a_thread(partial(_write, file, piece))
                    offset += len(piece)
            finally:
                async with pen:
                    await _in_a_thread(partial(_make_durable, file, acknowledged))
                if self._newest.get(upload_id) is writer:
                    del self._newest[upload_id], self._pens[upload_id]
        return offset


async def _in_a_thread(work: Callable[[], None]) -> None:
    """Wait for it also when the request is given up: the thread still writes to a file that would be closed."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise


def _write(file: BinaryIO, piece: bytes) -> None:
    """All of it: an unbuffered file may take less than it is given."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def _make_durable(file: BinaryIO, acknowledged: int) -> None:
    """What the disk did not take once, the system forgets and never tries again: it has to be sent again."""
    try:
        os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            file.truncate(acknowledged)
        raise
