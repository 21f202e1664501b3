"""The values of this room and what can go wrong with them. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.errors import Conflict, Invalid, NotFound
from microsocial.events import Event
from microsocial.friends.model import Person
from microsocial.protocol.limits import MAX_TEXT_CHARACTERS

_CURSOR = re.compile(
    r"(?P<shown>[0-9]{1,16})\.(?P<created>[0-9]{1,16})\.(?P<ref>[A-Za-z0-9_-]{22})"
)

MAX_PAGE = 200  # messages a screen asks for at once
DEFAULT_PAGE = 50
MAX_NOTES = 20  # what happened lately; older clears no longer explain anything on the screen
KEYS_KEPT_MS = 7 * 24 * 3600 * 1000  # a client that was offline for a week may still repeat itself
MAX_KEY_CHARACTERS = 100  # a client's own id for a message, so that sending twice sends once


class MessageShape(TypedDict):
    """One message, as the owner's screens show it (docs/develop/api.md)."""

    id: str
    friend: str
    from_me: bool
    text: str
    html: str
    created: int
    received: int
    expires: int | None
    media: list[dict[str, Any]]
    state: Literal["sending", "delivered"]
    sentence: str


class NoteShape(TypedDict):
    """What happened to the conversation, in a sentence."""

    sentence: str
    created: int


class PageShape(TypedDict):
    """A piece of one conversation, newest first."""

    items: list[MessageShape]
    cursor: str | None
    end: bool
    notes: list[NoteShape]


class ConversationShape(TypedDict):
    """One conversation in the list of all."""

    friend: Person
    last: MessageShape | None
    unread: bool
    sentence: str


@dataclass(frozen=True)
class Cleared:
    """What clearing did: how many messages are gone here, and what to say about the other side."""

    count: int
    sentence: str


@dataclass(frozen=True)
class MessageChanged(Event):
    """A message is here, or says something else. Shown to open screens after the commit (feed/live.py)."""

    ref: str
    is_new: bool


@dataclass(frozen=True)
class ConversationCleared(Event):
    """A conversation was cleared, here and (sooner or later) at the friend's."""

    friend: str
    by_me: bool


class NotFriends(Conflict):
    """You can write to friends only. You and this person are not friends now."""


class MessageNotFound(NotFound):
    """There is no such message in this conversation. It may have been cleared."""


class NotYourMessage(Conflict):
    """Only who wrote a message can take it back. You can clear the whole conversation instead."""


class NothingToSend(Invalid):
    """Write something first."""


class MessageTooLong(Invalid):
    """This message is too long. Keep it under 5,000 characters, or send it in parts."""


class KeyUsed(Conflict):
    """This message was sent before and is gone again: it was taken back or cleared."""


class KeyTooLong(Invalid):
    """The key of a message has at most 100 characters."""


class CursorWrong(Invalid):
    """This is not a place in the conversation. Start again at its end."""


def fit_text(text: str, *, may_be_empty: bool = False) -> str:
    if not text.strip() and not may_be_empty:
        raise NothingToSend(field="text")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise MessageTooLong(field="text")
    return text


def cursor_at(shown: int, created: int, ref: str) -> str:
    return f"{shown}.{created}.{ref}"


def read_cursor(cursor: str) -> tuple[int, int, str]:
    """Read where the last page ended; raise CursorWrong."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise CursorWrong(field="cursor")
    return int(found["shown"]), int(found["created"]), found["ref"]
