"""What was remembered about people at the door, and is of no use any more: their claimed faces, the doors in the home network.

A friend who was removed is still told farewell behind such a door, so it closes only when nothing is left to be said.
"""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Text, bindparam, delete, select
from sqlalchemy.sql import ColumnElement

from microsocial.friends import store

_written_to = bindparam("written_to", expanding=True, type_=Text)


def _is_among(column: "Column[str]", person: ColumnElement[str]) -> ColumnElement[bool]:
    return select(column).where(column == person).exists()


_face, _host = store.faces.c.person, store.allowed_hosts.c.person
_IDLE_FACES = delete(store.faces).where(
    _is_among(store.profiles.c.person, _face)
    | ~(
        _is_among(store.friends.c.person, _face)
        | _is_among(store.asks.c.person, _face)
        | _is_among(store.knocks.c.person, _face)
        | _is_among(store.blocks.c.person, _face)
    )
)
_is_friend = (
    select(store.friends.c.person)
    .where(store.friends.c.person == _host, store.friends.c.state == "friend")
    .exists()
)
_IDLE_HOSTS = delete(store.allowed_hosts).where(
    ~_is_friend, ~_is_among(store.knocks.c.person, _host), _host.not_in(_written_to)
)


def tidy(conn: Connection, written_to: Collection[str]) -> None:
    """Forget what nobody needs; `written_to` are those to whom there may be something to say."""
    conn.execute(_IDLE_FACES)
    conn.execute(_IDLE_HOSTS, {"written_to": list(written_to)})
