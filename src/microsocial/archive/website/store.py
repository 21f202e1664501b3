"""What an export reads, in steps that fit into memory; all of it in one read, so that it is of one moment."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from microsocial.database import rows
from microsocial.feed.store import read_marks
from microsocial.friends.store import circle_people, circles, friends
from microsocial.media.store import blob_uses, blobs
from microsocial.messages.store import IN_ORDER, messages, reads
from microsocial.posts.store import drafts, entries, posts
from microsocial.records.store import offered, people, readers, records

PRIVATE_TALK = ("message", "clear")
STEP = 200  # rows looked at between two files


def is_taken(me: str, *, messages: bool) -> ColumnElement[bool]:
    """What an export holds: what I said, what others said in my threads, and conversations when they are wanted."""
    mine = or_(records.c.author == me, records.c.thread_author == me)
    is_talk = records.c.kind.in_(PRIVATE_TALK)
    return or_(mine, is_talk) if messages else and_(mine, ~is_talk)


def records_after(conn: Connection, no: int, taken: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The next records in order of arrival."""
    query = select(records).where(records.c.no > no, taken).order_by(records.c.no).limit(STEP)
    return conn.execute(query).all()


def records_numbered(conn: Connection, numbers: Collection[int]) -> Sequence[Row[Any]]:
    return rows.among(conn, records, "no", numbers)


def authors(conn: Connection, taken: ColumnElement[bool]) -> list[str]:
    query = select(records.c.author).where(taken).distinct().order_by(records.c.author)
    return list(conn.execute(query).scalars())


def key_logs(conn: Connection, persons: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    for row in rows.among(conn, people, "person", persons):
        yield row.person, row.key_log.split(" ")


def people_beside(conn: Connection, numbers: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """Who was named to read these records, and who was offered them: {no: {readers, granted, offered}}."""
    found: dict[int, dict[str, list[str]]] = {}
    for row in rows.among(conn, readers, "record", numbers):
        lists = found.setdefault(row.record, {})
        lists.setdefault("granted" if row.granted else "readers", []).append(row.person)
    for row in rows.among(conn, offered, "record", numbers):
        found.setdefault(row.record, {}).setdefault("offered", []).append(row.person)
    return found


# Pictures


def first_uses(
    conn: Connection, names: Collection[bytes], taken: ColumnElement[bool]
) -> dict[bytes, int]:
    """The number of the first record that shows each of these, among those that are taken along."""
    query = (
        select(blob_uses.c.hash, func.min(blob_uses.c.record))
        .join(records, records.c.no == blob_uses.c.record)
        .where(blob_uses.c.hash.in_(list(names)), taken)
        .group_by(blob_uses.c.hash)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def blobs_named(conn: Connection, names: Collection[bytes]) -> dict[bytes, Row[Any]]:
    return {row.hash: row for row in rows.among(conn, blobs, "hash", names)}


# Posts, conversations, what I wrote elsewhere


def post_times(conn: Connection, me: str) -> Iterator[int]:
    """When each post of mine is shown, newest first."""
    query = select(posts.c.shown_at).where(posts.c.author == me)
    newest_first = query.order_by(posts.c.shown_at.desc(), posts.c.record.desc())
    yield from conn.execute(newest_first.execution_options(yield_per=1000)).scalars()


def talkers(conn: Connection) -> list[str]:
    """With whom there are conversations, the one that was written in last first."""
    last = func.max(messages.c.shown)
    query = select(messages.c.friend).group_by(messages.c.friend)
    return list(conn.execute(query.order_by(last.desc(), messages.c.friend)).scalars())


def talk_times(conn: Connection, friend: str) -> Iterator[int]:
    query = select(messages.c.shown).where(messages.c.friend == friend).order_by(messages.c.shown)
    yield from conn.execute(query.execution_options(yield_per=1000)).scalars()


def talk(conn: Connection, friend: str) -> Iterator[Row[Any]]:
    query = select(messages).where(messages.c.friend == friend).order_by(*IN_ORDER)
    yield from conn.execute(query.execution_options(yield_per=STEP))


def unread(conn: Connection, numbers: Collection[int], me: str) -> set[int]:
    """Which of these records are messages that the owner has not read."""
    query = (
        select(messages.c.no)
        .outerjoin(reads, reads.c.friend == messages.c.friend)
        .where(messages.c.no.in_(list(numbers)), messages.c.author != me)
        .where(or_(reads.c.until.is_(None), messages.c.no > reads.c.until))
    )
    return set(conn.execute(query).scalars())


def comments_elsewhere(conn: Connection, me: str) -> Iterator[Row[Any]]:
    """What I wrote under others' posts, newest first."""
    mine = (entries.c.author == me, entries.c.owner != me, entries.c.kind == "comment")
    query = select(entries).where(*mine).order_by(entries.c.created.desc(), entries.c.record)
    yield from conn.execute(query.execution_options(yield_per=STEP))


def has_comments_elsewhere(conn: Connection, me: str) -> bool:
    mine = (entries.c.author == me, entries.c.owner != me, entries.c.kind == "comment")
    return bool(conn.execute(select(exists().where(*mine))).scalar())


# Facts


def every_friend(conn: Connection) -> Sequence[Row[Any]]:
    return conn.execute(select(friends).order_by(friends.c.since, friends.c.person)).all()


def every_circle(conn: Connection) -> list[dict[str, Any]]:
    members: dict[str, list[str]] = {}
    for row in conn.execute(select(circle_people).order_by(circle_people.c.person)):
        members.setdefault(row.circle, []).append(row.person)
    return [
        {"id": row.id, "name": row.name, "made": row.made, "people": members.get(row.id, [])}
        for row in conn.execute(select(circles).order_by(circles.c.made, circles.c.id))
    ]


def every_draft(conn: Connection) -> Sequence[Row[Any]]:
    return conn.execute(select(drafts).order_by(drafts.c.key)).all()


def every_mark(conn: Connection) -> dict[str, int]:
    return {row.name: row.until for row in conn.execute(select(read_marks))}
