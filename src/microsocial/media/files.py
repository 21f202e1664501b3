"""Blobs on disk, named by the SHA-256 of their bytes.

A blob is written under a temporary name, fsynced, renamed, and its folder fsynced; only then may a row speak of it. So a row
never names a file that a power cut took, and what a crash leaves behind is only an unnamed file, which `sweep` removes.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

PIECE_BYTES = 1024 * 1024
UNFINISHED = "new-"


class BlobFiles:
    """The folder of blobs: DATA/media/ab/abcdef…, the hash in hexadecimal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: bytes) -> Path:
        """Where the blob with this hash (32 bytes) stands, whether it is there or not."""
        text = name.hex()
        return self._folder / text[:2] / text

    def keep(self, pieces: Iterable[bytes]) -> tuple[bytes, int]:
        """Write pieces durably; return (hash, length). The same bytes are kept once."""
        with self.begin() as writing:
            for piece in pieces:
                writing.add(piece)
            return writing.settle()

    def begin(self) -> "Writing":
        """Begin a blob whose pieces come one by one."""
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fsync_folder(self._folder.parent)
        return Writing(self)

    def temporary(self) -> tuple[int, Path]:
        handle, path = tempfile.mkstemp(prefix=UNFINISHED, dir=self._folder)
        return handle, Path(path)

    def rename(self, temporary: Path, name: bytes) -> None:
        final = self.path(name)
        if not final.parent.is_dir():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            fsync_folder(self._folder)
        temporary.replace(final)
        fsync_folder(final.parent)

    def read(self, name: bytes, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start`, in pieces; FileNotFoundError when the blob is not here."""
        with self.path(name).open("rb") as file:
            file.seek(start)
            left = length
            while left is None or left > 0:
                piece = file.read(PIECE_BYTES if left is None else min(PIECE_BYTES, left))
                if not piece:
                    return
                left = None if left is None else left - len(piece)
                yield piece

    def has(self, name: bytes) -> bool:
        return self.path(name).is_file()

    def remove(self, name: bytes) -> None:
        """Remove the blob's file; nothing happens when it is not there."""
        self.path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[bytes]:
        """Every blob that stands in the folder."""
        if not self._folder.is_dir():
            return
        for shelf in sorted(self._folder.iterdir()):
            if shelf.is_dir() and len(shelf.name) == 2:
                for file in shelf.iterdir():
                    with contextlib.suppress(ValueError):
                        yield bytes.fromhex(file.name)

    def sweep_unfinished(self) -> None:
        """Remove what a crash left half-written; call only when nothing is being written."""
        if self._folder.is_dir():
            for file in self._folder.glob(f"{UNFINISHED}*"):
                file.unlink(missing_ok=True)


class Writing:
    """A blob on its way to the disk: `add` pieces, then `settle`. Whatever was not settled leaves nothing behind."""

    def __init__(self, files: BlobFiles) -> None:
        self._files = files
        self._digest = hashlib.sha256()
        self.length = 0
        handle, self.path = files.temporary()
        self._file = os.fdopen(handle, "w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    @property
    def name(self) -> bytes:
        """The hash of what has been added."""
        return self._digest.digest()

    def add(self, piece: bytes) -> None:
        self._digest.update(piece)
        self.length += len(piece)
        self._file.write(piece)

    def reread(self, piece_bytes: int) -> Iterator[bytes]:
        """Yield what has been added, in pieces of this size."""
        self._file.flush()
        self._file.seek(0)
        while piece := self._file.read(piece_bytes):
            yield piece

    def settle(self) -> tuple[bytes, int]:
        """Make it durable under its name; return (hash, length)."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._files.rename(self.path, self.name)
        return self.name, self.length


def fsync_folder(folder: Path) -> None:
    """Make durable which files stand in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
