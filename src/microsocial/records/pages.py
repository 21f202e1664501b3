"""What somebody may see after a point in the log: the next page, whether there is one, and how much is behind."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from microsocial.records import store
from microsocial.records.model import Page, Stored
from microsocial.records.store import changes, records
from microsocial.records.visibility import Person, may_see


def page(
    conn: Connection,
    me: str,
    person: str,
    sees_from: int,
    since: int,
    max_bytes: int,
    max_records: int,
) -> Page:
    """Give what `person` may see in (since, upto], each record once, at its latest change.

    Invisible changes cost nothing: a page reaches over them, and `upto` is the log's head when nothing follows (R7).
    """
    return _cut(conn, _following(me, person, sees_from, since), since, max_bytes, max_records)


def public_page(conn: Connection, me: str, since: int, max_bytes: int, max_records: int) -> Page:
    """Give what anyone may read, as `page` does for one person."""
    is_mine = or_(
        and_(records.c.author == me, records.c.thread.is_(None), records.c.taken_back == 0),
        and_(records.c.thread_author == me, records.c.shown == 1),
    )
    query = (
        select(records, changes.c.seq)
        .join(changes, changes.c.record == records.c.no)
        .where(
            changes.c.seq > since,
            changes.c.only_for.is_(None),
            records.c.audience == "public",
            is_mine,
        )
        .order_by(changes.c.seq)
    )
    return _cut(conn, query, since, max_bytes, max_records)


def _cut(
    conn: Connection, query: Select[Any], since: int, max_bytes: int, max_records: int
) -> Page:
    head = max(store.head(conn).seq, since)
    entries: list[Stored] = []
    seqs: list[int] = []
    size = 0
    for row in conn.execute(query.limit(max_records + 1)):
        size += len(row.envelope)
        if entries and (size > max_bytes or len(entries) == max_records):
            return Page(entries, seqs, seqs[-1], more=True)
        entries.append(store.stored_of(row))
        seqs.append(row.seq)
    return Page(entries, seqs, head, more=False)


def _following(me: str, person: str, sees_from: int, since: int) -> Select[Any]:
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
    return (
        select(records, changes.c.seq)
        .join(changes, changes.c.record == records.c.no)
        .where(
            changes.c.seq > since,
            is_for(person),
            ~is_told_later,
            may_see(records, person, sees_from, me),
        )
        .order_by(changes.c.seq)
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
        .scalar_subquery()
    )
