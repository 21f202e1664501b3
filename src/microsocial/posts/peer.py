"""What arrives, mine as well as others': whether it may stand, and what it changes on the owner's screens.

Rule 1: every method runs inside the transaction that stores the record, and may be called again for the same record.
Rule 2: nothing is refused for its time; who may say what under whose post is decided here and in records/visibility.py.
"""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Connection

from microsocial.delivery.service import Delivery
from microsocial.events import LiveEvent, emit
from microsocial.friends.service import Friends
from microsocial.posts import store
from microsocial.posts.model import (
    MAX_COMMENTS_PER_POST,
    MAX_ENTRIES_PER_PERSON,
    PublicChanged,
)
from microsocial.posts.views import EntryRow, PostRow, Views
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.payloads import Comment, Post, Reaction
from microsocial.protocol.refusals import Refusal
from microsocial.records.arriving import on_of
from microsocial.records.model import Stored
from microsocial.records.service import Log

# Told of each new entry that somebody else left under a post of mine; notices are made of it.
Noticed: TypeAlias = Callable[[Connection, str], None]


def nobody_notices(_conn: Connection, _entry: str) -> None:
    pass


def _claimed_time(stored: Stored) -> dict[str, int]:
    return {"created": stored.created, "received": stored.received}


class PostHandler:
    """Posts of mine and of friends."""

    def __init__(self, me: str, friends: Friends, views: Views) -> None:
        self._me = me
        self._friends = friends
        self._views = views

    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:  # noqa: ARG002
        if stored.author != via:
            return Refusal.NOT_YOURS  # spec 4.9: only entries come through somebody else
        if stored.audience == "me":
            return Refusal.WRONG_AUDIENCE
        return None

    def project(self, conn: Connection, stored: Stored) -> None:
        if stored.withdrawn:
            self.forget(conn, stored)
            return
        post = stored.payload
        if not isinstance(post, Post):
            return
        before = store.find(conn, store.posts, ref=stored.ref)
        if before is not None and before.hash == stored.hash:
            return
        fields = stored.fields
        store.put(
            conn,
            store.posts,
            record=stored.no,
            ref=stored.ref,
            author=stored.author,
            id=stored.id,
            text=post.text,
            media=json.dumps(fields.get("media", [])),
            links=json.dumps(fields.get("links", [])),
            audience=stored.audience,
            shown_at=min(stored.created, stored.received),  # a claimed time never leads the feed
            revision=stored.revision,
            hash=stored.hash,
            **_claimed_time(stored),
        )
        self._tell(conn, stored, "post.changed" if before else "post.arrived")

    def _tell(self, conn: Connection, stored: Stored, name: str) -> None:
        tell_if_public(conn, self._me, stored.author, stored.audience)
        is_being_published = stored.author == self._me and name == "post.arrived"
        if is_being_published or stored.author in self._friends.blocked(conn):
            return  # the service tells of what it publishes, once the audience is kept as well
        rows = [store.find(conn, store.posts, ref=stored.ref)]
        [shown] = self._views.posts(conn, [row for row in rows if row is not None])
        emit(conn, LiveEvent(name, {"post": shown}))

    def forget(self, conn: Connection, stored: Stored) -> None:
        if store.drop(conn, store.posts, ref=stored.ref):
            tell_if_public(conn, self._me, stored.author, stored.audience)
            emit(conn, LiveEvent("post.deleted", {"id": stored.ref}))

    def clear(self, conn: Connection) -> None:
        store.drop(conn, store.posts)


