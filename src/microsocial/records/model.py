"""The values of the log: a stored record, what came of one that arrived, and what is told afterwards."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from microsocial.errors import Conflict, NotFound, PeerBroke
from microsocial.events import Event
from microsocial.protocol.crypto import SigningKey, sha256
from microsocial.protocol.encoding import b64u, parse_object
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.payloads import Record, read_record
from microsocial.protocol.refusals import Refusal

REF_CHARACTERS = 22  # 132 bits: nobody finds two records that share a ref

ARRIVING = 0  # `no` of a record that is not stored (yet)

Status = Literal["stored", "older", "known", "forgotten"]


class Me(Protocol):
    """The person of this node, as identity hands it in."""

    @property
    def id(self) -> str: ...
    @property
    def key_number(self) -> int: ...
    @property
    def key_log(self) -> KeyLog: ...
    @property
    def signing_key(self) -> SigningKey: ...
    def sign(self, kind: str, payload: dict[str, Any] | bytes) -> Envelope: ...


def ref_of(author: str, record_id: str) -> str:
    """The name of a record in the owner's API, the same on every node."""
    return b64u(sha256(f"{author}/{record_id}".encode()))[:REF_CHARACTERS]


@dataclass(frozen=True)
class Stored:
    """The newest revision of a record. `kind` stays what it was when the record is withdrawn; the payload is a Tombstone then."""

    no: int
    author: str
    id: str
    kind: str
    key_number: int
    revision: int
    created: int
    audience: str
    envelope: Envelope = field(repr=False)
    thread: str | None = None  # ref of the post in whose thread it stands
    thread_author: str | None = None
    target: str | None = None  # of a removal: ref of the entry it takes out
    withdrawn: bool = False
    shown: bool = True  # False: kept until its post is known
    taken_back: bool = False  # lost here and given back by a friend: for those who hold it
    via: str = ""
    received: int = 0
    expires: int | None = None  # spec 4.13

    @cached_property
    def ref(self) -> str:
        return ref_of(self.author, self.id)

    @cached_property
    def payload(self) -> Record:
        return read_record(self.envelope)

    @property
    def fields(self) -> dict[str, Any]:
        """The payload as it was signed, fields we do not know included."""
        return parse_object(self.envelope.payload, MAX_RECORD_BYTES)

    @property
    def hash(self) -> bytes:
        return self.envelope.hash

    @property
    def is_entry(self) -> bool:
        return self.thread is not None


@dataclass(frozen=True)
class Accepted:
    """What came of a record that arrived. `stored` is what stands now; None when the id is forgotten here."""

    status: Status
    stored: Stored | None


@dataclass(frozen=True)
class Checked:
    """An envelope whose form and signature are good, or the reason why it is refused."""

    envelope: Envelope | None
    record: Record | None
    refusal: Refusal | None = None
    author: str = ""
    id: str = ""


@dataclass(frozen=True)
class Page:
    """What a person may see in (since, upto]; `more` is exact."""

    entries: list[Stored]
    seqs: list[int]  # of the change that brings each entry
    upto: int
    more: bool

    def first(self, count: int) -> "Page":
        """The page cut short after `count` entries."""
        if count >= len(self.entries):
            return self
        return Page(self.entries[:count], self.seqs[:count], self.seqs[count - 1], more=True)


@dataclass(frozen=True)
class Change:
    """A point in the log; change 0 is before everything."""

    seq: int
    mark: bytes


class Refused(PeerBroke):
    """The other side sent something that cannot stand here."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


class RecordNotFound(NotFound):
    """There is no such thing here (any more)."""


class OnlyForMe(Conflict):
    """You wrote this for yourself only. To share it, post it again."""


@dataclass(frozen=True)
class ChangeLogged(Event):
    """There is something to send: to these people, or (None) to whoever may see it."""

    persons: frozenset[str] | None


@dataclass(frozen=True)
class RecordArrived(Event):
    """A record that others brought stands here now: new, revised or withdrawn."""

    ref: str
    kind: str
    author: str
    via: str


@dataclass(frozen=True)
class WillExpire(Event):
    """Something stands here now that is erased by itself at that moment."""

    moment: int


@dataclass(frozen=True)
class KeysChanged(Event):
    """Somebody renewed their key, with the proof laid down before."""

    person: str
    number: int
    reason: str


@dataclass(frozen=True)
class KeysForked(Event):
    """Two valid key changes contradict each other: somebody's words are in two hands."""

    person: str


@dataclass(frozen=True)
class RecordsSetAside(Event):
    """Somebody disowned what was said in their name; it stands here no longer."""

    author: str
    count: int


@dataclass(frozen=True)
class RecordsTakenBack(Event):
    """A friend gave back what was lost here."""

    person: str
    refs: tuple[str, ...]
