"""Erases what is over at its moment (spec 4.13), and before anybody is shown anything.

Rule 1: whoever is about to show or give something awaits `sweep` first. While nothing is due that costs one comparison.
Rule 2: what cannot be erased now (a full disk) is tried again; it must not keep the owner from reading everything else.
"""

import asyncio
import contextlib
import logging

from microsocial.clock import Clock
from microsocial.database import Database
from microsocial.errors import MicrosocialError
from microsocial.events import EventBus
from microsocial.records.model import WillExpire
from microsocial.records.service import Log

log = logging.getLogger(__name__)

# Clocks jump and machines sleep: looking again costs a comparison.
LONGEST_SLEEP_S = 60.0
RETRY_AFTER_MS = 5_000


class Expiry:
    """Lives in the event loop."""

    def __init__(self, db: Database, bus: EventBus, records: Log, clock: Clock) -> None:
        self._db = db
        self._records = records
        self._clock = clock
        self._next: int | None = 0  # when the next record is over; 0: to be found out
        self._sweeping = asyncio.Lock()
        self._look = asyncio.Event()
        self._retry_at = 0
        self._running: asyncio.Task[None] | None = None
        bus.subscribe(WillExpire, self._hear)

    async def start(self) -> None:
        await self.sweep()
        self._running = asyncio.create_task(self._run(), name="expiry")

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    @property
    def is_due(self) -> bool:
        now = self._clock.now()
        # A clock that went back a long way takes the pause after a failure with it.
        is_resting = now < self._retry_at <= now + RETRY_AFTER_MS
        return self._next is not None and self._next <= now and not is_resting

    async def sweep(self) -> None:
        """Return when nothing that is over is left."""
        if not self.is_due:
            return
        async with self._sweeping:
            try:
                while self.is_due:
                    if not await self._db.write(self._records.expire):
                        self._next = await self._db.read(self._records.next_expiry)
            except MicrosocialError as error:
                self._retry_at = self._clock.now() + RETRY_AFTER_MS
                log.warning("What is over could not be erased yet: %s", error)

    def _hear(self, event: WillExpire) -> None:
        self._next = event.moment if self._next is None else min(self._next, event.moment)
        self._look.set()

    async def _run(self) -> None:
        while True:
            self._look.clear()
            await self.sweep()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds()):
                    await self._look.wait()

    def _seconds(self) -> float:
        if self._next is None:
            return LONGEST_SLEEP_S
        left = (max(self._next, self._retry_at) - self._clock.now()) / 1000
        return min(max(left, 0.05), LONGEST_SLEEP_S)
