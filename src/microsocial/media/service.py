"""The media room's verbs: which blobs there are, which record shows them, who may have them, which can go.

Rule 1: a blob's file stands, durable, before its row says so; its row goes before its file does.
Rule 2: everything here is synchronous and touches files only where a docstring says so.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.events import emit
from microsocial.media import store
from microsocial.media.files import PIECE_BYTES, BlobFiles
from microsocial.media.model import (
    CHUNK_BYTES,
    FETCHED_ON_ARRIVAL,
    MAX_ON_ARRIVAL_BYTES,
    Blob,
    BlobAway,
    BlobsLoosened,
    BlobsMissed,
    BlobsWanted,
)
from microsocial.protocol.blobs import KEY_BYTES, Shape, open_range, seal_chunk
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.media import Media as MediaItem
from microsocial.protocol.media import Size
from microsocial.protocol.payloads import Message, Post, Profile
from microsocial.records import store as records
from microsocial.records.model import Me, Stored

CLAIMS = 8  # records asked who has a blob; the same picture from more friends than that is rare
SHOWING_KINDS = frozenset({"post", "message", "profile"})


@dataclass(frozen=True)
class SealedSize:
    """One size of a prepared file as it stands in the folder, ready for records."""

    entry: dict[str, Any]
    blob: Blob
    plain_hash: bytes


class Media:
    """What the rooms above and the doors ask of the media room."""

    def __init__(self, me: Me, clock: Clock, entropy: Entropy, files: BlobFiles) -> None:
        self._me = me
        self._clock = clock
        self._entropy = entropy
        self.files = files
        self._looked_at: dict[bytes, int] = {}

    # Mine

    def seal(
        self, conn: Connection, source: Path, size: dict[str, Any], *, public: bool
    ) -> SealedSize:
        """Put one prepared size into the folder, sealed unless it is public; the same content once. Writes a file.

        `conn` is only read: call `keep` with what comes back in the transaction that publishes.
        """
        plain_hash, length = _measured(source)
        blob = store.find_by_plain(conn, plain_hash, sealed=not public)
        if blob is None or not self.files.has(blob.hash):
            key = None if public else self._entropy(KEY_BYTES)
            name, _ = self.files.keep(
                _pieces(source) if key is None else _sealed(source, length, key)
            )
            blob = Blob(
                name, length, CHUNK_BYTES, key, size["type"], mine=True, here=True, holder=None
            )
        entry = {
            "hash": b64u(blob.hash),
            "key": b64u(blob.key) if blob.key else None,
            "bytes": blob.length,
            "chunk": blob.chunk,
            "width": size["width"],
            "height": size["height"],
            "type": size["type"],
            "role": size["role"],
        }
        return SealedSize(entry, blob, plain_hash)

    def keep(self, conn: Connection, sealed: Iterable[SealedSize]) -> None:
        """Say that these stand in the folder."""
        for size in sealed:
            store.add_mine(conn, size.blob, size.plain_hash, self._clock.now())

    # What records show: told by the log, whose watcher this is

    def take_in(self, conn: Connection, stored: Stored) -> None:
        """Notice which blobs a record shows: it stands, is revised or withdrawn."""
        if stored.kind not in SHOWING_KINDS:
            return
        sizes = [size for item in shown_by(stored) for size in item.sizes]
        before, now = store.uses_of(conn, stored.no), {unb64u(size.hash) for size in sizes}
        if now != before:
            store.set_uses(conn, stored.no, now)
        if before - now:
            emit(conn, BlobsLoosened())
        if stored.author != self._me.id and sizes:
            self._want(conn, stored.author, sizes)
        elif stored.via != self._me.id and sizes:
            self._miss(conn, stored.via, sizes)

    def _want(self, conn: Connection, holder: str, sizes: Sequence[Size]) -> None:
        wanted = [(_theirs(size, holder), _comes_by_itself(size)) for size in sizes]
        store.add_theirs(conn, wanted, self._clock.now())
        emit(conn, BlobsWanted(holder))

    def _miss(self, conn: Connection, holder: str, sizes: Sequence[Size]) -> None:
        """A record of mine came back from a friend: its files may have to come back too, the large ones as well."""
        missing = [replace(_theirs(size, holder), mine=True, holder=None) for size in sizes]
        if store.add_missing(conn, missing, self._clock.now()):
            emit(conn, BlobsMissed())

    def clear(self, conn: Connection) -> None:
        """Forget what records show; `take_in` is about to be told of every record again."""
        store.clear_uses(conn)

    def claims(self, conn: Connection, name: bytes) -> list[Blob]:
        """Say who has a friend's blob and how it opens, by each of the newest records that show it.

        A hostile friend may name another's blob with a wrong key; the bytes decide who was right.
        """
        found: dict[Blob, None] = {}
        for no in store.showing(conn, name, CLAIMS):
            for stored in records.find_by(conn, no=no):
                sizes = [size for item in shown_by(stored) for size in item.sizes]
                found |= {
                    _theirs(size, stored.author): None
                    for size in sizes
                    if unb64u(size.hash) == name and stored.author != self._me.id
                }
        return list(found)

    def claims_to_mine(self, conn: Connection, blob: Blob) -> list[Blob]:
        """Say who may still have a blob of mine that is missing here: whoever was offered what shows it."""
        given = store.given_missing(conn, self._me.id, blob.hash)
        return [replace(blob, holder=person) for person in given]

    def missing_of(self, conn: Connection, person: str) -> list[Blob]:
        """Give what of mine is missing here and this friend may have."""
        return store.missing_of(conn, self._me.id, person)

    def who_has_missing(self, conn: Connection) -> list[str]:
        return store.given_missing(conn, self._me.id)

    def has_lost(self, conn: Connection, names: Iterable[bytes]) -> bool:
        """Say whether rows speak of files that are not among these, which are there."""
        return bool(store.here_of_all(conn) - set(names))

    def lost(self, conn: Connection, names: Iterable[bytes]) -> None:
        """Take note of files that are gone, as after a restore without them."""
        store.set_lost(conn, store.here_of_all(conn) - set(names))

    def describe(self, conn: Connection, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give items, as records hold them, in the shape of docs/develop/api.md."""
        names = [unb64u(size["hash"]) for item in items for size in item["sizes"]]
        present = store.here(conn, names) if names else set()
        return [described(item, present, own_url) for item in items]

    # Reading

    def readable(self, conn: Connection, name: bytes) -> Blob:
        """Give a blob that the owner may look at, here or not. Raises BlobAway."""
        blob = store.find_blob(conn, name)
        if blob is None:
            raise BlobAway
        return blob

    def looked_at(self, name: bytes) -> None:
        """Remember that somebody looked at a friend's blob. `mark_seen` writes it down, for many at once."""
        self._looked_at[name] = self._clock.now()

    def mark_seen(self, conn: Connection) -> None:
        """Write down what was looked at since the last time."""
        seen, self._looked_at = self._looked_at, {}
        store.set_seen(conn, seen)

    def read_plain(self, blob: Blob, start: int, end: int) -> Iterator[bytes]:
        """Yield the plain bytes [start, end), opened chunk by chunk. Reads a file."""
        if blob.key is None:
            yield from self.files.read(blob.hash, start, end - start)
            return
        shape = Shape(blob.length, blob.chunk)
        step = max(1, PIECE_BYTES // blob.chunk) * blob.chunk
        at = start
        while at < end:
            until = min(end, (at // step + 1) * step)
            first, last = shape.sealed_span(at, until)
            sealed = b"".join(self.files.read(blob.hash, first, last - first))
            yield open_range(sealed, at, until, blob.key, shape)
            at = until

    def stored_length(self, blob: Blob) -> int:
        return blob.length if blob.key is None else Shape(blob.length, blob.chunk).sealed_bytes

    def for_friend(self, conn: Connection, name: bytes, person: str) -> Blob | None:
        """Give the blob if this friend was offered a record of mine that shows it, or said what shows it (spec 11.4)."""
        blob = store.find_blob(conn, name)
        if blob is None:
            return None
        is_theirs = store.is_said_by(conn, name, person)
        is_told = blob.mine and store.was_offered(conn, name, person, self._me.id)
        return blob if is_theirs or is_told else None

    def for_anybody(self, conn: Connection, name: bytes) -> Blob | None:
        """Give the blob if a public record of mine shows it."""
        return store.find_blob(conn, name) if store.is_public(conn, name, self._me.id) else None

    # Room

    def arrived(self, conn: Connection, blob: Blob) -> bool:
        """Say that a friend's blob, or one of mine again, stands in the folder; False when nothing shows it any more."""
        if blob.mine:
            return store.set_back(conn, blob, self._clock.now())
        return store.set_arrived(conn, blob, self._clock.now())

    def drop_orphans(self, conn: Connection) -> list[bytes]:
        """Forget the blobs that no record shows; the caller removes the files after the commit."""
        names = store.orphans(conn, self._me.id)
        store.drop_blobs(conn, names)
        for name in names:
            # Mine until now, and a friend posted the same: from now on it is theirs, to be fetched from them.
            for blob in self.claims(conn, name):
                store.add_theirs(conn, [(blob, True)], self._clock.now())
                emit(conn, BlobsWanted(blob.holder or ""))
        return names

    def strangers(self, conn: Connection, names: Iterable[bytes]) -> list[bytes]:
        """Say which of these files no row speaks of: what a crash left between a file and its row."""
        known = store.all_names(conn)
        return [name for name in names if name not in known]

    def make_room(self, conn: Connection, ceiling_bytes: int, without: bytes = b"") -> list[bytes]:
        """Let go of what friends have too, least recently seen first, until it fits; the files go after the commit.

        `without` has just been asked for and stays, even if it alone is larger than the ceiling.
        """
        self.mark_seen(conn)
        excess = store.cached_bytes(conn) - ceiling_bytes
        gone: list[bytes] = []
        for blob in store.least_recently_seen(conn) if excess > 0 else ():
            if excess <= 0:
                break
            if blob.hash == without:
                continue
            store.set_here(conn, blob.hash, present=False)
            gone.append(blob.hash)
            excess -= blob.length
        return gone

    def let_go(self, conn: Connection, names: Iterable[bytes]) -> None:
        """Say that these, which friends have too, are here no more; the caller removes the files after the commit."""
        for name in names:
            store.set_here(conn, name, present=False)


def shown_by(stored: Stored) -> tuple[MediaItem, ...]:
    """The photos, clips and voice notes of a record."""
    payload = stored.payload
    if isinstance(payload, Post):
        return (*payload.media, *(card.picture for card in payload.links if card.picture))
    if isinstance(payload, Message):
        return payload.media
    if isinstance(payload, Profile) and payload.avatar is not None:
        return (payload.avatar,)
    return ()


def claims_of(stored: Stored, name: bytes, holders: Iterable[str]) -> list[Blob]:
    """Say how a blob of a record that only these people hold opens."""
    sizes = (size for item in shown_by(stored) for size in item.sizes)
    size = next((size for size in sizes if unb64u(size.hash) == name), None)
    return [_theirs(size, holder) for holder in holders] if size else []


def _comes_by_itself(size: Size) -> bool:
    return size.role in FETCHED_ON_ARRIVAL and size.bytes <= MAX_ON_ARRIVAL_BYTES


def _theirs(size: Size, holder: str) -> Blob:
    key = unb64u(size.key) if size.key else None
    return Blob(
        unb64u(size.hash),
        size.bytes,
        size.chunk,
        key,
        size.type,
        mine=False,
        here=False,
        holder=holder,
    )


def described(
    item: dict[str, Any], present: set[bytes], url: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """One photo, clip or voice note in the shape of docs/develop/api.md, "Media"."""
    posters = [size for size in item["sizes"] if size["role"] == "poster"]
    sizes = sorted(
        (size for size in item["sizes"] if size["role"] != "poster"),
        key=lambda size: int(size["width"]),
    )
    first = [size for size in item["sizes"] if size["role"] in FETCHED_ON_ARRIVAL] or sizes
    kept = ("id", "kind", "caption", "alt", "width", "height")
    told = ("width", "height", "type", "role", "bytes")
    return {name: item[name] for name in kept} | {
        "duration": item["duration"] or None,
        "placeholder": item["placeholder"] or None,
        "poster": url(posters[0]) if posters else None,
        "sizes": [{name: size[name] for name in told} | {"url": url(size)} for size in sizes],
        "state": "ready" if all(unb64u(size["hash"]) in present for size in first) else "waiting",
    }


def own_url(size: dict[str, Any]) -> str:
    """Where the owner finds a blob."""
    return f"/api/v1/blobs/{size['hash']}"


def public_url(size: dict[str, Any]) -> str:
    """Where anybody finds a size of a public record of mine."""
    return f"/media/{size['hash']}.{extension_of(size['type'])}"


def extension_of(media_type: str) -> str:
    return EXTENSIONS.get(media_type, "bin")


def describe_publicly(_conn: Connection, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give items of public records of mine as visitors see them. The originals stay at home."""
    shown = [described(item, set(), public_url) for item in items]
    for item in shown:
        item["sizes"] = [size for size in item["sizes"] if size["role"] != "original"]
    return shown


EXTENSIONS = {
    "image/webp": "webp",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "audio/mp4": "m4a",
}


def _measured(source: Path) -> tuple[bytes, int]:
    digest, length = hashlib.sha256(), 0
    for piece in _pieces(source):
        digest.update(piece)
        length += len(piece)
    return digest.digest(), length


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _sealed(source: Path, length: int, key: bytes) -> Iterator[bytes]:
    shape = Shape(length, CHUNK_BYTES)
    with source.open("rb") as file:
        for index in range(shape.chunks):
            yield seal_chunk(file.read(CHUNK_BYTES), index, key, shape)
