"""The table of feed (how far was read: a local fact), and what notices and search read from the rooms below."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    Text,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata, rows
from microsocial.friends import store as friends_store
from microsocial.messages import store as messages_store
from microsocial.records.keys import store as keys_store

read_marks = Table(
    "read_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("until", Integer, nullable=False),
)


def read_until(conn: Connection, name: str) -> int:
    row = rows.find(conn, read_marks, name=name)
    return row.until if row else 0


def mark_read(conn: Connection, name: str, until: int) -> None:
    """Move the mark forward; it never goes back, since two screens may answer out of order."""
    statement = insert(read_marks).values(name=name, until=until)
    later = func.max(read_marks.c.until, statement.excluded.until)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"until": later}))


def happened_with_people(
    conn: Connection, limit: int, without: Collection[str] = ()
) -> Sequence[Row[Any]]:
    """Give (kind, person, happened, many, where): friendships begun or ended by them, open requests, keys renewed, what was taken out, homes to say yes to."""
    friends, asks = friends_store.friends, friends_store.asks
    one, nowhere = literal(1), literal("")
    began = select(
        literal("friend").label("kind"),
        friends.c.person,
        friends.c.since.label("happened"),
        one.label("many"),
        nowhere.label("where"),
    )
    ended = select(literal("ended"), friends.c.person, friends.c.ended, one, nowhere).where(
        friends.c.state == "former", friends.c.ended_by == "them"
    )
    asked = select(literal("request"), asks.c.person, asks.c.received, one, nowhere).where(
        asks.c.declined.is_(None)
    )
    changed, aside = keys_store.key_changes, keys_store.set_aside
    renewed = select(
        literal("keys-") + changed.c.reason, changed.c.person, changed.c.learned, one, nowhere
    ).join(friends, friends.c.person == changed.c.person)
    taken_out = (
        select(
            literal("taken-out"), aside.c.author, func.max(aside.c.happened), func.count(), nowhere
        )
        .join(friends, friends.c.person == aside.c.author)
        .where(aside.c.via.is_not(None))
        .group_by(aside.c.author, aside.c.disown)
    )
    every = union_all(began, ended, asked, renewed, taken_out, _homes_asked()).subquery()
    query = select(every)
    if without:
        query = query.where(every.c.person.not_in(without))
    return conn.execute(query.order_by(every.c.happened.desc(), every.c.person).limit(limit)).all()


def _homes_asked() -> Select[Any]:
    homes = friends_store.homes
    return (
        select(
            literal("home").label("kind"),
            homes.c.person,
            func.max(homes.c.asked).label("happened"),
            func.count().label("many"),
            func.group_concat(homes.c.place, ", ").label("where"),
        )
        .where(homes.c.declined.is_(None))
        .group_by(homes.c.person)
    )


def homes_asked(conn: Connection, people: Collection[str]) -> Sequence[Row[Any]]:
    """Give the same for the homes of these people alone."""
    query = _homes_asked().where(friends_store.homes.c.person.in_(set(people)))
    return conn.execute(query).all()


def every_message(conn: Connection, without: Collection[str] = ()) -> Iterable[Row[Any]]:
    """Give (ref, text, media) of all messages, newest first, for a search that scans."""
    messages = messages_store.messages
    query = select(messages.c.ref, messages.c.text, messages.c.media)
    if without:
        query = query.where(messages.c.friend.not_in(without))
    newest_first = query.order_by(messages.c.shown.desc(), messages.c.ref.desc())
    return conn.execute(newest_first.execution_options(yield_per=500))
