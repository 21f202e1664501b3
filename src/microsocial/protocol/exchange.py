"""What nodes say to each other about records: updates, answers, reunions, greetings, farewells (spec 7 to 10).

Every reader is total: a signed envelope becomes a value or a PeerBroke. Readers check form, not signatures: the caller knows
which key must have signed. `payload()` gives what to sign.
"""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta
from typing_extensions import override

from microsocial.protocol.encoding import parse_object, unb64u
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.fields import (
    B64u,
    Hash,
    KeyNumber,
    Moment,
    Name,
    PersonId,
    PositionText,
    RecordId,
    Revision,
    ShortId,
    convert,
)
from microsocial.protocol.limits import (
    MAX_ANSWER_BYTES,
    MAX_CAPABILITIES,
    MAX_GREETING_BYTES,
    MAX_HELP_BYTES,
    MAX_HOLDINGS,
    MAX_KEY_EVENT_BYTES,
    MAX_KEY_EVENTS,
    MAX_KEYS_BYTES,
    MAX_NOTE_CHARACTERS,
    MAX_PAGE_RECORDS,
    MAX_PREKEY_BYTES,
    MAX_RECORD_BYTES,
    MAX_UPDATE_BYTES,
    MAX_WELL_KNOWN_BYTES,
)
from microsocial.protocol.refusals import Malformed, Status
from microsocial.protocol.texts import check_line, check_name, check_text, is_address


def _encoded(max_bytes: int) -> int:
    return -(-max_bytes * 4 // 3)


EncodedRecord = Annotated[B64u, Meta(max_length=_encoded(MAX_RECORD_BYTES))]
EncodedPrekey = Annotated[B64u, Meta(max_length=_encoded(MAX_PREKEY_BYTES))]
EncodedKeyEvent = Annotated[B64u, Meta(max_length=_encoded(MAX_KEY_EVENT_BYTES))]
EncodedKeyLog = Annotated[tuple[EncodedKeyEvent, ...], Meta(max_length=MAX_KEY_EVENTS)]
KeyLogs = Annotated[dict[PersonId, EncodedKeyLog], Meta(max_length=MAX_PAGE_RECORDS + 1)]
EncodedRecords = Annotated[tuple[EncodedRecord, ...], Meta(max_length=MAX_PAGE_RECORDS)]
Named = tuple[PersonId, RecordId]


class _Letter(msgspec.Struct, frozen=True, kw_only=True):
    kind: ClassVar[str]
    max_bytes: ClassVar[int] = MAX_UPDATE_BYTES

    sender: PersonId = msgspec.field(name="from")
    receiver: PersonId = msgspec.field(name="to")
    key: KeyNumber  # the signer's

    def check(self) -> None:
        """Raise Malformed for what the types let pass."""
        if self.sender == self.receiver:
            raise Malformed("a letter to oneself")

    def payload(self) -> dict[str, Any]:
        """As it is signed."""
        content: dict[str, Any] = msgspec.to_builtins(self)
        return content


class _Object(_Letter, frozen=True, kw_only=True):
    your_key: KeyNumber  # the receiver's, as known to the signer (spec 7.1)


class Update(_Object, frozen=True, kw_only=True):
    """What the receiver may see in (since, upto] (spec 7.1)."""

    kind: ClassVar[str] = "update"

    since: PositionText
    upto: PositionText
    more: bool
    have: PositionText  # the sender's position in the receiver's log
    hello: bool  # asks for an update back
    prekey: EncodedPrekey
    records: EncodedRecords
    keys: KeyLogs  # of the authors in it; the sender's own after a rotation

    @property
    def raws(self) -> list[bytes]:
        """The envelopes' bytes; raise Malformed."""
        return [unb64u(record) for record in self.records]


class Refused(msgspec.Struct, frozen=True, array_like=True):
    """One record that was not taken: [author, id, reason]. Reasons we do not know are let be."""

    author: PersonId
    id: RecordId
    reason: Annotated[str, Meta(max_length=40)]


class Answer(_Object, frozen=True, kw_only=True):
    """The signed reply (spec 7.3). `status` is a word of §13; one we do not know means: not applied."""

    kind: ClassVar[str] = "answer"
    max_bytes: ClassVar[int] = MAX_ANSWER_BYTES

    update: Hash | None = None  # of the sealed bytes that it answers
    status: Annotated[str, Meta(max_length=40)]
    position: PositionText | None = None
    prekey: EncodedPrekey | None = None
    refused: Annotated[tuple[Refused, ...], Meta(max_length=MAX_PAGE_RECORDS)] = ()
    keys: EncodedKeyLog = ()  # with key-behind: the longer log of the one who is answered
    address: EncodedRecord | None = None  # with moved: where the signer lives now
    now: Moment

    @property
    def says(self) -> Status | None:
        return _STATUSES.get(self.status)


class Reunion(_Object, frozen=True, kw_only=True):
    """The author asks what its friend holds of it (spec 8.1)."""

    kind: ClassVar[str] = "reunion"

    prekey: EncodedPrekey
    after: Named | None = None
    want: Annotated[tuple[Named, ...], Meta(max_length=MAX_PAGE_RECORDS)] = ()


class Held(msgspec.Struct, frozen=True, array_like=True):
    """One line of a list: [author, id, revision, hash, state]; of what is gone revision 0 and no hash will do."""

    author: PersonId
    id: RecordId
    revision: Revision
    hash: Hash | None
    state: Literal["held", "gone"]


class Holdings(_Object, frozen=True, kw_only=True):
    """A page of what the friend holds of the author, and the records it wanted (spec 8.1)."""

    kind: ClassVar[str] = "holdings"

    request: Hash  # of the sealed bytes of the reunion it replies to
    position: PositionText
    prekey: EncodedPrekey | None = None
    holds: Annotated[tuple[Held, ...], Meta(max_length=MAX_HOLDINGS)]
    next: Named | None = None
    records: EncodedRecords = ()
    keys: KeyLogs = {}

    @override
    def check(self) -> None:
        super().check()
        names = [(held.author, held.id) for held in self.holds]
        if any(a >= b for a, b in pairwise(names)):
            raise Malformed("holdings out of order")

    @property
    def raws(self) -> list[bytes]:
        """The envelopes' bytes; raise Malformed."""
        return [unb64u(record) for record in self.records]


class InviteProof(msgspec.Struct, frozen=True, kw_only=True):
    """That one was given the invite, without the secret itself (spec 9.2)."""

    id: ShortId
    mac: Hash


class Greeting(_Letter, frozen=True, kw_only=True):
    """Who I am and why I come (spec 9.2)."""

    kind: ClassVar[str] = "greeting"
    max_bytes: ClassVar[int] = MAX_GREETING_BYTES

    keys: Annotated[EncodedKeyLog, Meta(min_length=1)]
    prekey: EncodedPrekey
    profile: EncodedRecord
    address: EncodedRecord
    invite: InviteProof | None = None
    note: Annotated[str, Meta(max_length=MAX_NOTE_CHARACTERS)] = ""
    position: PositionText = ""  # the sender's position in the receiver's log

    @override
    def check(self) -> None:
        super().check()
        check_text(self.note)


class Farewell(_Object, frozen=True, kw_only=True):
    """The friendship has ended (spec 9.5). `since` is the sender's last acknowledged position, as in an update."""

    kind: ClassVar[str] = "farewell"

    since: PositionText = ""
    left: bool = False  # the sender gives up their node altogether


class Help(_Letter, frozen=True, kw_only=True):
    """What a friend knows of one who has lost everything but the words (spec 9.8). Signed, not sealed: its capsule is."""

    kind: ClassVar[str] = "help"
    max_bytes: ClassVar[int] = MAX_HELP_BYTES

    request: Hash  # of the body that it answers
    keys: Annotated[EncodedKeyLog, Meta(min_length=1)]  # the receiver's, as the signer knows it
    capsule: EncodedRecord | None = None


class PublicName(msgspec.Struct, frozen=True, kw_only=True):
    """What a stranger may know before saying hello; unsigned, so only a hint."""

    name: Name
    hue: Annotated[int, Meta(ge=0, lt=360)] = 0


class PublicAddress(msgspec.Struct, frozen=True, kw_only=True):
    urls: Annotated[tuple[str, ...], Meta(max_length=8)] = ()


class WellKnown(msgspec.Struct, frozen=True, kw_only=True):
    """The document at /.well-known/microsocial (spec 10.1)."""

    protocol: Annotated[int, Meta(ge=1)] = 1
    id: PersonId
    keys: Annotated[EncodedKeyLog, Meta(min_length=1)]
    prekey: EncodedPrekey
    profile: PublicName
    address: PublicAddress = PublicAddress()
    moved: bool = False  # the node at `address` is the one to speak to
    capabilities: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=MAX_CAPABILITIES)
    ] = ()

    def check(self) -> None:
        """Raise Malformed for what the types let pass."""
        check_name(self.profile.name)
        if not all(map(is_address, self.address.urls)):
            raise Malformed("not an address of a node")
        for capability in self.capabilities:
            check_line(capability)

    def payload(self) -> dict[str, Any]:
        """As it is served."""
        content: dict[str, Any] = msgspec.to_builtins(self)
        return content


