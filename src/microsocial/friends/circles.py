"""Circles: named groups of friends. Only mine, told to nobody.

A circle means the people in it *at that moment* (protocol §1): posts ask `people(conn, circle)` when they are published.
"""

import unicodedata
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from microsocial.clock import Clock, Entropy
from microsocial.events import emit
from microsocial.friends import store
from microsocial.friends.model import (
    MAX_CIRCLE_NAME,
    MAX_CIRCLES,
    CircleNameWrong,
    CircleNotFound,
    CircleTaken,
    NotAFriend,
    TiesChanged,
    TooManyCircles,
)
from microsocial.protocol.encoding import b64u

CIRCLE_ID_BYTES = 16  # random, so that a circle's id says nothing


@dataclass(frozen=True)
class Circle:
    id: str
    name: str
    people: tuple[str, ...]


class Circles:
    """The verbs of circles. Former friends fall out of every circle when the friendship ends."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def create(self, conn: Connection, name: str) -> Circle:
        name = _fit(name)
        if (
            conn.execute(select(func.count()).select_from(store.circles)).scalar_one()
            >= MAX_CIRCLES
        ):
            raise TooManyCircles
        circle = b64u(self._entropy(CIRCLE_ID_BYTES))
        folded = _unless_taken(conn, name)
        made = self._clock.now()
        store.put(conn, store.circles, id=circle, name=name, folded=folded, made=made)
        emit(conn, TiesChanged())
        return Circle(circle, name, ())

    def rename(self, conn: Connection, circle: str, name: str) -> Circle:
        name = _fit(name)
        self.get(conn, circle)
        folded = _unless_taken(conn, name, circle)
        chosen = update(store.circles).where(store.circles.c.id == circle)
        conn.execute(chosen.values(name=name, folded=folded))
        emit(conn, TiesChanged())
        return self.get(conn, circle)

    def delete(self, conn: Connection, circle: str) -> None:
        self.get(conn, circle)
        store.drop(conn, store.circle_people, circle=circle)
        store.drop(conn, store.circles, id=circle)
        emit(conn, TiesChanged())

    def put(self, conn: Connection, circle: str, person: str) -> Circle:
        self.get(conn, circle)
        row = store.find(conn, store.friends, person=person)
        if row is None or row.state != "friend":
            raise NotAFriend
        store.put(conn, store.circle_people, circle=circle, person=person)
        emit(conn, TiesChanged())
        return self.get(conn, circle)

    def take_out(self, conn: Connection, circle: str, person: str) -> Circle:
        self.get(conn, circle)
        store.drop(conn, store.circle_people, circle=circle, person=person)
        emit(conn, TiesChanged())
        return self.get(conn, circle)

    def leave_all(self, conn: Connection, person: str) -> None:
        store.drop(conn, store.circle_people, person=person)

    def get(self, conn: Connection, circle: str) -> Circle:
        row = store.find(conn, store.circles, id=circle)
        if row is None:
            raise CircleNotFound
        return Circle(row.id, row.name, tuple(self.people(conn, circle)))

    def people(self, conn: Connection, circle: str) -> list[str]:
        query = select(store.circle_people.c.person).where(store.circle_people.c.circle == circle)
        return list(conn.execute(query.order_by(store.circle_people.c.person)).scalars())

    def all(self, conn: Connection) -> list[Circle]:
        """Give every circle with its people, by name."""
        members: dict[str, list[str]] = defaultdict(list)
        for row in conn.execute(select(store.circle_people).order_by(store.circle_people.c.person)):
            members[row.circle].append(row.person)
        rows = conn.execute(select(store.circles).order_by(store.circles.c.folded))
        return [Circle(row.id, row.name, tuple(members[row.id])) for row in rows]


def fold(name: str) -> str:
    """Give a name as it is compared: case, width and invisible characters do not tell two names apart."""
    visible = "".join(
        c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf"
    )
    return " ".join(visible.casefold().split())


def _fit(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", name).split())
    odd = any(unicodedata.category(c) in {"Cc", "Cs"} for c in name)
    if odd or not fold(name) or len(name) > MAX_CIRCLE_NAME:
        raise CircleNameWrong(field="name")
    return name


def _unless_taken(conn: Connection, name: str, circle: str | None = None) -> str:
    """Give the name as compared; only one writer runs at a time, so looking first is enough."""
    row = store.find(conn, store.circles, folded=fold(name))
    if row is not None and row.id != circle:
        raise CircleTaken(field="name")
    return fold(name)
