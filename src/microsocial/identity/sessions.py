"""The owner's browsers: sessions, each revocable, and the browsers known from an earlier login."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.events import emit
from microsocial.identity import store
from microsocial.identity.model import (
    DAY_MS,
    SEEN_EVERY_MS,
    SESSION_IDLE_DAYS,
    NewSession,
    Session,
    SessionEnded,
    UnknownSession,
    secret_hash,
)
from microsocial.protocol.encoding import b64u

SESSION_IDLE_MS = SESSION_IDLE_DAYS * DAY_MS


class Sessions:
    """Sessions end when unused for a season. A clock that is set a year ahead ends none that was in use before that.

    Args:
        clock: says when a session was seen.
        entropy: makes secrets.
        steady: counts milliseconds whatever is done to the clock (`clock.steady_ms`); None trusts the clock.
    """

    def __init__(
        self, clock: Clock, entropy: Entropy, steady: Callable[[], int] | None = None
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._steady = steady
        self._used: dict[str, int] = {}  # when, by the steady count; since the program's start

    def open(self, conn: Connection, label: str) -> NewSession:
        """Begin a session for a browser whose person has just proved to be the owner."""
        now = self._clock.now()
        new = NewSession(id=b64u(self._entropy(9)), secret=b64u(self._entropy(32)))
        for idle in store.list_sessions(conn):
            if not self._is_alive(idle):
                store.drop_session(conn, str(idle.id))
        store.add_session(
            conn, id=new.id, secret=secret_hash(new.secret), label=label, created=now, seen=now
        )
        return new

    def find(self, conn: Connection, secret: str) -> Session | None:
        row = store.find_session(conn, secret_hash(secret))
        if row is None or not self._is_alive(row):
            return None
        if self._steady:
            self._used[str(row.id)] = self._steady()
        return _session(row)

    def all(self, conn: Connection) -> list[Session]:
        return [_session(row) for row in store.list_sessions(conn) if self._is_alive(row)]

    def is_due(self, session: Session) -> bool:
        """Tell whether "last seen" is old enough to be worth a write."""
        return not session.seen <= self._clock.now() < session.seen + SEEN_EVERY_MS

    def touch(self, conn: Connection, session: str) -> None:
        store.touch_session(conn, session, self._clock.now())

    def end(self, conn: Connection, session: str) -> None:
        if not store.drop_session(conn, session):
            raise UnknownSession
        emit(conn, SessionEnded(session))

    def end_others(self, conn: Connection, kept: str | None) -> None:
        for session in store.drop_other_sessions(conn, kept):
            emit(conn, SessionEnded(session))

    def remember_browser(self, conn: Connection) -> str:
        """Make the secret by which this browser is recognised at its next login."""
        secret = b64u(self._entropy(32))
        store.add_browser(conn, secret_hash(secret), self._clock.now())
        return secret

    def knows_browser(self, conn: Connection, secret: str) -> bool:
        return store.knows_browser(conn, secret_hash(secret))

    def _is_alive(self, row: Any) -> bool:
        if row.seen > self._clock.now() - SESSION_IDLE_MS:
            return True
        used = self._used.get(row.id)
        return bool(self._steady and used and used > self._steady() - SESSION_IDLE_MS)


def _session(row: Any) -> Session:
    return Session(id=row.id, label=row.label, created=row.created, seen=row.seen)
