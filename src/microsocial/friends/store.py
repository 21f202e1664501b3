"""The tables of the friends room, and the statements that are used in more than one place.

`friends`, `asks`, `knocks`, `invites`, `circles`, `blocks`, `faces`, `allowed_hosts`, `homes` are local facts (backed up,
not rebuildable); `profiles` and `addresses` are projections of records.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    select,
)

from microsocial.database import metadata, rows

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
    Column("has_left", Integer, nullable=False),  # they gave up their node altogether
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
homes = Table(  # private addresses that friends say they live at now, until I say yes
    "homes",
    metadata,
    Column("person", Text, primary_key=True),
    Column("place", Text, primary_key=True),  # host:port, as in allowed_hosts
    Column("asked", Integer, nullable=False),
    Column("declined", Integer),  # remembered so that the same place is not asked about again
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
capsules = Table(  # what my newest capsule says
    "capsules",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("said", LargeBinary, nullable=False),  # the hash of its contents
    Column("bytes", Integer, nullable=False),
    Column("made", Integer, nullable=False),
)
help_links = Table(  # which I gave to friends who have lost everything
    "help_links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("made", Integer, nullable=False),
    Column("expires", Integer, nullable=False),
)
sought = Table(  # friends known from my capsule, whose machine has not been found again
    "sought",
    metadata,
    Column("person", Text, primary_key=True),
    Column("urls", Text, nullable=False),  # JSON
    Column("attempts", Integer, nullable=False),
    Column("next_try", Integer, nullable=False),
    Column("error", Text),
)


_IN_STATE = (
    select(friends.c.person).where(friends.c.state == bindparam("state")).order_by(friends.c.person)
)

put, drop, find = rows.put, rows.drop, rows.find


def by_person(conn: Connection, table: Table, people: Iterable[str]) -> dict[str, Row[Any]]:
    """Give the rows of these people in one query, by person."""
    return {row.person: row for row in rows.among(conn, table, "person", set(people))}


def in_state(conn: Connection, state: str) -> list[str]:
    return list(conn.execute(_IN_STATE, {"state": state}).scalars())


def everybody(conn: Connection, table: Table) -> list[str]:
    return list(conn.execute(_everybody(table)).scalars())


@cache
def _everybody(table: Table) -> Select[Any]:
    return select(table.c.person)