class EntryHandler:
    """Comments and reactions: in my threads, in friends' threads, and mine in theirs."""

    def __init__(
        self,
        me: str,
        log: Log,
        friends: Friends,
        delivery: Delivery,
        views: Views,
        noticed: Noticed,
    ) -> None:
        self._me = me
        self._log = log
        self._friends = friends
        self._delivery = delivery
        self._views = views
        self._noticed = noticed

    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:
        on = on_of(stored.envelope, stored.payload)
        if on is None:
            return Refusal.MALFORMED
        post = store.find(conn, store.posts, ref=stored.thread)
        if post is None:
            return Refusal.REMOVED
        # spec 4.7: under another class it would find other readers
        if {on.audience, stored.audience} != {post.audience}:
            return Refusal.WRONG_AUDIENCE
        if post.author != self._me:
            return None if via == post.author else Refusal.NOT_ADDRESSED
        return self._may_enter(conn, stored, via)

    def _may_enter(self, conn: Connection, stored: Stored, via: str) -> str | None:
        """Judge an entry in a thread of mine."""
        if stored.author != via:
            return Refusal.NOT_YOURS
        if stored.author in self._friends.blocked(conn):
            return Refusal.NOT_A_READER
        post = self._log.by_ref(conn, stored.thread or "")
        sees_from = self._delivery.sees_from(conn, via)
        if sees_from is None or not self._log.may_see(conn, via, post, sees_from):
            return Refusal.NOT_A_READER
        known = self._log.find(conn, stored.author, stored.id)
        if known is not None and known.shown:
            return None  # an edit adds nothing to the thread
        comments, theirs = store.how_many(conn, post.ref, via)
        if comments >= MAX_COMMENTS_PER_POST or theirs >= MAX_ENTRIES_PER_PERSON:
            return Refusal.TOO_LARGE
        return None

    def project(self, conn: Connection, stored: Stored) -> None:
        if stored.withdrawn:
            self.forget(conn, stored)
            return
        entry = stored.payload
        if not isinstance(entry, Comment | Reaction):
            return
        before = store.find(conn, store.entries, ref=stored.ref)
        if before is not None and before.revision == stored.revision:
            return
        store.put(
            conn,
            store.entries,
            record=stored.no,
            ref=stored.ref,
            author=stored.author,
            id=stored.id,
            kind=stored.kind,
            post=stored.thread,
            owner=stored.thread_author,
            text=entry.text if isinstance(entry, Comment) else entry.emoji,
            name=entry.name,
            revision=stored.revision,
            on_hash=unb64u(entry.on.hash),
            **_claimed_time(stored),
        )
        self._tell(conn, stored, is_new=before is None)

    def _tell(self, conn: Connection, stored: Stored, *, is_new: bool) -> None:
        post = store.find(conn, store.posts, ref=stored.thread)
        row = store.find(conn, store.entries, ref=stored.ref)
        if post is None or row is None or stored.author in self._friends.blocked(conn):
            return
        tell_if_public(conn, self._me, post.author, post.audience)
        if stored.kind == "reaction":
            self._tell_reactions(conn, post)
        else:
            emit(conn, LiveEvent("comment.arrived", self._with_comment(conn, row, post)))
        if is_new and post.author == self._me != stored.author:
            self._noticed(conn, stored.ref)

    def _with_comment(self, conn: Connection, row: EntryRow, post: PostRow) -> dict[str, Any]:
        return {"comment": self._views.comment(conn, row, post), "post": post.ref}

    def _tell_reactions(self, conn: Connection, post: PostRow) -> None:
        reactions = self._views.reactions(conn, post.ref)
        emit(conn, LiveEvent("reaction.changed", {"post": post.ref, "reactions": reactions}))

    def forget(self, conn: Connection, stored: Stored) -> None:
        """Take it off the screens: taken back, taken out of its thread, or its post is gone."""
        if not store.drop(conn, store.entries, ref=stored.ref):
            return
        post = store.find(conn, store.posts, ref=stored.thread)
        if post is None:
            return
        tell_if_public(conn, self._me, post.author, post.audience)
        if stored.kind == "reaction":
            self._tell_reactions(conn, post)
        else:
            emit(conn, LiveEvent("comment.deleted", {"id": stored.ref, "post": post.ref}))

    def clear(self, conn: Connection) -> None:
        store.drop(conn, store.entries)


def tell_if_public(conn: Connection, me: str, author: str, audience: str) -> None:
    if author == me and audience == "public":
        emit(conn, PublicChanged())
