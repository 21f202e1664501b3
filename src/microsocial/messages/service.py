"""`Messages`: the verbs of private conversations."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.clock import Clock
from microsocial.delivery.service import Delivery
from microsocial.friends import Friends
from microsocial.messages import store, words
from microsocial.messages.model import (
    DEFAULT_PAGE,
    KEYS_KEPT_MS,
    MAX_KEY_CHARACTERS,
    MAX_NOTES,
    MAX_PAGE,
    Cleared,
    ConversationShape,
    KeyTooLong,
    KeyUsed,
    MessageNotFound,
    MessageShape,
    NotFriends,
    NotYourMessage,
    PageShape,
    cursor_at,
    fit_text,
    read_cursor,
)
from microsocial.messages.peer import CLEARED, ClearHandler, MessageHandler, say_clear
from microsocial.messages.views import DescribeMedia, Views, no_media
from microsocial.protocol.limits import MAX_CLEARED_MESSAGES
from microsocial.records.lifetime import fit_expiry
from microsocial.records.service import Log


class Messages:
    """Conversations between me and each friend. Whoever was a friend once can still be read, not written to."""

    def __init__(
        self,
        log: Log,
        friends: Friends,
        delivery: Delivery,
        clock: Clock,
        describe_media: DescribeMedia = no_media,
    ) -> None:
        self._log = log
        self._friends = friends
        self._clock = clock
        self._views = Views(log.me.id, friends, delivery, describe_media)
        log.register("message", MessageHandler(log, self._views))
        log.register("clear", ClearHandler(log, self._views))

    # Saying

    def send(
        self,
        conn: Connection,
        friend: str,
        text: str,
        *,
        media: Sequence[dict[str, Any]] = (),
        key: str | None = None,
        expires: int | None = None,
    ) -> MessageShape:
        """Say something to one friend, awake or not. The same `key` again gives the same message."""
        sent = self._sent_with(conn, key)
        if sent is not None:
            return self._views.message(conn, sent)
        if not self._friends.is_friend(conn, friend):
            raise NotFriends
        text = fit_text(text, may_be_empty=bool(media))
        fields: dict[str, Any] = {"to": [friend], "text": text, "media": list(media)}
        if fit_expiry(expires, self._clock.now()) is not None:
            fields["expires"] = expires
        stored = self._log.say(conn, "message", fields, audience="chosen", readers=[friend])
        if key is not None:
            store.drop_keys_before(conn, self._clock.now() - KEYS_KEPT_MS)
            store.put_key(conn, key=key, friend=friend, ref=stored.ref, made=self._clock.now())
        return self._views.message(conn, stored.ref)

    def check(
        self,
        conn: Connection,
        friend: str,
        text: str,
        key: str | None,
        expires: int | None = None,
    ) -> None:
        """Raise what sending it would, as far as one can know before its files are ready."""
        self._sent_with(conn, key)
        if not self._friends.is_friend(conn, friend):
            raise NotFriends
        fit_text(text, may_be_empty=True)
        fit_expiry(expires, self._clock.now())

    def sent_before(self, conn: Connection, key: str | None) -> MessageShape | None:
        """Give what was sent with this key, if something was."""
        sent = self._sent_with(conn, key)
        return self._views.message(conn, sent) if sent is not None else None

    def edit(self, conn: Connection, friend: str, ref: str, text: str) -> MessageShape:
        """Say a message of mine differently."""
        row = self._mine(conn, friend, ref)
        text = fit_text(text, may_be_empty=row.media != "[]")
        self._log.revise(conn, self._log.by_no(conn, row.no), {"text": text})
        return self._views.message(conn, ref)

    def unsend(self, conn: Connection, friend: str, ref: str) -> None:
        """Take a message of mine back, here and at the friend's."""
        row = self._mine(conn, friend, ref)
        self._log.withdraw(conn, self._log.by_no(conn, row.no))

    def clear(self, conn: Connection, friend: str, before: int | None = None) -> Cleared:
        """Erase the conversation on both sides: the whole of it, or what was shown before a moment.

        Told to the friend are the messages they wrote or were ever offered; of the others they need not learn (R17).
        """
        self._friends.known(conn, friend)
        rows = store.in_conversation(conn, friend, before)
        mine = [row.no for row in rows if row.author != friend]
        offered = store.offered_among(conn, friend, mine)
        listed = [row for row in rows if row.author == friend or row.no in offered]
        for row in rows:
            if row.author != friend and row.no not in offered:
                self._log.forget(conn, row.author, row.id, CLEARED)
        for start in range(0, len(listed), MAX_CLEARED_MESSAGES):
            some = listed[start : start + MAX_CLEARED_MESSAGES]
            say_clear(conn, self._log, friend, [(row.author, row.id) for row in some])
        return Cleared(len(rows), self._clear_sentence(conn, friend, rows, listed))

    def read(self, conn: Connection, friend: str) -> bool:
        """Mark everything that is here as read; say whether that changed anything."""
        self._friends.known(conn, friend)
        return store.mark_read(conn, friend)

    # Looking

    def message(self, conn: Connection, friend: str, ref: str) -> MessageShape:
        return self._views.messages(conn, [self._find(conn, friend, ref)])[0]

    def by_refs(self, conn: Connection, refs: list[str]) -> list[MessageShape]:
        """Show these messages, for search; those that are gone are left out."""
        return self._views.messages(conn, store.with_refs(conn, refs))

    def page(
        self,
        conn: Connection,
        friend: str,
        *,
        limit: int = DEFAULT_PAGE,
        cursor: str | None = None,
    ) -> PageShape:
        """Give a piece of a conversation, newest first, and what happened to it."""
        self._friends.known(conn, friend)
        limit = max(1, min(limit, MAX_PAGE))
        before = read_cursor(cursor) if cursor else None
        rows = store.page(conn, friend, before, limit + 1)
        end = len(rows) <= limit
        rows = rows[:limit]
        return PageShape(
            items=self._views.messages(conn, rows),
            cursor=None if end else cursor_at(rows[-1].shown, rows[-1].created, rows[-1].ref),
            end=end,
            notes=self._views.notes(conn, store.clears_with(conn, friend, MAX_NOTES)),
        )

    def conversations(self, conn: Connection) -> list[ConversationShape]:
        """Give every conversation in which something was said or cleared, the liveliest first."""
        rows = {row.friend: row for row in store.last_of_each(conn)}
        clears = store.last_clear_of_each(conn)
        people = (rows.keys() | clears.keys()) - self._friends.blocked(conn)
        persons = self._friends.persons(conn, people)
        last = {one["friend"]: one for one in self._views.messages(conn, list(rows.values()))}
        silent = [clears[person] for person in people if person not in rows]
        notes = dict(
            zip((row.friend for row in silent), self._views.notes(conn, silent), strict=True)
        )
        unread = store.friends_unread(conn)

        def liveliness(person: str) -> tuple[int, str]:
            return (rows[person].shown if person in rows else clears[person].shown, person)

        return [
            ConversationShape(
                friend=persons[person],
                last=last.get(person),
                unread=person in unread,
                sentence=last[person]["sentence"] if person in last else notes[person]["sentence"],
            )
            for person in sorted(people, key=liveliness, reverse=True)
        ]

    # Within

    def _sent_with(self, conn: Connection, key: str | None) -> str | None:
        """The ref of what was sent with this key before; raise KeyUsed when that is gone."""
        if key is None:
            return None
        if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
            raise KeyTooLong(field="key")
        row = store.find_key(conn, key)
        if row is None:
            return None
        if store.find_message(conn, row.ref) is None:
            raise KeyUsed(field="key")
        return str(row.ref)

    def _find(self, conn: Connection, friend: str, ref: str) -> Row[Any]:
        row = store.find_message(conn, ref)
        if row is None or row.friend != friend:
            raise MessageNotFound
        return row

    def _mine(self, conn: Connection, friend: str, ref: str) -> Row[Any]:
        row = self._find(conn, friend, ref)
        if row.author != self._log.me.id:
            raise NotYourMessage
        return row

    def _clear_sentence(
        self, conn: Connection, friend: str, rows: list[Row[Any]], listed: list[Row[Any]]
    ) -> str:
        if not rows:
            return words.NOTHING_TO_CLEAR
        if not listed:
            return words.CLEARED_HERE_ONLY
        last = store.last_clear(conn, friend, from_me=True)
        return self._views.clear_sentence(conn, last.ref) if last is not None else ""
