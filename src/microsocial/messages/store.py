"""The tables of the messages room and their statements.

`messages` is a projection of records. `message_clears` (what clearing did here, which the erased messages can no longer
tell), `message_reads` and `message_keys` are local facts.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    Text,
    delete,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata, rows
from microsocial.records.store import offered

messages = Table(
    "messages",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("no", Integer, nullable=False),  # the record's number here: grows with arrival
    Column("author", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("friend", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("shown", Integer, nullable=False),  # min(created, received): a wrong clock cannot lead
    Column("text", Text, nullable=False),
    Column("media", Text, nullable=False),  # JSON, as in the record
    Column("revision", Integer, nullable=False),
    Column("expires", Integer),
)
clears = Table(
    "message_clears",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("no", Integer, nullable=False),
    Column("friend", Text, nullable=False),
    Column("from_me", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("told", Integer, nullable=False),  # 0: it only completes an earlier one
)
reads = Table(
    "message_reads",
    metadata,
    Column("friend", Text, primary_key=True),
    Column("until", Integer, nullable=False),  # messages.no
)
keys = Table(
    "message_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("friend", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("made", Integer, nullable=False),
)


def put_message(conn: Connection, **values: Any) -> None:
    rows.put(conn, messages, **values)


def find_message(conn: Connection, ref: str) -> Row[Any] | None:
    return rows.find(conn, messages, ref=ref)


def get_message(conn: Connection, ref: str) -> Row[Any]:
    return rows.get(conn, messages, ref=ref)


def find_messages(conn: Connection, friend: str, refs: Iterable[str]) -> list[Row[Any]]:
    query = select(messages).where(messages.c.friend == friend, messages.c.ref.in_(list(refs)))
    return list(conn.execute(query))


def drop_messages(conn: Connection, refs: Iterable[str]) -> None:
    conn.execute(delete(messages).where(messages.c.ref.in_(list(refs))))


def offered_among(conn: Connection, friend: str, numbers: Iterable[int]) -> set[int]:
    """Which of these records of mine the friend was ever offered."""
    query = select(offered.c.record).where(
        offered.c.person == friend, offered.c.record.in_(list(numbers))
    )
    return set(conn.execute(query).scalars())


def put_clear(conn: Connection, **values: Any) -> bool:
    """Note a clear once; say whether it is new."""
    return conn.execute(insert(clears).values(**values).on_conflict_do_nothing()).rowcount > 0


def drop_clear(conn: Connection, ref: str) -> None:
    rows.drop(conn, clears, ref=ref)


def get_clear(conn: Connection, ref: str) -> Row[Any]:
    return rows.get(conn, clears, ref=ref)


def last_clear(conn: Connection, friend: str, *, from_me: bool) -> Row[Any] | None:
    query = select(clears).where(clears.c.friend == friend, clears.c.from_me == int(from_me))
    return conn.execute(query.order_by(clears.c.created.desc()).limit(1)).one_or_none()


def refs_of_clears(conn: Connection, friend: str) -> list[str]:
    """Give the clears that either of the two said."""
    query = select(clears.c.ref).where(clears.c.friend == friend)
    return list(conn.execute(query).scalars())


def empty(conn: Connection, table: Table) -> None:
    conn.execute(delete(table))


Place = tuple[int, int, str]
# By when it was shown; within one moment (a batch that arrived together) as its author said it; the ref breaks the last
# ties the same way everywhere.
IN_ORDER = (messages.c.shown, messages.c.created, messages.c.ref)
NEWEST_FIRST = tuple(column.desc() for column in IN_ORDER)


def page(conn: Connection, friend: str, before: Place | None, limit: int) -> list[Row[Any]]:
    """Give up to `limit` messages older than `before`, newest first."""
    older = tuple_(*IN_ORDER) < before if before else true()
    query = select(messages).where(messages.c.friend == friend, older)
    ordered = query.order_by(*NEWEST_FIRST).limit(limit)
    return list(conn.execute(ordered))


def in_conversation(conn: Connection, friend: str, before: int | None = None) -> list[Row[Any]]:
    """Give the messages of a conversation, all or those shown before a moment, oldest first."""
    query = select(messages).where(messages.c.friend == friend)
    if before is not None:
        query = query.where(messages.c.shown < before)
    return list(conn.execute(query.order_by(*IN_ORDER)))


def clears_with(conn: Connection, friend: str, limit: int) -> list[Row[Any]]:
    query = select(clears).where(clears.c.friend == friend, clears.c.told == 1)
    return list(conn.execute(query.order_by(clears.c.shown.desc(), clears.c.ref).limit(limit)))


def _last_of_each() -> Select[Any]:
    # One step in the index per friend; ranking all messages took half a second with 50,000 of them.
    friends, one = select(messages.c.friend).distinct().subquery(), messages.alias()
    newest = (
        select(one.c.ref)
        .where(one.c.friend == friends.c.friend)
        .order_by(one.c.shown.desc(), one.c.created.desc(), one.c.ref.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(messages).join(friends, messages.c.ref == newest)


LAST_OF_EACH = _last_of_each()


def last_of_each(conn: Connection) -> list[Row[Any]]:
    """Give the newest message of every conversation."""
    return list(conn.execute(LAST_OF_EACH))


def last_clear_of_each(conn: Connection) -> dict[str, Row[Any]]:
    told = clears.c.told == 1
    newest = select(func.max(clears.c.no)).where(told).group_by(clears.c.friend)
    rows = conn.execute(select(clears).where(clears.c.no.in_(newest)))
    return {row.friend: row for row in rows}


def friends_unread(conn: Connection) -> set[str]:
    """Who wrote something that has not been read."""
    query = (
        select(messages.c.friend)
        .distinct()
        .outerjoin(reads, reads.c.friend == messages.c.friend)
        .where(messages.c.author == messages.c.friend)
        .where(or_(reads.c.until.is_(None), messages.c.no > reads.c.until))
    )
    return set(conn.execute(query).scalars())


def mark_read(conn: Connection, friend: str) -> bool:
    """Read everything that is here now; say whether anything was unread."""
    newest = conn.execute(
        select(func.max(messages.c.no)).where(messages.c.friend == friend)
    ).scalar_one()
    if newest is None or friend not in friends_unread(conn):
        return False
    statement = insert(reads).values(friend=friend, until=newest)
    conn.execute(statement.on_conflict_do_update(index_elements=["friend"], set_={"until": newest}))
    return True


def find_key(conn: Connection, key: str) -> Row[Any] | None:
    return rows.find(conn, keys, key=key)


def put_key(conn: Connection, **values: Any) -> None:
    conn.execute(insert(keys).values(**values))


def drop_keys_before(conn: Connection, moment: int) -> None:
    conn.execute(delete(keys).where(keys.c.made < moment))


def with_refs(conn: Connection, refs: Iterable[str]) -> list[Row[Any]]:
    query = select(messages).where(messages.c.ref.in_(list(refs)))
    return list(conn.execute(query.order_by(*NEWEST_FIRST)))
