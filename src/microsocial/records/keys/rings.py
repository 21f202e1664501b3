"""People's key logs: they only grow; when they grew, and two that contradict each other, are kept (spec 3.4)."""

from collections.abc import Callable, Collection
from functools import lru_cache

from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.events import emit
from microsocial.protocol.keys import KeyLog, decode_key_log
from microsocial.records import store
from microsocial.records.keys import store as kept
from microsocial.records.model import KeysChanged, KeysForked, Me

# Told in the transaction in which somebody's longer key log was learned: (conn, the number before, the log now).
Grown = Callable[[Connection, int, KeyLog], None]


# A log of one step is about 2 KB in memory; more people than this are seldom met in one day.
MAX_DECODED = 1_000


@lru_cache(MAX_DECODED)
def decode_stored(text: str) -> KeyLog:
    """Check a stored log once, not with each request: so it also takes as long for who has one here as for who has none."""
    return decode_key_log(text.split(" "))


class KeyRings:
    def __init__(self, me: Me, clock: Clock) -> None:
        self._me = me
        self._clock = clock
        self._when_grown: list[Grown] = []

    def when_grown(self, tell: Grown) -> None:
        self._when_grown.append(tell)

    def logs(self, conn: Connection, persons: Collection[str]) -> dict[str, KeyLog]:
        """Give the key logs of those among these people whose log is known; mine too."""
        known = {
            person: decode_stored(text) for person, text in store.key_logs(conn, persons).items()
        }
        return known | ({self._me.id: self._me.key_log} if self._me.id in persons else {})

    def keep(self, conn: Connection, key_log: KeyLog) -> None:
        """Remember somebody's keys. The caller has merged them with what was known, perhaps a while ago.

        A log never becomes shorter (spec 3.4).
        """
        known = store.key_logs(conn, [key_log.id]).get(key_log.id, "")
        encoded = " ".join(key_log.encoded())
        if len(encoded) <= len(known) or not encoded.startswith(known):
            return
        store.put_key_log(conn, key_log.id, encoded)
        if known and key_log.id != self._me.id:
            self._note_growth(conn, key_log, known.count(" "))

    def _note_growth(self, conn: Connection, key_log: KeyLog, before: int) -> None:
        now = self._clock.now()
        for number in range(before + 1, key_log.number + 1):
            reason = key_log.reasons[number - 1]
            kept.add_change(conn, person=key_log.id, number=number, reason=reason, learned=now)
            emit(conn, KeysChanged(key_log.id, number, reason))
        for tell in self._when_grown:
            tell(conn, before, key_log)

    def changed(self, conn: Connection, persons: Collection[str]) -> dict[str, int]:
        """Give when the last change of these people's keys was learned."""
        rows = sorted(kept.changes_of(conn, persons), key=lambda row: row.number)
        return {row.person: row.learned for row in rows}

    # Two valid logs of one person

    def note_fork(self, conn: Connection, contradicting: KeyLog) -> None:
        """Keep that a second valid log of somebody exists. Theirs that is known stays as it is."""
        encoded = " ".join(contradicting.encoded())
        known = kept.find(conn, kept.forks, person=contradicting.id)
        if known is not None and known.key_log == encoded:
            return
        kept.put(
            conn,
            kept.forks,
            person=contradicting.id,
            key_log=encoded,
            learned=self._clock.now(),
            settled=None,
        )
        emit(conn, KeysForked(contradicting.id))

    def forked(self, conn: Connection, persons: Collection[str]) -> dict[str, int]:
        """Give since when, for those whose keys contradict each other and about whom the owner has not decided."""
        found = kept.among(conn, kept.forks, "person", persons)
        return {row.person: row.learned for row in found if row.settled is None}

    def is_forked(self, conn: Connection, person: str) -> bool:
        return bool(self.forked(conn, [person]))

    def settle_fork(self, conn: Connection, person: str) -> None:
        """The owner asked them, and goes on with the keys that were known."""
        if self.is_forked(conn, person):
            kept.settle_fork(conn, person, self._clock.now())
