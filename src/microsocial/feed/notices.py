"""Notices: a quiet, finite list of what concerns me. It counts nothing and calls nobody back.

Nothing is kept for it: what others wrote under my posts is read from the entries, so a deleted comment leaves no notice
behind; friendships and requests are read from the friends room.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.clock import Clock
from microsocial.feed import store
from microsocial.feed.model import MAX_NOTICES, Notice
from microsocial.friends.model import Person
from microsocial.friends.service import Friends
from microsocial.posts import store as posts_store
from microsocial.records.model import KeysChanged

NOTICES = "notices"

SENTENCES = {
    "comment": "{name} wrote under your post.",
    "reaction": "{name} reacted to your post: {emoji}",
    "friend": "You and {name} are friends now.",
    "ended": "{name} and you are no longer friends.",
    "request": "{name} would like to be your friend.",
    "home": "{name} says they are at home at {where} now. Is that so?",
    "keys-planned": "{name} changed keys, as planned.",
    "keys-stolen": "{name}'s key was stolen; there is a new one now.",
    "taken-out": "What was said in {name}'s name after a theft was taken out: {many}.",
}


@dataclass(frozen=True)
class Happened:
    """Something that happened with somebody, as the store tells it."""

    kind: str
    person: str
    happened: int
    many: int = 0
    where: str = ""


class Notices:
    """Gathers them."""

    def __init__(self, me: str, friends: Friends, clock: Clock) -> None:
        self._me = me
        self._friends = friends
        self._clock = clock

    def about(self, conn: Connection, entries: Sequence[Row[Any]]) -> list[Notice]:
        """Give the notices that tell of these entries, which have just arrived."""
        persons = self._friends.persons(conn, {row.author for row in entries})
        return [_about_entry(row, persons[row.author], 0) for row in entries]

    def about_keys(self, conn: Connection, happened: Sequence[KeysChanged]) -> list[Notice]:
        """Give the notices that tell, calmly, that somebody renewed their key."""
        persons = self._friends.persons(conn, {one.person for one in happened})
        now = self._clock.now()
        return [
            _about_person(Happened(f"keys-{one.reason}", one.person, now), persons[one.person], 0)
            for one in happened
        ]

    def about_homes(self, conn: Connection, people: Collection[str]) -> list[Notice]:
        """Give the notices that ask whether friends live where they say, as far as they are open."""
        persons = self._friends.persons(conn, people)
        rows = store.homes_asked(conn, people)
        return [_about_person(row, persons[row.person], 0) for row in rows]

    def all(self, conn: Connection) -> list[Notice]:
        """Give the notices, newest first."""
        blocked = self._friends.blocked(conn)
        entries = posts_store.newest_for_owner(conn, self._me, MAX_NOTICES, blocked)
        happened = store.happened_with_people(conn, MAX_NOTICES, blocked)
        people = {row.author for row in entries} | {row.person for row in happened}
        persons = self._friends.persons(conn, people)
        until = store.read_until(conn, NOTICES)
        found = [_about_entry(row, persons[row.author], until) for row in entries]
        found += [_about_person(row, persons[row.person], until) for row in happened]
        found.sort(key=lambda notice: (notice["created"], notice["id"]), reverse=True)
        return found[:MAX_NOTICES]

    def read(self, conn: Connection) -> None:
        store.mark_read(conn, NOTICES, self._clock.now())


def _about_entry(row: Row[Any], person: Person, read_until: int) -> Notice:
    return Notice(
        id=f"{row.kind}-{row.ref}",
        kind=row.kind,
        sentence=SENTENCES[row.kind].format(name=person["name"], emoji=row.text),
        created=row.received,
        read=row.received <= read_until,
        about={"person": person, "post": row.post},
    )


def _about_person(row: Row[Any] | Happened, person: Person, read_until: int) -> Notice:
    return Notice(
        id=f"{row.kind}-{row.person}-{row.happened}",
        kind=row.kind,
        sentence=SENTENCES[row.kind].format(name=person["name"], many=row.many, where=row.where),
        created=row.happened,
        read=row.happened <= read_until,
        about={"person": person},
    )
