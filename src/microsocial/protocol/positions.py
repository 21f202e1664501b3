"""Positions: where in an author's log a friend is, readable by that author alone (spec 6).

This is how this implementation mints them; others may differ. A position that does not open is foreign, like one that names marks
the log does not have: a restore or a copied folder needs no other special case.
"""

import struct
from dataclasses import dataclass

from microsocial.protocol.crypto import aead_open, aead_seal
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.refusals import CannotOpen, Malformed

MARK_BYTES = 8
NONCE_BYTES = 12
SECRET_BYTES = 32
FIRST = ""  # spec 6.1: always valid
_PLAIN = struct.Struct(">Q8sQ8sIQ")


@dataclass(frozen=True)
class Position:
    """A place in one's own log as it was told to a friend (spec 6.2)."""

    change: int
    mark: bytes
    newest: int  # the log's newest change when this was minted
    newest_mark: bytes
    key_number: int
    run: int


def mint(position: Position, secret: bytes, friend: str, nonce: bytes) -> str:
    """Write a position for `friend` to keep. The nonce must never repeat under one secret."""
    plain = _PLAIN.pack(
        position.change,
        position.mark,
        position.newest,
        position.newest_mark,
        position.key_number,
        position.run,
    )
    return b64u(nonce + aead_seal(secret, nonce, plain, friend.encode()))


def read(text: str, secret: bytes, friend: str) -> Position | None:
    """Read what was minted for `friend` under `secret`; None for anything else: it is foreign (spec 6.3)."""
    try:
        sealed = unb64u(text)
        plain = aead_open(secret, sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], friend.encode())
    except (CannotOpen, Malformed):
        return None
    return Position(*_PLAIN.unpack(plain)) if len(plain) == _PLAIN.size else None