class _Keys(msgspec.Struct, frozen=True):
    keys: Annotated[EncodedKeyLog, Meta(min_length=1)]


_STATUSES = {status.value: status for status in Status}
Letter = TypeVar("Letter", Update, Answer, Reunion, Holdings, Greeting, Farewell, Help)


def _read(envelope: Envelope, model: type[Letter]) -> Letter:
    if envelope.kind != model.kind:
        raise Malformed(f"a {envelope.kind} where {model.kind} belongs")
    letter = convert(parse_object(envelope.payload, model.max_bytes), model)
    letter.check()
    return letter


def read_update(envelope: Envelope) -> Update:
    return _read(envelope, Update)


def read_answer(envelope: Envelope) -> Answer:
    return _read(envelope, Answer)


def read_reunion(envelope: Envelope) -> Reunion:
    return _read(envelope, Reunion)


def read_holdings(envelope: Envelope) -> Holdings:
    return _read(envelope, Holdings)


def read_greeting(envelope: Envelope) -> Greeting:
    return _read(envelope, Greeting)


def read_farewell(envelope: Envelope) -> Farewell:
    return _read(envelope, Farewell)


def read_help(envelope: Envelope) -> Help:
    return _read(envelope, Help)


def read_well_known(content: bytes) -> WellKnown:
    """Read the document of a node; its key log and prekey are still to be checked."""
    document = convert(parse_object(content, MAX_WELL_KNOWN_BYTES), WellKnown)
    document.check()
    return document


def read_keys(content: bytes) -> tuple[str, ...]:
    """Read the body of /peer/v1/keys: a key log, still to be checked (spec 10.6)."""
    return convert(parse_object(content, MAX_KEYS_BYTES), _Keys).keys
