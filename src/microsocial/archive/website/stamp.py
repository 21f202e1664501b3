"""The stamp of an export: its owner's signature over everything that is read back and not signed by itself.

Without it somebody could add a reader to a private post in somebody's zip; with it, a file of records is as it was written,
or is not believed. Pictures need none: records name them by their hash. Pages are only looked at.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from microsocial.archive.website.model import MAX_STAMP_BYTES, ExportDamaged
from microsocial.errors import PeerBroke
from microsocial.protocol.encoding import b64u, parse_object
from microsocial.protocol.envelope import Envelope, parse_envelope, verify_envelope
from microsocial.protocol.keys import KeyLog
from microsocial.records.model import Me

KIND = "export"


class Stamped(msgspec.Struct, frozen=True):
    """A file that the stamp covers."""

    name: str
    bytes: int
    hash: str


class Said(msgspec.Struct, frozen=True):
    """What the stamp says."""

    author: str
    key: int
    name: str
    made: int
    messages: bool
    records: int
    files: tuple[Stamped, ...]


@dataclass
class Stamping:
    """Gathers what is written, and stamps it at the end."""

    me: Me
    name: str
    made: int
    messages: bool
    records: int = 0

    def __post_init__(self) -> None:
        self._files: list[dict[str, Any]] = []

    def add(self, name: str, content: bytes) -> None:
        hashed = b64u(sha256(content).digest())
        self._files.append({"name": name, "bytes": len(content), "hash": hashed})

    def stamped(self) -> bytes:
        said = {
            "author": self.me.id,
            "key": self.me.key_number,
            "name": self.name,
            "made": self.made,
            "messages": self.messages,
            "records": self.records,
            "files": self._files,
        }
        return self.me.sign(KIND, said).raw


def read(raw: bytes) -> tuple[Envelope, Said]:
    """What a stamp says, before it is believed. Raises ExportDamaged."""
    try:
        envelope = parse_envelope(raw, MAX_STAMP_BYTES)
        said = msgspec.convert(parse_object(envelope.payload, MAX_STAMP_BYTES), Said)
    except (PeerBroke, msgspec.ValidationError) as error:
        raise ExportDamaged("The stamp cannot be read.") from error
    if envelope.kind != KIND:
        raise ExportDamaged("The stamp is of something else.")
    return envelope, said


def check(envelope: Envelope, said: Said, key_log: KeyLog) -> None:
    """Raise ExportDamaged unless this person signed it."""
    try:
        if key_log.id != said.author:
            raise ExportDamaged("The stamp is somebody else's.")
        verify_envelope(envelope, key_log.key(said.key))
    except PeerBroke as error:
        raise ExportDamaged("The stamp was not made with its owner's key.") from error
