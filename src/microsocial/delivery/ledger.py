"""Who has what, and who waits since when and why. Derived from positions; no row per message and friend."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select

from microsocial.delivery.store import correspondents
from microsocial.records.pages import latest_change, pending
from microsocial.records.store import changes, records
from microsocial.records.visibility import may_see

ON_ITS_WAY = "It is on its way."


@dataclass(frozen=True)
class Account:
    """How far one friend is in my log. `acknowledged` is None while their place in it is not known (a reunion)."""

    person: str
    acknowledged: int | None
    behind: int
    waiting_since: int | None
    error: str | None
    next_try: int | None
    last_heard: int | None
    refused: list[list[str]]


@dataclass(frozen=True)
class Waiting:
    person: str
    since: int
    why: str


@dataclass(frozen=True)
class Receipt:
    """Who has the newest revision of a record on disk, and who does not yet. Friends only."""

    delivered: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)


class Ledger:
    """Asked each time, never stored."""

    def __init__(self, me: str) -> None:
        self._me = me

    def _behind(self) -> Select[Any, Any]:
        friend = correspondents.c
        return pending(
            self._me, friend.person, friend.sees_from, func.coalesce(friend.acknowledged, 0)
        )

    def accounts(self, conn: Connection, person: str | None = None) -> list[Account]:
        """How far each friend is (or this one)."""
        query = self._accounts if person is None else self._account
        return [
            Account(
                person=row.person,
                acknowledged=row.acknowledged,
                behind=row.behind,
                waiting_since=row.since,
                error=row.error,
                next_try=row.next_try,
                last_heard=row.last_heard,
                refused=json.loads(row.refused),
            )
            for row in conn.execute(query, {} if person is None else {"of": person})
        ]

    @cached_property
    def _accounts(self) -> Select[Any]:
        counted = self._behind()
        return (
            select(
                correspondents,
                counted.with_only_columns(func.count(changes.c.record.distinct()))
                .scalar_subquery()
                .label("behind"),
                counted.with_only_columns(func.min(changes.c.made))
                .scalar_subquery()
                .label("since"),
            )
            .where(correspondents.c.state == "active")
            .order_by(correspondents.c.person)
        )

    @cached_property
    def _account(self) -> Select[Any]:
        return self._accounts.where(correspondents.c.person == bindparam("of"))

    def due(self, conn: Connection) -> list[str]:
        """Everybody to whom a letter would say something."""
        return list(conn.execute(self._due).scalars())

    @cached_property
    def _due(self) -> Select[Any]:
        friend = correspondents.c
        has_pending = self._behind().with_only_columns(changes.c.seq).limit(1).exists()
        needs_one = or_(
            friend.reunion.is_not(None),
            friend.theft != 0,
            friend.acknowledged.is_(None),
            friend.hint != friend.answered,
            has_pending,
        )
        return (
            select(friend.person)
            .where(
                friend.prekey.is_not(None),
                or_(friend.state == "leaving", and_(friend.state == "active", needs_one)),
            )
            .order_by(friend.person)
        )

    def of_records(self, conn: Connection, numbers: Collection[int]) -> dict[int, Receipt]:
        """Say of each of these records of my log (by `no`) who has it and who waits for it; one query."""
        found = {no: Receipt() for no in numbers}
        asked = {"numbers": list(numbers)}
        for row in conn.execute(self._of_records, asked) if numbers else ():
            # Without a change of its own it came back from this friend, who holds it.
            if row.latest is None or row.latest <= (row.acknowledged or 0):
                found[row.no].delivered.append(row.person)
            else:
                why = row.error or ON_ITS_WAY
                found[row.no].waiting.append(Waiting(row.person, row.made, why))
        return found

    @cached_property
    def _of_records(self) -> Select[Any]:
        friend = correspondents.c
        latest = latest_change(friend.person)
        told = changes.alias("told")
        made = select(told.c.made).where(told.c.seq == latest).scalar_subquery()
        return (
            select(
                records.c.no,
                friend.person,
                friend.acknowledged,
                friend.error,
                latest.label("latest"),
                made.label("made"),
            )
            .select_from(records)
            .join(correspondents, friend.state == "active")
            .where(
                records.c.no.in_(bindparam("numbers", expanding=True)),
                may_see(records, friend.person, friend.sees_from, self._me),
            )
            .order_by(friend.person)
        )
