"""What was written after an upgrade that was undone comes back, once the program knows that database again.

As an export and its import, in one step: what is missing comes back as it was, what was deleted since stays away, and nobody
is told. Pictures need not go through the zip; they stayed in the folder (media/keeping.py), and only their rows are missing.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from microsocial.archive.website.export import Export, Rooms
from microsocial.archive.website.importing import Importing
from microsocial.archive.website.model import Wanted
from microsocial.archive.website.scratch import BESIDE
from microsocial.archive.work import Progress
from microsocial.database import DATABASE_NAME, set_aside
from microsocial.database.failures import DataFromNewerProgram
from microsocial.errors import Conflict, NotFound
from microsocial.friends.service import Friends
from microsocial.media import store as media_store
from microsocial.media.model import Blob
from microsocial.media.service import Media
from microsocial.node.life import Node, opened
from microsocial.posts.service import Posts
from microsocial.records.service import Log
from microsocial.settings import Settings


class NothingSetAside(NotFound):
    """No newer database lies in this folder that an undo set aside."""


class SetAsideIsNewer(Conflict):
    """The database that was set aside needs the newer program. Upgrade again, then say this once more."""


def bring_back(settings: Settings, progress: Progress) -> list[str]:
    """Bring back from every database that an undo set aside; say of each what came. Only while no node runs.

    Raises NothingSetAside, SetAsideIsNewer.
    """
    with opened(settings) as node:
        asides = set_aside(settings.data / DATABASE_NAME)
        if node.rooms is None or not asides:
            raise NothingSetAside(str(settings.data))
        return [_bring(node, aside, progress) for aside in asides]


def _bring(node: Node, aside: Path, progress: Progress) -> str:
    beside = node.settings.data / BESIDE
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    try:
        shutil.copy2(aside, beside / DATABASE_NAME)  # it is brought up to date, and stays as it was
        zipped, mine = _packed(replace(node.settings, data=beside), beside / "export.zip")
        node.db.write_sync(lambda conn: _know(conn, node, mine))
        return Importing(node, node.db.write_sync, progress).run(zipped)
    except DataFromNewerProgram:
        raise SetAsideIsNewer(aside.name) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _packed(settings: Settings, zipped: Path) -> tuple[Path, list[tuple[Blob, bytes]]]:
    """Export without pictures what the other database holds; and which pictures of mine it knew."""
    with opened(settings) as there:
        rooms = Rooms(there.room(Log), there.room(Media), there.room(Friends), there.room(Posts))
        export = Export(rooms, Wanted(messages=True), there.clock.now(), zipped.name)

        def pack(conn: Connection) -> list[tuple[Blob, bytes]]:
            with zipped.open("xb") as file:
                file.writelines(export.pieces(conn))
            return _pictures(conn)

        return zipped, there.db.read_sync(pack)


def _pictures(conn: Connection) -> list[tuple[Blob, bytes]]:
    blobs = media_store.blobs
    rows = conn.execute(select(blobs).where(blobs.c.mine == 1, blobs.c.here == 1))
    return [
        (Blob(row.hash, row.length, row.chunk, row.key, row.type, True, True, None), row.plain_hash)
        for row in rows
    ]


def _know(conn: Connection, node: Node, mine: list[tuple[Blob, bytes]]) -> None:
    """Say that these stand in the folder, as far as they do."""
    here, files = media_store.here_of_all(conn), node.room(Media).files
    for blob, plain_hash in mine:
        if blob.hash not in here and files.has(blob.hash):
            media_store.add_mine(conn, blob, plain_hash, node.clock.now())
