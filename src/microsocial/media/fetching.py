"""Friends' pictures: small ones as soon as the post is here, the rest when somebody looks; and mine back after everything was lost.

Rule 1: nothing polls. What could not be had is asked for again when the friend's machine is heard from, or when it is looked at.
Rule 2: a file is never in memory whole: it comes in pieces and is checked on the disk before it counts.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.database import Database, MachineFault, MachineRecovered
from microsocial.errors import MicrosocialError
from microsocial.events import EventBus, LiveEvent
from microsocial.media import store
from microsocial.media.files import Writing
from microsocial.media.model import MEBIBYTE, Blob, BlobAway, BlobsMissed, BlobsWanted
from microsocial.media.service import Media
from microsocial.protocol.blobs import Shape, open_chunk, open_range
from microsocial.protocol.crypto import AEAD_TAG_BYTES
from microsocial.protocol.encoding import b64u
from microsocial.protocol.refusals import CannotOpen

log = logging.getLogger(__name__)

FRIENDS_AT_ONCE = (
    4  # friends from whom wanted files come at a time; each brings one after the other
)
LOOKS_AT_ONCE = 8  # files that somebody waits for, beside those
IN_ONE_ROUND = 100  # blobs of one friend before others' turn
# What one friend's files may take of our line and disk in a day without anybody looking. Three hundred photos' small sizes are 30 MB,
# an hour of voice notes as much again; what is beyond comes the next day, or when somebody looks at it.
DAY_BYTES = 256 * MEBIBYTE
DAY_MS = 24 * 3600 * 1000
MARK_SECONDS = 60.0  # scrolling through a feed is one write, not one for each picture
LOOK_SECONDS = 20.0  # how long somebody who looks is kept waiting
PIECE_BYTES = 4 * MEBIBYTE  # asked for at a time: in memory, and within a minute at 70 kB/s

# `(person, hash as b64u, start, end) -> stored bytes [start, end)`; raises BlobAway when they do not give it, and another
# MicrosocialError when they cannot be asked now.
Fetch = Callable[[str, str, int, int], Awaitable[bytes]]


class Fetching:
    """Brings what is wanted, one friend at a time each, a few at once. Lives in the event loop."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        media: Media,
        fetch: Fetch,
        ceiling_bytes: int,
        clock: Clock,
    ) -> None:
        self._db = db
        self._bus = bus
        self._media = media
        self._fetch = fetch
        self.ceiling_bytes = ceiling_bytes
        self._friends = asyncio.Semaphore(FRIENDS_AT_ONCE)
        self._lookers = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._looks: dict[bytes, asyncio.Task[None]] = {}
        self._has_wanted: set[str] = set()
        self._misses_mine = False
        self._done_with: set[str] = set()  # nothing of mine is left that they may have
        self._lacks: set[tuple[str, bytes]] = set()  # who said that they do not have it
        self._spent = Spent(clock)
        self._marking: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Keep to the ceiling, which may be another than last time, and ask for what is still wanted."""
        # Not before: a folder that is only opened (`rebuild`) asks nobody.
        self._bus.subscribe(BlobsWanted, lambda event: self._wanted(event.holder))
        self._bus.subscribe(BlobsMissed, lambda _: self._miss())
        self._bus.subscribe(MachineRecovered, lambda _: self._ask_again())
        await self._remove(await self._db.write(lambda conn: self._make_room(conn, b"")))
        for holder in await self._db.read(store.holders_wanted):
            self._wanted(holder)
        for friend in await self._db.read(self._media.who_has_missing):
            self._misses_mine = True
            self._wanted(friend)

    async def keep_to(self, ceiling_bytes: int) -> None:
        """Keep to another ceiling from now on."""
        self.ceiling_bytes = ceiling_bytes
        await self._remove(await self._db.write(lambda conn: self._make_room(conn, b"")))

    async def stop(self) -> None:
        tasks = [*self._rounds.values(), *self._looks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._marking is not None:
            self._marking.cancel()
            await self._mark_seen()

    def looked_at(self, name: bytes) -> None:
        """Somebody looked at a friend's file; it is written down a minute later, with what else they looked at."""
        self._media.looked_at(name)
        if self._marking is None:
            loop = asyncio.get_running_loop()
            self._marking = loop.call_later(
                MARK_SECONDS, lambda: loop.create_task(self._mark_seen())
            )

    async def _mark_seen(self) -> None:
        self._marking = None
        with contextlib.suppress(MachineFault):  # a full disk still shows what is on it
            await self._db.write(self._media.mark_seen)

    # What makes it ask

    def heard(self, holder: str) -> None:
        """A friend's machine is there: ask for what is still wanted, if anything is."""
        if holder in self._has_wanted or (self._misses_mine and holder not in self._done_with):
            self._wanted(holder)

    def _miss(self) -> None:
        """Records of mine came back: whoever is heard from next may have their files."""
        self._misses_mine = True
        self._done_with.clear()

    def _ask_again(self) -> None:
        for holder in list(self._has_wanted):
            self._wanted(holder)

    def next_day(self) -> None:
        """Now and then: ask those for the rest whose day's worth had come, once it is another day."""
        self._done_with.clear()  # they may have listed more of mine since
        for holder in self._spent.renewed():
            self._wanted(holder)

    def _wanted(self, holder: str) -> None:
        self._has_wanted.add(holder)
        if holder in self._rounds:
            self._again.add(holder)
            return
        self._rounds[holder] = asyncio.get_running_loop().create_task(self._round(holder))

    async def look(self, blob: Blob) -> None:
        """Bring one blob because somebody looks at it. Raises BlobAway."""
        task = self._looks.get(blob.hash)
        if task is None:
            await self._db.write(lambda conn: store.want(conn, blob.hash))
            if blob.holder is not None:
                self._has_wanted.add(blob.holder)
            task = self._looks.get(blob.hash) or self._begin_look(blob)
        try:
            await asyncio.wait_for(asyncio.shield(task), LOOK_SECONDS)
        except MachineFault:
            raise  # it is not the friend who is away
        except (MicrosocialError, TimeoutError) as error:
            raise BlobAway from error

    async def peek(self, claims: Sequence[Blob]) -> bytes:
        """Bring a picture to be looked at now, and keep nothing of it: nobody has said yet that it is theirs. Raises BlobAway."""
        for claim in claims:
            try:
                async with self._lookers:
                    return await asyncio.wait_for(self._peek(claim), LOOK_SECONDS)
            except (MicrosocialError, TimeoutError) as error:
                log.debug("A picture could not be looked at: %s", error)
        raise BlobAway

    async def _peek(self, claim: Blob) -> bytes:
        length = self._media.stored_length(claim)
        if length > PIECE_BYTES:
            raise BlobAway
        stored = await self._fetch(claim.holder or "", b64u(claim.hash), 0, length)
        if sha256(stored).digest() != claim.hash:
            raise BlobAway
        if claim.key is None:
            return stored
        shape = Shape(claim.length, claim.chunk)
        return await asyncio.to_thread(open_range, stored, 0, claim.length, claim.key, shape)

    def _begin_look(self, blob: Blob) -> "asyncio.Task[None]":
        async def bring() -> None:
            async with self._lookers:
                await self._bring(blob.hash)

        task = asyncio.get_running_loop().create_task(bring())
        self._looks[blob.hash] = task
        task.add_done_callback(lambda done: self._looked(blob.hash, done))
        return task

    def _looked(self, name: bytes, done: "asyncio.Task[None]") -> None:
        self._looks.pop(name, None)
        if not done.cancelled():
            done.exception()  # told to those who still look; nobody may be left

    # Asking

    async def _round(self, holder: str) -> None:
        try:
            async with self._friends:
                await self._ask_for_all(holder)
        except MicrosocialError:
            return  # away, or our disk is full; asked again when heard from, or when that is over
        except Exception:
            log.exception("Fetching a friend's pictures broke on our side")
        finally:
            self._rounds.pop(holder, None)

    async def _ask_for_all(self, holder: str) -> None:
        while True:
            self._again.discard(holder)
            wanted = await self._db.read(lambda conn: store.wanted_of(conn, holder, IN_ONE_ROUND))
            for blob in wanted:
                if not self._spent.spend(holder, blob.length):
                    return  # still wanted: tomorrow, or when somebody looks
                await self._bring_if_given(blob.hash)
            mine = await self._missing_of(holder) if self._misses_mine else []
            for blob in mine[:IN_ONE_ROUND]:
                if not self._spent.spend(holder, blob.length):
                    return
                await self._bring_back(replace(blob, holder=holder))
            if holder not in self._again and not wanted and not mine:
                self._has_wanted.discard(holder)
                self._done_with.add(holder)
                return

    async def _missing_of(self, friend: str) -> list[Blob]:
        found = await self._db.read(lambda conn: self._media.missing_of(conn, friend))
        return [blob for blob in found if (friend, blob.hash) not in self._lacks]

    async def _bring_back(self, mine: Blob) -> None:
        """Bring one of mine from this friend, who may have kept it."""
        try:
            with self._db.watched():
                await self._bring_from(mine)
        except BlobAway:  # others may have it
            self._lacks.add((mine.holder or "", mine.hash))

    async def _bring_if_given(self, name: bytes) -> None:
        try:
            await self._bring(name)
        except (
            BlobAway
        ):  # they do not have it, or something else than they said: asked for again when looked at
            await self._db.write(lambda conn: store.set_here(conn, name, present=False))

    async def _bring(self, name: bytes) -> None:
        """Bring a blob from whoever shows it; the first whose bytes and key are good. Raises a MicrosocialError."""
        failure: MicrosocialError = BlobAway()
        for claim in await self._db.read(lambda conn: self._claims(conn, name)):
            try:
                with self._db.watched():
                    await self._bring_from(claim)
            except MachineFault:
                raise
            except MicrosocialError as error:
                failure = error
            else:
                return
        raise failure

    def _claims(self, conn: Connection, name: bytes) -> list[Blob]:
        known = store.find_blob(conn, name)
        if known is not None and known.mine:
            return self._media.claims_to_mine(conn, known)
        return self._media.claims(conn, name)

    async def _bring_from(self, claim: Blob) -> None:
        with self._media.files.begin() as writing:
            length = self._media.stored_length(claim)
            for start in range(0, length, PIECE_BYTES):
                end = min(length, start + PIECE_BYTES)
                piece = await self._fetch(claim.holder or "", b64u(claim.hash), start, end)
                if len(piece) != end - start:
                    raise BlobAway
                await asyncio.to_thread(writing.add, piece)
            if not await asyncio.to_thread(_is_as_promised, writing, claim):
                raise BlobAway
            await asyncio.to_thread(writing.settle)
        await self._remove(await self._db.write(lambda conn: self._settle(conn, claim)))
        self._bus.publish(LiveEvent("blob.arrived", {"hash": b64u(claim.hash)}))

    def _settle(self, conn: Connection, claim: Blob) -> list[bytes]:
        """Write it down; give what has to go: it itself when its post was deleted meanwhile, else the least seen."""
        if not self._media.arrived(conn, claim):
            known = store.find_blob(conn, claim.hash)
            return [] if known and known.here else [claim.hash]
        return self._make_room(conn, claim.hash)

    def _make_room(self, conn: Connection, without: bytes) -> list[bytes]:
        return self._media.make_room(conn, self.ceiling_bytes, without)

    async def _remove(self, names: list[bytes]) -> None:
        for name in names:
            await asyncio.to_thread(self._media.files.remove, name)


