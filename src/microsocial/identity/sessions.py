"""The owner's browsers: sessions, each revocable, and the browsers known from an earlier login."""

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


class Sessions:
    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def open(self, conn: Connection, label: str) -> NewSession:
        """Begin a session for a browser whose person has just proved to be the owner."""
        now = self._clock.now()
        new = NewSession(id=b64u(self._entropy(9)), secret=b64u(self._entropy(32)))
        store.drop_idle_sessions(conn, self._idle_since())
        store.add_session(
            conn, id=new.id, secret=secret_hash(new.secret), label=label, created=now, seen=now
        )
        return new

    def find(self, conn: Connection, secret: str) -> Session | None:
        row = store.find_session(conn, secret_hash(secret), self._idle_since())
        return _session(row) if row else None

    def all(self, conn: Connection) -> list[Session]:
        return [_session(row) for row in store.list_sessions(conn, self._idle_since())]

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

    def _idle_since(self) -> int:
        return self._clock.now() - SESSION_IDLE_DAYS * DAY_MS


def _session(row: Any) -> Session:
    return Session(id=row.id, label=row.label, created=row.created, seen=row.seen)
