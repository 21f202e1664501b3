"""Messages as the owner's API shows them (docs/develop/api.md), delivery said in words.

Rule 1: what a friend has is asked of delivery's ledger each time, never stored here.
Rule 2: a page costs as many statements as one message.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row

from microsocial.delivery.ledger import Receipt
from microsocial.delivery.service import Delivery
from microsocial.friends import Friends
from microsocial.friends.model import Person
from microsocial.messages import store, words
from microsocial.messages.model import MessageShape, NoteShape
from microsocial.records.markup import render

Media: TypeAlias = dict[str, Any]
# The media room hands this in: for each stored item, in order, what a screen needs to show it.
DescribeMedia: TypeAlias = Callable[[Connection, Sequence[Media]], list[Media]]


def no_media(_conn: Connection, _stored: Sequence[Media]) -> list[Media]:
    return []


@dataclass(frozen=True)
class _Page:
    """What is fetched for some rows, before anything is shown."""

    persons: Mapping[str, Person]
    receipts: Mapping[int, Receipt]

    def why_waiting(self, no: int) -> str | None:
        """Why a record of mine is not there yet, or None when nothing waits."""
        receipt = self.receipts.get(no)
        return receipt.waiting[0].why if receipt and receipt.waiting else None

    def has_arrived(self, no: int) -> bool:
        receipt = self.receipts.get(no)
        return bool(receipt and receipt.delivered)


class Views:
    def __init__(
        self,
        me: str,
        friends: Friends,
        delivery: Delivery,
        describe_media: DescribeMedia = no_media,
    ) -> None:
        self._me = me
        self._friends = friends
        self._delivery = delivery
        self._describe_media = describe_media

    def message(self, conn: Connection, ref: str) -> MessageShape:
        (shown,) = self.messages(conn, [store.get_message(conn, ref)])
        return shown

    def messages(self, conn: Connection, rows: Sequence[Row[Any]]) -> list[MessageShape]:
        page = self._fetch(conn, rows, [row.no for row in rows if row.author == self._me])
        media = self._media(conn, rows)
        return [self._shown(row, page, media.get(row.ref, [])) for row in rows]

    def _media(self, conn: Connection, rows: Sequence[Row[Any]]) -> dict[str, list[Media]]:
        """Describe the media of all these messages in one go."""
        stored = {row.ref: json.loads(row.media) for row in rows if row.media != "[]"}
        if not stored:
            return {}
        items = [item for some in stored.values() for item in some]
        described = iter(self._describe_media(conn, items))
        return {
            ref: [one for _, one in zip(some, described, strict=False)]
            for ref, some in stored.items()
        }

    def clear_sentence(self, conn: Connection, ref: str) -> str:
        (note,) = self.notes(conn, [store.get_clear(conn, ref)])
        return note["sentence"]

    def notes(self, conn: Connection, rows: Sequence[Row[Any]]) -> list[NoteShape]:
        """Say what happened to conversations."""
        page = self._fetch(conn, rows, [row.no for row in rows if row.from_me])
        return [NoteShape(sentence=_cleared(row, page), created=row.shown) for row in rows]

    def _fetch(self, conn: Connection, rows: Sequence[Row[Any]], mine: Sequence[int]) -> _Page:
        return _Page(
            self._friends.persons(conn, {row.friend for row in rows}),
            self._delivery.ledger.of_records(conn, mine) if mine else {},
        )

    def _shown(self, row: Row[Any], page: _Page, media: list[Media]) -> MessageShape:
        from_me = row.author == self._me
        return MessageShape(
            id=row.ref,
            friend=row.friend,
            from_me=from_me,
            text=row.text,
            html=render(row.text),
            created=row.shown,  # what is claimed may lie beyond any calendar
            received=row.received,
            expires=row.expires,
            media=media,
            state="sending" if from_me and not page.has_arrived(row.no) else "delivered",
            sentence=_delivery(row, page) if from_me else "",
        )


def _delivery(row: Row[Any], page: _Page) -> str:
    friend = page.persons[row.friend]
    if page.has_arrived(row.no):
        return words.has_it(friend["name"])
    if not friend["is_friend"]:
        return words.friends_no_longer(friend["name"])
    return words.on_its_way(friend["name"], page.why_waiting(row.no))


def _cleared(row: Row[Any], page: _Page) -> str:
    name = page.persons[row.friend]["name"]
    if not row.from_me:
        return words.they_cleared(name)
    return words.you_cleared(name, is_done=page.why_waiting(row.no) is None)
