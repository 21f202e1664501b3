"""The whole export, in the order in which it leaves: first what one looks at, then what is brought back, then the stamp.

Rule 1: everything is read in one transaction, so that it is of one moment; pictures may be gone meanwhile, and are left out.
Rule 2: nothing grows with the library but what a zip itself must remember: work is done a page, or a file of records, at a time.
"""

import json
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from microsocial.archive.website import layout, store
from microsocial.archive.website.format import format_text
from microsocial.archive.website.gallery import Gallery, Picture, hashes_in, packed, sizes_of
from microsocial.archive.website.model import (
    MESSAGES_A_PAGE,
    POSTS_A_PAGE,
    RECORDS_A_FILE_BYTES,
    Wanted,
)
from microsocial.archive.website.pages import Leaf, Pages, style, years
from microsocial.archive.website.shelf import (
    About,
    CircleFact,
    DraftFact,
    Facts,
    FriendFact,
    Shelf,
)
from microsocial.archive.website.stamp import Stamping
from microsocial.archive.website.zips import ZipStream
from microsocial.friends.people import NAMELESS
from microsocial.friends.service import Friends
from microsocial.friends.store import addresses as friends_addresses
from microsocial.friends.store import by_person
from microsocial.identity.store import read_preferences
from microsocial.media.service import Media
from microsocial.posts import store as posts_store
from microsocial.posts.service import Posts
from microsocial.posts.words import listed
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.payloads import Profile
from microsocial.records.model import Stored
from microsocial.records.service import Log
from microsocial.records.store import stored_of
from microsocial.site.model import Owner

DEFAULT_HUE = 352
NEWEST = 10  # posts on the first page
COMMENTS_A_PAGE = 200


@dataclass(frozen=True)
class Rooms:
    """Whom an export asks."""

    log: Log
    media: Media
    friends: Friends
    posts: Posts


