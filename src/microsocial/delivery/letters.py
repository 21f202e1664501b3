"""Signing and sealing: what this node says to others, put into an envelope and shut."""

from typing import Any

from msgspec import structs
from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.delivery.prekeys import Prekeys
from microsocial.delivery.store import Correspondent
from microsocial.protocol.encoding import hash_of
from microsocial.protocol.exchange import Answer, Farewell, Holdings, Refused, Reunion, Update
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.prekeys import PublishedPrekey
from microsocial.protocol.refusals import Status
from microsocial.protocol.sealing import Purpose, seal
from microsocial.records.model import Me

Letter = Update | Reunion | Holdings | Farewell


class Letters:
    def __init__(self, me: Me, clock: Clock, prekeys: Prekeys) -> None:
        self._me = me
        self._clock = clock
        self._prekeys = prekeys

    def head(self, friend: Correspondent, key_log: KeyLog) -> dict[str, Any]:
        """The fields every letter to a friend begins with."""
        return {
            "sender": self._me.id,
            "receiver": friend.person,
            "key": self._me.key_number,
            "your_key": key_log.number,
        }

    def prekey(self, conn: Connection) -> str:
        return self._prekeys.current(conn).encoded()

    def seal(self, letter: Letter, prekey: PublishedPrekey) -> bytes:
        purpose: Purpose = letter.kind  # type: ignore[assignment]  # kinds of letters are purposes
        if letter.key != self._me.key_number:  # my key was renewed since it was drafted
            letter = structs.replace(letter, key=self._me.key_number)
        envelope = self._me.sign(letter.kind, letter.payload())
        return seal(envelope.raw, purpose, self._me.id, letter.receiver, prekey)

    def answer(
        self,
        conn: Connection,
        person: str,
        sealed: bytes,
        status: Status,
        *,
        your_key: int = 0,
        position: str | None = None,
        refused: tuple[Refused, ...] = (),
        keys: tuple[str, ...] = (),
        address: str | None = None,
        is_friend: bool = True,
    ) -> bytes:
        """Sign the reply to sealed bytes. A stranger's says nothing but the status, whoever they are (spec 9.5)."""
        letter = Answer(
            sender=self._me.id,
            receiver=person,
            key=self._me.key_number,
            your_key=your_key,
            update=hash_of(sealed),
            status=status,
            position=position,
            # Who has moved is written to with the prekey of the new machine.
            prekey=self.prekey(conn) if is_friend and address is None else None,
            refused=refused,
            keys=keys if is_friend else tuple(self._me.key_log.encoded()),
            address=address,
            now=self._clock.now(),
        )
        return self._me.sign(letter.kind, letter.payload()).raw


def is_sealed(reply: bytes) -> bool:
    """Tell a sealed reply (holdings) from a signed one (an answer)."""
    return reply.startswith(b"MS1")
