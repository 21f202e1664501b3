"""The tables of posts, and this room's SQL.

`posts` and `entries` are projections of records; `post_audiences`, `said_keys`, `drafts` are local facts.
A post and an entry are named by their ref everywhere: the first 22 characters of a hash of author and id.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
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
    tuple_,
)

from microsocial.database import metadata, rows
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
    Column("expires", Integer),
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


put, drop, find = rows.put, rows.drop, rows.find

# What is asked often is built once: building a statement costs more than SQLite takes to answer it.

_refs: BindParameter[Any] = bindparam("refs", expanding=True)
_without: BindParameter[Any] = bindparam("without", expanding=True)

_PUBLIC_CHANGE = select(func.count(), func.coalesce(func.max(posts.c.revision), 0)).where(
    posts.c.author == bindparam("of"), posts.c.audience == "public"
)
_shown = func.min(entries.c.created, entries.c.received)  # a claimed time never leads a thread
_ranked = (
    select(
        entries,
        _shown.label("shown"),
        func.row_number()
        .over(
            partition_by=(entries.c.post, entries.c.kind),
            order_by=(_shown.desc(), entries.c.record.desc()),
        )
        .label("place"),
    )
    .where(entries.c.post.in_(_refs), entries.c.author.not_in(_without))
    .subquery()
)
_EVERY_ENTRY = select(_ranked).order_by(_ranked.c.shown, _ranked.c.record)
_NEWEST_ENTRIES = _EVERY_ENTRY.where(
    or_(_ranked.c.kind == "reaction", _ranked.c.place <= COMMENTS_IN_A_FEED)
)
_COMMENTERS = (
    select(entries.c.post, entries.c.author, func.max(entries.c.name).label("name"))
    .where(
        entries.c.post.in_(_refs), entries.c.author.not_in(_without), entries.c.kind == "comment"
    )
    .group_by(entries.c.post, entries.c.author)
    .order_by(func.min(entries.c.created), entries.c.author)
)
_REACTIONS_BY = select(entries).where(
    entries.c.post == bindparam("under"),
    entries.c.author == bindparam("of"),
    entries.c.kind == "reaction",
    entries.c.text == bindparam("emoji"),
)
_HOW_MANY = select(
    func.count().filter(records.c.kind == "comment", records.c.withdrawn == 0),
    func.count().filter(records.c.author == bindparam("of")),
).where(records.c.thread == bindparam("under"))
_OLD_KEYS = delete(said_keys).where(said_keys.c.said < bindparam("moment"))


# Posts


def by_refs(conn: Connection, refs: Collection[str]) -> dict[str, Row[Any]]:
    return {row.ref: row for row in rows.among(conn, posts, "ref", refs)}


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
    values: dict[str, Any] = {"limit": limit, "without": list(without)}
    if author is not None:
        values["of"] = author
    if audience is not None:
        values["class"] = audience
    if before is not None:
        values["shown_at"], values["record"] = before
    return conn.execute(_newest_posts(frozenset(values)), values).all()


@cache
def _newest_posts(asked: frozenset[str]) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [posts.c.author.not_in(_without)]
    if "of" in asked:
        conditions.append(posts.c.author == bindparam("of"))
    if "class" in asked:
        conditions.append(posts.c.audience == bindparam("class"))
    if "record" in asked:
        place = tuple_(bindparam("shown_at", type_=Integer), bindparam("record", type_=Integer))
        conditions.append(tuple_(posts.c.shown_at, posts.c.record) < place)
    query = select(posts).where(*conditions)
    return _newest_first(query).limit(bindparam("limit", type_=Integer))


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
    row = conn.execute(_PUBLIC_CHANGE, {"of": author}).one()
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


def entries_of(
    conn: Connection, refs: Collection[str], without: Collection[str] = (), *, every_comment: bool
) -> Sequence[Row[Any]]:
    """Give the reactions and the comments (all, or only the newest few) of these posts, oldest first, in one query."""
    if not refs:
        return ()
    query = _EVERY_ENTRY if every_comment else _NEWEST_ENTRIES
    return conn.execute(query, {"refs": list(refs), "without": list(without)}).all()


def commenters_of(
    conn: Connection, refs: Collection[str], without: Collection[str] = ()
) -> Sequence[Any]:
    """Give (post, author, name) of everybody who commented, the first to write first."""
    if not refs:
        return ()
    return conn.execute(_COMMENTERS, {"refs": list(refs), "without": list(without)}).all()


def entries_by_refs(conn: Connection, refs: Collection[str]) -> dict[str, Row[Any]]:
    return {row.ref: row for row in rows.among(conn, entries, "ref", refs)}


def reactions_by(conn: Connection, post: str, author: str, emoji: str) -> Sequence[Row[Any]]:
    values = {"under": post, "of": author, "emoji": emoji}
    return conn.execute(_REACTIONS_BY, values).all()


def how_many(conn: Connection, post: str, author: str) -> tuple[int, int]:
    """Give (comments under the post, what this author ever said under it, taken back or not)."""
    row = conn.execute(_HOW_MANY, {"under": post, "of": author}).one()
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
    return {row.post: row for row in rows.among(conn, post_audiences, "post", refs)}


def said_with(conn: Connection, key: str) -> str | None:
    row = find(conn, said_keys, key=key)
    return row.ref if row else None


def forget_keys_before(conn: Connection, moment: int) -> None:
    conn.execute(_OLD_KEYS, {"moment": moment})
