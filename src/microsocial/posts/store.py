"""The tables of posts, and this room's SQL.

`posts` and `entries` are projections of records; `post_audiences`, `said_keys`, `drafts` are local facts.
A post and an entry are named by their ref everywhere: the first 22 characters of a hash of author and id.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata
from microsocial.posts.model import COMMENTS_IN_A_FEED
from microsocial.records.store import records

posts = Table(
    "posts",
    metadata,
    Column("record", Integer, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("author", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("media", Text, nullable=False),  # JSON, as in the record
    Column("links", Text, nullable=False),  # JSON, as in the record
    Column("audience", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("shown_at", Integer, nullable=False),  # min(created, received)
    Column("revision", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
entries = Table(
    "entries",
    metadata,
    Column("record", Integer, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("author", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # comment | reaction
    Column("post", Text, nullable=False),  # ref; the post itself may not be here yet
    Column("owner", Text, nullable=False),  # the post's author: the thread is theirs
    Column("text", Text, nullable=False),  # of a reaction: the emoji
    Column(
        "name", Text, nullable=False
    ),  # as the signer calls themselves, for those who do not know them
    Column("created", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("on_hash", LargeBinary, nullable=False),
)
post_audiences = Table(
    "post_audiences",
    metadata,
    Column("post", Text, primary_key=True),
    Column("circle", Text),
    Column("label", Text, nullable=False),
    Column("people", Text, nullable=False),  # JSON: who they were at that moment
)
said_keys = Table(
    "said_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("said", Integer, nullable=False),
)
drafts = Table(
    "drafts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("audience", Text, nullable=False),  # JSON
    Column("media", Text, nullable=False),  # JSON
    Column("changed", Integer, nullable=False),
)


def put(conn: Connection, table: Table, **values: Any) -> None:
    """Insert the row, or replace what the row with the same primary key says."""
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    conn.execute(
        insert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=changed)
    )


def drop(conn: Connection, table: Table, **where: Any) -> int:
    """Delete the rows where all of these hold; say how many there were."""
    conditions = [table.c[name] == value for name, value in where.items()]
    return conn.execute(delete(table).where(*conditions)).rowcount


def find(conn: Connection, table: Table, **where: Any) -> Row[Any] | None:
    """Give the one row where all of these hold, or None."""
    conditions = [table.c[name] == value for name, value in where.items()]
    return conn.execute(select(table).where(*conditions)).one_or_none()


# Posts


def by_refs(conn: Connection, refs: Collection[str]) -> dict[str, Row[Any]]:
    rows = conn.execute(select(posts).where(posts.c.ref.in_(refs))) if refs else ()
    return {row.ref: row for row in rows}


def newest_posts(
    conn: Connection,
    limit: int,
    before: tuple[int, int] | None = None,
    *,
    author: str | None = None,
    audience: str | None = None,
    without: Collection[str] = (),
) -> Sequence[Row[Any]]:
    """Give a page of posts, newest first, older than `before` (shown_at, record)."""
    query = select(posts)
    if author is not None:
        query = query.where(posts.c.author == author)
    if audience is not None:
        query = query.where(posts.c.audience == audience)
    if without:
        query = query.where(posts.c.author.not_in(without))
    if before is not None:
        query = query.where(tuple_(posts.c.shown_at, posts.c.record) < tuple_(*before))
    return conn.execute(_newest_first(query).limit(limit)).all()


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(posts.c.shown_at.desc(), posts.c.record.desc())


def every_text(conn: Connection, without: Collection[str] = ()) -> Iterable[Row[Any]]:
    """Give (ref, text, media) of all posts, newest first, for a search that scans."""
    query = select(posts.c.ref, posts.c.text, posts.c.media)
    if without:
        query = query.where(posts.c.author.not_in(without))
    return conn.execute(_newest_first(query).execution_options(yield_per=500))


def newest_public_change(conn: Connection, author: str) -> tuple[int, int]:
    """Give (how many, newest revision) of an author's public posts: enough to see that something changed."""
    row = conn.execute(
        select(func.count(), func.coalesce(func.max(posts.c.revision), 0)).where(
            posts.c.author == author, posts.c.audience == "public"
        )
    ).one()
    return row[0], row[1]


