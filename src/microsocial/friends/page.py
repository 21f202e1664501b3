"""The page about each person: facts gathered in batches, said in sentences (sentences.py).

Rule 1: a list of a hundred friends costs as many statements as one friend.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.delivery.ledger import Account
from microsocial.delivery.service import Delivery
from microsocial.friends import people, sentences, store
from microsocial.friends.circles import Circle, Circles
from microsocial.friends.homes import is_this_machine
from microsocial.friends.model import CircleShape, FriendShape, HomeShape, Person, State
from microsocial.friends.places import Places
from microsocial.friends.sentences import Tie
from microsocial.protocol.keys import KeyLog
from microsocial.records.service import Log

Rows = Mapping[str, Row[Any]]


@dataclass
class _Facts:
    """Everything that is fetched for some people, before anything is said."""

    persons: Mapping[str, Person]
    friends: Rows
    asks: Rows
    knocks: Rows
    blocks: Rows
    profiles: Rows
    addresses: Rows
    key_logs: Mapping[str, KeyLog]
    key_changed: Mapping[str, int]
    taken_out: Mapping[str, int]
    contradicting: Mapping[str, int]
    accounts: Mapping[str, Account]
    homes: Mapping[str, list[str]]
    circles: Mapping[str, list[Circle]] = field(default_factory=dict)


class Pages:
    def __init__(
        self, me: str, log: Log, delivery: Delivery, circles: Circles, places: Places
    ) -> None:
        self._me = me
        self._places = places
        self._log = log
        self._delivery = delivery
        self._circles = circles

    def friend(self, conn: Connection, person: str) -> FriendShape:
        return self.friends(conn, (person,))[0]

    def friends(self, conn: Connection, ids: Collection[str]) -> list[FriendShape]:
        """Give the pages of these people, by name."""
        facts = self._gather(conn, ids)
        pages = [self._page(person, facts) for person in set(ids)]
        return sorted(pages, key=lambda page: (page["name"].casefold(), page["id"]))

    def circle(self, conn: Connection, circle: Circle) -> CircleShape:
        return self.circles(conn, (circle,))[0]

    def circles(self, conn: Connection, circles: Collection[Circle]) -> list[CircleShape]:
        everybody = {person for circle in circles for person in circle.people}
        persons = people.persons(conn, self._me, everybody)
        return [_circle(circle, persons) for circle in circles]

    def _gather(self, conn: Connection, ids: Collection[str]) -> _Facts:
        circles = self._circles.all(conn)
        of_person: dict[str, list[Circle]] = defaultdict(list)
        for circle in circles:
            for person in circle.people:
                of_person[person].append(circle)
        shown = {one for person in ids for circle in of_person[person] for one in circle.people}
        accounts = self._accounts(conn, ids)
        return _Facts(
            persons=people.persons(conn, self._me, shown | set(ids)),
            friends=store.by_person(conn, store.friends, ids),
            asks=store.by_person(conn, store.asks, ids),
            knocks=store.by_person(conn, store.knocks, ids),
            blocks=store.by_person(conn, store.blocks, ids),
            profiles=store.by_person(conn, store.profiles, ids),
            addresses=store.by_person(conn, store.addresses, ids),
            key_logs=self._log.key_logs(conn, list(ids)),
            key_changed=self._log.rings.changed(conn, ids),
            taken_out=self._log.apart.counts(conn, ids),
            contradicting=self._log.rings.forked(conn, ids),
            accounts=accounts,
            homes=self._places.asked(conn, ids),
            circles=of_person,
        )

    def _accounts(self, conn: Connection, ids: Collection[str]) -> dict[str, Account]:
        only = next(iter(ids)) if len(ids) == 1 else None
        accounts = self._delivery.ledger.accounts(conn, only) if ids else ()
        return {account.person: account for account in accounts}

    def _page(self, person: str, facts: _Facts) -> FriendShape:
        shown = facts.persons[person]
        tie = self._tie(person, facts)
        account = facts.accounts.get(person)
        row, ask = facts.friends.get(person), facts.asks.get(person)
        profile, address = facts.profiles.get(person), facts.addresses.get(person)
        return FriendShape(
            **shown,
            since=tie.since,
            trust=sentences.trust(tie),
            sees=sentences.sight(tie),
            last_heard=account.last_heard if account else None,
            waiting=sentences.waiting(tie, account),
            sees_from=row.sees_from if row is not None and tie.state == "friend" else None,
            circles=[_circle(circle, facts.persons) for circle in facts.circles.get(person, ())],
            address=list(json.loads(address.urls)) if address is not None else [],
            about=profile.about if profile is not None else "",
            note=ask.note if ask is not None else None,
            at_home=_homes(tie, facts.homes.get(person, ())),
            has_two_keys=tie.state == "friend" and tie.contradicting is not None,
            sentence=sentences.state(tie),
            state=tie.state,
        )

    def _tie(self, person: str, facts: _Facts) -> Tie:
        row, ask, knock = (rows.get(person) for rows in (facts.friends, facts.asks, facts.knocks))
        state = self._state(person, facts)
        key_log = facts.key_logs.get(person)
        since = {
            "asks": ask.received if ask is not None else None,
            "asked": knock.made if knock is not None else None,
        }.get(state, row.since if row is not None else None)
        met = knock.met if state == "asked" and knock is not None else row.met if row else None
        return Tie(
            name=facts.persons[person]["name"],
            state=state,
            met=met,
            since=since,
            ended=row.ended if row is not None else None,
            ended_by_me=row is not None and row.ended_by == "me",
            has_left=row is not None and bool(row.has_left),
            key_changes=key_log.reasons if key_log else (),
            key_changed=facts.key_changed.get(person),
            taken_out=facts.taken_out.get(person, 0),
            contradicting=facts.contradicting.get(person),
            circles=[circle.name for circle in facts.circles.get(person, ())],
            error=knock.error if knock is not None else None,
        )

    def _state(self, person: str, facts: _Facts) -> State:
        row, ask = facts.friends.get(person), facts.asks.get(person)
        states: tuple[tuple[State, bool], ...] = (
            ("me", person == self._me),
            ("blocked", person in facts.blocks),
            ("friend", row is not None and row.state == "friend"),
            ("asks", ask is not None and ask.declined is None),
            ("asked", person in facts.knocks),
            ("former", row is not None),
        )
        return next((state for state, holds in states if holds), "stranger")


def _homes(tie: Tie, places: Iterable[str]) -> list[HomeShape]:
    if tie.state != "friend":
        return []
    return [
        HomeShape(
            place=place,
            sentence=sentences.at_home(
                tie.name, place, is_this_machine=is_this_machine(f"http://{place}")
            ),
        )
        for place in places
    ]


def _circle(circle: Circle, persons: Mapping[str, Person]) -> CircleShape:
    return CircleShape(
        id=circle.id, name=circle.name, people=[persons[person] for person in circle.people]
    )
