"""The values of this room, its limits, and what can go wrong with them. Pure."""

from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.errors import Conflict, Invalid, NotAllowed, NotFound, TooMuch
from microsocial.events import Event
from microsocial.friends.model import Person
from microsocial.protocol.limits import MAX_TEXT_CHARACTERS
from microsocial.protocol.texts import clean, is_emoji

Class = Literal["public", "friends", "circle", "chosen", "me"]
CLASSES: tuple[Class, ...] = ("public", "friends", "circle", "chosen", "me")
NARROW = frozenset({"circle", "chosen", "me"})  # these name their readers when published

MAX_COMMENTS_PER_POST = 1_000  # a thread one can still read; after that it is a forum
MAX_ENTRIES_PER_PERSON = (
    200  # comments and reactions of one person under one post: one voice among others
)
MAX_CHOSEN = 500  # people named one by one; more is what "friends" or a circle is for
MAX_KEY_CHARACTERS = 100  # a client's own name for a thing it says: a UUID with a prefix fits
MAX_DRAFTS = 100  # more half-said things than anybody goes back to
MAX_DRAFT_BYTES = 262_144  # one record's worth
COMMENTS_IN_A_FEED = 2  # the newest, as a taste; the rest is one tap away


@dataclass(frozen=True)
class Choice:
    """Who shall read it, as the owner chose: a class, and for `circle` and `chosen` which."""

    name: Class
    circle: str | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A post that is ready to be said. `media` and `links` go into the record as they are."""

    text: str
    audience: Choice
    media: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    key: str | None = None
    expires: int | None = None


# The shapes of docs/develop/api.md.


class AudienceShape(TypedDict):
    """Who sees it. `people` only for what is mine."""

    label: str
    circle: str | None
    people: list[Person] | None


# `class` is a word of Python's own, hence the functional form for that one field.
_Class = TypedDict("_Class", {"class": str})


class Audience(AudienceShape, _Class):
    """Who sees it, with its class."""


class Reaction(TypedDict):
    """One emoji and who chose it."""

    emoji: str
    people: list[Person]
    mine: bool


class Comment(TypedDict):
    """What somebody wrote under a post."""

    id: str
    post: str
    author: Person
    text: str
    html: str
    created: int
    edited: bool
    before_edit: bool
    can_delete: bool
    can_remove: bool


class Waiting(TypedDict):
    """Somebody who does not have it yet, and why."""

    person: Person
    since: int | None
    why: str


class Delivery(TypedDict):
    """Who has it, in words and in names."""

    sentence: str
    delivered: list[Person]
    waiting: list[Waiting]


class Card(TypedDict):
    """What a link leads to, as its author's node saw it when posting."""

    url: str
    title: str
    description: str
    picture: dict[str, Any] | None


class Post(TypedDict):
    """A post as the owner's screens show it."""

    id: str
    author: Person
    text: str
    html: str
    audience: Audience
    created: int
    received: int
    expires: int | None
    edited: bool
    media: list[dict[str, Any]]
    card: Card | None
    reactions: list[Reaction]
    commenters: list[Person]
    comments: list[Comment]
    delivery: Delivery | None
    can_edit: bool
    can_comment: bool


# What open screens want to see. It is shown after the commit, for a whole burst at once (feed/live.py), not in the write.


@dataclass(frozen=True)
class PostChanged(Event):
    """A post is here, or says something else."""

    ref: str
    is_new: bool


@dataclass(frozen=True)
class CommentChanged(Event):
    """A comment is here, or says something else."""

    ref: str


@dataclass(frozen=True)
class ReactionsChanged(Event):
    """Somebody reacted to this post, or took it back."""

    post: str


@dataclass(frozen=True)
class EntryNoticed(Event):
    """Somebody else wrote or reacted under a post of mine."""

    ref: str


@dataclass(frozen=True)
class PublicChanged(Event):
    """Something that anyone may see is different now."""


class PostNotFound(NotFound):
    """There is no such post. It may have been deleted."""


class CommentNotFound(NotFound):
    """There is no such comment. It may have been deleted."""


class NotYours(NotAllowed):
    """Only the one who wrote this can change it."""

    status = 403


class NothingSaid(Invalid):
    """There is nothing to post yet. Write something, or add a photo."""


class TextTooLong(Invalid):
    """This is longer than 5,000 characters. Shorten it, or say it in two."""


class TextUnreadable(Invalid):
    """This text holds characters that cannot be sent. Remove them and try again."""


class NotOneEmoji(Invalid):
    """A reaction is one emoji."""


class NoSuchAudience(Invalid):
    """Say who shall see it: public, friends, circle, chosen or me."""


class NobodyChosen(Invalid):
    """Nobody would see this. Choose at least one friend, or “Only me”."""


class NotAmongFriends(Invalid):
    """Somebody you chose is not your friend (any more). Choose again."""


class OutOfReach(Conflict):
    """You are no longer friends, so this cannot reach them."""


class ThreadFull(TooMuch):
    """This thread is full. Start a new post instead."""


class SaidBefore(Conflict):
    """This was said before and has been deleted since. To say it again, start anew."""


class TooManyDrafts(TooMuch):
    """You have very many drafts. Post or delete some of them first."""


class DraftTooLarge(TooMuch):
    """This draft is too large to keep."""

    status = 413


class DraftNotFound(NotFound):
    """There is no such draft."""


def fit_text(text: str, *, may_be_empty: bool = False) -> str:
    """Give the text as it will be said.

    Raises:
        NothingSaid, TextTooLong, TextUnreadable
    """
    text = clean(text).strip()
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise TextUnreadable(field="text")
    if not text and not may_be_empty:
        raise NothingSaid(field="text")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise TextTooLong(field="text")
    return text


def fit_emoji(emoji: str) -> str:
    if not is_emoji(emoji):
        raise NotOneEmoji(field="emoji")
    return emoji


def fit_key(key: str | None) -> str | None:
    if key is not None and not 0 < len(key) <= MAX_KEY_CHARACTERS:
        raise Invalid("A key has between 1 and 100 characters.", field="key")
    return key
