"""Drives a departure: takes back step by step, looks whenever a friend's machine has answered, and says goodbye at the end.

It begins again by itself when the node was stopped in the middle.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from microsocial.archive.leaving.departure import Departure
from microsocial.database import Database
from microsocial.delivery.model import CorrespondenceEnded, Delivered
from microsocial.errors import MicrosocialError
from microsocial.events import Event, EventBus, LiveEvent

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 30.0  # beside what is heard of; costs a query
FAREWELL_S = 15.0  # for those who are awake; the others find nobody any more
FAREWELL_LOOK_S = 0.2
LAST_WORDS = (
    "Everything of yours is deleted: in this folder, and at the friends whose machines confirmed it. "
    "Goodbye, and thank you."
)


class Going:
    """Lives in the event loop. `end` is told the sentence with which the node ends."""

    def __init__(
        self, db: Database, bus: EventBus, departure: Departure, end: Callable[[str], None]
    ) -> None:
        self._db = db
        self._bus = bus
        self._departure = departure
        self._end = end
        self._look = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        bus.subscribe(Delivered, self._heard)
        bus.subscribe(CorrespondenceEnded, self._heard)

    async def start(self) -> None:
        """Go on with what was begun before the node was stopped."""
        if await self._db.read(self._departure.is_erasing):
            self._end(LAST_WORDS)
        elif await self._db.read(self._departure.is_going):
            self.go()

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    def go(self) -> None:
        """Begin, or go on."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._go(), name="leaving")

    async def finish(self) -> None:
        """Say goodbye to whom can be reached within a moment, then end. The caller has proved who they are."""
        await self._db.write(self._departure.finish)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while await self._db.read(self._departure.farewells_left):  # noqa: ASYNC110 - its end tells nobody
                    await asyncio.sleep(FAREWELL_LOOK_S)
        self._end(LAST_WORDS)

    def _heard(self, _: Event) -> None:
        self._look.set()

    async def _go(self) -> None:
        while await self._db.read(self._departure.is_going):
            try:
                await self._step()
            except MicrosocialError as error:
                log.warning("Deleting everything waits: %s", error)
                await asyncio.sleep(5)
                continue
            await self._until_something_happens()

    async def _step(self) -> None:
        left = await self._db.write(self._departure.take_back_some)
        while left:
            await self._tell()
            left = await self._db.write(self._departure.take_back_some)
        await self._db.write(self._departure.look)
        await self._tell()

    async def _tell(self) -> None:
        shape = await self._db.read(self._departure.shape)
        self._bus.publish(LiveEvent("leaving.changed", {"leaving": dict(shape)}))

    async def _until_something_happens(self) -> None:
        self._look.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):
                await self._look.wait()
