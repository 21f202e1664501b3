"""The keys that letters to me are sealed to: a new one every week, the old private half gone two weeks later (spec 3.6)."""

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import WordsErased
from microsocial.delivery import store
from microsocial.events import emit
from microsocial.protocol.crypto import HPKE_SEED_BYTES
from microsocial.protocol.encoding import parse_object
from microsocial.protocol.envelope import Envelope, parse_envelope
from microsocial.protocol.limits import MAX_PREKEY_BYTES, PREKEY_GRACE_S, PREKEY_LIFETIME_S
from microsocial.protocol.prekeys import PREKEY_ID_BYTES, new_prekey, read_prekey
from microsocial.protocol.revisions import next_revision
from microsocial.records.model import Me


class Prekeys:
    def __init__(self, me: Me, clock: Clock, entropy: Entropy) -> None:
        self._me = me
        self._clock = clock
        self._entropy = entropy

    def current(self, conn: Connection) -> Envelope:
        """Give the newest one, making the first when there is none."""
        newest = store.newest_prekey(conn)
        if newest is None:
            return self._make(conn, 0)
        return parse_envelope(newest.envelope, MAX_PREKEY_BYTES)

    def private(self, conn: Connection, prekey_id: bytes) -> bytes | None:
        """The private half that a letter needs, while it is not erased."""
        return store.private_half(conn, prekey_id)

    def roll(self, conn: Connection) -> bool:
        """Replace a prekey that is a week old (or was signed by an older key), erase private halves past their time."""
        now = self._clock.now()
        newest = store.newest_prekey(conn)
        # A clock that has been set back must not let a prekey, or an old private half, live a year longer.
        store.correct_prekeys_from_the_future(conn, now)
        is_due = newest is None or not 0 <= now - newest.made < PREKEY_LIFETIME_S * 1000
        if newest is not None and not self._is_mine(newest.envelope):
            return self._renew(conn, newest.revision)
        if is_due:
            store.mark_replaced(conn, now)
            self._make(conn, newest.revision if newest else 0)
        if store.drop_prekeys_replaced_before(conn, now - PREKEY_GRACE_S * 1000):
            emit(conn, WordsErased())
        return is_due

    def _is_mine(self, envelope: bytes) -> bool:
        """Say whether my current key signed it: after a rotation older ones count no more (spec 3.6)."""
        payload = parse_object(parse_envelope(envelope, MAX_PREKEY_BYTES).payload, MAX_PREKEY_BYTES)
        return bool(payload["key"] == self._me.key_number)

    def _renew(self, conn: Connection, previous: int) -> bool:
        """Make one under my new key and erase all others: what was sealed to them is sealed again."""
        fresh = read_prekey(self._make(conn, previous), self._me.key_log)
        store.drop_other_prekeys(conn, fresh.id)
        emit(conn, WordsErased())
        return True

    def _make(self, conn: Connection, previous: int) -> Envelope:
        now = self._clock.now()
        prekey_id = self._entropy(PREKEY_ID_BYTES)
        revision = next_revision(previous, now)
        envelope, private = new_prekey(
            self._me.id,
            self._me.key_number,
            self._me.signing_key,
            prekey_id,
            revision,
            self._entropy(HPKE_SEED_BYTES),
        )
        store.add_prekey(
            conn, id=prekey_id, revision=revision, envelope=envelope.raw, private=private, made=now
        )
        return envelope
