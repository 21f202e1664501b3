"""Greetings of mine that wait for a greeting back: whom I asked, whose link I took, whose request I said yes to.

One row per person until they are my friend, or until it is clear that they will not be.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, update

from microsocial.clock import Entropy
from microsocial.friends import store
from microsocial.friends.model import Met
from microsocial.protocol.envelope import Envelope, parse_envelope
from microsocial.protocol.exchange import InviteProof
from microsocial.protocol.keys import KeyLog, decode_key_log
from microsocial.protocol.limits import MAX_PREKEY_BYTES
from microsocial.protocol.prekeys import PublishedPrekey, read_prekey
from microsocial.records.keys.rings import decode_stored

MINUTE_MS = 60 * 1000
DAY_MS = 24 * 60 * MINUTE_MS
FIRST_DELAY_MS = MINUTE_MS
LONGEST_DELAY_MS = 6 * 60 * MINUTE_MS  # as the courier waits for friends
# They have my request and may not be able to reach me with their yes: one look a day, no more than to a silent friend.
WAITING_DELAY_MS = DAY_MS
# What is planned further ahead was planned by a clock that has been set back since.
LONGEST_PLAN_MS = 2 * DAY_MS
ASKED_FOR_MS = (
    30 * DAY_MS
)  # who has not said yes in a month will hardly do so because of one more request


@dataclass(frozen=True)
class Knock:
    """One greeting on its way."""

    person: str
    urls: tuple[str, ...]
    key_log: KeyLog
    prekey: PublishedPrekey
    met: Met
    invite: InviteProof | None = None
    note: str = ""


def start(conn: Connection, knock: Knock, now: int, expires: int | None = None) -> None:
    """Begin to knock, or begin again with what is newer."""
    proof = knock.invite
    store.put(
        conn,
        store.knocks,
        person=knock.person,
        urls=json.dumps(knock.urls),
        key_log=" ".join(knock.key_log.encoded()),
        prekey=knock.prekey.envelope.raw,
        invite=json.dumps({"id": proof.id, "mac": proof.mac}) if proof else None,
        note=knock.note or None,
        met=knock.met,
        made=now,
        expires=expires or now + ASKED_FOR_MS,
        attempts=0,
        next_try=now,
        error=None,
    )


def find(conn: Connection, person: str) -> Knock | None:
    row = store.find(conn, store.knocks, person=person)
    if row is None:
        return None
    key_log = decode_key_log(row.key_log.split(" "))
    invite = json.loads(row.invite) if row.invite else None
    return Knock(
        person=row.person,
        urls=tuple(json.loads(row.urls)),
        key_log=key_log,
        prekey=read_prekey(parse_envelope(row.prekey, MAX_PREKEY_BYTES), key_log),
        met=row.met,
        invite=InviteProof(**invite) if invite else None,
        note=row.note or "",
    )


def key_log(conn: Connection, person: str) -> KeyLog | None:
    """Give the key log of somebody whom I greeted: on their side we may be friends already, so they may write any moment."""
    row = store.find(conn, store.knocks, person=person)
    return decode_stored(row.key_log) if row is not None else None


def take_prekey(conn: Connection, person: str, prekey: Envelope) -> None:
    """They have a newer key to seal to."""
    _change(conn, person, prekey=prekey.raw)


def take_urls(conn: Connection, person: str, urls: Sequence[str]) -> None:
    """They have moved."""
    _change(conn, person, urls=json.dumps(list(urls)))


def failed(conn: Connection, person: str, sentence: str, now: int, entropy: Entropy) -> None:
    """It did not get through: try again later, each time a little later, and never in step with others."""
    row = store.find(conn, store.knocks, person=person)
    if row is None:
        return
    delay = min(FIRST_DELAY_MS << min(row.attempts, 16), LONGEST_DELAY_MS)
    later = now + _jittered(delay, entropy)
    _change(conn, person, attempts=row.attempts + 1, next_try=later, error=sentence)


def waits(conn: Connection, person: str, now: int, entropy: Entropy) -> None:
    """They have it, and the yes is theirs to say."""
    _change(
        conn, person, attempts=0, next_try=now + _jittered(WAITING_DELAY_MS, entropy), error=None
    )


def wake_failed(conn: Connection, now: int) -> None:
    """This machine has just started: perhaps it was the one that slept."""
    woken = store.knocks.c.error.is_not(None)
    conn.execute(update(store.knocks).where(woken).values(next_try=now, attempts=0))


def due(conn: Connection, now: int) -> Sequence[str]:
    next_try = store.knocks.c.next_try
    is_due = or_(next_try <= now, next_try > now + LONGEST_PLAN_MS)
    query = select(store.knocks.c.person).where(is_due, store.knocks.c.expires > now)
    return list(conn.execute(query.order_by(store.knocks.c.next_try)).scalars())


def next_due(conn: Connection, now: int) -> int | None:
    still = store.knocks.c.expires > now
    return conn.execute(select(func.min(store.knocks.c.next_try)).where(still)).scalar()


def _change(conn: Connection, person: str, **values: object) -> None:
    conn.execute(update(store.knocks).where(store.knocks.c.person == person).values(**values))


def _jittered(delay: int, entropy: Entropy) -> int:
    """Between three and five quarters of it, so that machines that slept together do not wake together."""
    return delay * 3 // 4 + delay // 2 * entropy(1)[0] // 255
