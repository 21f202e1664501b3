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

PIECE_BYTES = 1024 * 1024


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
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, length = hashlib.sha256(), 0
        handle, temporary = tempfile.mkstemp(prefix="new-", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    digest.update(piece)
                    length += len(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            self._settle(Path(temporary), digest.digest())
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise
        return digest.digest(), length

    def _settle(self, temporary: Path, name: bytes) -> None:
        final = self.path(name)
        if not final.parent.is_dir():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            _fsync_folder(self._folder)
        temporary.replace(final)
        _fsync_folder(final.parent)

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
            for file in self._folder.glob("new-*"):
                file.unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
