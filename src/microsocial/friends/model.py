"""The values of this room and what can go wrong with them. Pure."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.errors import Conflict, Invalid, NotFound, PeerBroke, TooMuch
from microsocial.events import Event

INVITE_VALID_MS = 7 * 24 * 3600 * 1000  # spec 9.1: a link left in a chat stops working after a week
MAX_OPEN_INVITES = 200  # a party's worth of links; each is a door that stands open for a week
MAX_WAITING_ASKS = (
    50  # strangers cannot fill the disk or the screen: more than that are let wait unheard
)
MAX_ASKS_PER_HOUR = 20  # spec: small, rate-limited, quiet
ASK_MEMORY_MS = 90 * 24 * 3600 * 1000  # how long a no stays a no before they may ask again
MAX_CIRCLES = 100  # more cannot be told apart in a list
MAX_CIRCLE_NAME = 60  # fits on a chip

State = Literal["friend", "asked", "asks", "former", "blocked", "stranger", "me"]
Met = Literal["took_my_invite", "invited_me", "asked_me", "i_asked", "came_back"]


class Person(TypedDict):
    """Anybody, as the owner's screens name them (docs/develop/api.md)."""

    id: str
    name: str
    is_me: bool
    is_friend: bool
    hue: int
    avatar: str | None
    known_through: str | None  # the name of the friend whose thread they wrote in; for friends None
    looks_like: (
        str | None
    )  # the id of a friend of mine with the same name, or mine, when this is somebody else


class CircleShape(TypedDict):
    """A named group of friends."""

    id: str
    name: str
    people: list[Person]


class HomeShape(TypedDict):
    """A private address that a friend says they live at, waiting for the owner's yes or no."""

    place: str  # host:port
    sentence: str


class FriendShape(Person):
    """A person with everything the page about them says."""

    since: int | None
    trust: list[str]
    sees: list[str]
    last_heard: int | None
    waiting: list[str]
    sees_from: int | None
    circles: list[CircleShape]
    address: list[str]
    about: str
    note: str | None
    at_home: list[HomeShape]
    has_two_keys: bool
    sentence: str
    state: State


class Look(TypedDict):
    """Who stands behind a link, before saying yes."""

    person: Person
    address: str
    note: str | None


@dataclass(frozen=True)
class InviteShown:
    """An invite as the owner sees it."""

    id: str
    link: str
    made: int
    expires: int
    taken_by: str | None
    taken: int | None
    reachable: bool
    note: str | None


@dataclass(frozen=True)
class FriendshipBegan(Event):
    """Two people are friends from now on."""

    person: str


@dataclass(frozen=True)
class TiesChanged(Event):
    """My circles, or whom I block, are otherwise than they were."""


@dataclass(frozen=True)
class FriendshipEnded(Event):
    """A friendship is over; `by_me` says who ended it."""

    person: str
    by_me: bool


@dataclass(frozen=True)
class ProfileChanged(Event):
    """Somebody (perhaps I) goes by another name, hue or words about themselves."""

    person: str


@dataclass(frozen=True)
class RequestArrived(Event):
    """Somebody asks to be a friend."""

    person: str
    name: str


@dataclass(frozen=True)
class HomeAsked(Event):
    """A friend says that they live at a private address now; the owner is to say whether that is so."""

    person: str


class NobodyLikeThat(NotFound):
    """You know nobody by that name. Look at your friends and try the name or the id shown there."""


class SeveralLikeThat(Conflict):
    """More than one person fits that. Use more letters of the id."""


class InviteNotFound(NotFound):
    """There is no such invitation. It may have been taken back already."""


class CircleNotFound(NotFound):
    """There is no such circle. It may have been deleted."""


class CircleTaken(Conflict):
    """You already have a circle with this name. Choose another name."""


class CircleNameWrong(Invalid):
    """A circle needs a name of 1 to 60 characters."""


class TooManyCircles(TooMuch):
    """You have a hundred circles. Delete one before making another."""


class TooManyInvites(TooMuch):
    """You have very many open invitations. Take some back, or wait until they run out."""


class NotAFriend(Conflict):
    """This person is not among your friends."""


class NoSuchHome(NotFound):
    """This friend does not say that they are at home there. Their newest address is on the page about them."""


class NothingToSettle(Conflict):
    """Only one key claims to be theirs. There is nothing to decide."""


class NoSuchRequest(NotFound):
    """There is no open request from this person."""


class Yourself(Invalid):
    """That is you. You cannot be your own friend here."""


class Blocked(Conflict):
    """You have blocked this person. Unblock them first."""


class NotALink(Invalid):
    """This is neither an invitation nor an address. Paste the whole link you were given."""


class NoteTooLong(Invalid):
    """The note is too long. Keep it under 500 characters."""


class NotWhoTheySay(PeerBroke):
    """Whoever answers at this address is not the person the link names. Do not use it; ask your friend for a new one."""

    status = 502


class InviteUsed(Conflict):
    """This invitation has already been used by somebody else. Ask for a new one."""


class InviteExpired(Conflict):
    """This invitation is older than a week. Ask for a new one."""


class InviteUnknown(Conflict):
    """This invitation is not valid any more. Ask for a new one."""


class NoReplyYet(PeerBroke):
    """Their machine did not answer. Your greeting is kept and sent again until it does."""

    status = 502
