"""Sealed letters: one signed envelope, padded, for one prekey (spec 5).

HPKE's single shot has no associated data, so sender, receiver, purpose and prekey are bound through `info`.
"""

from typing import Literal

from microsocial.protocol.crypto import (
    AEAD_TAG_BYTES,
    HPKE_ENC_BYTES,
    hpke_open,
    hpke_seal,
    sha256,
)
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import (
    MAX_PADDED_STEP_BYTES,
    MAX_SEALED_BYTES,
    MAX_UPDATE_BYTES,
    MIN_PADDED_BYTES,
)
from microsocial.protocol.prekeys import PREKEY_ID_BYTES, PublishedPrekey
from microsocial.protocol.refusals import CannotOpen, Malformed, TooLarge

Purpose = Literal["update", "reunion", "holdings", "greeting", "farewell"]
PURPOSES: tuple[Purpose, ...] = ("update", "reunion", "holdings", "greeting", "farewell")

_MAGIC = b"MS1"
_ENC_AT = len(_MAGIC) + PREKEY_ID_BYTES
_LENGTH_BYTES = 4
_SMALLEST_SEALED = _ENC_AT + HPKE_ENC_BYTES + MIN_PADDED_BYTES + AEAD_TAG_BYTES


def seal(
    envelope_raw: bytes, purpose: Purpose, sender: str, receiver: str, prekey: PublishedPrekey
) -> bytes:
    """Seal one envelope from `sender` for `receiver` (spec 5.1)."""
    if len(envelope_raw) > MAX_UPDATE_BYTES:
        raise ValueError("an envelope too large to seal")
    bound_to = _info(purpose, sender, receiver, prekey.id)
    return _MAGIC + prekey.id + hpke_seal(prekey.public, bound_to, pad(envelope_raw))


def sealed_prekey_id(sealed: bytes) -> bytes:
    """Tell which prekey is needed to open this; raise Malformed when it cannot be a sealed letter."""
    if len(sealed) > MAX_SEALED_BYTES:
        raise TooLarge(
            f"a sealed letter of {len(sealed)} bytes; at most {MAX_SEALED_BYTES} are read"
        )
    if not sealed.startswith(_MAGIC) or len(sealed) < _SMALLEST_SEALED:
        raise Malformed("not a sealed letter")
    return sealed[len(_MAGIC) : _ENC_AT]


def open_sealed(sealed: bytes, purpose: str, sender: str, receiver: str, private: bytes) -> bytes:
    """Open a letter: the envelope's bytes, not yet believed. Raise CannotOpen or Malformed."""
    prekey_id = sealed_prekey_id(sealed)
    if purpose not in PURPOSES:
        raise Malformed("a sealed letter of unknown purpose")
    if not (sender.isascii() and receiver.isascii()):
        raise CannotOpen
    return unpad(hpke_open(private, _info(purpose, sender, receiver, prekey_id), sealed[_ENC_AT:]))


def pad(content: bytes) -> bytes:
    """Length, content, zeros up to a size class (spec 5.2)."""
    needed = _LENGTH_BYTES + len(content)
    return (len(content).to_bytes(_LENGTH_BYTES, "big") + content).ljust(_size_class(needed), b"\0")


def unpad(padded: bytes) -> bytes:
    """Take the padding off, refusing what `pad` would not have made; raise Malformed."""
    if len(padded) != _size_class(len(padded)):
        raise Malformed("padding to no size class")
    end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if end > len(padded) or padded.count(0, end) != len(padded) - end:
        raise Malformed("padding that is not zeros")
    return padded[_LENGTH_BYTES:end]


def _size_class(size: int) -> int:
    if size <= MAX_PADDED_STEP_BYTES:
        return max(MIN_PADDED_BYTES, 1 << (size - 1).bit_length())
    return -(-size // MAX_PADDED_STEP_BYTES) * MAX_PADDED_STEP_BYTES


def _info(purpose: str, sender: str, receiver: str, prekey_id: bytes) -> bytes:
    parties = f"{sender}\n{receiver}\n{b64u(prekey_id)}"
    return f"microsocial/1 {purpose}".encode() + sha256(parties.encode())
