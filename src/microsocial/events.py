"""What happened, told to whoever wants to know, after it is on disk.

A room says `emit(conn, PostPublished(...))` inside its transaction. The database publishes what was emitted after the
commit, in order, in the event loop; what rolls back is never told.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses named in the past tense."""


@dataclass(frozen=True)
class LiveEvent(Event):
    """Told to the owner's open screens as it is: `name` and `payload` of docs/develop/api.md, "Events"."""

    name: str
    payload: dict[str, Any]


E = TypeVar("E", bound=Event)


def emit(conn: Connection, event: Event) -> None:
    """Remember the event on the connection until its transaction commits."""
    conn.info.setdefault("events", []).append(event)


def take_emitted(conn: Connection) -> list[Event]:
    """Hand over and forget what was emitted on this connection."""
    events: list[Event] = conn.info.get("events", [])
    conn.info["events"] = []
    return events


class EventBus:
    """Subscribers by the event's exact class. A subscriber that fails is logged; the others still hear."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, kind: type[E], subscriber: Callable[[E], None]) -> None:
        self._subscribers[kind].append(subscriber)

    def publish(self, event: Event) -> None:
        for subscriber in self._subscribers[type(event)]:
            try:
                subscriber(event)
            except Exception:
                log.exception("A subscriber to %s failed", type(event).__name__)
