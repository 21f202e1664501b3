"""What is said by itself: posts and messages whose files are here, and still being prepared.

Rule 1: what waits is on disk before the owner hears of it; it is said and forgotten in one transaction.
Rule 2: nothing is lost: what cannot be said any more stays as it is, with a sentence, until its owner decides.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.errors import MicrosocialError, TooMuch, WeBroke
from microsocial.events import EventBus, LiveEvent
from microsocial.media import held, store
from microsocial.media.held import (
    MAX_WAITING,
    Kind,
    NotWaiting,
    TooManyWaiting,
    Waited,
    WaitedMedia,
    WaitingShape,
)
from microsocial.media.intake import Intake
from microsocial.media.model import (
    Upload,
    UploadNotFound,
    UploadRefused,
    UploadSettled,
    fit,
)
from microsocial.protocol.encoding import b64u

log = logging.getLogger(__name__)

KEY_BYTES = 16

# Says it: publishes, and calls `held.done` in the same transaction. Raises NotWaiting when it was taken back meanwhile.
Sayer: TypeAlias = Callable[[Waited], Awaitable[object]]


class Waiting:
    """Keeps what waits and says it in time. Lives in the event loop."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        intake: Intake,
        sayers: Mapping[Kind, Sayer],
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._db = db
        self._bus = bus
        self._intake = intake
        self._sayers = sayers
        self._clock = clock
        self._entropy = entropy
        self._looking: asyncio.Task[None] | None = None
        self._is_asked_again = False
        bus.subscribe(UploadSettled, lambda _event: self.look_soon())

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    # What the rooms ask

    async def should_wait(self, uploads: Sequence[str]) -> bool:
        """Say whether all of these files are here, and some still being prepared."""
        found = await self._db.read(lambda conn: store.find_uploads(conn, uploads))
        states = {found[one].state if one in found else "gone" for one in uploads}
        return "working" in states and states <= {"working", "ready"}

    async def keep(
        self,
        kind: Kind,
        key: str | None,
        asked: dict[str, Any],
        check: Callable[[Connection], object],
        friend: str | None = None,
    ) -> WaitingShape:
        """Let it wait, in the place of what waited under this key. `check` raises what saying it would, as far as one can know."""
        waited = Waited(
            kind, key or b64u(self._entropy(KEY_BYTES)), friend, asked, self._clock.now()
        )

        def put(conn: Connection) -> None:
            check(conn)
            found = store.find_uploads(conn, waited.uploads)
            if not found.keys() >= set(waited.uploads):
                raise UploadNotFound(field="media")
            files = [found[one] for one in waited.uploads]
            fit([(upload, self._intake.kind(upload)) for upload in files])
            if held.find(conn, kind, waited.key) is None and held.how_many(conn) >= MAX_WAITING:
                raise TooManyWaiting
            held.put(conn, waited)

        await self._db.write(put)
        shown = await self._tell(waited)
        self.look_soon()  # the last file may have become ready just now
        return shown

    async def all(self, kind: Kind, friend: str | None = None) -> list[WaitingShape]:
        """What waits, oldest first, with what has become a draft again."""
        found = await self._db.read(held.everything)
        return [await self._shown(one) for one in found if (one.kind, one.friend) == (kind, friend)]

    async def take_back(self, kind: Kind, key: str, friend: str | None = None) -> None:
        """Do not say it after all; its files stay on their way. Raises NotWaiting."""

        def drop(conn: Connection) -> None:
            found = held.find(conn, kind, key)
            if found is None or found.friend != friend:
                raise NotWaiting
            held.done(conn, kind, key, None)

        await self._db.write(drop)

    # Saying

    def look_soon(self) -> None:
        """A file is settled, or the node has just started: perhaps something can be said."""
        self._is_asked_again = True
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_while_asked())

    async def _look_while_asked(self) -> None:
        while self._is_asked_again:
            self._is_asked_again = False
            for waited in await self._db.read(held.everything):
                if waited.sentence is None:
                    await self._look_at(waited)

    async def _look_at(self, waited: Waited) -> None:
        try:
            if await self._is_ready(waited):
                await self._sayers[waited.kind](waited)
        except NotWaiting:
            return
        except (WeBroke, TooMuch) as error:  # this machine's trouble: it is tried again in an hour
            log.warning("A %s still waits: %s", waited.kind, error)
        except MicrosocialError as error:
            await self._give_back(waited, str(error))
        except FileNotFoundError:  # a folder that was brought back without its uploads
            await self._give_back(waited, UploadNotFound.sentence())
        except Exception:
            log.exception("Saying what had waited broke")

    async def _is_ready(self, waited: Waited) -> bool:
        """Say whether its files are ready. Raises UploadNotFound, UploadRefused."""
        found = await self._db.read(lambda conn: store.find_uploads(conn, waited.uploads))
        if len(found) < len(set(waited.uploads)):
            raise UploadNotFound
        for upload in found.values():
            if upload.state == "refused":
                raise UploadRefused(upload.sentence)
        return not any(upload.state == "working" for upload in found.values())

    async def _give_back(self, waited: Waited, sentence: str) -> None:
        """It is a draft again, unless its owner has just changed or taken it back."""
        refused = replace(waited, sentence=sentence)

        def put(conn: Connection) -> bool:
            is_same = held.find(conn, waited.kind, waited.key) == waited
            if is_same:
                held.put(conn, refused)
            return is_same

        if await self._db.write(put):
            await self._tell(refused)

    # Showing

    async def _tell(self, waited: Waited) -> WaitingShape:
        shown = await self._shown(waited)
        self._bus.publish(LiveEvent("waiting.changed", {"waiting": shown}))
        return shown

    async def _shown(self, waited: Waited) -> WaitingShape:
        found = await self._db.read(lambda conn: store.find_uploads(conn, waited.uploads))
        media = [
            WaitedMedia(
                id=one["id"],
                caption=one["caption"],
                alt=one["alt"],
                upload=self._intake.described(found[one["id"]]) if one["id"] in found else None,
            )
            for one in waited.asked["media"]
        ]
        progress = [one["upload"]["progress"] if one["upload"] else 0 for one in media]
        return WaitingShape(
            kind=waited.kind,
            key=waited.key,
            friend=waited.friend,
            text=waited.asked["text"],
            audience=waited.asked.get("audience"),
            expires=waited.asked.get("expires"),
            media=media,
            made=waited.made,
            state="refused" if waited.sentence else "working",
            progress=sum(progress) // len(progress),
            sentence=waited.sentence or _goes_out_when(found.values()),
        )


def _goes_out_when(uploads: Iterable[Upload]) -> str:
    names = [upload.name for upload in uploads if upload.state == "working"]
    if not names:
        return "It goes out now."
    what = f"{names[0]} is" if len(names) == 1 else f"{len(names)} files are"
    return f"It goes out by itself when {what} ready. You can close this."
