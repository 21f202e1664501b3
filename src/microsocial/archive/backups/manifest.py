"""What one snapshot consists of: the list that `snapshots/TIME.age` holds, compressed JSON inside."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from microsocial.archive.backups.age import CannotOpen, Key
from microsocial.archive.backups.folder import MAX_FILE_BYTES, SNAPSHOTS, BackupFolder
from microsocial.archive.backups.model import (
    BackupDamaged,
    BackupFromNewerProgram,
    NoSnapshotYet,
    NoSuchSnapshot,
)
from microsocial.database import is_newer

FORMAT = 1
# Small enough that a day's few changes cost little, large enough that a gigabyte is not a million files.
PIECE_BYTES = 64 * 1024

_NAME = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_COUNT = Annotated[int, Meta(ge=0)]


class Image(msgspec.Struct, frozen=True):
    """The database: one file, in pieces."""

    bytes: _COUNT
    sha256: _NAME
    pieces: list[_NAME]  # in order; each PIECE_BYTES long but the last


class Blob(msgspec.Struct, frozen=True, array_like=True):
    """A photo, clip or voice note as it stands in the folder; its name there is its SHA-256."""

    sha256: _NAME
    length: _COUNT


class Loose(msgspec.Struct, frozen=True, array_like=True):
    """A file that is still on its way into a post."""

    path: str  # below media/uploads
    object: _NAME
    sha256: _NAME
    length: _COUNT


class Manifest(msgspec.Struct, frozen=True):
    """A snapshot. `counts`: rows per table; `kinds`: records per kind."""

    format: int
    id: str
    made: _COUNT
    person: str
    key_number: _COUNT
    program: str
    schema: str
    head: tuple[_COUNT, str]  # newest change: number, mark in hexadecimal
    counts: dict[str, _COUNT]
    kinds: dict[str, _COUNT]
    image: Image
    blobs: list[Blob]
    loose: list[Loose]

    @property
    def size(self) -> int:
        """What a restore would bring, in bytes."""
        return (
            self.image.bytes
            + sum(one.length for one in self.blobs)
            + sum(one.length for one in self.loose)
        )

    def objects(self, key: Key) -> set[str]:
        """Every object that this snapshot needs."""
        return {
            *self.image.pieces,
            *(blob_name(key, one.sha256) for one in self.blobs),
            *(one.object for one in self.loose),
        }


def needed_by(manifests: Iterable[Manifest], key: Key) -> Iterator[str]:
    """Give every object that any of these snapshots needs, once. Most of them need the same photos: each is named once."""
    seen: set[str] = set()

    def is_new(name: str) -> bool:
        known = name in seen
        seen.add(name)
        return not known

    for one in manifests:
        yield from (blob_name(key, blob.sha256) for blob in one.blobs if is_new(blob.sha256))
        yield from filter(is_new, one.image.pieces)
        yield from (loose.object for loose in one.loose if is_new(loose.object))


class _AnyFormat(msgspec.Struct):
    format: int


def piece_name(key: Key, piece: bytes) -> str:
    return key.name(b"piece", piece)


def blob_name(key: Key, sha256: str) -> str:
    return key.name(b"blob", bytes.fromhex(sha256))


def loose_name(key: Key, sha256: str) -> str:
    return key.name(b"loose", bytes.fromhex(sha256))


def file_of(snapshot: str) -> str:
    return f"{SNAPSHOTS}/{snapshot}.age"


def write_manifest(folder: BackupFolder, key: Key, manifest: Manifest) -> None:
    folder.put(file_of(manifest.id), key.seal(zlib.compress(msgspec.json.encode(manifest))))


def read_manifest(folder: BackupFolder, key: Key, snapshot: str) -> Manifest:
    """Raises BackupDamaged, BackupFromNewerProgram."""
    file = file_of(snapshot)
    try:
        text = inflated(key.open(folder.read(file)), MAX_FILE_BYTES)
        if msgspec.json.decode(text, type=_AnyFormat).format > FORMAT:
            raise BackupFromNewerProgram
        manifest = msgspec.json.decode(text, type=Manifest)
    except (CannotOpen, zlib.error, msgspec.DecodeError) as error:
        raise BackupDamaged(f"{file} is not what it was") from error
    if is_newer(manifest.schema):
        raise BackupFromNewerProgram(f"version {manifest.program}")
    if manifest.id != snapshot:
        raise BackupDamaged(f"{file} belongs to another time")
    return manifest


def choose(folder: BackupFolder, snapshot: str | None) -> str:
    """Give the snapshot of this name, or the newest. Raises NoSnapshotYet, NoSuchSnapshot."""
    found = folder.snapshots()
    if not found:
        raise NoSnapshotYet(str(folder.path))
    if snapshot is not None and snapshot not in found:
        raise NoSuchSnapshot(f"There are {', '.join(found)}")
    return snapshot or found[-1]


def inflated(content: bytes, at_most: int) -> bytes:
    """Decompress; zlib.error when it is more than expected, or not all of it."""
    inflate = zlib.decompressobj()
    plain = inflate.decompress(content, at_most)
    if not inflate.eof or inflate.unused_data:
        raise zlib.error("longer or shorter than it should be")
    return plain
