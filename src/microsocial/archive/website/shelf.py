"""Records and what is known about them, as files: what is read back. Writing and reading of one format, side by side.

`0001.envelopes` holds envelopes exactly as signed, one after the other (each says where it ends); `0001.facts` says in its
first line what is known here about the first, in its second about the second, and so on: one JSON object a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from microsocial.archive.website.model import ExportDamaged
from microsocial.protocol.limits import MAX_RECORD_BYTES, MAX_TYPE_BYTES

SIGNATURE_BYTES = 64
_LENGTH_BYTES = 4


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known here about one record and not signed in it."""

    received: int
    via: str = ""  # who brought it; "": who said it
    shown: bool = True
    readers: list[str] = []  # resolved when it was published (circle, chosen, message)
    granted: list[str] = []  # let in later, by name
    offered: list[str] = []  # to whom it was ever sent, or was about to be
    label: str | None = None  # what the owner called its audience
    circle: str | None = None
    people: list[str] | None = None  # of that audience, as shown
    unread: bool = False
    media: dict[str, str] = {}  # a blob's hash → the file in the zip that holds its plain bytes


@dataclass
class Shelf:
    """One pair of files being written."""

    envelopes: bytearray = field(default_factory=bytearray)
    about: bytearray = field(default_factory=bytearray)
    count: int = 0

    def put(self, envelope: bytes, about: About) -> None:
        self.envelopes += envelope
        self.about += msgspec.json.encode(about) + b"\n"
        self.count += 1

    def __len__(self) -> int:
        return max(len(self.envelopes), len(self.about))


def taken_apart(envelopes: bytes, about: bytes, name: str) -> Iterator[tuple[bytes, About]]:
    """Each record with what is known about it. Raises ExportDamaged."""
    lines = about.split(b"\n")
    for number, raw in enumerate(_each(envelopes, name)):
        try:
            yield raw, msgspec.json.decode(lines[number], type=About)
        except (msgspec.DecodeError, IndexError, RecursionError) as error:
            raise ExportDamaged(f"{name}: what is known about a record cannot be read.") from error


def _each(envelopes: bytes, name: str) -> Iterator[bytes]:
    """Cut where each envelope ends (spec 2.1)."""
    at = 0
    while at < len(envelopes):
        payload_at = at + 1 + envelopes[at] + _LENGTH_BYTES
        length = int.from_bytes(envelopes[payload_at - _LENGTH_BYTES : payload_at], "big")
        end = payload_at + length + SIGNATURE_BYTES
        if envelopes[at] > MAX_TYPE_BYTES or end - at > MAX_RECORD_BYTES or end > len(envelopes):
            raise ExportDamaged(f"{name}: a record does not end where it should.")
        yield envelopes[at:end]
        at = end


class FriendFact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody the owner was friends with."""

    person: str
    name: str
    hue: int
    state: str
    met: str
    since: int
    ended: int | None = None
    ended_by: str | None = None
    urls: list[str] = []


class CircleFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    made: int
    people: list[str]


class DraftFact(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    text: str
    audience: dict[str, object]
    changed: int


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner's machine knew beside records: nothing secret, and not to be had from anywhere else."""

    friends: list[FriendFact] = []
    circles: list[CircleFact] = []
    drafts: list[DraftFact] = []
    read: dict[str, int] = {}
    preferences: dict[str, str] = {}
