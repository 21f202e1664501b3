"""Who somebody is: a log of keys in which each commits the next (spec 3).

Key events hold no time and no randomness, so one step always gives the same bytes; two different valid ones for one step
mean that the words are in two hands.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from microsocial.protocol.crypto import PUBLIC_KEY_BYTES, PublicKey, SigningKey, hkdf
from microsocial.protocol.encoding import b64u, dump, hash_of, parse_object, unb64u
from microsocial.protocol.envelope import Envelope, parse_envelope, sign_envelope, verify_envelope
from microsocial.protocol.limits import MAX_KEY_EVENT_BYTES, MAX_KEY_EVENTS
from microsocial.protocol.refusals import Forked, Malformed, TooLarge, UnknownKey

INCEPTION = "inception"
ROTATION = "rotation"
Reason = Literal["planned", "stolen"]
_REASONS = ("planned", "stolen")


def signing_key(word_entropy: bytes, number: int) -> SigningKey:
    """Derive key `number` from the words (spec 3.1)."""
    return SigningKey(hkdf(word_entropy, b"microsocial key %d" % number))


def commitment(key: PublicKey) -> str:
    """What an event says about the key to come (spec 3.2)."""
    return hash_of(key.raw)


def inception(key: SigningKey, next_public: PublicKey) -> Envelope:
    """Begin a person: key 0, and the promise of key 1 (spec 3.2)."""
    return sign_envelope(
        INCEPTION, {"key": b64u(key.public.raw), "next": commitment(next_public)}, key
    )


def rotation(
    log: "KeyLog", key: SigningKey, next_public: PublicKey, reason: Reason = "planned"
) -> Envelope:
    """Take the step after `log` to the promised `key`, promising the next (spec 3.3)."""
    payload = {
        "id": log.id,
        "number": log.number + 1,
        "key": b64u(key.public.raw),
        "next": commitment(next_public),
        "previous": b64u(log.events[-1].hash),
        "reason": reason,
    }
    return sign_envelope(ROTATION, payload, key)


@dataclass(frozen=True)
class KeyLog:
    """A *valid* list of key events; made by `parse_key_log`, `begin` and `with_event`, which check every step."""

    events: tuple[Envelope, ...]
    keys: tuple[PublicKey, ...] = field(compare=False, repr=False)
    promised: str = field(compare=False, repr=False)
    reasons: tuple[str, ...] = field(compare=False, repr=False, default=())

    @cached_property
    def id(self) -> str:
        """The person (spec 3.2)."""
        return b64u(self.events[0].hash)

    @property
    def number(self) -> int:
        """The key number: that of the last event (spec 3.5)."""
        return len(self.events) - 1

    @property
    def current(self) -> PublicKey:
        return self.keys[-1]

    def key(self, number: int) -> PublicKey:
        """Look up key `number`; raise UnknownKey."""
        if not 0 <= number < len(self.keys):
            raise UnknownKey(f"there is no key {number} in this log")
        return self.keys[number]

    def extends(self, other: "KeyLog") -> bool:
        """Say whether this log is `other`, continued or unchanged."""
        return self.events[: len(other.events)] == other.events

    def with_event(self, event: Envelope) -> "KeyLog":
        """Take one more step, checked; raise Malformed or BadSignature."""
        key, promised, reason = _read_rotation(self, event)
        return KeyLog((*self.events, event), (*self.keys, key), promised, (*self.reasons, reason))

    def raw(self) -> list[bytes]:
        return [event.raw for event in self.events]

    def encoded(self) -> list[str]:
        """As it is written inside payloads."""
        return [event.encoded() for event in self.events]


def begin(event: Envelope) -> KeyLog:
    """Read an inception; raise Malformed or BadSignature."""
    payload = _read_exactly(
        event, INCEPTION, lambda found: {"key": found["key"], "next": found["next"]}
    )
    key = PublicKey(_b64u_field(payload, "key"))
    _b64u_field(payload, "next")
    verify_envelope(event, key)
    return KeyLog((event,), (key,), payload["next"])


def parse_key_log(raws: Sequence[bytes]) -> KeyLog:
    """Check every step of a key log from outside; raise Malformed or BadSignature."""
    if not raws:
        raise Malformed("an empty key log")
    if len(raws) > MAX_KEY_EVENTS:
        raise TooLarge(f"a key log of {len(raws)} events; at most {MAX_KEY_EVENTS} are read")
    events = [parse_envelope(raw, MAX_KEY_EVENT_BYTES) for raw in raws]
    log = begin(events[0])
    for event in events[1:]:
        log = log.with_event(event)
    return log


def decode_key_log(texts: Iterable[str]) -> KeyLog:
    """Read a key log written as b64u envelopes inside a payload."""
    return parse_key_log([unb64u(text) for text in texts])


def merge(known: KeyLog, offered: KeyLog) -> KeyLog:
    """Return the longer of two logs of one person; raise Forked when neither extends the other (spec 3.4)."""
    if known.id != offered.id:
        raise Malformed("a key log of somebody else")
    if offered.extends(known):
        return offered
    if known.extends(offered):
        return known
    raise Forked


def _read_rotation(log: KeyLog, event: Envelope) -> tuple[PublicKey, str, str]:
    names = ("id", "number", "key", "next", "previous", "reason")
    payload = _read_exactly(event, ROTATION, lambda found: {name: found[name] for name in names})
    key = PublicKey(_b64u_field(payload, "key"))
    _b64u_field(payload, "next")
    follows = (
        payload["id"] == log.id
        and payload["number"] == log.number + 1
        and payload["previous"] == b64u(log.events[-1].hash)
        and payload["reason"] in _REASONS
    )
    if not follows:
        raise Malformed("a rotation that does not follow its key log")
    if commitment(key) != log.promised:  # spec 3.3: only the key promised before may come
        raise Malformed("a rotation to a key that was not promised")
    verify_envelope(event, key)
    return key, payload["next"], payload["reason"]


def _read_exactly(
    event: Envelope, kind: str, rebuilt: Callable[[dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    # spec 3.2, 3.3: "exactly", or one step could have two spellings and look like a fork
    if event.kind != kind:
        raise Malformed(f"a key log with a {event.kind} where {kind} belongs")
    found = parse_object(event.payload, MAX_KEY_EVENT_BYTES)
    try:
        exact = dump(rebuilt(found))
    except KeyError as error:
        raise Malformed(f"a key event without {error}") from error
    if exact != event.payload:
        raise Malformed("a key event not spelled exactly")
    return found


def _b64u_field(payload: dict[str, Any], name: str) -> bytes:
    text = payload[name]
    if not isinstance(text, str):
        raise Malformed(f"{name} is not text")
    return unb64u(text, PUBLIC_KEY_BYTES)
