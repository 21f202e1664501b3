"""Where a friend stands in my log, and whether this copy of me may go on.

Positions are minted and read here (spec 6). A position that another run of mine minted, started after this one, means
that a copy is running: this one stops (R15). A hostile friend can replay only runs that are over.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.delivery import store
from microsocial.delivery.model import CopyRuns, CopyStopped, KeysInTwoHands, LongerKeyLog
from microsocial.events import LiveEvent, emit
from microsocial.protocol import positions
from microsocial.protocol.keys import KeyLog, decode_key_log
from microsocial.protocol.positions import FIRST, NONCE_BYTES, SECRET_BYTES, Position
from microsocial.records.model import Change
from microsocial.records.service import Log

SECRET, RUN, SEEN_RUN, STOPPED = "position-secret", "run", "seen-run", "stopped"
LONGER_LOG = "longer-key-log"
_RUN_BYTES = 8


@dataclass(frozen=True)
class Foreign:
    """Not a place in this log: a restore, a copy, or somebody's invention."""


@dataclass(frozen=True)
class NewerRun:
    """Minted by a copy of mine that was started after this one."""

    run: int


@dataclass(frozen=True)
class Stands:
    """A place in this log, and how far the log reached when it was minted."""

    change: int
    newest: int


Place = Stands | Foreign | NewerRun


class Standing:
    def __init__(self, log: Log, clock: Clock, entropy: Entropy) -> None:
        self._log = log
        self._clock = clock
        self._entropy = entropy

    # Runs

    def start_run(self, conn: Connection) -> int:
        """Begin a run above all that are known; the time makes it newer than runs that a restore forgot."""
        seen = max(_number(store.fact(conn, RUN)), _number(store.fact(conn, SEEN_RUN)))
        run = max(seen + 1, self._clock.now())
        store.put_fact(conn, RUN, run.to_bytes(_RUN_BYTES, "big"))
        return run

    def stopped(self, conn: Connection) -> str | None:
        """Why this copy has stopped, in a sentence, or None."""
        why = store.fact(conn, STOPPED)
        return why.decode() if why else None

    def stop_for_copy(self, conn: Connection, run: int) -> str:
        store.put_fact(conn, SEEN_RUN, run.to_bytes(_RUN_BYTES, "big"))
        return self._stop(conn, CopyRuns.sentence())

    def stop_for_keys(self, conn: Connection, longer: KeyLog) -> str:
        store.put_fact(conn, LONGER_LOG, " ".join(longer.encoded()).encode())
        return self._stop(conn, LongerKeyLog.sentence())

    def stop_for_fork(self, conn: Connection) -> str:
        return self._stop(conn, KeysInTwoHands.sentence())

    def longer_log(self, conn: Connection) -> KeyLog | None:
        """The log of mine for which this copy stopped."""
        fact = store.fact(conn, LONGER_LOG)
        return decode_key_log(fact.decode().split(" ")) if fact else None

    def go_on_under(self, conn: Connection) -> None:
        """The words brought this copy to the current key."""
        store.drop_fact(conn, LONGER_LOG)
        if self.stopped(conn) == LongerKeyLog.sentence():
            self._go_on(conn)

    def forget_positions(self, conn: Connection) -> None:
        """A thief has the secret of positions, and perhaps runs on: none from before counts (R3)."""
        store.drop_fact(conn, SECRET)
        if self.stopped(conn) == CopyRuns.sentence():
            self._go_on(conn)

    def _stop(self, conn: Connection, sentence: str) -> str:
        store.put_fact(conn, STOPPED, sentence.encode())
        emit(conn, CopyStopped(sentence))
        emit(conn, LiveEvent("copy.stopped", {"sentence": sentence}))
        return sentence

    def continue_here(self, conn: Connection) -> None:
        """The owner says that this copy is the one to keep. Not a way around a longer key log."""
        if self.stopped(conn) == LongerKeyLog.sentence():
            raise LongerKeyLog
        if self.stopped(conn) == KeysInTwoHands.sentence():
            raise KeysInTwoHands
        self._go_on(conn)

    def _go_on(self, conn: Connection) -> None:
        self.start_run(conn)
        store.drop_fact(conn, STOPPED)
        emit(conn, LiveEvent("copy.continued", {}))

    # Positions

    def mint(self, conn: Connection, person: str, change: Change) -> str:
        newest = self._log.head(conn)
        position = Position(
            change.seq,
            change.mark,
            newest.seq,
            newest.mark,
            self._log.me.key_number,
            _number(store.fact(conn, RUN)),
        )
        secret, nonce = self._secret(conn), self._entropy(NONCE_BYTES)
        return positions.mint(position, secret, person, nonce)

    def read(self, conn: Connection, person: str, text: str) -> Place:
        """Say what this position of `person` stands for."""
        if text == FIRST:
            return Stands(0, 0)
        position = positions.read(text, self._secret(conn), person)
        if position is None:
            return Foreign()
        if position.run > _number(store.fact(conn, RUN)):
            return NewerRun(position.run)
        place = Change(position.change, position.mark)
        newest = Change(position.newest, position.newest_mark)
        if not self._log.stands(conn, [place, newest]):
            return Foreign()
        return Stands(position.change, position.newest)

    def learn(self, conn: Connection, person: str, sees_from: int, text: str) -> Place:
        """Read a position that `person` was at, and recall what they must have been offered."""
        place = self.read(conn, person, text)
        if isinstance(place, Stands):
            self._log.recall_offered(conn, person, sees_from, place.change, place.newest)
        elif isinstance(place, NewerRun):
            self.stop_for_copy(conn, place.run)
        return place

    def _secret(self, conn: Connection) -> bytes:
        secret = store.fact(conn, SECRET)
        if secret is None:
            secret = self._entropy(SECRET_BYTES)
            store.put_fact(conn, SECRET, secret)
        return secret


def _number(fact: bytes | None) -> int:
    return int.from_bytes(fact or b"", "big")
