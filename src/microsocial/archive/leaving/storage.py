"""What uses how much room. Counted in the database; of the disk only a handful of known files are looked at."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.archive.backups.keeper import SCRATCH
from microsocial.archive.backups.model import day_of
from microsocial.archive.leaving import store
from microsocial.archive.leaving.model import FreedShape, KindShape, StorageShape
from microsocial.database import DATABASE_NAME, set_aside
from microsocial.database.copies import copies
from microsocial.identity.store import read_preferences, set_preference

CEILING = "media_ceiling_bytes"  # the owner's choice; without one the setting counts
LONG_AGO_MS = 90 * 24 * 3600 * 1000  # a picture not looked at for a season
UPLOADS = "media/uploads"


@dataclass(frozen=True)
class OnDisk:
    """What the folder holds beside blobs, as (files, bytes)."""

    database: tuple[int, int]
    copies: tuple[int, int]
    aside: tuple[int, int]
    unfinished: tuple[int, int]
    scratch: tuple[int, int]
    aside_since: int | None = None  # when an undo last set a database aside

    @property
    def all_copies(self) -> tuple[int, int]:
        """What goes when the owner lets the copies go."""
        return self.copies[0] + self.aside[0], self.copies[1] + self.aside[1]


def chosen_ceiling(conn: Connection) -> int | None:
    """How much room the owner gives friends' photos and clips, if they said so in the app."""
    chosen = read_preferences(conn).get(CEILING)
    return int(chosen) if chosen is not None else None


def choose_ceiling(conn: Connection, ceiling_bytes: int) -> None:
    set_preference(conn, CEILING, str(ceiling_bytes))


def look_at(folder: Path) -> OnDisk:
    """Look at the files that no row speaks of. Touches the disk, but walks no folder of blobs."""
    database = folder / DATABASE_NAME
    kept, aside = set(copies(database)), set(set_aside(database))
    own = [file for file in folder.glob(f"{DATABASE_NAME}*") if file not in kept | aside]
    return OnDisk(
        _sizes(own),
        _sizes(kept),
        _sizes(aside),
        _sizes(files_below(folder / UPLOADS)),
        _sizes(files_below(folder / SCRATCH)),
        max(_days_of(aside), default=None),
    )


def about_aside(disk: OnDisk) -> str | None:
    """What the owner has to know of a database that an undo set aside: that it is kept, and what it keeps."""
    if disk.aside_since is None:
        return None
    return (
        f"Going back from an upgrade on {day_of(disk.aside_since)} set the newer database aside. It keeps what you wrote after "
        "that upgrade, and also what you have deleted since. It stays until you let the copies kept before upgrades go."
    )


def files_below(folder: Path) -> Iterator[Path]:
    """Every file there, at any depth; folders that go while we look are no error (to rglob they are)."""
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names)


def _days_of(files: Iterable[Path]) -> Iterator[int]:
    for file in files:
        with contextlib.suppress(OSError):
            yield int(file.stat().st_mtime * 1000)


def _sizes(files: Iterable[Path]) -> tuple[int, int]:
    count = size = 0
    for file in files:
        with contextlib.suppress(OSError):  # comes and goes while we look
            if file.is_file():
                size += file.stat().st_size
                count += 1
    return count, size


def used(conn: Connection, disk: OnDisk) -> dict[str, int]:
    """How much the whole folder takes, in few words."""
    media = store.blob_bytes(conn) + disk.unfinished[1]
    rest = disk.all_copies[1] + disk.scratch[1]
    return {"database": disk.database[1], "media": media, "bytes": disk.database[1] + media + rest}


def storage(conn: Connection, disk: OnDisk, ceiling: int, now: int) -> StorageShape:
    """Put it together: two short queries, however much there is."""
    taken = store.room_taken(conn, now - LONG_AGO_MS)
    return StorageShape(
        database=disk.database[1],
        mine=sum(row.bytes for row in taken if row.mine),
        friends=sum(row.bytes for row in taken if not row.mine),
        ceiling=ceiling,
        kinds=_kinds(taken, disk, store.records_held(conn)),
        would_free=_would_free(taken, disk),
    )


_KINDS = {
    "photos": "Your photos",
    "clips": "Your clips",
    "voices": "Your voice notes",
    store.FRIENDS_MEDIA: "Photos and clips of friends",
    "messages": "Photos and clips in messages",
}


def _kinds(taken: Iterable[Row[Any]], disk: OnDisk, records: int) -> list[KindShape]:
    sums = dict.fromkeys(_KINDS, (0, 0))
    for row in taken:
        count, size = sums[row.kind]
        sums[row.kind] = (count + row.things, size + row.bytes)
    rows = [(kind, _KINDS[kind], *sums[kind]) for kind in _KINDS]
    rows += [
        (
            "database",
            "Everything written: posts, messages, who your friends are",
            records,
            disk.database[1],
        ),
        ("unfinished", "Files on their way into a post", *disk.unfinished),
        ("scratch", "Room that backups use while they work", *disk.scratch),
        ("copies", "Copies kept before upgrades", *disk.copies),
        ("aside", "The newer database that going back from an upgrade set aside", *disk.aside),
    ]
    return [
        KindShape(kind=kind, sentence=sentence, count=count, bytes=size)
        for kind, sentence, count, size in rows
        if size or kind in ("photos", store.FRIENDS_MEDIA, "database")
    ]


def _about_copies(disk: OnDisk) -> str:
    kept = "Copies kept before upgrades. Without them an upgrade cannot be undone."
    aside = about_aside(disk)
    return f"{kept} {aside}" if aside else kept


def _would_free(taken: Iterable[Row[Any]], disk: OnDisk) -> list[FreedShape]:
    theirs = [row for row in taken if not row.mine]
    rows = [
        (
            "media-unseen",
            "Photos and clips of friends that you have not looked at for three months. They come again when you do.",
            sum(row.old_things for row in theirs),
            sum(row.old_bytes for row in theirs),
        ),
        (
            "media",
            "All photos and clips of friends. They come again when you look, as long as your friends have them.",
            sum(row.things for row in theirs),
            sum(row.bytes for row in theirs),
        ),
        (
            "copies",
            _about_copies(disk),
            *disk.all_copies,
        ),
    ]
    return [
        FreedShape(what=what, sentence=sentence, count=count, bytes=size)
        for what, sentence, count, size in rows
        if size
    ]
