"""Who a post is for: resolved to people once, when it is published, and fixed for ever (protocol §1)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.friends.model import Person
from microsocial.friends.service import Friends
from microsocial.posts import store
from microsocial.posts.model import (
    CLASSES,
    MAX_CHOSEN,
    NARROW,
    Audience,
    Choice,
    NobodyChosen,
    NoSuchAudience,
    NotAmongFriends,
)
from microsocial.posts.words import listed

# What the chip says. "circle" and "chosen" of others say no more, since the record does not.
LABELS = {
    "public": "Anyone",
    "friends": "Friends",
    "circle": "A circle",
    "chosen": "Chosen people",
    "me": "Only me",
}
NAMES_ON_A_CHIP = 2


def readers(conn: Connection, friends: Friends, choice: Choice) -> list[str] | None:
    """Give the people of this moment, or None where the class itself says who (public, friends).

    Raises:
        NoSuchAudience, NobodyChosen, NotAmongFriends; what the friends room says about an unknown circle
    """
    if choice.name not in CLASSES:
        raise NoSuchAudience(field="audience")
    if choice.name == "circle":
        if choice.circle is None:
            raise NoSuchAudience(field="audience")
        people = list(friends.circles.get(conn, choice.circle).people)
    elif choice.name == "chosen":
        people = sorted(set(choice.people))
    else:
        return [] if choice.name == "me" else None
    if not people or len(people) > MAX_CHOSEN:
        raise NobodyChosen(field="audience")
    if not set(people) <= set(friends.active(conn)):
        raise NotAmongFriends(field="audience")
    return people


def keep(
    conn: Connection, friends: Friends, post: str, choice: Choice, people: list[str] | None
) -> None:
    """Remember what was chosen: the record itself names only the class."""
    if choice.name in {"circle", "chosen"}:
        store.put(
            conn,
            store.post_audiences,
            post=post,
            circle=choice.circle if choice.name == "circle" else None,
            label=label(conn, friends, choice, people),
            people=json.dumps(people),
        )


def label(conn: Connection, friends: Friends, choice: Choice, people: list[str] | None) -> str:
    """Give the word on the chip: "Family", "Ben and Cem", "Ben, Cem and 3 more"."""
    if choice.name == "circle" and choice.circle is not None:
        return friends.circles.get(conn, choice.circle).name
    if choice.name == "chosen" and people:
        persons = friends.persons(conn, people)
        return listed([persons[person]["name"] for person in people], NAMES_ON_A_CHIP)
    return LABELS[choice.name]


def shown(name: str, chosen: Row[Any] | None, persons: Mapping[str, Person]) -> Audience:
    """Give the audience as the owner's screens show it; `chosen` is known only of my own posts."""
    if chosen is None:
        return {"class": name, "label": LABELS.get(name, name), "circle": None, "people": None}
    people = [persons[person] for person in json.loads(chosen.people)] if name in NARROW else None
    return {"class": name, "label": chosen.label, "circle": chosen.circle, "people": people}


def people_in(rows: Iterable[Row[Any]]) -> set[str]:
    return {person for row in rows for person in json.loads(row.people)}
