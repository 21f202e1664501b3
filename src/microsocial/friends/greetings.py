"""Greetings as values: what somebody says at the first meeting, written and read (spec 9.2). Pure.

Everything a friendship starts from is in one greeting and is checked here, against the key log inside it and the one
known before: who they are, the key to seal to, the name, the addresses.
"""

from dataclasses import dataclass

from microsocial.errors import PeerBroke
from microsocial.protocol.envelope import (
    Envelope,
    decode_envelope,
    parse_envelope,
    verify_envelope,
)
from microsocial.protocol.exchange import Greeting, InviteProof, read_greeting
from microsocial.protocol.keys import KeyLog, decode_key_log, merge
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.payloads import Address, Profile, Record, read_record
from microsocial.protocol.prekeys import PublishedPrekey, decode_prekey
from microsocial.protocol.refusals import Forked, Malformed
from microsocial.records.model import Me

# A key log of some years, a prekey, a name, eight addresses. What strangers may make us keep has to be small.
MAX_GREETING_BYTES = 64 * 1024


class KeyBehind(PeerBroke):
    """Their machine runs with old keys; a newer one of theirs is known."""

    def __init__(self, known: KeyLog) -> None:
        super().__init__()
        self.known = known


class Contradicts(Forked):
    """Two different key changes claim the same step of one person's keys. Ask them in person before you go on."""

    def __init__(self, offered: KeyLog) -> None:
        super().__init__()
        self.offered = offered


@dataclass(frozen=True)
class Introduced:
    """A greeting, checked from end to end."""

    greeting: Greeting
    key_log: KeyLog
    prekey: PublishedPrekey
    profile: Profile
    address: Address
    records: tuple[Envelope, Envelope]  # profile and address, as signed
    raw: bytes

    @property
    def person(self) -> str:
        return self.key_log.id


def write_greeting(
    me: Me,
    to: str,
    *,
    prekey: Envelope,
    profile: Envelope,
    address: Envelope,
    position: str,
    invite: InviteProof | None = None,
    note: str = "",
) -> Envelope:
    """Say who I am to `to`, signed."""
    greeting = Greeting(
        sender=me.id,
        receiver=to,
        key=me.key_number,
        keys=tuple(me.key_log.encoded()),
        prekey=prekey.encoded(),
        profile=profile.encoded(),
        address=address.encoded(),
        invite=invite,
        note=note,
        position=position,
    )
    return me.sign("greeting", greeting.payload())


@dataclass(frozen=True)
class Said:
    """A greeting that was said by its sender: its own key log proves it."""

    greeting: Greeting
    key_log: KeyLog
    raw: bytes


def read_introduction(raw: bytes, sender: str, receiver: str, known: KeyLog | None) -> Introduced:
    """Check a greeting against its own key log and the `known` one.

    Raises:
        PeerBroke: the first rule that is broken; Contradicts when the two key logs disagree, KeyBehind when theirs is older
    """
    return introduce(read_said(raw, sender, receiver), known)


def read_said(raw: bytes, sender: str, receiver: str) -> Said:
    """Check that the sender said it, by nothing but what is in it. Raises PeerBroke."""
    envelope = parse_envelope(raw, MAX_GREETING_BYTES)
    greeting = read_greeting(envelope)
    if (greeting.sender, greeting.receiver) != (sender, receiver):
        raise Malformed("a greeting between other people")
    key_log = decode_key_log(greeting.keys)
    if key_log.id != sender:
        raise Malformed("a greeting with somebody else's keys")
    verify_envelope(envelope, key_log.key(greeting.key))
    return Said(greeting, key_log, raw)


def introduce(said: Said, known: KeyLog | None) -> Introduced:
    """Check the rest, now that it is known who speaks. Raises as `read_introduction`."""
    greeting = said.greeting
    key_log = _merged(known, said.key_log) if known is not None else said.key_log
    if greeting.key < key_log.number:  # spec 7.8: only the current key counts
        raise KeyBehind(key_log)
    profile, signed_profile = _record(greeting.profile, key_log)
    address, signed_address = _record(greeting.address, key_log)
    if not isinstance(profile, Profile) or not isinstance(address, Address):
        raise Malformed("a greeting without a name or address")
    prekey = decode_prekey(greeting.prekey, key_log)
    signed = (signed_profile, signed_address)
    return Introduced(greeting, key_log, prekey, profile, address, signed, said.raw)


def _merged(known: KeyLog, offered: KeyLog) -> KeyLog:
    try:
        return merge(known, offered)
    except Forked as error:
        raise Contradicts(offered) from error


def _record(text: str, key_log: KeyLog) -> tuple[Record, Envelope]:
    envelope = decode_envelope(text, MAX_RECORD_BYTES)
    record = read_record(envelope)
    if record.author != key_log.id:
        raise Malformed("a greeting with somebody else's record")
    verify_envelope(envelope, key_log.key(record.key))
    return record, envelope
