"""The tables of delivery and their statements. All of it is local facts: backed up, not rebuildable."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata, rows

correspondents = Table(
    "correspondents",
    metadata,
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),  # active, leaving (the farewell is not told yet), ended
    Column("sees_from", Integer, nullable=False),
    Column("position", Text, nullable=False),  # mine in their log
    Column("answered", Text, nullable=False),  # theirs in mine, as they last said
    Column("acknowledged", Integer),  # the change that `answered` stands for; none: it is foreign
    Column("prekey", Text),
    Column("urls", Text, nullable=False),  # JSON
    Column("key_number", Integer, nullable=False),  # under which they last signed
    Column("hint", Text),  # `have` of their hello, until an update followed it
    Column("reunion", Text),  # JSON: how far a reunion has come
    Column("listed_for", Text),  # hash of the reunion that was last begun here
    Column("last_heard", Integer),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Integer),
    Column("refused", Text, nullable=False),  # JSON: [[author, id, reason], …], newest last
    Column("quota_day", Integer, nullable=False),
    Column("quota_records", Integer, nullable=False),
    Column("quota_bytes", Integer, nullable=False),
    Column(
        "theft", Integer, nullable=False
    ),  # 1: to be listed, as my key was stolen; 2: theirs was
    Column("knows_key", Integer, nullable=False),  # the newest key number of mine they named
    Column("ended_key", Integer),  # of theirs, under which they ended it
    Column("ended_mine", Integer),  # of mine, at that time
    Column("is_between", Integer, nullable=False),  # `position` is my own, until a reunion ends
)
prekeys = Table(
    "prekeys",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("private", LargeBinary, nullable=False),
    Column("made", Integer, nullable=False),
    Column("replaced", Integer),
)
facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

Correspondent = Row[Any]

STOLEN, COMPARE = 1, 2  # why somebody is to be listed: `correspondents.theft`

# The statements of every delivery are built once: building one costs more than SQLite takes to answer it.
_FIND = select(correspondents).where(correspondents.c.person == bindparam("of"))
_IN_STATE = (
    select(correspondents.c.person)
    .where(correspondents.c.state.in_(bindparam("states", expanding=True)))
    .order_by(correspondents.c.person)
)
_CHANGE = update(correspondents).where(correspondents.c.person == bindparam("of"))
_FACT = select(facts.c.value).where(facts.c.name == bindparam("named"))
_NEWEST_PREKEY = (
    select(prekeys).where(prekeys.c.replaced.is_(None)).order_by(prekeys.c.revision.desc()).limit(1)
)


_PRIVATE = select(prekeys.c.private).where(prekeys.c.id == bindparam("of"))


def find(conn: Connection, person: str) -> Correspondent | None:
    return conn.execute(_FIND, {"of": person}).one_or_none()


def in_state(conn: Connection, *states: str) -> list[str]:
    return list(conn.execute(_IN_STATE, {"states": list(states)}).scalars())


def put(conn: Connection, person: str, **values: Any) -> None:
    """Insert a correspondent, or change what is named here of a known one."""
    first = {"attempts": 0, "refused": "[]", "urls": "[]", "position": "", "answered": ""}
    statement = insert(correspondents).values(
        {"person": person, "key_number": 0, **_EMPTY_QUOTA, **first, **values}
    )
    conn.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))


_EMPTY_QUOTA = {"quota_day": 0, "quota_records": 0, "quota_bytes": 0}


def change(conn: Connection, person: str, **values: Any) -> None:
    conn.execute(_CHANGE, {**values, "of": person})


def list_everybody(conn: Connection) -> None:
    """My key was stolen: the next exchange with each is a reunion."""
    active = correspondents.c.state == "active"
    conn.execute(
        update(correspondents)
        .where(active)
        .values(theft=STOLEN, reunion=None, hint=None, acknowledged=None)
    )


def unlisted(conn: Connection) -> list[str]:
    waits = (correspondents.c.theft == STOLEN) & (correspondents.c.state == "active")
    return list(conn.execute(select(correspondents.c.person).where(waits)).scalars())


def ended_by_them(conn: Connection, since: int) -> list[str]:
    """Whose machine ended it lately."""
    theirs = (correspondents.c.state == "ended") & correspondents.c.ended_mine.is_not(None)
    query = select(correspondents.c.person).where(theirs, correspondents.c.last_heard >= since)
    return list(conn.execute(query).scalars())


def move_places_between(conn: Connection, place: Callable[[], str]) -> None:
    """A place in a reunion that this machine was started again in may have been that of another moment (R18)."""
    between = select(correspondents.c.person).where(correspondents.c.is_between == 1)
    for person in list(conn.execute(between).scalars()):
        change(conn, person, position=place(), listed_for=None)


def end_reunions(conn: Connection) -> None:
    conn.execute(update(correspondents).values(reunion=None))


def fact(conn: Connection, name: str) -> bytes | None:
    return conn.execute(_FACT, {"named": name}).scalar_one_or_none()


def put_fact(conn: Connection, name: str, value: bytes) -> None:
    rows.put(conn, facts, name=name, value=value)


def drop_fact(conn: Connection, name: str) -> None:
    rows.drop(conn, facts, name=name)


def add_prekey(conn: Connection, **values: Any) -> None:
    conn.execute(insert(prekeys).values(**values))


def newest_prekey(conn: Connection) -> Row[Any] | None:
    return conn.execute(_NEWEST_PREKEY).one_or_none()


def private_half(conn: Connection, prekey_id: bytes) -> bytes | None:
    return conn.execute(_PRIVATE, {"of": prekey_id}).scalar_one_or_none()


def mark_replaced(conn: Connection, now: int) -> None:
    conn.execute(update(prekeys).where(prekeys.c.replaced.is_(None)).values(replaced=now))


def correct_prekeys_from_the_future(conn: Connection, now: int) -> None:
    """What was replaced by a clock that ran ahead counts as replaced now."""
    conn.execute(update(prekeys).where(prekeys.c.replaced > now).values(replaced=now))


def drop_other_prekeys(conn: Connection, kept: bytes) -> int:
    return conn.execute(delete(prekeys).where(prekeys.c.id != kept)).rowcount


def drop_prekeys_replaced_before(conn: Connection, moment: int) -> int:
    return conn.execute(delete(prekeys).where(prekeys.c.replaced <= moment)).rowcount