class Spent:
    """How many bytes each friend's files took today. In memory: a start gives a new day, and counting costs no writes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bytes: dict[str, tuple[int, int]] = {}  # (day, bytes)

    def spend(self, holder: str, length: int) -> bool:
        """Count another file, unless the day's worth has come already. The last may go beyond it, so that no file is too large for ever."""
        today = self._clock.now() // DAY_MS
        day, spent = self._bytes.get(holder, (today, 0))
        if day == today and spent >= DAY_BYTES:
            return False
        self._bytes[holder] = (today, length + (spent if day == today else 0))
        return True

    def renewed(self) -> list[str]:
        """Whose day's worth had come on an earlier day; each is named once."""
        today = self._clock.now() // DAY_MS
        earlier = {who: spent for who, (day, spent) in self._bytes.items() if day != today}
        for holder in earlier:
            del self._bytes[holder]
        return [holder for holder, spent in earlier.items() if spent >= DAY_BYTES]


def _is_as_promised(writing: Writing, claim: Blob) -> bool:
    """Say whether these are the bytes of that name, and whether the key of the record opens them (spec 11.4)."""
    if writing.name != claim.hash:
        return False
    if claim.key is None:
        return True
    shape = Shape(claim.length, claim.chunk)
    try:
        for index, sealed in enumerate(writing.reread(claim.chunk + AEAD_TAG_BYTES)):
            open_chunk(sealed, index, claim.key, shape)
    except CannotOpen:
        return False
    return True
