"""Where an export lies while it is brought back: one file in the data folder, whole or not there at all, and gone afterwards."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from microsocial.archive.website.model import (
    KEPT_FREE_BYTES,
    MAX_IMPORT_BYTES,
    MEBIBYTE,
    ImportDoesNotFit,
    ImportTooLarge,
)
from microsocial.database.failures import explained

SCRATCH = "import-"  # begins the file's name
BESIDE = "bringing-back"  # a folder: what an undone upgrade had, on its way back
LOOK_EVERY_BYTES = 16 * MEBIBYTE  # how often the room on the disk is looked at


async def received(folder: Path, pieces: AsyncIterator[bytes], announced: int) -> Path:
    """Keep what comes in a file of its own.

    Raises:
        ImportTooLarge, ImportDoesNotFit
    """
    await asyncio.to_thread(_check_room, folder, announced)
    handle, name = tempfile.mkstemp(prefix=SCRATCH, suffix=".zip", dir=folder)
    path, length, looked_at = Path(name), 0, 0
    try:
        with os.fdopen(handle, "wb") as file, explained(path):
            async for piece in pieces:
                length += len(piece)
                if length - looked_at > LOOK_EVERY_BYTES:
                    looked_at = length
                    await asyncio.to_thread(_check_room, folder, max(0, announced - length), length)
                await asyncio.to_thread(file.write, piece)
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - at once: a cancelled task may not wait for a thread
        raise
    return path


def _check_room(folder: Path, needed: int, here: int = 0) -> None:
    if needed + here > MAX_IMPORT_BYTES:
        raise ImportTooLarge
    if shutil.disk_usage(folder).free < needed + KEPT_FREE_BYTES:
        raise ImportDoesNotFit


def sweep(folder: Path) -> None:
    """Remove what a crash left of an import."""
    shutil.rmtree(folder / BESIDE, ignore_errors=True)
    for left in folder.glob(f"{SCRATCH}*.zip"):
        with contextlib.suppress(OSError):
            left.unlink()
