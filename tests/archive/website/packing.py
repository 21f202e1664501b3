"""Somebody with a whole node in memory and real files, who takes everything along and brings it back.

ana = Packer(village.person("Ana"), folder)
zipped = ana.take_along()
ana.purge_everything()
assert ana.bring_back(zipped) == "Nine things came back."
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from tests.support.studio import Studio

from microsocial.archive.website.export import Export, Rooms
from microsocial.archive.website.importing import Importing
from microsocial.archive.website.model import Wanted
from microsocial.archive.work import Progress
from microsocial.friends.service import Friends
from microsocial.media.service import Media
from microsocial.records import store
from microsocial.records.returning import PURGED
from microsocial.records.service import Log


class Packer:
    """One villager with a studio; a node as far as an import needs one."""

    def __init__(self, person, folder: Path) -> None:
        self.person = person
        self.folder = folder
        self.studio = Studio(person, folder)
        self.clock = person.clock

    def room(self, kind):
        rooms = {Log: self.person.log, Media: self.studio.media, Friends: self.person.friends}
        return rooms[kind]

    # Packing

    def pieces(self, conn, *, messages=True):
        rooms = Rooms(self.person.log, self.studio.media, self.person.friends, self.person.posts)
        now = self.clock.now()
        return Export(rooms, Wanted(messages=messages), now, "ana.zip").pieces(conn)

    def take_along(self, *, messages=True, name="ana.zip") -> Path:
        path = self.folder / name
        with path.open("wb") as file:
            self.person.read(lambda conn: file.writelines(self.pieces(conn, messages=messages)))
        return path

    def bring_back(self, path: Path, progress: Progress | None = None, write=None) -> str:
        return Importing(self, write or self.person.write, progress or Progress()).run(path)

    # What is there

    def envelopes(self, *, mine_only=False) -> dict[tuple[str, str], bytes]:
        query = select(store.records.c.author, store.records.c.id, store.records.c.envelope)
        if mine_only:
            query = query.where(store.records.c.author == self.person.id)
        rows = self.person.read(lambda conn: conn.execute(query).all())
        return {(row.author, row.id): bytes(row.envelope) for row in rows}

    def rows(self, table):
        return self.person.read(lambda conn: conn.execute(select(table)).all())

    def purge(self, *kinds, why=PURGED) -> None:
        """Be without these here; tell nobody."""
        for row in self.rows(store.records):
            if row.kind in kinds:
                self.person.write(
                    lambda conn, row=row: self.person.log.forget(conn, row.author, row.id, why)
                )

    def lose_files(self) -> None:
        for name in self.studio.files():
            self.studio.media.files.remove(name)

    def post(self, *names, **about):
        uploads = [self.studio.prepared(name, sizes=about.pop("sizes", None)) for name in names]

        async def say():
            post = await self.studio.post(*uploads, **about)
            with suppress(asyncio.CancelledError):
                await self.studio.fetching.stop()
            return post

        return asyncio.run(say())
