"""What can go, as values and shapes, and what can go wrong on the way. Pure."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.errors import Conflict, Invalid
from microsocial.friends.model import Person

What = Literal["posts", "comments", "messages", "friends-posts", "media", "copies"]


@dataclass(frozen=True)
class Wish:
    """What the owner wants gone: everything of a kind, or only what is older than a moment or one friend's."""

    what: What
    older_than: int | None = None
    friend: str | None = None
    tell: bool = False  # gone at friends' too; else only from this folder


@dataclass(frozen=True)
class Found:
    """How much fits a wish: things, and the bytes that go with them."""

    count: int
    bytes: int


class PurgeShape(TypedDict):
    """What went, or would go."""

    count: int
    bytes: int
    sentence: str


class KindShape(TypedDict):
    """One kind of thing that takes room."""

    kind: str
    sentence: str
    count: int
    bytes: int


class FreedShape(TypedDict):
    """Something that could go, and how much room that would give."""

    what: str
    sentence: str
    count: int
    bytes: int


class StorageShape(TypedDict):
    """What uses how much room, in bytes."""

    database: int
    mine: int
    friends: int
    ceiling: int
    kinds: list[KindShape]
    would_free: list[FreedShape]


class WaitingShape(TypedDict):
    """A friend who has not removed everything yet."""

    person: Person
    since: int


class LeavingShape(TypedDict):
    """How far deleting everything has come."""

    state: Literal["no", "telling", "told"]
    removed: int
    of: int
    sentence: str
    waiting: list[WaitingShape]


class OnlyOfFriends(Invalid):
    """What you posted is not for one friend alone, so it cannot be chosen by friend. Leave the friend out."""


class OnlyHere(Invalid):
    """That is not yours to delete elsewhere. It can only be removed from this folder."""


class PasswordNeeded(Invalid):
    """What goes at your friends' too cannot be brought back. Type your password, so that it is surely you."""


class TooLateToStay(Conflict):
    """Your friends have heard your goodbye, and this folder is being emptied. It cannot be stopped any more."""


class NotLeaving(Conflict):
    """You are not deleting everything. Begin with that first."""


class LeavingAlready(Conflict):
    """You are deleting everything already."""


class StillTakingBack(Conflict):
    """Your posts and messages are still being taken back. Wait a moment."""