def mine_since(conn: Connection, me: str, since: int) -> Sequence[Row[Any]]:
    """Give my posts to all friends or anyone, created since then, oldest first: what can be offered to one more."""
    query = select(posts).where(
        posts.c.author == me,
        posts.c.audience.in_(("friends", "public")),
        posts.c.created >= since,
    )
    return conn.execute(query.order_by(posts.c.created, posts.c.record)).all()


# Entries


def _standing(refs: Collection[str], without: Collection[str]) -> ColumnElement[bool]:
    conditions = [entries.c.post.in_(refs)]
    if without:
        conditions.append(entries.c.author.not_in(without))
    return and_(*conditions)


def entries_of(
    conn: Connection, refs: Collection[str], without: Collection[str] = (), *, every_comment: bool
) -> Sequence[Row[Any]]:
    """Give the reactions and the comments (all, or only the newest few) of these posts, oldest first, in one query."""
    if not refs:
        return ()
    place = (
        func.row_number()
        .over(
            partition_by=(entries.c.post, entries.c.kind),
            order_by=(entries.c.created.desc(), entries.c.record.desc()),
        )
        .label("place")
    )
    inner = select(entries, place).where(_standing(refs, without)).subquery()
    query = select(inner).order_by(inner.c.created, inner.c.record)
    if not every_comment:
        query = query.where(or_(inner.c.kind == "reaction", inner.c.place <= COMMENTS_IN_A_FEED))
    return conn.execute(query).all()


def commenters_of(
    conn: Connection, refs: Collection[str], without: Collection[str] = ()
) -> Sequence[Any]:
    """Give (post, author, name) of everybody who commented, the first to write first."""
    if not refs:
        return ()
    query = (
        select(entries.c.post, entries.c.author, func.max(entries.c.name).label("name"))
        .where(_standing(refs, without), entries.c.kind == "comment")
        .group_by(entries.c.post, entries.c.author)
        .order_by(func.min(entries.c.created), entries.c.author)
    )
    return list(conn.execute(query))


def reactions_by(conn: Connection, post: str, author: str, emoji: str) -> Sequence[Row[Any]]:
    query = select(entries).where(
        entries.c.post == post,
        entries.c.author == author,
        entries.c.kind == "reaction",
        entries.c.text == emoji,
    )
    return conn.execute(query).all()


def how_many(conn: Connection, post: str, author: str) -> tuple[int, int]:
    """Give (comments under the post, what this author ever said under it, taken back or not)."""
    row = conn.execute(
        select(
            func.count().filter(records.c.kind == "comment", records.c.withdrawn == 0),
            func.count().filter(records.c.author == author),
        ).where(records.c.thread == post)
    ).one()
    return row[0], row[1]


def newest_for_owner(
    conn: Connection, owner: str, limit: int, without: Collection[str] = ()
) -> Sequence[Row[Any]]:
    """Give what others wrote under this owner's posts, the latest arrival first."""
    query = (
        select(entries)
        .join(posts, posts.c.ref == entries.c.post)
        .where(entries.c.owner == owner, entries.c.author != owner)
    )
    if without:
        query = query.where(entries.c.author.not_in(without))
    query = query.order_by(entries.c.received.desc(), entries.c.record.desc())
    return conn.execute(query.limit(limit)).all()


# Local facts


def audiences_of(conn: Connection, refs: Collection[str]) -> dict[str, Row[Any]]:
    query = select(post_audiences).where(post_audiences.c.post.in_(refs))
    return {row.post: row for row in conn.execute(query)} if refs else {}


def said_with(conn: Connection, key: str) -> str | None:
    return conn.execute(select(said_keys.c.ref).where(said_keys.c.key == key)).scalar_one_or_none()


def forget_keys_before(conn: Connection, moment: int) -> None:
    conn.execute(delete(said_keys).where(said_keys.c.said < moment))
