"""The tables of the log and their statements."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata
from microsocial.protocol.envelope import parse_envelope
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.positions import MARK_BYTES
from microsocial.records.model import ARRIVING, Change, Stored

NO_MARK = bytes(MARK_BYTES)  # of change 0, before everything

people = Table(
    "people",
    metadata,
    Column("person", Text, primary_key=True),
    Column("key_log", Text, nullable=False),  # b64u envelopes, a space between
)
records = Table(
    "records",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key_number", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("audience", Text, nullable=False),
    Column("thread", Text),
    Column("thread_author", Text),
    Column("target", Text),
    Column("withdrawn", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("taken_back", Integer, nullable=False),
    Column("via", Text, nullable=False),
    Column("received", Integer, nullable=False),
    Column("first_change", Integer),  # by which it was first told to whoever may see it
)
changes = Table(
    "changes",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("mark", LargeBinary, nullable=False),
    Column("record", Integer, ForeignKey("records.no")),  # none: a later change tells it
    Column("only_for", Text),
    Column("made", Integer, nullable=False),
)
readers = Table(
    "readers",
    metadata,
    Column("record", Integer, ForeignKey("records.no"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column(
        "granted", Integer, nullable=False
    ),  # offered by name: whatever the class and `sees_from`
)
offered = Table(
    "offered",
    metadata,
    Column("person", Text, primary_key=True),
    Column("record", Integer, ForeignKey("records.no"), primary_key=True),
)
forgotten = Table(
    "forgotten",
    metadata,
    Column("author", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("thread_author", Text),
    Column("forgotten", Integer, nullable=False),
    # Of a record of mine that I forgot without telling anybody, in case that it was offered after all:
    Column("meant_for", Text),  # the one person
    Column("first_change", Integer),
    Column("newest", Integer),  # the log's newest change at that time
)
take_backs = Table(
    "take_backs",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("replaced", LargeBinary),  # the envelope's hash
)
ticks = Table(
    "ticks",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

# The statements of every delivery are built once: building one costs more than SQLite takes to answer it.
_FIND = select(records).where(
    records.c.author == bindparam("of"), records.c.id == bindparam("named")
)
_HEAD = select(changes).order_by(changes.c.seq.desc()).limit(1)
_MARKS = select(changes.c.seq, changes.c.mark).where(
    changes.c.seq.in_(bindparam("seqs", expanding=True))
)
_KEY_LOGS = select(people).where(people.c.person.in_(bindparam("persons", expanding=True)))
_FORGOTTEN = select(forgotten).where(
    forgotten.c.author == bindparam("of"), forgotten.c.id == bindparam("named")
)
_TICK = select(ticks.c.last)


def stored_of(row: Row[Any]) -> Stored:
    return Stored(
        no=row.no,
        author=row.author,
        id=row.id,
        kind=row.kind,
        key_number=row.key_number,
        revision=row.revision,
        created=row.created,
        audience=row.audience,
        envelope=parse_envelope(row.envelope, MAX_RECORD_BYTES),
        thread=row.thread,
        thread_author=row.thread_author,
        target=row.target,
        withdrawn=bool(row.withdrawn),
        shown=bool(row.shown),
        taken_back=bool(row.taken_back),
        via=row.via,
        received=row.received,
    )


# Records


def find(conn: Connection, author: str, record_id: str) -> Stored | None:
    row = conn.execute(_FIND, {"of": author, "named": record_id}).one_or_none()
    return stored_of(row) if row else None


def find_by(conn: Connection, **where: Any) -> list[Stored]:
    """Give the records where all of these hold, in order of arrival."""
    conditions = [records.c[name] == value for name, value in where.items()]
    rows = conn.execute(select(records).where(*conditions).order_by(records.c.no))
    return [stored_of(row) for row in rows]


def numbered_after(conn: Connection, no: int, limit: int) -> list[Stored]:
    query = select(records).where(records.c.no > no).order_by(records.c.no).limit(limit)
    return [stored_of(row) for row in conn.execute(query)]


def put(conn: Connection, stored: Stored) -> int:
    """Insert or replace by `no`; give the number."""
    values = {
        "ref": stored.ref,
        "author": stored.author,
        "id": stored.id,
        "kind": stored.kind,
        "key_number": stored.key_number,
        "revision": stored.revision,
        "created": stored.created,
        "hash": stored.hash,
        "envelope": stored.envelope.raw,
        "audience": stored.audience,
        "thread": stored.thread,
        "thread_author": stored.thread_author,
        "target": stored.target,
        "withdrawn": int(stored.withdrawn),
        "shown": int(stored.shown),
        "taken_back": int(stored.taken_back),
        "via": stored.via,
        "received": stored.received,
    }
    if stored.no != ARRIVING:
        conn.execute(update(records).where(records.c.no == stored.no).values(**values))
        return stored.no
    no = conn.execute(insert(records).values(**values)).inserted_primary_key
    assert no is not None
    return int(no[0])


def drop(conn: Connection, no: int) -> None:
    """Delete a record; readers and offers go with it, its changes keep their marks."""
    conn.execute(delete(records).where(records.c.no == no))


# Changes


def add_blank_change(conn: Connection, mark: bytes, made: int) -> None:
    """Log that something happened of which nobody is told."""
    conn.execute(insert(changes).values(mark=mark, record=None, only_for=None, made=made))


def add_change(conn: Connection, mark: bytes, record: int, only_for: str | None, made: int) -> int:
    """Log a change. One for everybody takes the place of all earlier ones of its record."""
    stale = update(changes).where(changes.c.record == record)
    if only_for is not None:
        stale = stale.where(changes.c.only_for == only_for)
    conn.execute(stale.values(record=None))
    seq = conn.execute(
        insert(changes).values(mark=mark, record=record, only_for=only_for, made=made)
    ).inserted_primary_key
    assert seq is not None
    if only_for is None:
        is_first = and_(records.c.no == record, records.c.first_change.is_(None))
        conn.execute(update(records).where(is_first).values(first_change=seq[0]))
    return int(seq[0])


def head(conn: Connection) -> Change:
    row = conn.execute(_HEAD).one_or_none()
    return Change(row.seq, row.mark) if row else Change(0, NO_MARK)


def marks(conn: Connection, seqs: Collection[int]) -> dict[int, bytes]:
    """Give the marks that stand at these numbers."""
    rows = conn.execute(_MARKS, {"seqs": list(seqs)})
    return {0: NO_MARK} | {row.seq: row.mark for row in rows}


# Readers, offers


def add_readers(
    conn: Connection, record: int, persons: Iterable[str], *, granted: bool = False
) -> None:
    rows = [{"record": record, "person": person, "granted": int(granted)} for person in persons]
    if not rows:
        return
    statement = insert(readers)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["record", "person"],
            set_={"granted": func.max(readers.c.granted, statement.excluded.granted)},
        ),
        rows,
    )


def readers_of(conn: Connection, record: int) -> set[str]:
    return set(conn.execute(select(readers.c.person).where(readers.c.record == record)).scalars())


def add_offered(conn: Connection, person: str, numbers: Iterable[int]) -> None:
    rows = [{"person": person, "record": no} for no in numbers]
    if rows:
        conn.execute(insert(offered).on_conflict_do_nothing(), rows)


def first_change_of(conn: Connection, record: int) -> int | None:
    return conn.execute(
        select(records.c.first_change).where(records.c.no == record)
    ).scalar_one_or_none()


def offered_to(conn: Connection, record: int) -> set[str]:
    return set(conn.execute(select(offered.c.person).where(offered.c.record == record)).scalars())


# What is gone


def put_forgotten(conn: Connection, **values: Any) -> None:
    statement = insert(forgotten).values(**values)
    conn.execute(statement.on_conflict_do_update(index_elements=["author", "id"], set_=values))


def find_forgotten(conn: Connection, author: str, record_id: str) -> Row[Any] | None:
    return conn.execute(_FORGOTTEN, {"of": author, "named": record_id}).one_or_none()


def forgotten_after_offering(
    conn: Connection, person: str, change: int, newest: int
) -> list[Row[Any]]:
    """Give what was forgotten here although somebody at this place must have been offered it."""
    query = select(forgotten).where(
        forgotten.c.meant_for == person,
        forgotten.c.first_change <= change,
        forgotten.c.newest >= newest,
    )
    return list(conn.execute(query))


def settle_forgotten(conn: Connection, author: str, record_id: str) -> None:
    conn.execute(
        update(forgotten)
        .where(forgotten.c.author == author, forgotten.c.id == record_id)
        .values(meant_for=None)
    )


def drop_forgotten(conn: Connection, author: str, record_id: str) -> None:
    conn.execute(delete(forgotten).where(forgotten.c.author == author, forgotten.c.id == record_id))


def add_take_back(conn: Connection, **values: Any) -> None:
    conn.execute(insert(take_backs).values(**values))


# People


def key_logs(conn: Connection, persons: Collection[str]) -> dict[str, str]:
    rows = conn.execute(_KEY_LOGS, {"persons": list(persons)}) if persons else ()
    return {row.person: row.key_log for row in rows}


def put_key_log(conn: Connection, person: str, key_log: str) -> None:
    statement = insert(people).values(person=person, key_log=key_log)
    conn.execute(
        statement.on_conflict_do_update(index_elements=["person"], set_={"key_log": key_log})
    )


# The author's clock


def last_tick(conn: Connection) -> int:
    return conn.execute(_TICK).scalar() or 0


def put_tick(conn: Connection, tick: int) -> None:
    statement = insert(ticks).values(only=1, last=tick)
    conn.execute(statement.on_conflict_do_update(index_elements=["only"], set_={"last": tick}))
