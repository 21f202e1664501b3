"""Posts and comments as the owner's API shows them (docs/develop/api.md).

Rule 1: a page of posts costs the same number of statements as one post (tests/posts/test_views.py counts them).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from microsocial.delivery.ledger import Receipt
from microsocial.delivery.service import Delivery as Deliveries
from microsocial.friends.model import Person
from microsocial.friends.service import Friends
from microsocial.media.service import describe_publicly
from microsocial.posts import audience, store, words
from microsocial.posts.model import Card, Comment, Delivery, Post, Reaction
from microsocial.records.markup import render

PostRow: TypeAlias = Row[Any]
EntryRow: TypeAlias = Row[Any]
Media: TypeAlias = dict[str, Any]

# The media room hands this in: for each stored item, in order, what a screen needs to show it.
DescribeMedia: TypeAlias = Callable[[Connection, list[Media]], list[Media]]


def no_media(_conn: Connection, _stored: list[Media]) -> list[Media]:
    return []


@dataclass
class _Page:
    """Everything that is fetched for a page of posts, before anything is put together."""

    persons: Mapping[str, Person]
    comments: Mapping[str, list[EntryRow]]
    reactions: Mapping[str, list[EntryRow]]
    commenters: Mapping[str, list[str]]
    chosen: Mapping[str, Row[Any]]
    deliveries: Mapping[int, Receipt]
    media: Mapping[str, list[Media]] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)


class Views:
    """Shows rows. Whom the owner has blocked is not there."""

    def __init__(
        self,
        me: str,
        friends: Friends,
        delivery: Deliveries,
        describe_media: DescribeMedia = no_media,
    ) -> None:
        self._me = me
        self._friends = friends
        self._delivery = delivery
        self._describe_media = describe_media

    def posts(
        self,
        conn: Connection,
        rows: Sequence[PostRow],
        *,
        every_comment: bool = False,
        for_owner: bool = True,
    ) -> list[Post]:
        """Show these posts, each with its newest comments or every one; who has them is only the owner's to see."""
        if not rows:
            return []
        page = self._fetch(conn, rows, every_comment=every_comment, for_owner=for_owner)
        return [self._post(row, page) for row in rows]

    def comment(self, conn: Connection, row: EntryRow, post: PostRow) -> Comment:
        return self.comments(conn, [(row, post)])[0]

    def comments(self, conn: Connection, rows: Sequence[tuple[EntryRow, PostRow]]) -> list[Comment]:
        """Show comments, each with the post under which it stands."""
        persons = self._friends.persons(conn, {row.author for row, _ in rows})
        return [self._comment(row, post, persons) for row, post in rows]

    def reactions(self, conn: Connection, post: str) -> list[Reaction]:
        return self.reactions_to(conn, (post,))[post]

    def reactions_to(self, conn: Connection, posts: Collection[str]) -> dict[str, list[Reaction]]:
        """Show everybody's reactions to each of these posts."""
        by_post: dict[str, list[EntryRow]] = {post: [] for post in posts}
        blocked = self._friends.blocked(conn)
        for row in store.entries_of(conn, posts, blocked, every_comment=False):
            if row.kind == "reaction":
                by_post[row.post].append(row)
        authors = {row.author for some in by_post.values() for row in some}
        persons = self._friends.persons(conn, authors)
        return {post: self._reactions(some, persons) for post, some in by_post.items()}

    def delivery(self, conn: Connection, record: int, *, deleted: bool) -> Delivery:
        """Show who has this record of mine, a deleted one as well."""
        found = self._delivery.ledger.of_records(conn, (record,)).get(record, Receipt())
        say = words.removed if deleted else words.delivered
        return _delivery(found, self._friends.persons(conn, _people_in(found)), say)

    def _fetch(
        self, conn: Connection, rows: Sequence[PostRow], *, every_comment: bool, for_owner: bool
    ) -> _Page:
        refs = [row.ref for row in rows]
        mine = [row for row in rows if row.author == self._me] if for_owner else []
        blocked = self._friends.blocked(conn)
        comments: dict[str, list[EntryRow]] = defaultdict(list)
        reactions: dict[str, list[EntryRow]] = defaultdict(list)
        commenters: dict[str, list[str]] = defaultdict(list)
        for entry in store.entries_of(conn, refs, blocked, every_comment=every_comment):
            (comments if entry.kind == "comment" else reactions)[entry.post].append(entry)
        for row in store.commenters_of(conn, refs, blocked):
            commenters[row.post].append(row.author)
        chosen = store.audiences_of(conn, [row.ref for row in mine])
        deliveries = (
            self._delivery.ledger.of_records(conn, [row.record for row in mine]) if mine else {}
        )
        people = {row.author for row in rows} | audience.people_in(chosen.values())
        people.update(author for authors in commenters.values() for author in authors)
        people.update(entry.author for some in reactions.values() for entry in some)
        for delivery in deliveries.values():
            people |= _people_in(delivery)
        media, cards = self._media(
            conn, rows, self._describe_media if for_owner else describe_publicly
        )
        return _Page(
            persons=self._friends.persons(conn, people),
            comments=comments,
            reactions=reactions,
            commenters=commenters,
            chosen=chosen,
            deliveries=deliveries,
            media=media,
            cards=cards,
        )

    def _media(
        self, conn: Connection, rows: Iterable[PostRow], describe: DescribeMedia
    ) -> tuple[dict[str, list[Media]], dict[str, Card]]:
        """Describe the media and cards of all these posts in one go."""
        stored = {row.ref: json.loads(row.media) for row in rows if row.media != "[]"}
        links = {row.ref: json.loads(row.links)[0] for row in rows if row.links != "[]"}
        pictures = {ref: link["picture"] for ref, link in links.items() if link.get("picture")}
        items = [item for some in stored.values() for item in some]
        described = iter(describe(conn, [*items, *pictures.values()]) if items or pictures else ())
        media = {
            ref: [one for _, one in zip(some, described, strict=False)]
            for ref, some in stored.items()
        }
        shown = dict(zip(pictures, described, strict=False))
        return media, {ref: _card(link, shown.get(ref)) for ref, link in links.items()}

    def _post(self, row: PostRow, page: _Page) -> Post:
        author = page.persons[row.author]
        delivery = page.deliveries.get(row.record)
        say = words.delivered_publicly if row.audience == "public" else words.delivered
        return Post(
            id=row.ref,
            author=author,
            text=row.text,
            html=render(row.text),
            audience=audience.shown(row.audience, page.chosen.get(row.ref), page.persons),
            created=row.shown_at,  # what is claimed may lie beyond any calendar
            received=row.received,
            expires=row.expires,
            edited=row.revision != row.created,
            media=page.media.get(row.ref, []),
            card=page.cards.get(row.ref),
            reactions=self._reactions(page.reactions.get(row.ref, []), page.persons),
            commenters=[page.persons[person] for person in page.commenters.get(row.ref, [])],
            comments=[
                self._comment(entry, row, page.persons) for entry in page.comments.get(row.ref, [])
            ],
            delivery=_delivery(delivery, page.persons, say) if delivery else None,
            can_edit=author["is_me"],
            can_comment=author["is_me"] or author["is_friend"],
        )

    def _comment(self, row: EntryRow, post: PostRow, persons: Mapping[str, Person]) -> Comment:
        mine = row.author == self._me
        return Comment(
            id=row.ref,
            post=row.post,
            author=persons[row.author],
            text=row.text,
            html=render(row.text),
            created=min(row.created, row.received),  # spec 4.12: a claimed time never leads
            edited=row.revision != row.created,
            before_edit=row.on_hash != post.hash,  # spec 4.7
            can_delete=mine,
            can_remove=post.author == self._me and not mine,
        )

    def _reactions(self, rows: Iterable[EntryRow], persons: Mapping[str, Person]) -> list[Reaction]:
        people: dict[str, dict[str, Person]] = {}
        for row in rows:
            people.setdefault(row.text, {})[row.author] = persons[row.author]
        return [
            Reaction(emoji=emoji, people=list(some.values()), mine=self._me in some)
            for emoji, some in people.items()
        ]


def _card(link: dict[str, Any], picture: Media | None) -> Card:
    return Card(
        url=link["url"],
        title=link["title"],
        description=link.get("description", ""),
        picture=picture,
    )


def _people_in(delivery: Receipt) -> set[str]:
    return {*delivery.delivered, *(waiting.person for waiting in delivery.waiting)}


def _delivery(found: Receipt, persons: Mapping[str, Person], say: words.Say) -> Delivery:
    waiting = [(persons[one.person]["name"], one.why) for one in found.waiting]
    return Delivery(
        sentence=say(len(found.delivered), waiting),
        delivered=[persons[person] for person in found.delivered],
        waiting=[
            {"person": persons[waiting.person], "since": waiting.since, "why": waiting.why}
            for waiting in found.waiting
        ],
    )
