"""Friends' pictures: small ones as soon as the post is here, the rest when somebody looks.

Nothing polls: what could not be had is asked for again when the friend's machine is heard from, or when it is looked at.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection

from microsocial.database import Database
from microsocial.errors import MicrosocialError
from microsocial.events import EventBus, LiveEvent
from microsocial.media import store
from microsocial.media.files import PIECE_BYTES
from microsocial.media.model import Blob, BlobAway, BlobsWanted
from microsocial.media.service import Media
from microsocial.protocol.encoding import b64u

AT_ONCE = 4  # downloads at a time, from all friends together
IN_ONE_ROUND = 100  # blobs of one friend before others' turn
LOOK_SECONDS = 20.0  # how long somebody who looks is kept waiting

# `(person, hash as b64u, most bytes) -> the stored bytes`; raises a MicrosocialError when they cannot be had.
Fetch = Callable[[str, str, int], Awaitable[bytes]]


class Fetching:
    """Brings what is wanted, one friend at a time each, a few at once. Lives in the event loop."""

    def __init__(
        self, db: Database, bus: EventBus, media: Media, fetch: Fetch, ceiling_bytes: int
    ) -> None:
        self._db = db
        self._bus = bus
        self._media = media
        self._fetch = fetch
        self._ceiling_bytes = ceiling_bytes
        self._places = asyncio.Semaphore(AT_ONCE)
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._looks: dict[bytes, asyncio.Task[None]] = {}
        bus.subscribe(BlobsWanted, lambda event: self.heard(event.holder))

    async def start(self) -> None:
        for holder in await self._db.read(store.holders_wanted):
            self.heard(holder)

    async def stop(self) -> None:
        tasks = [*self._rounds.values(), *self._looks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def heard(self, holder: str) -> None:
        """A friend's machine is there (or something of theirs just arrived): ask for what is wanted."""
        if holder in self._rounds:
            self._again.add(holder)
            return
        self._rounds[holder] = asyncio.get_running_loop().create_task(self._round(holder))

    async def _round(self, holder: str) -> None:
        try:
            while True:
                self._again.discard(holder)
                wanted = await self._db.read(
                    lambda conn: store.wanted_of(conn, holder, IN_ONE_ROUND)
                )
                for blob in wanted:
                    await self._bring(blob)
                if holder not in self._again and len(wanted) < IN_ONE_ROUND:
                    return
        except MicrosocialError:
            return  # away; asked again when heard from
        finally:
            self._rounds.pop(holder, None)

    async def look(self, blob: Blob) -> None:
        """Bring one blob because somebody looks at it. Raises BlobAway."""
        task = self._looks.get(blob.hash)
        if task is None:
            await self._db.write(lambda conn: store.want(conn, blob.hash))
            task = self._looks[blob.hash] = asyncio.get_running_loop().create_task(
                self._bring(blob)
            )
            task.add_done_callback(lambda _: self._looks.pop(blob.hash, None))
        try:
            await asyncio.wait_for(asyncio.shield(task), LOOK_SECONDS)
        except (MicrosocialError, TimeoutError) as error:
            raise BlobAway from error

    async def _bring(self, blob: Blob) -> None:
        if blob.holder is None:
            raise BlobAway
        async with self._places:
            content = await self._fetch(
                blob.holder, b64u(blob.hash), self._media.stored_length(blob)
            )
        if hashlib.sha256(content).digest() != blob.hash or len(
            content
        ) != self._media.stored_length(blob):
            await self._db.write(lambda conn: store.set_here(conn, blob.hash, present=False))
            raise BlobAway  # not what the record promised: not asked for again by itself
        await asyncio.to_thread(self._keep, content)
        gone = await self._db.write(lambda conn: self._settle(conn, blob))
        for name in gone:
            await asyncio.to_thread(self._media.files.remove, name)
        self._bus.publish(LiveEvent("blob.arrived", {"hash": b64u(blob.hash)}))

    def _keep(self, content: bytes) -> None:
        pieces = (content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES))
        self._media.files.keep(pieces)

    def _settle(self, conn: Connection, blob: Blob) -> list[bytes]:
        self._media.arrived(conn, blob.hash)
        return self._media.make_room(conn, self._ceiling_bytes)
