"""Renewing the key with the 24 words (spec 3.3), or bringing a node that fell behind to the current one. Pure but for `keep`.

Rule 1: never from a shorter log than friends know: two different steps of one number look as if the words were in two hands.
Rule 2: the old key leaves the disk in the transaction that brings the new one; the files are rebuilt after it.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from microsocial.database import WordsErased
from microsocial.errors import TooMuch
from microsocial.events import emit
from microsocial.identity import store
from microsocial.identity.recovery import WordsOfAnother, keep_public_halves, public_halves
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.keys import KeyLog, Reason, commitment, rotation, signing_key
from microsocial.protocol.limits import MAX_KEY_EVENTS


class TooManyKeys(TooMuch):
    """You have renewed your key 255 times, and no more changes are possible. Begin anew with another person."""

    status = 409


@dataclass(frozen=True)
class Turn:
    """From which key on I go on. `is_new`: it is a step that nobody knows yet."""

    key: SigningKey = field(repr=False)
    key_log: KeyLog
    is_new: bool


def turn(entropy: bytes, mine: KeyLog, longest: KeyLog, reason: Reason) -> Turn:
    """Say where the words lead from the longest log that anybody knows.

    A planned change of a node that is behind only brings it to the current key; after a theft another step follows.

    Raises:
        WordsOfAnother: these words did not make this log.
        TooManyKeys: it is full.
    """
    current, promised = (signing_key(entropy, longest.number + step) for step in (0, 1))
    if current.public != longest.current or commitment(promised.public) != longest.promised:
        raise WordsOfAnother(field="words")
    if reason == "planned" and longest.number > mine.number:
        return Turn(current, longest, is_new=False)
    if len(longest.events) >= MAX_KEY_EVENTS:
        raise TooManyKeys
    after = signing_key(entropy, longest.number + 2).public
    event = rotation(longest, promised, after, reason)
    return Turn(promised, longest.with_event(event), is_new=True)


def keep(conn: Connection, entropy: bytes, turned: Turn) -> None:
    """Store the new key in the place of the old one, which leaves the files."""
    store.change_identity(
        conn,
        key_number=turned.key_log.number,
        seed=turned.key.seed,
        key_log=" ".join(turned.key_log.encoded()),
    )
    keep_public_halves(conn, public_halves(entropy))
    emit(conn, WordsErased())
