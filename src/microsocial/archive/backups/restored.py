"""After a restore, or after coming back with the words: what friends gave back, and what is still to come, in sentences."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection
from typing_extensions import TypedDict

from microsocial.archive.backups import store
from microsocial.archive.backups.model import DAY_MS, day_of
from microsocial.friends.model import Person
from microsocial.friends.sentences import listed
from microsocial.friends.service import Friends

TOLD_FOR_MS = 30 * DAY_MS  # friends who were away for a holiday have given back theirs by then

_WORDS = {
    "post": ("post", "posts"),
    "comment": ("comment", "comments"),
    "reaction": ("reaction", "reactions"),
    "message": ("message", "messages"),
}
_OTHER = ("other thing", "other things")


class Restoration(TypedDict):
    """From which backup this folder came, and what friends gave back since."""

    made: int
    restored: int
    sentence: str


def last_restoration(conn: Connection, friends: Friends, now: int) -> Restoration | None:
    """Give the latest one, as long as there may be something to tell."""
    row = store.last_restoration(conn)
    if row is None or now - row.restored > TOLD_FOR_MS:
        return None
    given = defaultdict[str, dict[tuple[str, str], int]](dict)
    for back in store.given_back_since(conn, row.restored):
        words = _WORDS.get(back.kind, _OTHER)
        given[back.person][words] = given[back.person].get(words, 0) + back.how_many
    names = friends.persons(conn, given.keys())
    sentences = [f"Restored from the backup of {day_of(row.made)}."]
    sentences += [
        f"{names[person]['name']} gave back {_counted(counts)}." for person, counts in given.items()
    ]
    return Restoration(made=row.made, restored=row.restored, sentence=" ".join(sentences))


def still_coming(conn: Connection, friends: Friends, me: str, now: int) -> list[str]:
    """Say what of mine is not back yet: a sentence each for friends not heard from, records and photos."""
    row = store.last_restoration(conn)
    since = row.restored if row is not None and now - row.restored <= TOLD_FOR_MS else None
    unheard = store.unheard(conn, since)
    comparing = store.comparing(conn) - unheard
    names = friends.persons(conn, unheard | comparing)
    sentences = []
    if unheard:
        sentences.append(
            f"Not heard from yet since you came back: {_named(names, unheard)}. What they hold of yours comes when their "
            f"{_machines(unheard)}."
        )
    if comparing:
        sentences.append(
            f"{_named(names, comparing)} and you are comparing what each has; what is missing here is coming back."
        )
    if count := store.pictures_missing(conn, me):
        of = "one thing" if count == 1 else f"{count:,} things"
        sentences.append(
            f"The photos and clips of {of} you said are not back; friends who have them give them back when they are awake."
        )
    return sentences


def _named(names: Mapping[str, Person], persons: Collection[str]) -> str:
    return listed(sorted(names[person]["name"] for person in persons))


def _machines(persons: Collection[str]) -> str:
    return "machine answers" if len(persons) == 1 else "machines answer"


def _counted(counts: dict[tuple[str, str], int]) -> str:
    parts = [f"{count} {one if count == 1 else many}" for (one, many), count in counts.items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
