"""The tables of the log and their statements."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata, rows
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
    Column("expires", Integer),  # when it is erased by itself
)
changes = Table(
    "changes",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("mark", LargeBinary, nullable=False),
    Column("record", Integer, ForeignKey("records.no")),  # none: a later change tells it
    Column("only_for", Text),
    Column("held", Integer, nullable=False),  # `only_for` gave it back: told only if they lose it
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
    Column("hash", LargeBinary),  # of the revision of mine that was let go
    Column("told", Text),  # ids of whom I told an entry in a thread of mine, a space between
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
    Column("hash", LargeBinary),  # of what came back
    Column("before", LargeBinary),  # the envelope that it replaced, to undo it
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
_FORGOTTEN = select(forgotten).where(
    forgotten.c.author == bindparam("of"), forgotten.c.id == bindparam("named")
)
_WAITED_FOR = select(records.c.thread).where(records.c.shown == 0).distinct()
_TICK = select(ticks.c.last)
_ADD = insert(records)
_REVISE = update(records).where(records.c.no == bindparam("known"))
_ADD_CHANGE = insert(changes)
_DROP_CHANGES = update(changes).where(changes.c.record == bindparam("of")).values(record=None)
_DROP_CHANGES_FOR = _DROP_CHANGES.where(changes.c.only_for == bindparam("whom"))
_TELL_FIRST = (
    update(records)
    .where(records.c.no == bindparam("known"), records.c.first_change.is_(None))
    .values(first_change=bindparam("seq"))
)
_EXPIRED = (
    select(records)
    .where(records.c.expires <= bindparam("now", type_=Integer))
    .order_by(records.c.expires)
    .limit(bindparam("limit", type_=Integer))
)
_NEXT_EXPIRY = select(func.min(records.c.expires)).where(records.c.expires.is_not(None))
_ADD_READER = insert(readers)
_ADD_READERS = _ADD_READER.on_conflict_do_update(
    index_elements=["record", "person"],
    set_={"granted": func.max(readers.c.granted, _ADD_READER.excluded.granted)},
)
_READERS = select(readers.c.person).where(readers.c.record == bindparam("of"))
_ADD_OFFERED = insert(offered).on_conflict_do_nothing()
_OFFERED = select(offered.c.person).where(offered.c.record == bindparam("of"))


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
        expires=row.expires,
    )


# Records


def find(conn: Connection, author: str, record_id: str) -> Stored | None:
    row = conn.execute(_FIND, {"of": author, "named": record_id}).one_or_none()
    return stored_of(row) if row else None


def threads_waited_for(conn: Connection) -> set[str]:
    """The refs of posts under which something waits unshown."""
    return set(conn.execute(_WAITED_FOR).scalars())


def find_by(conn: Connection, **where: Any) -> list[Stored]:
    """Give the records where all of these hold, in order of arrival."""
    return [stored_of(row) for row in conn.execute(_find_by(tuple(where)), where)]


@cache
def _find_by(names: tuple[str, ...]) -> Select[Any]:
    conditions = [records.c[name] == bindparam(name) for name in names]
    return select(records).where(*conditions).order_by(records.c.no)


def numbered_after(conn: Connection, no: int, limit: int) -> list[Stored]:
    query = select(records).where(records.c.no > no).order_by(records.c.no).limit(limit)
    return [stored_of(row) for row in conn.execute(query)]


def expired(conn: Connection, now: int, limit: int) -> list[Stored]:
    """Give what is over by now, the longest over first."""
    return [stored_of(row) for row in conn.execute(_EXPIRED, {"now": now, "limit": limit})]


def next_expiry(conn: Connection) -> int | None:
    """When the next record is over."""
    return conn.execute(_NEXT_EXPIRY).scalar()


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
        "expires": stored.expires,
    }
    if stored.no != ARRIVING:
        conn.execute(_REVISE, {**values, "known": stored.no})
        return stored.no
    no = conn.execute(_ADD, values).inserted_primary_key
    assert no is not None
    return int(no[0])


def drop(conn: Connection, no: int) -> None:
    """Delete a record; readers and offers go with it, its changes keep their marks."""
    rows.drop(conn, records, no=no)


# Changes


def add_blank_change(conn: Connection, mark: bytes, made: int) -> None:
    """Log that something happened of which nobody is told."""
    conn.execute(_ADD_CHANGE, {"mark": mark, "record": None, "only_for": None, "made": made})


def add_change(
    conn: Connection, mark: bytes, record: int, only_for: str | None, made: int, *, held: bool
) -> int:
    """Log a change. One for everybody takes the place of all earlier ones of its record."""
    if only_for is None:
        conn.execute(_DROP_CHANGES, {"of": record})
    else:
        conn.execute(_DROP_CHANGES_FOR, {"of": record, "whom": only_for})
    values = {
        "mark": mark,
        "record": record,
        "only_for": only_for,
        "held": int(held),
        "made": made,
    }
    seq = conn.execute(_ADD_CHANGE, values).inserted_primary_key
    assert seq is not None
    if only_for is None:
        conn.execute(_TELL_FIRST, {"known": record, "seq": seq[0]})
    return int(seq[0])


def has_change_for(conn: Connection, record: int, person: str) -> bool:
    query = select(changes.c.seq).where(
        changes.c.record == record,
        or_(changes.c.only_for.is_(None), changes.c.only_for == person),
    )
    return conn.execute(query.limit(1)).first() is not None


def head(conn: Connection) -> Change:
    row = conn.execute(_HEAD).one_or_none()
    return Change(row.seq, row.mark) if row else Change(0, NO_MARK)


def marks(conn: Connection, seqs: Collection[int]) -> dict[int, bytes]:
    """Give the marks that stand at these numbers."""
    found = conn.execute(_MARKS, {"seqs": list(seqs)})
    return {0: NO_MARK} | {row.seq: row.mark for row in found}


# Readers, offers


def add_readers(
    conn: Connection, record: int, persons: Iterable[str], *, granted: bool = False
) -> None:
    named = [{"record": record, "person": person, "granted": int(granted)} for person in persons]
    if named:
        conn.execute(_ADD_READERS, named)


def readers_of(conn: Connection, record: int) -> set[str]:
    return set(conn.execute(_READERS, {"of": record}).scalars())


def add_offered(conn: Connection, person: str, numbers: Iterable[int]) -> None:
    told = [{"person": person, "record": no} for no in numbers]
    if told:
        conn.execute(_ADD_OFFERED, told)


def first_change_of(conn: Connection, record: int) -> int | None:
    return conn.execute(
        select(records.c.first_change).where(records.c.no == record)
    ).scalar_one_or_none()


def offered_to(conn: Connection, record: int) -> set[str]:
    return set(conn.execute(_OFFERED, {"of": record}).scalars())


# What is gone


def put_forgotten(conn: Connection, **values: Any) -> None:
    rows.put(conn, forgotten, **values)


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


# People


def key_logs(conn: Connection, persons: Collection[str]) -> dict[str, str]:
    return {row.person: row.key_log for row in rows.among(conn, people, "person", persons)}


def put_key_log(conn: Connection, person: str, key_log: str) -> None:
    rows.put(conn, people, person=person, key_log=key_log)


# The author's clock


def last_tick(conn: Connection) -> int:
    return conn.execute(_TICK).scalar() or 0


def put_tick(conn: Connection, tick: int) -> None:
    rows.put(conn, ticks, only=1, last=tick)
