"""Which file in the zip shows what: each picture, clip and sound once, under a name that a person can read.

A blob that several records show belongs to the first of them, so that its name is the same wherever it is asked for.
"""

import contextlib
import zlib
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Connection

from microsocial.archive.website import layout, store
from microsocial.archive.website.model import WHOLE_BYTES
from microsocial.archive.website.zips import ZipStream
from microsocial.media.files import PIECE_BYTES, BlobFiles
from microsocial.media.service import extension_of
from microsocial.protocol.blobs import Shape, open_chunk
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.media import Size
from microsocial.protocol.payloads import Message, Post, Profile
from microsocial.protocol.refusals import CannotOpen
from microsocial.records.model import Stored
from microsocial.records.store import stored_of


@dataclass(frozen=True)
class Picture:
    """A blob on its way into the zip: what it is called there, and how it is read here."""

    name: bytes
    path: str
    owner: int  # the number of the record that it belongs to
    when: datetime
    length: int
    chunk: int
    key: bytes | None
    file: Path

    @property
    def is_here(self) -> bool:
        return self.file.is_file()


class Gallery:
    """Knows the files' names; `pictures` for any blobs, `shown` for what a page needs of them."""

    def __init__(self, files: BlobFiles, taken: ColumnElement[bool], zone: tzinfo | None) -> None:
        self._files = files
        self._taken = taken
        self._zone = zone

    def pictures(self, conn: Connection, names: Collection[bytes]) -> dict[bytes, Picture]:
        """Those of these blobs that the node holds."""
        owners = store.first_uses(conn, names, self._taken)
        held = store.blobs_named(conn, names)
        called = self._called(conn, set(owners.values()))
        return {
            name: self._picture(held[name], owner, *called[owner, name])
            for name, owner in owners.items()
            if name in held and held[name].here and (owner, name) in called
        }

    def _called(
        self, conn: Connection, numbers: set[int]
    ) -> dict[tuple[int, bytes], tuple[datetime, str]]:
        """When and with which words these records show what."""
        found: dict[tuple[int, bytes], tuple[datetime, str]] = {}
        for row in store.records_numbered(conn, numbers):
            stored = stored_of(row)
            when = layout.moment(min(stored.created, stored.received), self._zone)
            for size, words in sizes_of(stored):
                name = unb64u(size.hash)
                path = layout.media_file(name, words, when, size.role, extension_of(size.type))
                found.setdefault((row.no, name), (when, path))
        return found

    def _picture(self, row: Any, owner: int, when: datetime, path: str) -> Picture:
        file = self._files.path(row.hash)
        return Picture(row.hash, path, owner, when, row.length, row.chunk, row.key, file)


def sizes_of(stored: Stored) -> Iterator[tuple[Size, str]]:
    """Every blob that a record shows, with the words that its file is called by."""
    payload = stored.payload
    if isinstance(payload, Profile) and payload.avatar is not None:
        yield from ((size, payload.name) for size in payload.avatar.sizes)
    if not isinstance(payload, Post | Message):
        return
    several = len(payload.media) > 1
    for number, item in enumerate(payload.media, 1):
        said = next(filter(layout.slug, (item.caption, item.alt, payload.text)), item.kind)
        yield from ((size, f"{number} {said}" if several else said) for size in item.sizes)
    for card in payload.links if isinstance(payload, Post) else ():
        yield from ((size, card.title) for size in (card.picture.sizes if card.picture else ()))


def hashes_in(items: Sequence[dict[str, Any]]) -> set[bytes]:
    """Every blob that these items, as records hold them, name."""
    return {unb64u(size["hash"]) for item in items for size in item["sizes"]}


def shown(item: dict[str, Any], pictures: Mapping[bytes, Picture]) -> dict[str, Any]:
    """An item as a page shows it: paths from the top of the zip, or nothing where the file is not on this machine."""
    sizes = sorted(item["sizes"], key=lambda size: int(size["width"]))
    here = [
        {**size, "path": picture.path}
        for size in sizes
        if (picture := pictures.get(unb64u(size["hash"]))) is not None and picture.is_here
    ]
    looked_at = [size for size in here if size["role"] in {"small", "screen"}]
    whole = [size for size in here if size["role"] == "original"] or looked_at
    posters = [size for size in here if size["role"] == "poster"]
    return {
        "kind": item["kind"],
        "caption": item["caption"],
        "alt": item["alt"],
        "width": item["width"],
        "height": item["height"],
        "sizes": looked_at or whole,
        "whole": whole[-1]["path"] if whole else None,
        "poster": posters[0]["path"] if posters else None,
    }


def packed(zips: ZipStream, picture: Picture) -> Generator[bytes, None, bool]:
    """The picture as a file of the zip; False, and nothing, when its blob is gone or damaged. Reads a file."""
    with contextlib.ExitStack() as closing:
        try:
            file = closing.enter_context(picture.file.open("rb"))
            checksum, pieces = _checked(picture, file)
        except (FileNotFoundError, CannotOpen):  # purged since the export began, or rotten
            return False
        yield from zips.stored(picture.path, picture.length, checksum, pieces, picture.when)
        return True


def _checked(picture: Picture, file: BinaryIO) -> tuple[int, Iterable[bytes]]:
    """The checksum of the plain bytes, and the bytes; raise CannotOpen. The open file stays what it is, even if removed."""
    if picture.length <= WHOLE_BYTES:
        content = b"".join(_opened(picture, file))
        return zlib.crc32(content), [content]
    checksum = 0
    for piece in _opened(picture, file):
        checksum = zlib.crc32(piece, checksum)
    return checksum, _opened(picture, file)


def _opened(picture: Picture, file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    if picture.key is None:
        digest = sha256()
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            yield piece
        if digest.digest() != picture.name:
            raise CannotOpen
        return
    shape = Shape(picture.length, picture.chunk)
    for index in range(shape.chunks):
        sealed = file.read(shape.sealed_length(index))
        yield open_chunk(sealed, index, picture.key, shape)
