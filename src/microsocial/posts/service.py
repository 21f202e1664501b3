"""The verbs of posts. Each does its whole change in the connection's transaction; ids in and out are refs.

Rule 1: what is mine is said through the log, and the projections follow in peer.py, the same way for mine and others'.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from microsocial.clock import Clock
from microsocial.delivery.service import Delivery
from microsocial.errors import NotFound
from microsocial.friends.service import Friends
from microsocial.posts import audience, store
from microsocial.posts.drafts import Drafts
from microsocial.posts.model import (
    MAX_ENTRIES_PER_PERSON,
    Comment,
    CommentNotFound,
    Draft,
    NotYours,
    OutOfReach,
    Post,
    PostNotFound,
    Reaction,
    SaidBefore,
    ThreadFull,
    fit_emoji,
    fit_key,
    fit_text,
)
from microsocial.posts.model import Delivery as DeliveryShape
from microsocial.posts.peer import EntryHandler, PostHandler
from microsocial.posts.views import DescribeMedia, EntryRow, PostRow, Views, no_media
from microsocial.protocol.encoding import b64u
from microsocial.records.handlers import ANY_ENTRY
from microsocial.records.lifetime import fit_expiry
from microsocial.records.model import Me
from microsocial.records.service import Log

KEY_KEPT_MS = (
    7 * 24 * 3600 * 1000
)  # a phone that was out of reach for a week still does not post twice

Said = TypeVar("Said", Post, Comment)


class Posts:
    """What is said: publish, edit, delete, comment, react."""

    def __init__(
        self,
        me: Me,
        log: Log,
        friends: Friends,
        delivery: Delivery,
        clock: Clock,
        describe_media: DescribeMedia = no_media,
    ) -> None:
        self._me = me
        self._log = log
        self._friends = friends
        self._clock = clock
        self.drafts = Drafts(clock)
        self.views = Views(me.id, friends, delivery, describe_media)
        log.register("post", PostHandler(me.id))
        for kind in ("comment", "reaction", ANY_ENTRY):
            log.register(kind, EntryHandler(me.id, log, friends, delivery))

    # Posts

    def publish(self, conn: Connection, draft: Draft) -> Post:
        """Say it to the people whom the choice means at this moment; the same `key` again gives the same post."""
        return self._once(
            conn,
            "post",
            draft.key,
            lambda: self._publish(conn, draft),
            lambda ref: self.show(conn, ref),
        )

    def said_before(self, conn: Connection, key: str | None) -> Post | None:
        """Give the post that was published with this key, if there was one."""
        if fit_key(key) is None:
            return None
        said = store.said_with(conn, f"post:{key}")
        return self._shown_again(said, lambda ref: self.show(conn, ref)) if said else None

    def check(self, conn: Connection, draft: Draft) -> None:
        """Raise what publishing it would, as far as one can know before its files are ready."""
        fit_key(draft.key)
        fit_text(draft.text, may_be_empty=True)
        fit_expiry(draft.expires, self._clock.now())
        audience.readers(conn, self._friends, draft.audience)

    def _publish(self, conn: Connection, draft: Draft) -> Post:
        text = fit_text(draft.text, may_be_empty=bool(draft.media))
        choice = draft.audience
        people = audience.readers(conn, self._friends, choice)
        expires = fit_expiry(draft.expires, self._clock.now())
        fields = {"text": text, "media": draft.media, "links": draft.links}
        stored = self._log.say(
            conn,
            "post",
            fields if expires is None else fields | {"expires": expires},
            audience=choice.name,
            readers=people,
        )
        audience.keep(conn, self._friends, stored.ref, choice, people)
        return self.show(conn, stored.ref)

    def edit(self, conn: Connection, post: str, text: str) -> Post:
        """Say it differently to the same readers."""
        row = self._my_post(conn, post)
        text = fit_text(text, may_be_empty=row.media != "[]")
        if text != row.text:
            self._log.revise(conn, self._log.get(conn, row.author, row.id), {"text": text})
        return self.show(conn, post)

    def delete(self, conn: Connection, post: str) -> None:
        """Take it back everywhere; `receipts` says who has removed it."""
        row = self._my_post(conn, post)
        self._log.withdraw(conn, self._log.get(conn, row.author, row.id))

    def show(self, conn: Connection, post: str) -> Post:
        """Give one post with its whole thread."""
        return self.views.posts(conn, [self._post(conn, post)], every_comment=True)[0]

    def receipts(self, conn: Connection, post: str) -> DeliveryShape:
        """Say who has a post of mine, or who has removed one that I deleted."""
        stored = self._log.find_ref(conn, post)
        if stored is None or stored.author != self._me.id or stored.kind != "post":
            raise PostNotFound
        return self.views.delivery(conn, stored.no, deleted=stored.withdrawn)

    def offer(self, conn: Connection, person: str, since: int) -> int:
        """Let one friend see my earlier posts to all friends; give how many."""
        if person not in self._friends.active(conn):
            raise OutOfReach
        rows = store.mine_since(conn, self._me.id, since)
        for row in rows:
            self._log.offer_to(conn, person, self._log.get(conn, row.author, row.id))
        return len(rows)

    # Threads

    def comment(self, conn: Connection, post: str, text: str, key: str | None = None) -> Comment:
        """Write under a post: in my log, for the thread's owner, who shows it to the post's readers."""
        return self._once(
            conn,
            "comment",
            key,
            lambda: self._comment_on(conn, post, fit_text(text)),
            lambda ref: self.show_comment(conn, ref),
        )

    def _comment_on(self, conn: Connection, post: str, text: str) -> Comment:
        return self.show_comment(conn, self._enter(conn, post, "comment", {"text": text}))

    def edit_comment(self, conn: Connection, comment: str, text: str) -> Comment:
        row = self._comment(conn, comment)
        if row.author != self._me.id:
            raise NotYours
        text = fit_text(text)
        if text != row.text:
            on = _on(self._post(conn, row.post))  # said again now, about the post as it stands now
            stored = self._log.get(conn, row.author, row.id)
            self._log.revise(conn, stored, {"text": text, "on": on})
        return self.show_comment(conn, comment)

    def delete_comment(self, conn: Connection, comment: str) -> None:
        """Take my comment back, or take somebody else's out of my thread."""
        row = self._comment(conn, comment)
        if row.author == self._me.id:
            self._log.withdraw(conn, self._log.get(conn, row.author, row.id))
        elif row.owner == self._me.id:
            self._remove(conn, row)
        else:
            raise NotYours

    def _remove(self, conn: Connection, row: EntryRow) -> None:
        post = self._post(conn, row.post)
        entry = {"author": row.author, "id": row.id}
        fields = {"post": post.id, "entry": entry}
        self._log.say(conn, "removal", fields, audience=post.audience)

    def react(self, conn: Connection, post: str, emoji: str) -> tuple[bool, list[Reaction]]:
        """Toggle my reaction; give whether it stands now, and everybody's."""
        fit_emoji(emoji)
        standing = store.reactions_by(conn, post, self._me.id, emoji)
        for row in standing:
            self._log.withdraw(conn, self._log.get(conn, row.author, row.id))
        if not standing:
            self._enter(conn, post, "reaction", {"emoji": emoji})
        return not standing, self.views.reactions(conn, post)

    def show_comment(self, conn: Connection, comment: str) -> Comment:
        row = self._comment(conn, comment)
        return self.views.comment(conn, row, self._post(conn, row.post))

    def _enter(self, conn: Connection, post: str, kind: str, fields: dict[str, Any]) -> str:
        row = self._post(conn, post)
        is_mine = row.author == self._me.id
        if not is_mine and row.author not in self._friends.active(conn):
            raise OutOfReach
        _, mine = store.how_many(conn, post, self._me.id)
        if mine >= MAX_ENTRIES_PER_PERSON:
            raise ThreadFull
        name = self._friends.person(conn, self._me.id)["name"]
        stored = self._log.say(
            conn, kind, {"on": _on(row), **fields, "name": name}, audience=row.audience
        )
        return stored.ref

    # Finding

    def _post(self, conn: Connection, ref: str) -> PostRow:
        row = store.find(conn, store.posts, ref=ref)
        if row is None:
            raise PostNotFound
        return row

    def _my_post(self, conn: Connection, ref: str) -> PostRow:
        row = self._post(conn, ref)
        if row.author != self._me.id:
            raise NotYours
        return row

    def _comment(self, conn: Connection, ref: str) -> EntryRow:
        row = store.find(conn, store.entries, ref=ref)
        if row is None or row.kind != "comment":
            raise CommentNotFound
        return row

    def _once(
        self,
        conn: Connection,
        kind: str,
        key: str | None,
        say: Callable[[], Said],
        show: Callable[[str], Said],
    ) -> Said:
        """Say it, unless this key has already said something: then show that."""
        if fit_key(key) is None:
            return say()
        name = f"{kind}:{key}"
        said = store.said_with(conn, name)
        if said is not None:
            return self._shown_again(said, show)
        shown = say()
        now = self._clock.now()
        store.forget_keys_before(conn, now - KEY_KEPT_MS)
        store.put(conn, store.said_keys, key=name, ref=shown["id"], said=now)
        return shown

    def _shown_again(self, ref: str, show: Callable[[str], Said]) -> Said:
        try:
            return show(ref)
        except NotFound as error:
            raise SaidBefore from error


def _on(post: PostRow) -> dict[str, Any]:
    """Name the post as it stands now (spec 4.7)."""
    return {
        "author": post.author,
        "id": post.id,
        "revision": post.revision,
        "hash": b64u(post.hash),
        "audience": post.audience,
    }
