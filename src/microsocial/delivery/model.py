"""The values of delivery: what leaves, what to do after an answer, what is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from microsocial.errors import Conflict
from microsocial.events import Event
from microsocial.protocol.sealing import Purpose

# What `failed` may be told, and what the ledger says for answers that are not "applied".
OVER_QUOTA = "Their machine took as much from you today as it takes. It goes on tomorrow."
DISK_FULL = "Their disk is full."
BUSY = "Their machine is busy."
CANNOT_OPEN = "They cannot open what is sealed for them. It is tried again."
NOT_UNDERSTOOD = "Their machine gave an answer that could not be understood."
MOVED_ON = "They have moved, and cannot be reached at the new address yet."
CONTRADICTING_KEYS = (
    "Two different keys claim to be theirs. Ask them in person; nothing is exchanged until then."
)
KEYS_NOT_TAKEN = "Their machine does not take your new key yet. It is tried again."
COMPARING = "Your machine and theirs are comparing what they have. It goes on soon."
CONTRADICTS = "Their machine says two different things. It is tried again later."


@dataclass(frozen=True)
class Outgoing:
    """One sealed request, ready to leave. Hold it until its answer is in; of two answers only its own counts."""

    person: str
    purpose: Purpose | Literal["keys"]  # keys: my key log, which needs no seal
    sealed: bytes = field(repr=False)
    hash: str  # of the sealed bytes; the answer names it
    urls: tuple[str, ...] = ()
    since: str = ""  # an update's: where it starts
    upto: str = ""  # and where it leads
    prekey_id: bytes = b""
    hint: str | None = None  # the friend's hello that this update follows
    reunion: str | None = None  # the state of the reunion that it belongs to
    hello: bool = False
    records: int = 0


# Signs and seals a letter that was built in a transaction; needs none itself, and may run in any thread.
Draft = Callable[[], Outgoing]


@dataclass(frozen=True)
class SendUpdate:
    """Ask for the next draft at once: there may be more to say. `hello`: the last one did not get through with it."""

    hello: bool = False


@dataclass(frozen=True)
class SendReunion:
    """Ask for the next draft at once: it will be a reunion, or its next page. `hello`: one is still to be said at its end."""

    hello: bool = False


@dataclass(frozen=True)
class SendKeys:
    """They do not know my newest key: show them my key log, then ask for the next draft."""

    hello: bool = False


@dataclass(frozen=True)
class Wait:
    """Not now. Try again after a while, longer each time."""

    sentence: str


@dataclass(frozen=True)
class Done:
    """Nothing more to send until something changes."""


@dataclass(frozen=True)
class Stop:
    """This copy must not go on. The owner decides."""

    sentence: str


@dataclass(frozen=True)
class Ended:
    """No longer friends: never try again."""


NextStep = SendUpdate | SendReunion | SendKeys | Wait | Done | Stop | Ended


@dataclass(frozen=True)
class CorrespondenceBegan(Event):
    """There is somebody to write to."""

    person: str


@dataclass(frozen=True)
class CorrespondenceEnded(Event):
    """We no longer write to each other. `by_them`: their machine said so."""

    person: str
    by_them: bool


@dataclass(frozen=True)
class HelloArrived(Event):
    """A friend asks for an update."""

    person: str


@dataclass(frozen=True)
class Delivered(Event):
    """A friend's machine acknowledged: it is on their disk. The ledger changed."""

    person: str


@dataclass(frozen=True)
class DeliveryFailed(Event):
    """A friend could not be reached, or did not take it. The ledger says why."""

    person: str
    sentence: str


@dataclass(frozen=True)
class CopyStopped(Event):
    """This copy has stopped; the sentence says why."""

    sentence: str


@dataclass(frozen=True)
class ResidenceChanged(Event):
    """I have moved, or give this node up, or stay after all."""


class CopyRuns(Conflict):
    """Another copy of you was started after this one. Stop one of them; if this is the one to keep, continue here."""


class MovedAway(Conflict):
    """You have moved, and this is the old machine. Say it there; or take the move back, if nothing runs there."""


class GivenUp(Conflict):
    """You are deleting everything, so nothing new begins here. Stop that first."""


class LongerKeyLog(Conflict):
    """Your keys were changed on another machine. Enter your 24 words to go on here."""


class KeysInTwoHands(Conflict):
    """Two different changes of your keys exist: somebody else has your 24 words. Tell your friends in person, and begin anew."""
