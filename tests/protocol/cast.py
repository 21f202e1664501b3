"""Ana, Ben and Cem as the protocol sees them: words, keys, prekeys. Everything follows from a name."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import Envelope, sign_envelope
from microsocial.protocol.keys import KeyLog, begin, inception, signing_key
from microsocial.protocol.prekeys import PublishedPrekey, new_prekey, read_prekey


def drawn(what: str, length: int) -> bytes:
    """Bytes that look random and are the same every time."""
    return sha256(what.encode()).digest()[:length]


@dataclass(frozen=True)
class Person:
    name: str

    @cached_property
    def entropy(self) -> bytes:
        return drawn(f"words of {self.name}", 32)

    def key(self, number: int = 0) -> SigningKey:
        return signing_key(self.entropy, number)

    @cached_property
    def log(self) -> KeyLog:
        return begin(inception(self.key(0), self.key(1).public))

    @property
    def id(self) -> str:
        return self.log.id

    @cached_property
    def _prekey(self) -> tuple[Envelope, bytes]:
        seed = drawn(f"prekey of {self.name}", 32)
        return new_prekey(self.id, 0, self.key(), drawn(f"prekey id {self.name}", 8), 1, seed)

    @property
    def prekey(self) -> PublishedPrekey:
        return read_prekey(self._prekey[0], self.log)

    @property
    def private_prekey(self) -> bytes:
        return self._prekey[1]

    def base(self, what: str = "a post", **changes: Any) -> dict[str, Any]:
        """The fields every record has."""
        return {
            "author": self.id,
            "key": 0,
            "id": b64u(drawn(f"{self.name}: {what}", 16)),
            "revision": 1_700_000_000_000,
            "created": 1_700_000_000_000,
            "audience": "friends",
        } | changes

    def says(self, kind: str, payload: dict[str, Any] | bytes) -> Envelope:
        return sign_envelope(kind, payload, self.key())


ANA, BEN, CEM = Person("Ana"), Person("Ben"), Person("Cem")


def on(post: Envelope, **changes: Any) -> dict[str, Any]:
    """What an entry says about Ana's post of `base()`."""
    return {
        "author": ANA.id,
        "id": ANA.base()["id"],
        "revision": ANA.base()["revision"],
        "hash": b64u(post.hash),
        "audience": "friends",
    } | changes


def photo(**changes: Any) -> dict[str, Any]:
    size = {
        "hash": b64u(drawn("hash", 32)),
        "key": b64u(drawn("key", 32)),
        "bytes": 100_000,
        "chunk": 65_536,
        "width": 640,
        "height": 480,
        "type": "image/webp",
        "role": "small",
    }
    return {
        "id": b64u(drawn("photo", 16)),
        "kind": "photo",
        "type": "image/webp",
        "width": 640,
        "height": 480,
        "duration": 0,
        "caption": "The lake",
        "alt": "A lake in the evening",
        "placeholder": b64u(b"thumb"),
        "sizes": [size],
    } | changes
