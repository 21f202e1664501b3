"""Live events: what happened, told to the owner's open screens and to `watch` as server-sent events.

Rule 1: a listener that does not keep up never slows the node: it is told to reload (`resync`) and let go.
Rule 2: a listener lives no longer than the session or token it came with.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import StreamingResponse

from microsocial.clock import Clock
from microsocial.errors import TooMuch
from microsocial.events import EventBus, LiveEvent
from microsocial.identity.model import Caller, SessionEnded, TokenEnded

HEARTBEAT_S = (
    25.0  # below the 30 s after which some proxies and phones give up on a silent connection
)
MAX_WAITING = 256  # events a listener may be behind; a screen that is further behind reloads faster than it reads
MAX_REMEMBERED = 256  # events for a listener that was away for a moment
MAX_LISTENERS = 64  # tabs, phones and scripts of one person
LINGER_MS = 60_000  # a phone in a tunnel finds what it missed; after that it had better reload
RECONNECT_MS = 2_000


class TooManyListeners(TooMuch):
    """Too many windows and programs are listening at once. Close some of them."""

    retry_after_seconds = 30


@dataclass(eq=False)
class Listener:
    caller: Caller
    waiting: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_REMEMBERED + MAX_WAITING)
    )

    def tell(self, event: bytes | None) -> bool:
        """Queue an event (None: it is over). Returns whether it fitted."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            return False
        return True

    def finish(self, *last: bytes) -> None:
        """Drop what waits and end with these."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        for event in (*last, None):
            self.waiting.put_nowait(event)


class LiveEvents:
    """The switchboard between the bus and whoever listens. Everything happens in the event loop."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._listeners: set[Listener] = set()
        self._clock = clock
        self._left = clock.now() - LINGER_MS  # when the last of them went
        # Beginning at the time of the start, ids increase over restarts too.
        self._last_id = clock.now()
        self._first_id = self._last_id
        self._remembered: deque[tuple[int, bytes]] = deque(maxlen=MAX_REMEMBERED)
        bus.subscribe(LiveEvent, self._tell_all)
        bus.subscribe(SessionEnded, lambda ended: self._end("session", ended.session))
        bus.subscribe(TokenEnded, lambda ended: self._end("token", ended.token))

    def listen(self, caller: Caller, last_seen: str | None) -> Listener:
        if len(self._listeners) >= MAX_LISTENERS:
            raise TooManyListeners
        listener = Listener(caller)
        listener.tell(b"retry: %d\nid: %d\n\n" % (RECONNECT_MS, self._last_id))
        for event in self._missed(last_seen):
            if not listener.tell(event):
                break
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        if listener in self._listeners:
            self._listeners.discard(listener)
            self._left = self._clock.now()

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens, or will soon ask what was said in between."""
        return bool(self._listeners) or 0 <= self._clock.now() - self._left < LINGER_MS

    def skip(self) -> None:
        """Something happened that nobody was told of: whoever comes back has to reload."""
        self._last_id += 1
        self._remembered.clear()

    def close(self) -> None:
        """End everybody's stream, so that the server can stop at once."""
        for listener in tuple(self._listeners):
            listener.finish()
        self._listeners.clear()

    def _tell_all(self, event: LiveEvent) -> None:
        self._last_id += 1
        said = written(event.name, event.payload, self._last_id)
        self._remembered.append((self._last_id, said))
        for listener in tuple(self._listeners):
            if not listener.tell(said):
                self.leave(listener)
                listener.finish(written("resync", {}, self._last_id))

    def _missed(self, last_seen: str | None) -> list[bytes]:
        """What happened since the id a returning listener names, or a word that it should reload."""
        if last_seen is None:
            return []
        since = int(last_seen) if last_seen.isdecimal() and len(last_seen) < 20 else -1
        oldest = self._remembered[0][0] - 1 if self._remembered else self._last_id
        if not oldest <= since <= self._last_id:
            return [written("resync", {}, self._last_id)]
        return [said for number, said in self._remembered if number > since]

    def _end(self, kind: str, caller_id: str) -> None:
        for listener in tuple(self._listeners):
            if (listener.caller.kind, listener.caller.id) == (kind, caller_id):
                self.leave(listener)
                listener.finish(written("session.ended", {}, self._last_id))


def written(name: str, payload: Mapping[str, Any], number: int) -> bytes:
    body = msgspec.json.encode(payload)  # one line: JSON escapes every line break
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (number, name.encode(), body)


def router(live: LiveEvents) -> APIRouter:
    routes = APIRouter(tags=["events"])

    @routes.get("/events", response_class=StreamingResponse)
    async def events(request: Request) -> StreamingResponse:
        """Server-sent events. A returning listener is told what it missed, or `resync`."""
        last_seen = request.headers.get("last-event-id")
        listener = live.listen(request.state.owner, last_seen)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            _stream(live, listener), media_type="text/event-stream", headers=headers
        )

    return routes


async def _stream(live: LiveEvents, listener: Listener) -> AsyncIterator[bytes]:
    try:
        while True:
            try:
                event = await asyncio.wait_for(listener.waiting.get(), HEARTBEAT_S)
            except TimeoutError:
                event = b": still here\n\n"
            if event is None:
                return
            yield event
    finally:
        live.leave(listener)
