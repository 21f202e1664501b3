"""The person as the rest of the node holds them: a name for the world, and a hand that signs. The key never leaves here."""

from typing import Any

from typing_extensions import override

from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.envelope import Envelope, sign_envelope
from microsocial.protocol.keys import KeyLog


class Me:
    def __init__(self, key: SigningKey, key_log: KeyLog) -> None:
        if key.public != key_log.current:
            raise ValueError("this key is not the current one of the key log")
        self._key = key
        self.key_log = key_log

    def become(self, key: SigningKey, key_log: KeyLog) -> None:
        """Go on under a renewed key. Only between two changes, in the thread that makes them."""
        if key.public != key_log.current or not key_log.extends(self.key_log):
            raise ValueError("this key does not follow mine")
        self._key, self.key_log = key, key_log

    @property
    def id(self) -> str:
        return self.key_log.id

    @property
    def key_number(self) -> int:
        return self.key_log.number

    @property
    def signing_key(self) -> SigningKey:
        """For what is signed outside of envelopes (requests, spec 10.2). Its repr shows nothing secret."""
        return self._key

    def sign(self, kind: str, payload: dict[str, Any] | bytes) -> Envelope:
        return sign_envelope(kind, payload, self._key)

    @override
    def __repr__(self) -> str:
        return f"Me({self.id[:8]}…, key {self.key_number})"

    @override
    def __getstate__(self) -> object:
        raise TypeError("a person's key is not to be copied around")
