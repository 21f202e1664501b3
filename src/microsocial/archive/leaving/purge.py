"""Purging: what the owner no longer wants to keep, by kind, age and friend. A step at a time, so that others write in between.

Rule 1: `tell` takes back (tombstones and clears go to everybody who has it); without it only this folder forgets, and friends keep theirs.
Rule 2: what is forgotten stays away, whoever brings it again; friends' photos alone come back, when they are looked at.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from microsocial.archive.leaving import store
from microsocial.archive.leaving.model import Found, OnlyHere, OnlyOfFriends, PurgeShape, Wish
from microsocial.media.service import Media
from microsocial.messages.service import Messages
from microsocial.posts import store as posts_store
from microsocial.records.service import Log

STEP = 100  # in one transaction: a tenth of a second on a small machine
PURGED = "purged"  # why the log forgot it
MINE = ("posts", "comments")


@dataclass(frozen=True)
class Step:
    """What one step did. `files` are to be removed after the commit; `is_last`: nothing more fits the wish."""

    count: int
    files: tuple[bytes, ...] = ()
    is_last: bool = False


class Purge:
    """The verbs of purging; synchronous, a step per transaction."""

    def __init__(self, records: Log, media: Media, messages: Messages) -> None:
        self._log = records
        self._media = media
        self._messages = messages

    def check(self, wish: Wish) -> None:
        """Raise OnlyOfFriends or OnlyHere for a wish that cannot be meant."""
        if wish.friend is not None and wish.what in MINE:
            raise OnlyOfFriends(field="friend")
        if wish.tell and wish.what in {"friends-posts", "media", "copies"}:
            raise OnlyHere(field="tell")

    def found(self, conn: Connection, wish: Wish) -> Found:
        """Count what would go."""
        return store.found(conn, wish, self._log.me.id)

    def step(self, conn: Connection, wish: Wish) -> Step:
        """Let go of the next few."""
        if wish.what == "media":
            return self._forget_media(conn, wish)
        if wish.what == "messages" and wish.tell:
            return self._clear_one(conn, wish)
        numbers = store.some_records(conn, wish, self._log.me.id, STEP)
        for no in numbers:
            self._let_go(conn, no, tell=wish.tell)
        return Step(len(numbers), is_last=len(numbers) < STEP)

    def _let_go(self, conn: Connection, no: int, *, tell: bool) -> None:
        stored = self._log.by_no(conn, no)
        if tell:
            self._log.withdraw(conn, stored)
            return
        self._log.forget(conn, stored.author, stored.id, PURGED)
        posts_store.drop(conn, posts_store.post_audiences, post=stored.ref)

    def _clear_one(self, conn: Connection, wish: Wish) -> Step:
        """Clear the next conversation on both sides."""
        for friend in store.conversations_in(conn, wish):
            cleared = self._messages.clear(conn, friend, wish.older_than)
            if cleared.count:
                return Step(cleared.count)
        return Step(0, is_last=True)

    def _forget_media(self, conn: Connection, wish: Wish) -> Step:
        names = store.some_media(conn, wish, STEP)
        self._media.let_go(conn, names)
        return Step(len(names), tuple(names), is_last=len(names) < STEP)


# Sentences

_THINGS = {
    "posts": ("post of yours", "posts of yours"),
    "comments": ("comment or reaction of yours", "comments and reactions of yours"),
    "messages": ("message", "messages"),
    "friends-posts": ("post of friends", "posts of friends"),
    "media": ("photo or clip of friends", "photos and clips of friends"),
    "copies": ("copy kept before an upgrade", "copies kept before upgrades"),
}


def shape(wish: Wish, found: Found, *, is_done: bool, is_aside: bool = False) -> PurgeShape:
    """Say what went, or would go, and honestly whether it can come back. How many bytes, every screen says in its own way.

    `is_aside`: a database that an undo set aside may still have it.
    """
    one, many = _THINGS[wish.what]
    what = f"{found.count:,} {one if found.count == 1 else many}"
    if not found.count:
        sentence = "There is nothing like that here."
    elif is_done:
        verb = "is" if found.count == 1 else "are"
        sentence = f"{what} {verb} gone from this folder. {_after(wish, would=False)}".rstrip()
        if is_aside and wish.what not in {"media", "copies"}:
            sentence += " The database that going back from an upgrade set aside still has what it had then."
    else:
        sentence = f"{what} would go. {_after(wish, would=True)}"
    return PurgeShape(count=found.count, bytes=found.bytes, sentence=sentence)


def _after(wish: Wish, *, would: bool) -> str:
    if wish.what == "copies":
        return "Without them an upgrade cannot be undone."
    if wish.what == "media":
        return "They come again when you look at them, as long as your friends have them."
    # An export holds one's own, and brings back what only this folder let go.
    comes_back = wish.what != "friends-posts" and not wish.tell
    undone = "There is no undo" + (", but for an export made before." if comes_back else ".")
    if not wish.tell:
        keep = "Your friends keep what they have." if wish.what != "friends-posts" else ""
        return " ".join(filter(None, (keep, undone if would else "")))
    follow = "would remove them too" if would else "remove them too, each when it next wakes"
    told = f"Your friends' machines {follow}."
    return f"{told} {undone}" if would else told
