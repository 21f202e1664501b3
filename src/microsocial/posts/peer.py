"""What arrives, mine as well as others': whether it may stand, and what it changes on the owner's screens.

Rule 1: every method runs inside the transaction that stores the record, and may be called again for the same record.
Rule 2: nothing is refused for its time; who may say what under whose post is decided here and in records/visibility.py.
"""

import json

from sqlalchemy import Connection

from microsocial.delivery.service import Delivery
from microsocial.events import Event, LiveEvent, emit
from microsocial.friends.service import Friends
from microsocial.posts import store
from microsocial.posts.model import (
    MAX_COMMENTS_PER_POST,
    MAX_ENTRIES_PER_PERSON,
    CommentChanged,
    EntryNoticed,
    PostChanged,
    PublicChanged,
    ReactionsChanged,
)
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.payloads import Comment, Post, Reaction
from microsocial.protocol.refusals import Refusal
from microsocial.records.arriving import on_of
from microsocial.records.model import Stored
from microsocial.records.service import Log


def _claimed_time(stored: Stored) -> dict[str, int]:
    return {"created": stored.created, "received": stored.received}


class PostHandler:
    """Posts of mine and of friends."""

    def __init__(self, me: str) -> None:
        self._me = me

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
            expires=stored.expires,
            **_claimed_time(stored),
        )
        tell_if_public(conn, self._me, stored.author, stored.audience)
        emit(conn, PostChanged(stored.ref, is_new=before is None))

    def forget(self, conn: Connection, stored: Stored) -> None:
        if store.drop(conn, store.posts, ref=stored.ref):
            tell_if_public(conn, self._me, stored.author, stored.audience)
            emit(conn, LiveEvent("post.deleted", {"id": stored.ref}))

    def clear(self, conn: Connection) -> None:
        store.drop(conn, store.posts)


class EntryHandler:
    """Comments and reactions: in my threads, in friends' threads, and mine in theirs."""

    def __init__(self, me: str, log: Log, friends: Friends, delivery: Delivery) -> None:
        self._me = me
        self._log = log
        self._friends = friends
        self._delivery = delivery

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
        comments, theirs = store.how_many(conn, post.ref, via)
        if comments < MAX_COMMENTS_PER_POST and theirs < MAX_ENTRIES_PER_PERSON:
            return None
        known = self._log.find(conn, stored.author, stored.id)
        is_edit = known is not None and known.shown  # it adds nothing to the thread
        return None if is_edit else Refusal.TOO_LARGE

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
        owner = stored.thread_author or ""
        tell_if_public(conn, self._me, owner, stored.audience)  # its post's, or it would not stand
        emit(conn, _changed(stored))
        if is_new and owner == self._me != stored.author:
            emit(conn, EntryNoticed(stored.ref))

    def forget(self, conn: Connection, stored: Stored) -> None:
        """Take it off the screens: taken back, taken out of its thread, or its post is gone."""
        if not store.drop(conn, store.entries, ref=stored.ref):
            return
        post = store.find(conn, store.posts, ref=stored.thread)
        if post is None:
            return
        tell_if_public(conn, self._me, post.author, post.audience)
        if stored.kind == "reaction":
            emit(conn, ReactionsChanged(post.ref))
        else:
            emit(conn, LiveEvent("comment.deleted", {"id": stored.ref, "post": post.ref}))

    def clear(self, conn: Connection) -> None:
        store.drop(conn, store.entries)


def _changed(entry: Stored) -> Event:
    is_reaction = entry.kind == "reaction"
    return ReactionsChanged(entry.thread or "") if is_reaction else CommentChanged(entry.ref)


def tell_if_public(conn: Connection, me: str, author: str, audience: str) -> None:
    if author == me and audience == "public":
        emit(conn, PublicChanged())
