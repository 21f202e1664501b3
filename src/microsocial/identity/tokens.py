"""Bearer tokens: keys for programs that act for the owner, each with a label and scopes, shown once."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.events import emit
from microsocial.identity import store
from microsocial.identity.model import (
    MAX_TOKENS,
    SEEN_EVERY_MS,
    NewToken,
    Scope,
    Token,
    TokenEnded,
    TooManyTokens,
    UnknownToken,
    fit_label,
    secret_hash,
)
from microsocial.protocol.encoding import b64u


class Tokens:
    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def make(self, conn: Connection, label: str, scopes: Iterable[Scope]) -> NewToken:
        if store.count_tokens(conn) >= MAX_TOKENS:
            raise TooManyTokens
        now = self._clock.now()
        token = Token(b64u(self._entropy(9)), fit_label(label), frozenset(scopes), now, None)
        secret = b64u(self._entropy(32))
        store.add_token(
            conn,
            id=token.id,
            secret=secret_hash(secret),
            label=token.label,
            scopes=" ".join(sorted(token.scopes)),
            created=now,
        )
        return NewToken(token, secret)

    def find(self, conn: Connection, secret: str) -> Token | None:
        row = store.find_token(conn, secret_hash(secret))
        return _token(row) if row else None

    def all(self, conn: Connection) -> list[Token]:
        return [_token(row) for row in store.list_tokens(conn)]

    def is_due(self, token: Token) -> bool:
        """Tell whether "last used" is old enough to be worth a write."""
        now = self._clock.now()
        return token.seen is None or not token.seen <= now < token.seen + SEEN_EVERY_MS

    def touch(self, conn: Connection, token: str) -> None:
        store.touch_token(conn, token, self._clock.now())

    def end(self, conn: Connection, token: str) -> None:
        if not store.drop_token(conn, token):
            raise UnknownToken
        emit(conn, TokenEnded(token))


def _token(row: Any) -> Token:
    scopes = frozenset(Scope(word) for word in row.scopes.split())
    return Token(row.id, row.label, scopes, row.created, row.seen)
