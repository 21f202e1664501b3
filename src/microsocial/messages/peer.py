"""What arrives in conversations: messages and clears, from friends and (after a restore) my own.

Rule 1: a clear counts only between its signer and the one it is addressed to, whatever it lists.
Rule 2: what was cleared is remembered by the log, so that nothing brings it back: no late arrival, no edit, no rebuild.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.events import LiveEvent, emit
from microsocial.messages import store
from microsocial.messages.model import ConversationCleared, MessageChanged
from microsocial.messages.views import Views
from microsocial.protocol.payloads import Clear, Message
from microsocial.protocol.refusals import Refusal
from microsocial.records.model import Stored, ref_of
from microsocial.records.service import Log

CLEARED = "cleared"  # why the log forgot it


class MessageHandler:
    def __init__(self, log: Log, views: Views) -> None:
        self._log = log
        self._views = views

    def may_stand(self, _conn: Connection, stored: Stored, via: str) -> str | None:
        return _only_between_two(self._log.me.id, stored, via)

    def project(self, conn: Connection, stored: Stored) -> None:
        message = stored.payload
        if not isinstance(message, Message):  # unsent: only a tombstone is left
            self.forget(conn, stored)
            return
        me = self._log.me.id
        before = store.find_message(conn, stored.ref)
        friend = friend_in(stored, me)
        store.put_message(
            conn,
            ref=stored.ref,
            no=stored.no,
            author=stored.author,
            id=stored.id,
            friend=friend,
            created=stored.created,
            received=stored.received,
            shown=min(stored.created, stored.received),  # a wrong clock cannot lead
            text=message.text,
            media=json.dumps(stored.fields.get("media", [])),
            revision=stored.revision,
            expires=stored.expires,
        )
        if before is not None and before.revision == stored.revision:
            return
        emit(conn, MessageChanged(stored.ref, is_new=before is None))

    def forget(self, conn: Connection, stored: Stored) -> None:
        """Take a message off the screens: it was unsent, or a clear erased it."""
        gone = store.find_message(conn, stored.ref)
        if gone is not None:
            store.drop_messages(conn, [stored.ref])
            payload = {"id": stored.ref, "friend": gone.friend}
            emit(conn, LiveEvent("message.deleted", payload))

    def clear(self, conn: Connection) -> None:
        store.empty(conn, store.messages)

    def still_held(
        self, conn: Connection, person: str, author: str, record_id: str, why: str
    ) -> None:
        """A friend holds what was cleared here before it was known to be theirs: a clear follows (R17).

        None follows a clear of theirs: it comes back to them, unless a thief said it (spec 4.11).
        """
        between = author in (person, self._log.me.id)
        if why != CLEARED or not between or self._is_cleared(conn, person, (author, record_id)):
            return
        say_clear(conn, self._log, person, [(author, record_id)])

    def _is_cleared(self, conn: Connection, person: str, name: tuple[str, str]) -> bool:
        """Say whether a clear between the two names it, whoever said it."""
        refs = store.refs_of_clears(conn, person)
        clears = (self._log.find_ref(conn, ref) for ref in refs)
        payloads = (stored.payload for stored in clears if stored is not None)
        return any(isinstance(one, Clear) and name in one.messages for one in payloads)


class ClearHandler:
    def __init__(self, log: Log, views: Views) -> None:
        self._log = log
        self._views = views

    def may_stand(self, _conn: Connection, stored: Stored, via: str) -> str | None:
        return _only_between_two(self._log.me.id, stored, via)

    def project(self, conn: Connection, stored: Stored) -> None:
        clear = stored.payload
        if not isinstance(clear, Clear):
            return
        friend = friend_in(stored, self._log.me.id)
        refs = [ref_of(author, record_id) for author, record_id in clear.messages]
        here = store.find_messages(conn, friend, refs)
        store.drop_messages(conn, [row.ref for row in here])
        between = {friend, self._log.me.id}  # anything else of that name is none of its business
        names = [name for name in clear.messages if name[0] in between]
        for author, record_id in self._log.forget_absent(conn, names, CLEARED):
            erase(conn, self._log, friend, author, record_id)
        self._note(conn, stored, friend, here)

    def _note(
        self, conn: Connection, stored: Stored, friend: str, here: Sequence[Row[Any]]
    ) -> None:
        """Keep in words what happened; what only completes an earlier clear is not said again (R17)."""
        from_me = stored.author == self._log.me.id
        earlier = store.last_clear(conn, friend, from_me=from_me)
        completes = earlier is not None and all(row.created <= earlier.created for row in here)
        is_new = store.put_clear(
            conn,
            ref=stored.ref,
            no=stored.no,
            friend=friend,
            from_me=int(from_me),
            created=stored.created,
            shown=min(stored.created, stored.received),
            count=len(here),
            told=int(not completes),
        )
        if is_new and (here or not completes):
            sentence = self._views.clear_sentence(conn, stored.ref)
            emit(conn, LiveEvent("messages.cleared", {"friend": friend, "sentence": sentence}))
            emit(conn, ConversationCleared(friend, by_me=from_me))

    def forget(self, conn: Connection, stored: Stored) -> None:
        """It was a thief's: nothing is said of it any more (spec 4.14)."""
        store.drop_clear(conn, stored.ref)

    def clear(self, conn: Connection) -> None:
        """Nothing to drop: what a clear did here is a local fact."""


def say_clear(conn: Connection, log: Log, friend: str, names: list[tuple[str, str]]) -> None:
    fields = {"to": [friend], "messages": [list(name) for name in names]}
    log.say(conn, "clear", fields, audience="chosen", readers=[friend])


def erase(conn: Connection, log: Log, friend: str, author: str, record_id: str) -> None:
    """Erase one message that is here, if it belongs to this conversation."""
    known = log.get(conn, author, record_id)
    if known.kind == "message" and friend_in(known, log.me.id) == friend:
        log.forget(conn, author, record_id, CLEARED)


def friend_in(stored: Stored, me: str) -> str:
    """Who is on the other side of a message or clear; "" when a tombstone no longer says."""
    if stored.author != me:
        return stored.author
    payload = stored.payload
    return payload.to[0] if isinstance(payload, Message | Clear) else ""


def _only_between_two(me: str, stored: Stored, via: str) -> str | None:
    payload = stored.payload
    if not isinstance(payload, Message | Clear) or via != stored.author:
        return Refusal.NOT_ADDRESSED
    return None if payload.to == (me,) else Refusal.NOT_ADDRESSED
