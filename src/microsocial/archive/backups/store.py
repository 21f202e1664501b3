"""The tables of backups and their statements. All local facts: a restored folder goes on where it was."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from microsocial.database import metadata, rows
from microsocial.delivery.store import correspondents
from microsocial.friends.store import sought
from microsocial.media.store import blob_uses, blobs
from microsocial.records.model import Stored
from microsocial.records.store import offered, records, stored_of

backup_plan = Table(
    "backup_plan",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),  # opens the backups; the passphrase is kept nowhere
    Column("every", Text, nullable=False),
    Column("next", Integer),
    Column("made", Integer),
    Column("bytes", Integer),
    Column("sentence", Text),
    Column("trouble", Text),
    Column("rehearsed", Integer),
    Column("rehearsed_fine", Integer),
    Column("rehearsal", Text),
)
backup_snapshots = Table(
    "backup_snapshots",
    metadata,
    Column("id", Text, primary_key=True),
    Column("made", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
)
restorations = Table(
    "restorations",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("made", Integer, nullable=False),
    Column("restored", Integer, nullable=False),
)


def find_plan(conn: Connection) -> Row[Any] | None:
    return rows.find(conn, backup_plan, only=1)


def put_plan(conn: Connection, **values: Any) -> None:
    rows.put(conn, backup_plan, only=1, **values)


def change_plan(conn: Connection, **values: Any) -> None:
    conn.execute(update(backup_plan).values(**values))


def drop_plan(conn: Connection) -> None:
    conn.execute(delete(backup_plan))
    conn.execute(delete(backup_snapshots))


def put_snapshot(conn: Connection, snapshot: str, made: int, size: int) -> None:
    rows.put(conn, backup_snapshots, id=snapshot, made=made, bytes=size)


def keep_snapshots(conn: Connection, kept: Collection[str]) -> None:
    conn.execute(delete(backup_snapshots).where(backup_snapshots.c.id.not_in(kept)))


def snapshot_sizes(conn: Connection) -> dict[str, int]:
    found = conn.execute(select(backup_snapshots.c.id, backup_snapshots.c.bytes))
    return {row.id: row.bytes for row in found}


def add_restoration(conn: Connection, made: int, restored: int) -> None:
    conn.execute(insert(restorations).values(made=made, restored=restored))


def last_restoration(conn: Connection) -> Row[Any] | None:
    newest = select(restorations).order_by(restorations.c.no.desc()).limit(1)
    return conn.execute(newest).one_or_none()


def given_back_since(conn: Connection, moment: int) -> Sequence[Row[Any]]:
    """How many records of which kind each friend gave back: (person, kind, how_many)."""
    take_backs = metadata.tables["take_backs"]  # the keys' room below declares it
    query = (
        select(
            take_backs.c.person,
            records.c.kind,
            func.count(records.c.no.distinct()).label("how_many"),
        )
        .join(records, records.c.ref == take_backs.c.ref)
        .where(take_backs.c.taken >= moment, records.c.withdrawn == 0)
        .group_by(take_backs.c.person, records.c.kind)
        .order_by(take_backs.c.person, records.c.kind)
    )
    return conn.execute(query).all()


def unheard(conn: Connection, since: int | None) -> set[str]:
    """Friends who may hold something of mine and were not heard from: since a restore, or at all after coming back otherwise."""
    friend = correspondents.c
    never = friend.last_heard.is_(None) & friend.acknowledged.is_(None)
    waits = never
    if since is not None:  # a friend made since has nothing from before
        waits |= (friend.sees_from < since) & (func.coalesce(friend.last_heard, 0) < since)
    silent = select(friend.person).where(friend.state == "active", waits)
    return {*conn.execute(silent.union(select(sought.c.person))).scalars()}


def comparing(conn: Connection) -> set[str]:
    """With whom a reunion is under way."""
    friend = correspondents.c
    going = (friend.state == "active") & friend.reunion.is_not(None)
    return set(conn.execute(select(friend.person).where(going)).scalars())


def pictures_missing(conn: Connection, me: str) -> int:
    """How many records of mine show something that somebody was given, and of which no size is here.

    The largest sizes may never come back: friends have them only if they looked at them.
    """
    missing = (blobs.c.wanted == 1) & (blobs.c.here == 0) & (blobs.c.mine == 1)
    is_given = select(offered.c.record).where(offered.c.record == records.c.no).exists()
    shown, present = blob_uses.alias("shown"), blobs.alias("present")
    is_here = (
        select(shown.c.record)
        .join(present, present.c.hash == shown.c.hash)
        .where(shown.c.record == records.c.no, present.c.here == 1)
        .exists()
    )
    query = (
        select(func.count(records.c.no.distinct()))
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .join(blobs, blobs.c.hash == blob_uses.c.hash)
        .where(missing, records.c.author == me, records.c.withdrawn == 0, is_given, ~is_here)
    )
    return conn.execute(query).scalar_one()


def count_kinds(conn: Connection) -> dict[str, int]:
    """How many records of each kind there are."""
    found = conn.execute(
        select(records.c.kind, func.count().label("how_many")).group_by(records.c.kind)
    )
    return {row.kind: row.how_many for row in found}


def record_numbers(conn: Connection) -> list[int]:
    return list(conn.execute(select(records.c.no).order_by(records.c.no)).scalars())


def records_numbered(conn: Connection, numbers: Collection[int]) -> list[Stored]:
    return [stored_of(row) for row in rows.among(conn, records, "no", numbers)]
