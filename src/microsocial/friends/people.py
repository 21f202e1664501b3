"""Who anybody is, in the owner's words: me, friends, former friends, people at the door, strangers in a thread.

One batch of queries for any number of people. A name is a claim of the person who bears it; what keeps two Bens
apart is `known_through` and `looks_like`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from microsocial.friends import store
from microsocial.friends.circles import fold
from microsocial.friends.model import Person
from microsocial.media.service import own_url
from microsocial.protocol.encoding import parse_object
from microsocial.protocol.envelope import parse_envelope
from microsocial.records.store import records

NAMELESS = "Somebody"  # no name is known, not even a claimed one
HUES = 360

_people: BindParameter[Any] = bindparam("people", expanding=True)
_NEWEST_ENTRIES = (
    select(func.max(records.c.no))
    .where(
        records.c.author.in_(_people),
        records.c.kind.in_(("comment", "reaction")),
        records.c.withdrawn == 0,
    )
    .group_by(records.c.author)
)
_STRANGERS = select(records.c.author, records.c.envelope).where(records.c.no.in_(_NEWEST_ENTRIES))
_DOUBLES = (
    select(store.profiles.c.folded, store.profiles.c.person)
    .join(store.friends, store.friends.c.person == store.profiles.c.person)
    .where(
        store.profiles.c.folded.in_(bindparam("folded", expanding=True)),
        store.friends.c.state == "friend",
    )
    .union_all(
        select(store.profiles.c.folded, store.profiles.c.person).where(
            store.profiles.c.folded.in_(bindparam("folded", expanding=True)),
            store.profiles.c.person == bindparam("me"),
        )
    )
)


def persons(conn: Connection, me: str, ids: Iterable[str]) -> dict[str, Person]:
    """Give a Person for each of these ids, whoever they are."""
    wanted = set(ids)
    profiles = store.by_person(conn, store.profiles, wanted)
    faces = store.by_person(conn, store.faces, wanted - profiles.keys())
    strangers = _strangers(conn, wanted - profiles.keys() - faces.keys())
    hosts = {through for _, through in strangers.values() if through} - wanted
    profiles |= store.by_person(conn, store.profiles, hosts)
    ties = store.by_person(conn, store.friends, wanted)
    names = {person: _name(person, profiles, faces, strangers) for person in wanted | hosts}
    friends = {person for person, row in ties.items() if row.state == "friend"}
    doubles = _doubles(conn, me, {names[person] for person in wanted - friends - {me}})
    return {
        person: Person(
            id=person,
            name=names[person],
            is_me=person == me,
            is_friend=person in friends,
            hue=_hue(person, profiles.get(person) or faces.get(person)),
            avatar=_avatar(profiles.get(person)),
            known_through=_known_through(person, me, strangers, names),
            looks_like=None
            if person in friends or person == me
            else doubles.get(fold(names[person])),
        )
        for person in wanted
    }


def wrote_here(conn: Connection, person: str) -> bool:
    """Whether a comment or a reaction of theirs lies here, under whosever post."""
    return bool(_strangers(conn, {person}))


def unmet(conn: Connection, me: str, person: Person, name: str, hue: int) -> Person:
    """Show somebody of whom only what their door says is known."""
    double = None if person["is_friend"] else _doubles(conn, me, {name}).get(fold(name))
    return {**person, "name": name, "hue": hue, "looks_like": double}


def _strangers(conn: Connection, people: set[str]) -> dict[str, tuple[str | None, str | None]]:
    """Give (claimed name, whose thread) from the newest entry each of them wrote in a thread."""
    rows = conn.execute(_STRANGERS, {"people": list(people)}) if people else ()
    return {row.author: _claimed(bytes(row.envelope)) for row in rows}


def _claimed(raw: bytes) -> tuple[str | None, str | None]:
    payload = parse_object(parse_envelope(raw, len(raw)).payload, len(raw))
    on = payload.get("on")
    name = payload.get("name")
    through = on.get("author") if isinstance(on, dict) else None
    return (name if isinstance(name, str) else None, through if isinstance(through, str) else None)


def _name(
    person: str,
    profiles: Mapping[str, Any],
    faces: Mapping[str, Any],
    strangers: Mapping[str, tuple[str | None, str | None]],
) -> str:
    row = profiles.get(person) or faces.get(person)
    claimed = row.name if row is not None else strangers.get(person, (None, None))[0]
    return " ".join((claimed or "").split()) or NAMELESS


def _known_through(
    person: str,
    me: str,
    strangers: Mapping[str, tuple[str | None, str | None]],
    names: Mapping[str, str],
) -> str | None:
    through = strangers.get(person, (None, None))[1]
    return None if through in (None, me, person) else names[through]


def _doubles(conn: Connection, me: str, names: set[str]) -> dict[str, str]:
    """Give, by folded name, the friend of mine who bears it, or me."""
    folded = [fold(name) for name in names]
    rows = conn.execute(_DOUBLES, {"folded": folded, "me": me}) if folded else ()
    return {row.folded: row.person for row in rows}


def _hue(person: str, row: Any | None) -> int:
    """Give the hue they chose, or one that follows from the id, so that nobody is grey."""
    if row is not None and row.hue is not None:
        return int(row.hue)
    return sum(person.encode()) * 47 % HUES


def _avatar(row: Any | None) -> str | None:
    """Where the owner's screens find their picture."""
    item = json.loads(row.avatar) if row is not None and row.avatar else None
    return own_url(item["sizes"][0]) if item else None


def urls_of(conn: Connection, person: str) -> list[str]:
    """Where this person says they can be reached."""
    row = store.find(conn, store.addresses, person=person)
    return list(json.loads(row.urls)) if row else []
