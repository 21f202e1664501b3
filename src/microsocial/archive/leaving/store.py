"""What can go, counted and found: this sub-room's SQL. `leaving` and `departures` are local facts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    Text,
    case,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.archive.leaving.model import Found, Wish
from microsocial.database import metadata, rows
from microsocial.media.store import blob_uses, blobs
from microsocial.messages.store import messages
from microsocial.records.store import records

leaving = Table(
    "leaving",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("began", Integer, nullable=False),
    Column("erasing", Integer, nullable=False),  # all is decided; only the folder is left
)
departures = Table(
    "departures",
    metadata,
    Column("person", Text, primary_key=True),
    Column("state", Text, nullable=False),  # waiting, removed, ended (no friend any more)
    Column("since", Integer, nullable=False),
)

# What nobody can take back: one-valued records are replaced, and the others hold nothing but names.
KEPT_KINDS = ("profile", "address", "capsule", "removal", "clear", "disown")

FRIENDS_MEDIA = "friends"


# Purging


def _records_of(wish: Wish, me: str) -> Select[Any]:
    """Select the records (`no`) that a wish means."""
    conditions: list[ColumnElement[bool]] = [records.c.withdrawn == 0]
    match wish.what:
        case "posts":
            conditions += [records.c.author == me, records.c.kind == "post"]
        case "comments":
            conditions += [records.c.author == me, records.c.kind.in_(("comment", "reaction"))]
        case "friends-posts":
            conditions += [records.c.author != me, records.c.kind == "post"]
            conditions += [records.c.author == wish.friend] if wish.friend else []
        case "messages":
            of_friend = messages.c.friend == wish.friend if wish.friend else true()
            conditions += [records.c.no.in_(select(messages.c.no).where(of_friend))]
        case _:
            raise AssertionError(f"{wish.what} are no records")
    if wish.older_than is not None:
        # A claimed time never makes something younger than its arrival.
        conditions.append(func.min(records.c.created, records.c.received) < wish.older_than)
    return select(records.c.no).where(*conditions)


def _media_of(wish: Wish) -> ColumnElement[bool]:
    """The blobs that a wish for media means: friends', that are here, not looked at since."""
    wanted = (blobs.c.mine == 0) & (blobs.c.here == 1)
    if wish.friend is not None:
        wanted &= blobs.c.holder == wish.friend
    return wanted if wish.older_than is None else wanted & (blobs.c.seen < wish.older_than)


def found(conn: Connection, wish: Wish, me: str) -> Found:
    """Count what fits a wish; blobs that something else shows as well stay, so they do not count."""
    if wish.what == "media":
        query = select(func.count(), func.coalesce(func.sum(blobs.c.length), 0))
        row = conn.execute(query.where(_media_of(wish))).one()
        return Found(row[0], row[1])
    chosen = _records_of(wish, me).cte("chosen").prefix_with("MATERIALIZED")
    count, envelopes = conn.execute(
        select(func.count(), func.coalesce(func.sum(func.length(records.c.envelope)), 0)).join(
            chosen, chosen.c.no == records.c.no
        )
    ).one()
    theirs, others = blob_uses.alias("theirs"), blob_uses.alias("others")
    shown = select(theirs.c.hash).join(chosen, chosen.c.no == theirs.c.record)
    shown_elsewhere = (
        select(others.c.record)
        .where(others.c.hash == blobs.c.hash, others.c.record.not_in(select(chosen.c.no)))
        .exists()
    )
    weight = select(func.coalesce(func.sum(blobs.c.length), 0)).where(
        blobs.c.here == 1, blobs.c.hash.in_(shown), ~shown_elsewhere
    )
    return Found(count, envelopes + conn.execute(weight).scalar_one())


def some_records(conn: Connection, wish: Wish, me: str, limit: int) -> list[int]:
    """Give a few of the records (by `no`) that fit a wish, oldest first."""
    query = _records_of(wish, me).order_by(records.c.no).limit(limit)
    return list(conn.execute(query).scalars())


def some_media(conn: Connection, wish: Wish, limit: int) -> list[bytes]:
    """Give a few of the blobs that fit a wish."""
    return list(conn.execute(select(blobs.c.hash).where(_media_of(wish)).limit(limit)).scalars())


def conversations_in(conn: Connection, wish: Wish) -> list[str]:
    """Give the friends with whom there are messages that fit a wish."""
    query = select(messages.c.friend).distinct().order_by(messages.c.friend)
    if wish.friend is not None:
        query = query.where(messages.c.friend == wish.friend)
    return list(conn.execute(query).scalars())


# Room


def room_taken(conn: Connection, old: int) -> Sequence[Row[Any]]:
    """Give (kind, count, bytes, of which seen before `old`) of all blobs that are here, in one query."""
    in_message = (
        select(records.c.no)
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .where(blob_uses.c.hash == blobs.c.hash, records.c.kind == "message")
        .correlate(blobs)
        .exists()
    )
    kind = case(
        (in_message, "messages"),
        (blobs.c.mine == 0, FRIENDS_MEDIA),
        (blobs.c.type.like("image/%"), "photos"),
        (blobs.c.type.like("audio/%"), "voices"),
        else_="clips",
    ).label("kind")
    is_old = (blobs.c.mine == 0) & (blobs.c.seen < old)
    query = select(
        kind,
        blobs.c.mine,
        func.count().label("things"),
        func.sum(blobs.c.length).label("bytes"),
        func.count().filter(is_old).label("old_things"),
        func.coalesce(func.sum(blobs.c.length).filter(is_old), 0).label("old_bytes"),
    )
    return conn.execute(query.where(blobs.c.here == 1).group_by(kind, blobs.c.mine)).all()


def blob_bytes(conn: Connection) -> int:
    """Bytes of all blobs that are here."""
    total = select(func.coalesce(func.sum(blobs.c.length), 0)).where(blobs.c.here == 1)
    return int(conn.execute(total).scalar_one())


def records_held(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(records)).scalar_one()


# Leaving


def began(conn: Connection) -> Row[Any] | None:
    return rows.find(conn, leaving, only=1)


def begin(conn: Connection, now: int, persons: Sequence[str]) -> None:
    rows.put(conn, leaving, only=1, began=now, erasing=0)
    for person in persons:
        rows.put(conn, departures, person=person, state="waiting", since=now)


def stop(conn: Connection) -> None:
    rows.drop(conn, leaving)
    rows.drop(conn, departures)


def begin_erasing(conn: Connection) -> None:
    conn.execute(update(leaving).values(erasing=1))


def all_departures(conn: Connection) -> Sequence[Row[Any]]:
    return conn.execute(select(departures).order_by(departures.c.since, departures.c.person)).all()


def set_departure(conn: Connection, person: str, state: str, now: int) -> None:
    changed = insert(departures).values(person=person, state=state, since=now)
    conn.execute(
        changed.on_conflict_do_update(
            index_elements=["person"], set_={"state": state, "since": now}
        )
    )


def _to_take_back(me: str) -> ColumnElement[bool]:
    return (records.c.author == me) & (records.c.withdrawn == 0) & records.c.kind.not_in(KEPT_KINDS)


def some_to_take_back(conn: Connection, me: str, limit: int) -> list[int]:
    """Give a few records of mine (by `no`) that are still said, newest first: what is freshest is gone soonest."""
    query = select(records.c.no).where(_to_take_back(me)).order_by(records.c.no.desc())
    return list(conn.execute(query.limit(limit)).scalars())


def how_many_to_take_back(conn: Connection, me: str) -> int:
    query = select(func.count()).select_from(records).where(_to_take_back(me))
    return conn.execute(query).scalar_one()
