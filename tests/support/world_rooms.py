"""Rooms small enough for a simulation: the rules that delivery relies on, and nothing to look at.

They follow what posts and messages promise the log: an entry stands under the class of its post, from somebody who may read it; a
clear counts between its two people.
"""

import json
from dataclasses import dataclass

from sqlalchemy import Connection

from microsocial.delivery import store as delivery_store
from microsocial.protocol.payloads import Address, Clear
from microsocial.protocol.refusals import Refusal
from microsocial.records import store
from microsocial.records.model import Stored
from microsocial.records.service import Log


@dataclass
class PlainHandler:
    """Posts, profiles, removals, messages: their author brings them."""

    log: Log

    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:
        return None if stored.author == via else Refusal.NOT_YOURS

    def project(self, conn: Connection, stored: Stored) -> None:
        pass

    def clear(self, conn: Connection) -> None:
        pass


@dataclass
class AddressHandler(PlainHandler):
    def project(self, conn: Connection, stored: Stored) -> None:
        address = stored.payload
        if isinstance(address, Address) and stored.author != self.log.me.id:
            delivery_store.change(conn, stored.author, urls=json.dumps(list(address.urls)))


@dataclass
class EntryHandler(PlainHandler):
    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:
        post = self.log.by_ref(conn, stored.thread or "")
        if post.audience != stored.audience:
            return Refusal.WRONG_AUDIENCE
        if post.author != self.log.me.id:
            return None
        friend = delivery_store.find(conn, via)
        if friend is None or not self.log.may_see(conn, via, post, friend.sees_from):
            return Refusal.NOT_A_READER
        return None


@dataclass
class MessageHandler(PlainHandler):
    def still_held(
        self, conn: Connection, person: str, author: str, record_id: str, why: str
    ) -> None:
        """R17: the rest turns up; a supplementary clear follows, unless it is theirs that cleared it."""
        between = author in (person, self.log.me.id)
        clears = (stored.payload for stored in store.find_by(conn, kind="clear", author=person))
        is_theirs = any((author, record_id) in getattr(one, "messages", ()) for one in clears)
        if why == "cleared" and between and not is_theirs:
            say_clear(conn, self.log, person, [(author, record_id)])


@dataclass
class ClearHandler(PlainHandler):
    def project(self, conn: Connection, stored: Stored) -> None:
        clear = stored.payload
        if not isinstance(clear, Clear):
            return
        for author, record_id in clear.messages:
            known = self.log.find(conn, author, record_id)
            if known is None or known.kind == "message":
                self.log.forget(conn, author, record_id, "cleared")


def say_clear(conn: Connection, log: Log, person: str, names: list[tuple[str, str]]) -> None:
    log.say(
        conn,
        "clear",
        {"to": [person], "messages": [list(name) for name in names]},
        audience="chosen",
    )


def furnish(log: Log) -> None:
    for kind in ("post", "profile", "removal"):
        log.register(kind, PlainHandler(log))
    for kind in ("comment", "reaction"):
        log.register(kind, EntryHandler(log))
    log.register("address", AddressHandler(log))
    log.register("message", MessageHandler(log))
    log.register("clear", ClearHandler(log))
