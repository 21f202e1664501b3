"""The age format (age-encryption.org/v1), and nothing of ours: whoever has the key opens every file here with any age program.

One X25519 identity opens a whole backup folder. It lies in the folder twice, locked: with the passphrase (age's own scrypt) and
for the key that follows from the 24 words.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, ParamSpec, Protocol, TypeVar

import pyrage
from typing_extensions import Buffer

from microsocial.protocol.crypto import hkdf, hmac

SEED_BYTES = 32
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_SECRET, _PUBLIC = "age-secret-key-", "age"  # as bech32 spells the two

P = ParamSpec("P")
T = TypeVar("T")


class CannotOpen(Exception):
    """Wrong key, or a byte is not what it was. age does not say which."""


class Reads(Protocol):
    """What a stream is sealed from."""

    def read(self, size: int, /) -> bytes: ...


class Writes(Protocol):
    """What a stream is opened into."""

    def write(self, piece: Buffer, /) -> int: ...
    def flush(self) -> None: ...


@dataclass(frozen=True)
class Key:
    """The identity of one backup folder: seals, opens, and names pieces so that the names say nothing to others."""

    seed: bytes = field(repr=False)

    @cached_property
    def _identity(self) -> pyrage.x25519.Identity:
        return pyrage.x25519.Identity.from_str(self.written)

    @property
    def written(self) -> str:
        """As age programs read it, AGE-SECRET-KEY-1… and more."""
        return _bech32(_SECRET, self.seed).upper()

    def name(self, kind: bytes, content: bytes) -> str:
        """Name what is kept: the same content always gets the same name, and only the key's holder can tell which."""
        return hmac(self._naming, kind + b"\0" + content).hex()

    @cached_property
    def _naming(self) -> bytes:
        return hkdf(self.seed, b"microsocial backup names")

    def seal(self, plain: bytes) -> bytes:
        sealed: bytes = pyrage.encrypt(plain, [self._identity.to_public()])
        return sealed

    def open(self, sealed: bytes) -> bytes:
        """Raises CannotOpen."""
        try:
            plain: bytes = pyrage.decrypt(sealed, [self._identity])
        except pyrage.DecryptError as error:
            raise CannotOpen from error
        return plain

    def seal_stream(self, source: Reads, target: BinaryIO) -> None:
        """Seal what can be larger than memory. What `source` or `target` raise comes out as it was."""
        _through(
            source,
            target,
            lambda reads, writes: pyrage.encrypt_io(reads, writes, [self._identity.to_public()]),
        )

    def open_stream(self, source: BinaryIO, target: Writes) -> None:
        """Open what can be larger than memory; nothing that reached `target` counts when it raises CannotOpen."""
        try:
            _through(
                source,
                target,
                lambda reads, writes: pyrage.decrypt_io(reads, writes, [self._identity]),
            )
        except (pyrage.DecryptError, _Opaque) as error:
            raise CannotOpen from error


def key_written(text: str) -> Key:
    """Read AGE-SECRET-KEY-1… back; ValueError when it is none."""
    written = text.strip().lower()
    seed = _unbech32(_SECRET, written)
    if len(seed) != SEED_BYTES or Key(seed).written.lower() != written:
        raise ValueError("not an age identity")
    return Key(seed)


def lock_for(secret: str, public: bytes) -> bytes:
    """Encrypt for whoever has the private half of this X25519 key."""
    recipient = pyrage.x25519.Recipient.from_str(_bech32(_PUBLIC, public))
    locked: bytes = pyrage.encrypt(secret.encode(), [recipient])
    return locked


class _Opaque(Exception):
    """age's own complaint in the middle of a stream."""


class _Watched:
    """A stream whose errors survive the way through the library, which tells them as texts of its own."""

    def __init__(
        self,
        read: Callable[[int], bytes] | None = None,
        write: Callable[[Buffer], int] | None = None,
        flush: Callable[[], object] | None = None,
    ) -> None:
        self.error: Exception | None = None
        self.read = self._keeping(read)
        self.write = self._keeping(write)
        self.flush = self._keeping(flush)

    def _keeping(self, act: Callable[P, T] | None) -> Callable[P, T] | None:
        if act is None:
            return None

        def watched(*given: P.args, **named: P.kwargs) -> T:
            try:
                return act(*given, **named)
            except Exception as error:
                self.error = error
                raise

        return watched


def _through(
    source: Reads, target: Writes, act: Callable[["_Watched", "_Watched"], object]
) -> None:
    reads, writes = _Watched(read=source.read), _Watched(write=target.write, flush=target.flush)
    try:
        act(reads, writes)
    except Exception as error:
        ours = reads.error or writes.error
        if ours is not None:
            raise ours from error
        if isinstance(error, OSError):  # how the library tells of a damaged stream
            raise _Opaque from error
        raise


# Bech32 (BIP-173), in which age writes its keys. The library takes keys in no other form.


def _bech32(prefix: str, content: bytes) -> str:
    values = _regrouped(content, 8, 5)
    checked = [*_expanded(prefix), *values, 0, 0, 0, 0, 0, 0]
    checksum = _polymod(checked) ^ 1
    tail = [(checksum >> 5 * (5 - i)) & 31 for i in range(6)]
    return f"{prefix}1" + "".join(_BECH32[value] for value in (*values, *tail))


def _unbech32(prefix: str, text: str) -> bytes:
    head, body = text[: len(prefix) + 1], text[len(prefix) + 1 :]
    if head != f"{prefix}1" or any(letter not in _BECH32 for letter in body):
        raise ValueError("not bech32")
    return bytes(_regrouped([_BECH32.index(letter) for letter in body[:-6]], 5, 8, pad=False))


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= term if (top >> bit) & 1 else 0
    return state


def _regrouped(
    values: "bytes | list[int]", width: int, into: int, *, pad: bool = True
) -> list[int]:
    held = bits = 0
    groups = []
    for value in values:
        held, bits = (held << width) | value, bits + width
        while bits >= into:
            bits -= into
            groups.append((held >> bits) & ((1 << into) - 1))
    if pad and bits:
        groups.append((held << (into - bits)) & ((1 << into) - 1))
    return groups
