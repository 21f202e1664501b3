"""What comes back beside records: files, and what the owner's machine knew. Everything only where it is missing.

Rule 1: a blob's file stands, durable, before its row says so, as in the media room; a crash in between leaves a file that
the next start removes, and importing again brings back.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection

from microsocial.archive.website.model import ExportDamaged
from microsocial.archive.website.shelf import CircleFact, DraftFact, Facts, FriendFact
from microsocial.archive.website.unzipping import Unzipping
from microsocial.feed.store import mark_read
from microsocial.friends import store as friends_store
from microsocial.friends.circles import fold
from microsocial.identity.store import read_preferences, set_preference
from microsocial.media import store as media_store
from microsocial.media.files import Writing
from microsocial.media.model import Blob
from microsocial.media.service import Media, shown_by
from microsocial.posts import store as posts_store
from microsocial.posts.model import MAX_DRAFTS
from microsocial.protocol.blobs import Shape, seal_chunk
from microsocial.protocol.encoding import unb64u
from microsocial.records.model import Stored


@dataclass(frozen=True)
class Restored:
    """A blob that stands in the folder again."""

    blob: Blob
    plain_hash: bytes


class Files:
    """Puts pictures back under the names that records know them by: sealed again with their keys, bit for bit."""

    def __init__(self, media: Media, zipped: Unzipping, me: str) -> None:
        self._media = media
        self._zip = zipped
        self._me = me
        self.damaged = 0

    def missing(self, conn: Connection, stored: Sequence[Stored]) -> list[Blob]:
        """The blobs that these records show and that are not here."""
        wanted: dict[bytes, Blob] = {}
        for one in stored:
            for item in shown_by(one):
                for size in item.sizes:
                    name = unb64u(size.hash)
                    key = unb64u(size.key) if size.key else None
                    is_mine = one.author == self._me
                    holder = None if is_mine else one.author
                    wanted[name] = Blob(
                        name, size.bytes, size.chunk, key, size.type, is_mine, True, holder
                    )
        here = media_store.here(conn, wanted.keys()) if wanted else set()
        return [
            blob
            for name, blob in wanted.items()
            if name not in here or not self._media.files.has(name)
        ]

    def restore(self, blob: Blob, path: str) -> Restored | None:
        """Write one file; None when the zip's is not the one that the record names. Writes a file."""
        digest = sha256()
        try:
            with self._media.files.begin() as writing:
                for piece in _as_stored(self._plain(blob, path, digest.update), blob):
                    writing.add(piece)
                return self._settled(writing, blob, digest.digest())
        except ExportDamaged:
            self.damaged += 1
            return None

    def _settled(self, writing: Writing, blob: Blob, plain_hash: bytes) -> Restored:
        if writing.name != blob.hash:
            raise ExportDamaged
        writing.settle()
        return Restored(blob, plain_hash)

    def _plain(self, blob: Blob, path: str, hear: Callable[[bytes], object]) -> Iterator[bytes]:
        for piece in self._zip.pieces(path, blob.length):
            hear(piece)
            yield piece

    def keep(self, conn: Connection, restored: Sequence[Restored], now: int) -> None:
        """Say that these stand in the folder."""
        for one in restored:
            if one.blob.mine:
                media_store.add_mine(conn, one.blob, one.plain_hash, now)
            else:
                media_store.set_arrived(conn, one.blob, now)


def _as_stored(plain: Iterator[bytes], blob: Blob) -> Iterator[bytes]:
    """The bytes of a blob from its content: in chunks, sealed when it has a key (spec 11.3)."""
    if blob.key is None:
        yield from plain
        return
    shape = Shape(blob.length, blob.chunk)
    index = 0
    try:
        for chunk in _cut(plain, blob.chunk):
            yield seal_chunk(chunk, index, blob.key, shape)
            index += 1
    except ValueError as error:  # shorter or longer than the record says
        raise ExportDamaged from error


def _cut(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    left = bytearray()
    for piece in pieces:
        left += piece
        while len(left) >= length:
            yield bytes(left[:length])
            del left[:length]
    if left:
        yield bytes(left)


# What the machine knew


def bring_facts(conn: Connection, facts: Facts) -> None:
    """Put back what is missing; what is here already says more."""
    _people(conn, facts.friends)
    friends = set(friends_store.in_state(conn, "friend"))
    for circle in facts.circles:
        _circle(conn, circle, friends)
    kept = {row.key for row in conn.execute(posts_store.drafts.select())}
    for draft in facts.drafts:
        if draft.key not in kept and len(kept) < MAX_DRAFTS:
            kept.add(draft.key)
            _draft(conn, draft)
    for name, until in facts.read.items():
        mark_read(conn, name, until)
    known = read_preferences(conn)
    for name, value in facts.preferences.items():
        if name not in known:
            set_preference(conn, name, value)


def _people(conn: Connection, friends: Sequence[FriendFact]) -> None:
    """Name those who wrote and are not known here any more. A friendship is between two: it does not come back by itself."""
    known = friends_store.by_person(conn, friends_store.friends, [one.person for one in friends])
    for one in friends:
        if one.person in known:
            continue
        friends_store.put(
            conn,
            friends_store.friends,
            person=one.person,
            state="former",
            met=one.met,
            since=one.since,
            sees_from=one.since,
            ended=one.ended or one.since,
            ended_by=one.ended_by or "me",
        )
        if friends_store.find(conn, friends_store.faces, person=one.person) is None:
            friends_store.put(
                conn, friends_store.faces, person=one.person, name=one.name, hue=one.hue, about=""
            )


def _circle(conn: Connection, circle: CircleFact, friends: Collection[str]) -> None:
    folded = fold(circle.name)
    if friends_store.find(conn, friends_store.circles, id=circle.id) is not None:
        return
    if friends_store.find(conn, friends_store.circles, folded=folded) is not None:
        return
    values = {"id": circle.id, "name": circle.name, "folded": folded, "made": circle.made}
    friends_store.put(conn, friends_store.circles, **values)
    for person in circle.people:
        if person in friends:
            friends_store.put(conn, friends_store.circle_people, circle=circle.id, person=person)


def _draft(conn: Connection, draft: DraftFact) -> None:
    """Its words and readers; files that were on their way to it are not kept that long."""
    posts_store.put(
        conn,
        posts_store.drafts,
        key=draft.key,
        text=draft.text,
        audience=json.dumps(draft.audience),
        media="[]",
        changed=draft.changed,
    )
