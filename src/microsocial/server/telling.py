"""Shows open screens what happened in the rooms: after the commit, a burst at once, and only when somebody listens."""

import asyncio
import logging

from microsocial.context import ApiContext
from microsocial.events import Event, LiveEvent
from microsocial.feed.live import SHOWN, Live
from microsocial.server.live import LiveEvents

log = logging.getLogger(__name__)

SHOWN_AT_ONCE = 100  # of a burst; a full page from a friend is five of these
SHOWN_IN_THE_LOOP = 4  # that few take less time than a thread with its own connection


class Telling:
    """Gathers what happened and tells it. Everything happens in the event loop, except the reading."""

    def __init__(self, context: ApiContext, events: LiveEvents) -> None:
        self._context = context
        self._events = events
        self._happened: list[Event] = []
        self._telling: asyncio.Task[None] | None = None
        for kind in SHOWN:
            context.bus.subscribe(kind, self._gather)

    def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()

    def _gather(self, event: Event) -> None:
        if not self._events.is_heard:
            self._events.skip()
            return
        self._happened.append(event)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        while self._happened:
            some = self._happened[:SHOWN_AT_ONCE]
            del self._happened[:SHOWN_AT_ONCE]
            try:
                for told in await self._shown(some):
                    self._context.bus.publish(told)
            except Exception:
                log.exception("Showing what happened broke")
                self._context.bus.publish(LiveEvent("resync", {}))

    async def _shown(self, some: list[Event]) -> list[LiveEvent]:
        live, db = self._context.room(Live), self._context.db
        read = db.read if len(some) <= SHOWN_IN_THE_LOOP else db.read_long
        return await read(lambda conn: live.shown(conn, some))
