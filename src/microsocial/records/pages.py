"""What somebody may see after a point in the log: the next page, whether there is one, and how much is behind."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)

from microsocial.records import store
from microsocial.records.model import Page, Stored
from microsocial.records.store import changes, offered, records
from microsocial.records.visibility import Person, is_meant_for, may_see

# In `changes.only_for`: for whoever reads the public log, and for no friend. No person's id looks like this.
FOR_THE_PUBLIC = "*"


def page(
    conn: Connection,
    me: str,
    person: str,
    sees_from: int,
    since: int,
    max_bytes: int,
    max_records: int,
    *,
    held_too: bool,
) -> Page:
    """Give what `person` may see in (since, upto], each record once, at its latest change.

    Invisible changes cost nothing: a page reaches over them, and `upto` is the log's head when nothing follows (R7).
    """
    values = {"me": me, "person": person, "sees_from": sees_from, "since": since}
    return _cut(conn, _page(held_too=held_too), values, max_bytes, max_records)


def public_page(conn: Connection, me: str, since: int, max_bytes: int, max_records: int) -> Page:
    """Give what anyone may read, as `page` does for one person."""
    return _cut(conn, _public_page(), {"me": me, "since": since}, max_bytes, max_records)


def may_see_one(conn: Connection, me: str, person: str, sees_from: int, no: int) -> bool:
    values = {"me": me, "person": person, "sees_from": sees_from, "no": no}
    return conn.execute(_one(), values).first() is not None


def offered_by_then(
    conn: Connection, me: str, person: str, sees_from: int, change: int, newest: int
) -> list[int]:
    """Give what a person at this place in my log was offered, whether or not I remember (by `no`).

    Whatever was meant for them and first told up to `change` went there, unless it was deleted already when the log's
    newest change was `newest`.
    """
    values = {"me": me, "person": person, "sees_from": sees_from}
    places = {"change": change, "newest": newest}
    return list(conn.execute(_offered_by_then(), {**values, **places}).scalars())


def _cut(
    conn: Connection,
    query: Select[Any],
    values: dict[str, Any],
    max_bytes: int,
    max_records: int,
) -> Page:
    entries: list[Stored] = []
    seqs: list[int] = []
    size = 0
    for row in conn.execute(query, {**values, "limit": max_records + 1}):
        size += len(row.envelope)
        if entries and (size > max_bytes or len(entries) == max_records):
            return Page(entries, seqs, seqs[-1], more=True)
        entries.append(store.stored_of(row))
        seqs.append(row.seq)
    return Page(entries, seqs, max(store.head(conn).seq, values["since"]), more=False)


# Statements are built once: building one costs more than SQLite takes to answer it.


@cache
def _page(*, held_too: bool) -> Select[Any]:
    me, person = bindparam("me", type_=Text), bindparam("person", type_=Text)
    sees_from = bindparam("sees_from", type_=Integer)
    later = changes.alias("later")
    is_told_later = (
        select(later.c.seq)
        .where(
            later.c.record == changes.c.record,
            later.c.seq > changes.c.seq,
            later.c.only_for == person,  # a later one for everybody took this one's place
        )
        .exists()
    )
    is_own = and_(records.c.author == person, changes.c.only_for == person)  # given back (R10)
    is_visible = or_(may_see(records, person, sees_from, me), is_own)
    is_news = true() if held_too else changes.c.held == 0
    return _after(is_for(person), is_news, ~is_told_later, is_visible)


@cache
def _one() -> Select[Any]:
    me, person = bindparam("me", type_=Text), bindparam("person", type_=Text)
    sees_from = bindparam("sees_from", type_=Integer)
    is_this = records.c.no == bindparam("no", type_=Integer)
    return select(records.c.no).where(is_this, may_see(records, person, sees_from, me))


@cache
def _offered_by_then() -> Select[Any]:
    me, person = bindparam("me", type_=Text), bindparam("person", type_=Text)
    sees_from = bindparam("sees_from", type_=Integer)
    last = changes.alias("last")
    latest = select(func.max(last.c.seq)).where(last.c.record == records.c.no).scalar_subquery()
    is_known = (
        select(offered.c.record)
        .where(offered.c.person == person, offered.c.record == records.c.no)
        .correlate_except(offered)
        .exists()
    )
    return select(records.c.no).where(
        records.c.first_change <= bindparam("change", type_=Integer),
        or_(records.c.withdrawn == 0, latest > bindparam("newest", type_=Integer)),
        records.c.author != person,
        ~is_known,
        is_meant_for(records, person, sees_from, me),
    )


@cache
def _public_page() -> Select[Any]:
    me = bindparam("me", type_=Text)
    is_mine = or_(
        and_(records.c.author == me, records.c.thread.is_(None), records.c.taken_back == 0),
        and_(records.c.thread_author == me, records.c.shown == 1),
    )
    is_for_all = or_(changes.c.only_for.is_(None), changes.c.only_for == FOR_THE_PUBLIC)
    return _after(is_for_all, records.c.audience == "public", is_mine)


def _after(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(records, changes.c.seq)
        .join(changes, changes.c.record == records.c.no)
        .where(changes.c.seq > bindparam("since", type_=Integer), *conditions)
        .order_by(changes.c.seq)
        .limit(bindparam("limit", type_=Integer))
    )


def is_for(person: Person) -> ColumnElement[bool]:
    return or_(changes.c.only_for.is_(None), changes.c.only_for == person)


def pending(
    me: str, person: ColumnElement[str], sees_from: ColumnElement[int], since: ColumnElement[int]
) -> Select[Any, Any]:
    """Select (how many changes wait, since when) for people of an outer query, correlated to it."""
    return (
        select(
            func.count(changes.c.record.distinct()).label("behind"),
            func.min(changes.c.made).label("waiting_since"),
        )
        .join(records, changes.c.record == records.c.no)
        .where(changes.c.seq > since, is_for(person), may_see(records, person, sees_from, me))
    )


def latest_change(person: Person) -> ColumnElement[int | None]:
    """The newest change of a record of the outer query that is meant for `person`."""
    return (
        select(func.max(changes.c.seq))
        .where(changes.c.record == records.c.no, is_for(person))
        .correlate_except(changes)
        .scalar_subquery()
    )
