"""Prekeys: the signed, weekly keys that letters are sealed to (spec 3.6)."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from microsocial.protocol.crypto import HPKE_PUBLIC_BYTES, SigningKey, new_hpke_key
from microsocial.protocol.encoding import b64u, parse_object, unb64u
from microsocial.protocol.envelope import (
    Envelope,
    decode_envelope,
    sign_envelope,
    verify_envelope,
)
from microsocial.protocol.fields import KeyNumber, PersonId, Revision, ShortId, convert
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_PREKEY_BYTES
from microsocial.protocol.refusals import Malformed, UnknownKey

PREKEY = "prekey"
PREKEY_ID_BYTES = 8
_PUBLIC_CHARACTERS = 1622  # b64u of 1,216 bytes


@dataclass(frozen=True)
class PublishedPrekey:
    """Somebody's prekey, checked: letters to `author` may be sealed to it."""

    author: str
    key_number: int
    id: bytes
    revision: int
    public: bytes
    envelope: Envelope


class _Prekey(msgspec.Struct, frozen=True):
    author: PersonId
    key: KeyNumber
    id: ShortId
    revision: Revision
    public: Annotated[str, Meta(min_length=_PUBLIC_CHARACTERS, max_length=_PUBLIC_CHARACTERS)]


def new_prekey(
    author: str,
    key_number: int,
    key: SigningKey,
    prekey_id: bytes,
    revision: int,
    seed: bytes | None = None,
) -> tuple[Envelope, bytes]:
    """Make and sign a prekey: (envelope to publish, private half to keep). Without a seed the library draws one."""
    if len(prekey_id) != PREKEY_ID_BYTES:
        raise ValueError("a prekey's id has 8 bytes")
    private, public = new_hpke_key(seed)
    payload = {
        "author": author,
        "key": key_number,
        "id": b64u(prekey_id),
        "revision": revision,
        "public": b64u(public),
    }
    return sign_envelope(PREKEY, payload, key), private


def read_prekey(envelope: Envelope, key_log: KeyLog) -> PublishedPrekey:
    """Check a prekey against its author's key log; raise Malformed, BadSignature, UnknownKey."""
    if envelope.kind != PREKEY:
        raise Malformed(f"a {envelope.kind} where a prekey belongs")
    found = convert(parse_object(envelope.payload, MAX_PREKEY_BYTES), _Prekey)
    if found.author != key_log.id:
        raise Malformed("a prekey of somebody else")
    if found.key != key_log.number:  # spec 3.6: a rotation ends older prekeys
        raise UnknownKey("a prekey that was not signed by the current key")
    verify_envelope(envelope, key_log.current)
    return PublishedPrekey(
        author=found.author,
        key_number=found.key,
        id=unb64u(found.id, PREKEY_ID_BYTES),
        revision=found.revision,
        public=unb64u(found.public, HPKE_PUBLIC_BYTES),
        envelope=envelope,
    )


def decode_prekey(text: str, key_log: KeyLog) -> PublishedPrekey:
    """Read a prekey written as a b64u envelope inside a payload."""
    return read_prekey(decode_envelope(text, MAX_PREKEY_BYTES), key_log)
