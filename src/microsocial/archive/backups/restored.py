"""After a restore: what friends gave back of what came after the backup, told in a sentence."""

from collections import defaultdict

from sqlalchemy import Connection
from typing_extensions import TypedDict

from microsocial.archive.backups import store
from microsocial.archive.backups.model import DAY_MS, day_of
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


def _counted(counts: dict[tuple[str, str], int]) -> str:
    parts = [f"{count} {one if count == 1 else many}" for (one, many), count in counts.items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