class Export:
    """One export; `pieces` gives the zip. Runs on a reader thread."""

    def __init__(
        self, rooms: Rooms, wanted: Wanted, made: int, file: str, zone: tzinfo | None = None
    ) -> None:
        self._rooms = rooms
        self._me = rooms.log.me
        self._wanted = wanted
        self._made = made
        self._file = file
        self._taken = store.is_taken(self._me.id, messages=wanted.messages)
        self._gallery = Gallery(rooms.media.files, self._taken, zone)
        self._when = layout.moment(made, zone)
        self._zone = zone
        self._zip = ZipStream()
        self._broken: set[bytes] = set()  # blobs that turned out gone or damaged; few, or none

    def pieces(self, conn: Connection) -> Iterator[bytes]:
        """Yield the zip from its first byte to its last."""
        owner, avatar = self._owner(conn)
        self._stamping = Stamping(self._me, owner.name, self._made, self._wanted.messages)
        self._pages = Pages(owner, self._made, self._zone)
        yield from self._beginning(owner)
        yield from self._looked_at(conn, avatar)
        yield from self._brought_back(conn)
        yield from self._zip.end()

    def _owner(self, conn: Connection) -> tuple[Owner, Stored | None]:
        stored = self._rooms.log.find(conn, self._me.id, "profile")
        profile = stored.payload if stored else None
        if not isinstance(profile, Profile):
            return Owner(self._me.id, NAMELESS, "", DEFAULT_HUE), None
        return Owner(self._me.id, profile.name, profile.about, profile.hue), stored

    def _words(self, name: str, content: bytes) -> Iterator[bytes]:
        yield from self._zip.deflated(name, content, self._when)

    def _page(self, template: str, path: str, **values: Any) -> Iterator[bytes]:
        yield from self._words(path, self._pages.written(template, path, **values))

    # What one looks at

    def _beginning(self, owner: Owner) -> Iterator[bytes]:
        readme = self._pages.written(
            "README.txt",
            layout.README,
            name=owner.name,
            messages=self._wanted.messages,
            file=self._file,
        )
        # Notepad and its like show what begins so, and ends its lines so, as it is meant everywhere.
        yield from self._words(layout.README, _for_everybody(readme))
        yield from self._words(layout.STYLE, style())

    def _looked_at(self, conn: Connection, profile: Stored | None) -> Iterator[bytes]:
        leaves = self._pages.months(store.post_times(conn, self._me.id), POSTS_A_PAGE)
        yield from self._posts(conn, leaves)
        avatar = yield from self._avatar(conn, profile)
        talks = yield from self._conversations(conn)
        yield from self._elsewhere(conn)
        yield from self._friends(conn)
        yield from self._index(conn, leaves, avatar, has_talks=talks)

    def _pictures(
        self, conn: Connection, names: Collection[bytes], numbers: Collection[int]
    ) -> Generator[bytes, None, dict[bytes, Picture]]:
        """Put what belongs to these records into the zip; give all of these pictures that are in it, here or elsewhere."""
        found = self._gallery.pictures(conn, names) if names else {}
        for name, picture in found.items():
            if picture.owner in numbers and not (yield from packed(self._zip, picture)):
                self._broken.add(name)
        return {name: one for name, one in found.items() if name not in self._broken}

    def _avatar(
        self, conn: Connection, profile: Stored | None
    ) -> Generator[bytes, None, str | None]:
        if profile is None:
            return None
        names = [unb64u(size.hash) for size, _ in sizes_of(profile)]
        pictures = yield from self._pictures(conn, names, {profile.no})
        here = [pictures[name] for name in names if name in pictures and pictures[name].is_here]
        return here[0].path if here else None

    def _index(
        self, conn: Connection, leaves: Sequence[Leaf], avatar: str | None, *, has_talks: bool
    ) -> Iterator[bytes]:
        rows = posts_store.newest_posts(conn, NEWEST, author=self._me.id)
        media = [_with_media(row) for row in rows]
        pictures = self._gallery.pictures(conn, _names_in(media))
        shown = self._shown(conn, media, rows, pictures)
        goes_on = leaves and sum(leaf.count for leaf in leaves) > NEWEST
        yield from self._page(
            "index.html",
            layout.INDEX,
            avatar=avatar,
            years=years(leaves),
            posts=shown,
            earlier={"path": leaves[0].path, "words": f"All of {leaves[0].words}"}
            if goes_on
            else None,
            conversations=has_talks,
            elsewhere=store.has_comments_elsewhere(conn, self._me.id),
        )

    def _posts(self, conn: Connection, leaves: Sequence[Leaf]) -> Iterator[bytes]:
        edge: tuple[int, int] | None = None
        for number, leaf in enumerate(leaves):
            rows = posts_store.newest_posts(conn, leaf.count, edge, author=self._me.id)
            edge = (rows[-1].shown_at, rows[-1].record)
            later = leaves[number - 1] if number else None
            earlier = leaves[number + 1] if number + 1 < len(leaves) else None
            yield from self._leaf(conn, leaf, rows, earlier, later)

    def _leaf(
        self,
        conn: Connection,
        leaf: Leaf,
        rows: Sequence[Row[Any]],
        earlier: Leaf | None,
        later: Leaf | None,
    ) -> Iterator[bytes]:
        media = [_with_media(row) for row in rows]
        numbers = {row.record for row in rows}
        pictures = yield from self._pictures(conn, _names_in(media), numbers)
        posts = self._shown(conn, media, rows, pictures)
        yield from self._page(
            "month.html", leaf.path, title=leaf.words, posts=posts, earlier=earlier, later=later
        )
        for post in posts:
            yield from self._page("post.html", post["path"], post=post, month=leaf)

    def _shown(
        self,
        conn: Connection,
        media: Sequence[Any],
        rows: Sequence[Row[Any]],
        pictures: dict[bytes, Picture],
    ) -> list[dict[str, Any]]:
        shapes = self._rooms.posts.views.posts(conn, rows, every_comment=True)
        return [
            self._pages.post(shape, shape["created"], pictures, one)
            for shape, one in zip(shapes, media, strict=True)
        ]

    def _conversations(self, conn: Connection) -> Generator[bytes, None, bool]:
        friends = store.talkers(conn) if self._wanted.messages else []
        if not friends:
            return False
        persons = self._rooms.friends.persons(conn, friends)
        told = []
        for friend in friends:
            person = persons[friend]
            leaves = self._pages.talks(person, store.talk_times(conn, friend), MESSAGES_A_PAGE)
            yield from self._conversation(conn, person, leaves)
            months = [{"path": leaf.path, "name": leaf.words} for leaf in leaves]
            told.append({**person, "months": months})
        yield from self._page("conversations.html", layout.CONVERSATIONS, conversations=told)
        return True

    def _conversation(
        self, conn: Connection, person: Any, leaves: Sequence[Leaf]
    ) -> Iterator[bytes]:
        names = {person["id"]: person["name"], self._me.id: "You"}
        rows = store.talk(conn, person["id"])
        for number, leaf in enumerate(leaves):
            messages = [_with_media(row) for row in islice(rows, leaf.count)]
            numbers = {row.no for row in messages}
            pictures = yield from self._pictures(conn, _names_in(messages), numbers)
            yield from self._page(
                "conversation.html",
                leaf.path,
                friend=person,
                title=leaf.words,
                days=self._pages.days(messages, self._me.id, names, pictures),
                earlier=leaves[number - 1] if number else None,
                later=leaves[number + 1] if number + 1 < len(leaves) else None,
            )

    def _elsewhere(self, conn: Connection) -> Iterator[bytes]:
        rows = store.comments_elsewhere(conn, self._me.id)
        page, number = list(islice(rows, COMMENTS_A_PAGE)), 1
        while page:
            following = list(islice(rows, COMMENTS_A_PAGE))
            persons = self._rooms.friends.persons(conn, {row.owner for row in page})
            names = {person: shape["name"] for person, shape in persons.items()}
            yield from self._page(
                "elsewhere.html",
                layout.elsewhere_page(number),
                comments=[self._pages.comment_elsewhere(row, names) for row in page],
                earlier=_other_page(number + 1, "Older") if following else None,
                later=_other_page(number - 1, "Newer") if number > 1 else None,
            )
            page, number = following, number + 1

    def _friends(self, conn: Connection) -> Iterator[bytes]:
        shapes = self._rooms.friends.all(conn)["friends"]
        names = {shape["id"]: shape["name"] for shape in shapes}
        yield from self._page(
            "friends.html",
            layout.FRIENDS,
            friends=[{**one, "address": next(iter(one["address"]), None)} for one in shapes],
            circles=[
                {
                    "name": circle["name"],
                    "names": listed([names[one] for one in circle["people"] if one in names], 50),
                }
                for circle in store.every_circle(conn)
            ],
        )

    # What is brought back

    def _brought_back(self, conn: Connection) -> Iterator[bytes]:
        yield from self._words(layout.FORMAT, _for_everybody(format_text().encode()))
        yield from self._records(conn)
        authors = store.authors(conn, self._taken)
        keys = dict(store.key_logs(conn, authors)) | {self._me.id: self._me.key_log.encoded()}
        yield from self._kept(layout.KEYS, json.dumps(keys, indent=1).encode())
        facts = msgspec.json.format(msgspec.json.encode(self._facts(conn)), indent=1)
        yield from self._kept(layout.FACTS, facts)
        yield from self._words(layout.STAMP, self._stamping.stamped())

    def _kept(self, name: str, content: bytes) -> Iterator[bytes]:
        """A file that is read back: the stamp covers it."""
        self._stamping.add(name, content)
        yield from self._words(name, content)

    def _records(self, conn: Connection) -> Iterator[bytes]:
        shelf, number, last = Shelf(), 1, 0
        while rows := store.records_after(conn, last, self._taken):
            last = rows[-1].no
            for stored, about in self._abouts(conn, rows):
                shelf.put(stored.envelope.raw, about)
                if len(shelf) >= RECORDS_A_FILE_BYTES:
                    yield from self._shelved(shelf, number)
                    shelf, number = Shelf(), number + 1
        if shelf.count:
            yield from self._shelved(shelf, number)

    def _shelved(self, shelf: Shelf, number: int) -> Iterator[bytes]:
        self._stamping.records += shelf.count
        yield from self._kept(layout.envelopes_file(number), bytes(shelf.envelopes))
        yield from self._kept(layout.about_file(number), bytes(shelf.about))

    def _abouts(self, conn: Connection, rows: Sequence[Row[Any]]) -> Iterator[tuple[Stored, About]]:
        """These records, each with what is known about it here."""
        numbers = [row.no for row in rows]
        beside = store.people_beside(conn, numbers)
        unread = store.unread(conn, numbers, self._me.id)
        audiences = posts_store.audiences_of(conn, [row.ref for row in rows])
        everything = [stored_of(row) for row in rows]
        names = {one.no: [unb64u(size.hash) for size, _ in sizes_of(one)] for one in everything}
        every = {name for some in names.values() for name in some}
        pictures = self._gallery.pictures(conn, every) if every else {}
        for stored in everything:
            chosen = audiences.get(stored.ref)
            yield (
                stored,
                About(
                    received=stored.received,
                    via="" if stored.via == stored.author else stored.via,
                    shown=stored.shown,
                    label=chosen.label if chosen else None,
                    circle=chosen.circle if chosen else None,
                    people=json.loads(chosen.people) if chosen else None,
                    unread=stored.no in unread,
                    media={
                        b64u(name): pictures[name].path
                        for name in names[stored.no]
                        if name in pictures and pictures[name].is_here and name not in self._broken
                    },
                    **beside.get(stored.no, {}),
                ),
            )

    def _facts(self, conn: Connection) -> Facts:
        rows = store.every_friend(conn)
        persons = self._rooms.friends.persons(conn, [row.person for row in rows])
        addresses = by_person(conn, friends_addresses, persons)
        return Facts(
            friends=[
                FriendFact(
                    person=row.person,
                    name=persons[row.person]["name"],
                    hue=persons[row.person]["hue"],
                    state=row.state,
                    met=row.met,
                    since=row.since,
                    ended=row.ended,
                    ended_by=row.ended_by,
                    urls=json.loads(addresses[row.person].urls) if row.person in addresses else [],
                )
                for row in rows
            ],
            circles=[CircleFact(**circle) for circle in store.every_circle(conn)],
            drafts=[
                DraftFact(
                    key=row.key,
                    text=row.text,
                    audience=json.loads(row.audience),
                    changed=row.changed,
                )
                for row in store.every_draft(conn)
            ],
            read=store.every_mark(conn),
            preferences=read_preferences(conn),
        )


def _with_media(row: Row[Any]) -> Any:
    """A row of a post or a message, its JSON read."""
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's values
    values["media"] = json.loads(row.media)
    values["links"] = json.loads(values.get("links", "[]"))
    return SimpleNamespace(**values)


def _names_in(rows: Sequence[Any]) -> set[bytes]:
    """The blobs that these rows show."""
    cards = [link["picture"] for row in rows for link in row.links if link.get("picture")]
    return hashes_in([*(item for row in rows for item in row.media), *cards])


def _other_page(number: int, words: str) -> Leaf:
    return Leaf(layout.elsewhere_page(number), words, 0)


def _for_everybody(text: bytes) -> bytes:
    return b"\xef\xbb\xbf" + text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
