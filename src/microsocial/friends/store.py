"""The tables of the friends room, and the statements that are used in more than one place.

`friends`, `asks`, `knocks`, `invites`, `circles`, `blocks`, `faces`, `allowed_hosts` are local facts (backed up, not
rebuildable); `profiles` and `addresses` are projections of records.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, Integer, LargeBinary, Row, Table, Text, delete, select
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata

friends = Table(
    "friends",
    metadata,
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),  # friend | former
    Column("met", Text, nullable=False),  # model.Met
    Column("since", Integer, nullable=False),
    Column("sees_from", Integer, nullable=False),  # a tick of my clock, as delivery was told
    Column("ended", Integer),
    Column("ended_by", Text),  # me | them
)
asks = Table(  # who asks to be my friend, until I say yes or no
    "asks",
    metadata,
    Column("person", Text, primary_key=True),
    Column("greeting", LargeBinary, nullable=False),
    Column("note", Text),
    Column("received", Integer, nullable=False),
    Column("declined", Integer),  # remembered so that asking again stays quiet
    Column("home", Text, nullable=False),  # JSON: host:ports in my own network that may be allowed
)
knocks = Table(  # greetings of mine that wait for a greeting back
    "knocks",
    metadata,
    Column("person", Text, primary_key=True),
    Column("urls", Text, nullable=False),  # JSON
    Column("key_log", Text, nullable=False),  # JSON, as they showed it
    Column("prekey", LargeBinary, nullable=False),
    Column("invite", Text),  # JSON {id, mac}
    Column("note", Text),
    Column("met", Text, nullable=False),
    Column("made", Integer, nullable=False),
    Column("expires", Integer),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Integer, nullable=False),
    Column("error", Text),
)
invites = Table(
    "invites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("made", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("taken_by", Text),
    Column("taken", Integer),
    Column("revoked", Integer),
)
circles = Table(
    "circles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False, unique=True),  # the name as compared
    Column("made", Integer, nullable=False),
)
circle_people = Table(
    "circle_people",
    metadata,
    Column("circle", Text, primary_key=True),
    Column("person", Text, primary_key=True),
)
blocks = Table(
    "blocks",
    metadata,
    Column("person", Text, primary_key=True),
    Column("since", Integer, nullable=False),
)
faces = Table(  # how somebody showed themselves at the door, before any friendship
    "faces",
    metadata,
    Column("person", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hue", Integer),
    Column("about", Text, nullable=False),
)
allowed_hosts = Table(
    "allowed_hosts",
    metadata,
    Column("person", Text, primary_key=True),
    Column("host", Text, primary_key=True),  # host:port, as transport.guard.host_and_port writes it
)
profiles = Table(
    "profiles",
    metadata,
    Column("person", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("hue", Integer),
    Column("avatar", Text),  # JSON, as in the record
)
addresses = Table(
    "addresses",
    metadata,
    Column("person", Text, primary_key=True),
    Column("urls", Text, nullable=False),  # JSON
    Column("home", Text, nullable=False),  # JSON
)


def put(conn: Connection, table: Table, **values: Any) -> None:
    """Insert the row, or replace what the row with the same primary key says."""
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    statement = insert(table).values(**values)
    if changed:
        conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
    else:
        conn.execute(statement.on_conflict_do_nothing(index_elements=keys))


def drop(conn: Connection, table: Table, **where: Any) -> int:
    """Delete the rows where all of these hold; say how many there were."""
    conditions = [table.c[name] == value for name, value in where.items()]
    return conn.execute(delete(table).where(*conditions)).rowcount


def find(conn: Connection, table: Table, **where: Any) -> Row[Any] | None:
    """Give the one row where all of these hold, or None."""
    conditions = [table.c[name] == value for name, value in where.items()]
    return conn.execute(select(table).where(*conditions)).one_or_none()


def by_person(conn: Connection, table: Table, people: Iterable[str]) -> dict[str, Row[Any]]:
    """Give the rows of these people in one query, by person."""
    wanted = list(set(people))
    rows = conn.execute(select(table).where(table.c.person.in_(wanted))) if wanted else ()
    return {row.person: row for row in rows}


def everybody(conn: Connection, table: Table) -> list[str]:
    return list(conn.execute(select(table.c.person)).scalars())
