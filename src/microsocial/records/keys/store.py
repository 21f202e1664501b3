"""The tables about key changes and thefts, and their statements. All of it is local facts: backed up, not rebuildable."""

from collections.abc import Collection, Sequence
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
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata, rows
from microsocial.protocol.envelope import Envelope, parse_envelope
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.records.model import Stored
from microsocial.records.store import forgotten, take_backs

key_changes = Table(  # when it was learned here that somebody renewed their key
    "key_changes",
    metadata,
    Column("person", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("reason", Text, nullable=False),  # planned, stolen
    Column("learned", Integer, nullable=False),
)
forks = Table(  # a second valid key log of somebody: their words are in two hands
    "forks",
    metadata,
    Column("person", Text, primary_key=True),
    Column("key_log", Text, nullable=False),  # the one that is not believed
    Column("learned", Integer, nullable=False),
    Column("settled", Integer),  # when the owner said to go on with the other one
)
set_aside = Table(  # revisions that their author disowned, held here or not
    "set_aside",
    metadata,
    Column("author", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
    Column("below", Integer, nullable=False),  # it counts if signed under a lower key number
    Column("disown", Text, nullable=False),  # the id of the record that says so
    Column("envelope", LargeBinary),  # what was held
    Column("via", Text),
    Column("happened", Integer, nullable=False),
)
suspects = Table(  # what friends hold in my name that my log does not know, since a key was stolen
    "suspects",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("id", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("found", Integer, nullable=False),
    Column("decided", Text),  # mine, not-mine
)
suspect_holders = Table(
    "suspect_holders",
    metadata,
    Column("hash", LargeBinary, ForeignKey("suspects.hash"), primary_key=True),
    Column("person", Text, primary_key=True),
)

_ASIDE = select(set_aside).where(
    set_aside.c.author == bindparam("of"), set_aside.c.hash == bindparam("named")
)
_ASIDES = select(set_aside.c.hash).where(
    set_aside.c.author == bindparam("of"),
    set_aside.c.hash.in_(bindparam("hashes", expanding=True)),
)

put, find, drop, among = rows.put, rows.find, rows.drop, rows.among


# Key logs


def add_change(conn: Connection, **values: Any) -> None:
    conn.execute(insert(key_changes).values(**values).on_conflict_do_nothing())


def changes_of(conn: Connection, persons: Collection[str]) -> Sequence[Row[Any]]:
    return rows.among(conn, key_changes, "person", persons)


def settle_fork(conn: Connection, person: str, now: int) -> None:
    conn.execute(update(forks).where(forks.c.person == person).values(settled=now))


# Setting aside


def find_aside(conn: Connection, author: str, hashed: bytes) -> Row[Any] | None:
    return conn.execute(_ASIDE, {"of": author, "named": hashed}).one_or_none()


def aside_among(conn: Connection, author: str, hashes: Collection[bytes]) -> set[bytes]:
    found = conn.execute(_ASIDES, {"of": author, "hashes": list(hashes)}) if hashes else ()
    return {bytes(row.hash) for row in found}


def add_aside(conn: Connection, **values: Any) -> bool:
    """Remember that a revision is disowned; False when that was known, and under no lower key.

    A thief may have disowned it first, in vain: that must not shield it from the one that counts.
    """
    added = insert(set_aside).values(**values)
    counts_more = added.on_conflict_do_update(
        index_elements=["author", "hash"],
        set_={"below": added.excluded.below, "disown": added.excluded.disown},
        where=set_aside.c.below < added.excluded.below,
    )
    return conn.execute(counts_more).rowcount > 0


def keep_apart(
    conn: Connection, author: str, hashed: bytes, envelope: bytes, via: str, now: int
) -> None:
    conn.execute(
        update(set_aside)
        .where(set_aside.c.author == author, set_aside.c.hash == hashed)
        .values(envelope=envelope, via=via, happened=now)
    )


def drop_words_apart(conn: Connection, author: str, record_id: str) -> bool:
    """Keep only the names of what was set aside of this record."""
    of_it = (set_aside.c.author == author) & (set_aside.c.id == record_id)
    emptied = update(set_aside).where(of_it, set_aside.c.envelope.is_not(None))
    return conn.execute(emptied.values(envelope=None)).rowcount > 0


def count_aside(conn: Connection, persons: Collection[str]) -> dict[str, int]:
    """Give how many revisions that stood here were set aside, by author."""
    query = (
        select(set_aside.c.author, func.count().label("many"))
        .where(set_aside.c.author.in_(persons), set_aside.c.via.is_not(None))
        .group_by(set_aside.c.author)
    )
    return {row.author: row.many for row in conn.execute(query)}


# Suspects


def add_suspect(conn: Connection, person: str, **values: Any) -> bool:
    """Keep what `person` holds in my name; False when it was known."""
    added = conn.execute(insert(suspects).values(**values).on_conflict_do_nothing()).rowcount > 0
    rows.put(conn, suspect_holders, hash=values["hash"], person=person)
    return added


def known_suspects(conn: Connection, hashes: Collection[bytes]) -> set[bytes]:
    return {bytes(row.hash) for row in rows.among(conn, suspects, "hash", hashes)}


def undecided(conn: Connection) -> Sequence[Row[Any]]:
    query = select(suspects).where(suspects.c.decided.is_(None))
    return conn.execute(query.order_by(suspects.c.found.desc(), suspects.c.hash)).all()


def count_undecided(conn: Connection) -> int:
    query = select(func.count()).select_from(suspects).where(suspects.c.decided.is_(None))
    return conn.execute(query).scalar_one()


def undecided_among(conn: Connection, hashes: Collection[bytes]) -> Sequence[Row[Any]]:
    return [row for row in rows.among(conn, suspects, "hash", hashes) if row.decided is None]


def holders(conn: Connection, hashes: Collection[bytes]) -> Sequence[Row[Any]]:
    return rows.among(conn, suspect_holders, "hash", hashes)


def decide(conn: Connection, hashes: Collection[bytes], decided: str) -> None:
    conn.execute(update(suspects).where(suspects.c.hash.in_(hashes)).values(decided=decided))


def drop_suspects(conn: Connection) -> None:
    conn.execute(delete(suspects))


# What came back from friends


def add_take_back(conn: Connection, stored: Stored, before: Stored | None, **values: Any) -> None:
    """Note that a record of mine, or a revision of it, came back; what it replaced is kept for a while, to undo it."""
    replaced = {"replaced": before.hash, "before": before.envelope.raw} if before else {}
    row = {"ref": stored.ref, "hash": stored.hash, **replaced, **values}
    conn.execute(insert(take_backs).values(**row))


def before_taking_back(conn: Connection, stored: Stored) -> Envelope | None:
    """Give what this revision of mine replaced when a friend gave it back."""
    of_it = (take_backs.c.ref == stored.ref) & (take_backs.c.hash == stored.hash)
    query = select(take_backs.c.before).where(of_it, take_backs.c.before.is_not(None))
    raw = conn.execute(query.order_by(take_backs.c.no.desc()).limit(1)).scalar()
    return parse_envelope(raw, MAX_RECORD_BYTES) if raw else None


def taken_back_since(conn: Connection, moment: int, limit: int) -> Sequence[Row[Any]]:
    query = select(take_backs).where(take_backs.c.taken >= moment)
    return conn.execute(query.order_by(take_backs.c.no.desc()).limit(limit)).all()


def forget_replaced(conn: Connection, until: int) -> bool:
    """Erase what taking back replaced, once it is too late to undo it."""
    old = update(take_backs).where(take_backs.c.taken < until, take_backs.c.before.is_not(None))
    return conn.execute(old.values(before=None)).rowcount > 0


def forget_replaced_of(conn: Connection, ref: str) -> None:
    """The owner deleted it: nothing older of it may be left."""
    conn.execute(update(take_backs).where(take_backs.c.ref == ref).values(before=None))


def recall_thread(conn: Connection, thread_author: str, why: str) -> None:
    """What a deletion made this log forget in somebody's threads may come again."""
    rows.drop(conn, forgotten, thread_author=thread_author, why=why)
