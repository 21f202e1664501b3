"""Envelopes: a type, the exact bytes that were signed, a signature (spec 2). Nobody re-serialises."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from microsocial.protocol.crypto import (
    SIGNATURE_BYTES,
    PublicKey,
    SigningKey,
    sha256,
    verify_all,
)
from microsocial.protocol.encoding import b64u, dump, unb64u
from microsocial.protocol.limits import MAX_TYPE_BYTES
from microsocial.protocol.refusals import Malformed, TooLarge

TYPE_PREFIX = "microsocial/1/"  # spec 2.2: the type carries the version
_TYPE = re.compile(rb"microsocial/1/[a-z][a-z-]{0,31}")
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Envelope:
    """What somebody signed, as it came. Two envelopes are equal when their bytes are."""

    type: str = field(compare=False)
    payload: bytes = field(compare=False, repr=False)
    signature: bytes = field(compare=False, repr=False)
    raw: bytes = field(repr=False)

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 over all bytes (spec 2.3)."""
        return sha256(self.raw)

    @property
    def kind(self) -> str:
        return self.type.removeprefix(TYPE_PREFIX)

    @property
    def signed_bytes(self) -> bytes:
        return signed_bytes(self.type, self.payload)

    def encoded(self) -> str:
        """As it is written inside payloads."""
        return b64u(self.raw)


def signed_bytes(type_: str, payload: bytes) -> bytes:
    """The DSSE pre-authentication encoding (spec 2.2)."""
    return b"DSSEv1 %d %b %d %b" % (len(type_), type_.encode("ascii"), len(payload), payload)


def parse_envelope(raw: bytes, max_bytes: int) -> Envelope:
    """Take the bytes apart without believing them; raise Malformed."""
    if len(raw) > max_bytes:
        raise TooLarge(f"an envelope of {len(raw)} bytes; at most {max_bytes} are read")
    if not raw or raw[0] > MAX_TYPE_BYTES:
        raise Malformed("not an envelope")
    payload_at = 1 + raw[0] + _LENGTH_BYTES
    type_ = raw[1 : 1 + raw[0]]
    if not _TYPE.fullmatch(type_):
        raise Malformed("an envelope of unknown type or version")
    signature_at = payload_at + int.from_bytes(raw[1 + raw[0] : payload_at], "big")
    if len(raw) < payload_at or len(raw) != signature_at + SIGNATURE_BYTES:
        raise Malformed("an envelope whose lengths do not add up")
    return Envelope(type_.decode("ascii"), raw[payload_at:signature_at], raw[signature_at:], raw)


def decode_envelope(text: str, max_bytes: int) -> Envelope:
    """Read an envelope written as b64u inside a payload."""
    return parse_envelope(unb64u(text), max_bytes)


def sign_envelope(kind: str, payload: dict[str, Any] | bytes, key: SigningKey) -> Envelope:
    """Say `payload` as `kind`, signed. Bytes are signed as they are."""
    type_ = TYPE_PREFIX + kind
    content = payload if isinstance(payload, bytes) else dump(payload)
    signature = key.sign(signed_bytes(type_, content))
    lengths_and_type = (
        bytes([len(type_)]) + type_.encode("ascii") + len(content).to_bytes(_LENGTH_BYTES, "big")
    )
    return Envelope(type_, content, signature, lengths_and_type + content + signature)


def verify_envelope(envelope: Envelope, key: PublicKey) -> None:
    """Raise BadSignature unless `key` signed exactly these bytes."""
    key.verify(envelope.signature, envelope.signed_bytes)


def verify_many(pairs: Iterable[tuple[Envelope, PublicKey]]) -> list[bool]:
    """Check many envelopes at once; one answer each, in order."""
    return verify_all((key, envelope.signature, envelope.signed_bytes) for envelope, key in pairs)
