"""Keys in the simulation: everybody's words follow from their name; rotations, thieves, and what the door of a node does about keys."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from typing_extensions import override

from microsocial.delivery import store as delivery_store
from microsocial.delivery.model import Outgoing
from microsocial.errors import PeerBroke
from microsocial.identity.me import Me
from microsocial.protocol.encoding import hash_of
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.exchange import Answer, read_keys
from microsocial.protocol.keys import KeyLog, begin, decode_key_log, inception, merge, signing_key
from microsocial.protocol.kinds import KINDS
from microsocial.protocol.refusals import Forked, Status

if TYPE_CHECKING:
    from tests.support.world import Letter, Person

KEYS = "keys of the person"  # a fact in a simulated folder


def words_of(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def first_log(name: str) -> KeyLog:
    words = words_of(name)
    return begin(inception(signing_key(words, 0), signing_key(words, 1).public))


def me_with(name: str, log: KeyLog) -> Me:
    return Me(signing_key(words_of(name), log.number), log)


class Stolen(Me):
    """The same key in other hands; what it signs is known to be a thief's."""

    said: set[bytes]

    @override
    def sign(self, kind: str, payload: dict[str, Any] | bytes) -> Envelope:
        envelope = super().sign(kind, payload)
        if kind in KINDS:
            self.said.add(envelope.hash)
        return envelope


def stolen_me(name: str, log: KeyLog, said: set[bytes]) -> Stolen:
    thief = Stolen(signing_key(words_of(name), log.number), log)
    thief.said = said
    return thief


def kept_log(conn: Connection, name: str) -> KeyLog:
    """The key log that this folder was written under."""
    fact = delivery_store.fact(conn, KEYS)
    return decode_key_log(fact.decode().split(" ")) if fact else first_log(name)


def keep_log(conn: Connection, log: KeyLog) -> None:
    delivery_store.put_fact(conn, KEYS, " ".join(log.encoded()).encode())


# The door (transport/http_in.py), as far as keys are concerned


def introduction(person: "Person", friend: str) -> Outgoing:
    body = person.delivery.introduction()
    urls = person.read(lambda conn: person.delivery.urls(conn, friend))
    return Outgoing(friend, "keys", body, hash_of(body), urls)


def turned_away(conn: Connection, person: "Person", letter: "Letter") -> bytes | None:
    """What the door says before a letter is opened, or None."""
    kept, state = _standing(conn, person, letter.sender.id)
    if kept is None or letter.number > kept.number:
        return answer(person, letter, Status.KEY_UNKNOWN, keys=tuple(person.me.key_log.encoded()))
    if letter.number < kept.number:
        return answer(person, letter, Status.KEY_BEHIND, keys=tuple(kept.encoded()))
    if state != "active":
        return answer(person, letter, Status.NOT_FRIENDS, keys=tuple(person.me.key_log.encoded()))
    return None


def take_keys(conn: Connection, person: "Person", letter: "Letter") -> bytes:
    """POST /peer/v1/keys (spec 10.6)."""
    kept, state = _standing(conn, person, letter.sender.id)
    ended_it = person.delivery.keys.former(conn, letter.sender.id) is not None
    if kept is None or (state != "active" and not ended_it):
        return answer(person, letter, Status.NOT_FRIENDS, keys=tuple(person.me.key_log.encoded()))
    offered = decode_key_log(read_keys(letter.outgoing.sealed))
    try:
        merged = merge(kept, offered)
    except Forked:
        person.delivery.keys.freeze(conn, offered)
        return answer(person, letter, Status.BUSY)
    except PeerBroke:
        raise AssertionError("a key log of somebody else") from None
    if letter.number < merged.number:
        return answer(person, letter, Status.KEY_BEHIND, keys=tuple(merged.encoded()))
    prekey = person.delivery.keys.take(conn, merged)
    keys = tuple(person.me.key_log.encoded())
    return answer(person, letter, Status.APPLIED, keys=keys, prekey=prekey)


def _standing(conn: Connection, person: "Person", sender: str) -> tuple[KeyLog | None, str]:
    friend = delivery_store.find(conn, sender)
    if friend is None:
        return None, ""
    return person.log.key_logs(conn, [sender]).get(sender), friend.state


def answer(
    person: "Person",
    letter: "Letter",
    status: Status,
    keys: tuple[str, ...] = (),
    prekey: str | None = None,
) -> bytes:
    said = Answer(
        sender=person.id,
        receiver=letter.sender.id,
        key=person.me.key_number,
        your_key=letter.number,
        update=letter.outgoing.hash,
        status=status,
        keys=keys,
        prekey=prekey,
        now=person.clock.now(),
    )
    return person.me.sign("answer", said.payload()).raw
