"""Reading a snapshot back: everything is checked against its name, so that what comes out is what went in."""

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path

from typing_extensions import Buffer

from microsocial.archive.backups.age import CannotOpen
from microsocial.archive.backups.keys import Opened
from microsocial.archive.backups.manifest import (
    PIECE_BYTES,
    Image,
    inflated,
    piece_name,
)
from microsocial.archive.backups.model import BackupDamaged
from microsocial.database.failures import explained

Step = Callable[[int], None]  # told how many bytes were read; may raise Stopped


class DamagedObject(BackupDamaged):
    """A file of the backup is damaged, and a restore would not bring everything back."""

    def __init__(self, opened: Opened, name: str, why: str = "is not what it was") -> None:
        super().__init__(f"{opened.folder.object_path(name)} {why}")
        self.name = name


def read_piece(opened: Opened, name: str) -> bytes:
    """Give a piece of a database. Raises DamagedObject."""
    sealed = opened.folder.read_object(name)
    try:
        piece = inflated(opened.key.open(sealed), PIECE_BYTES)
    except (CannotOpen, zlib.error) as error:
        raise DamagedObject(opened, name) from error
    if piece_name(opened.key, piece) != name:
        raise DamagedObject(opened, name)
    return piece


def write_image(opened: Opened, image: Image, target: Path, step: Step) -> None:
    """Put the database together again."""
    digest, size = hashlib.sha256(), 0
    with explained(target), target.open("xb") as file:
        target.chmod(0o600)
        for name in image.pieces:
            piece = read_piece(opened, name)
            digest.update(piece)
            size += len(piece)
            file.write(piece)
            step(len(piece))
    if (size, digest.hexdigest()) != (image.bytes, image.sha256):
        raise BackupDamaged("the pieces of the database do not belong together")


class Measure:
    """Takes what is read, and says what it was."""

    def __init__(self, step: Step, write: Callable[[bytes], object] = lambda _: None) -> None:
        self._digest = hashlib.sha256()
        self._step = step
        self._write = write
        self.length = 0

    def write(self, piece: Buffer) -> int:
        content = bytes(piece)
        self._write(content)
        self._digest.update(content)
        self.length += len(content)
        self._step(len(content))
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def read_file(opened: Opened, name: str, sha256: str, length: int, measure: Measure) -> None:
    """Give a photo or another file. Raises DamagedObject; what `measure` got counts only when it does not."""
    with opened.folder.opened(opened.folder.object_path(name)) as sealed:
        try:
            opened.key.open_stream(sealed, measure)
        except CannotOpen as error:
            raise DamagedObject(opened, name) from error
    if (measure.sha256, measure.length) != (sha256, length):
        raise DamagedObject(opened, name)
