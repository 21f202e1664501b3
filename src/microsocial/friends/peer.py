"""What arrives about people: profile and address records, mine and my friends'.

Both are one-valued (spec 4.4): the log keeps the newest, this room shows it.
"""

import json

from sqlalchemy import Connection

from microsocial.delivery.service import Delivery
from microsocial.events import LiveEvent, emit
from microsocial.friends import store
from microsocial.friends.circles import fold
from microsocial.friends.model import ProfileChanged
from microsocial.friends.page import Pages
from microsocial.friends.places import Places
from microsocial.protocol.payloads import Address, Profile
from microsocial.protocol.refusals import Refusal
from microsocial.records.model import Stored


class ProfileHandler:
    """Names, hues, words about oneself."""

    def __init__(self, me: str, pages: Pages) -> None:
        self._me = me
        self._pages = pages

    def may_stand(self, _conn: Connection, stored: Stored, via: str) -> str | None:
        return _only_ones_own(stored, via)

    def project(self, conn: Connection, stored: Stored) -> None:
        profile = stored.payload
        if not isinstance(profile, Profile):
            return
        before = store.find(conn, store.profiles, person=stored.author)
        store.put(
            conn,
            store.profiles,
            person=stored.author,
            name=profile.name,
            folded=fold(profile.name),
            about=profile.about,
            hue=profile.hue,
            avatar=json.dumps(stored.fields.get("avatar")),
        )
        emit(conn, ProfileChanged(stored.author))
        if before is not None and stored.author != self._me:
            page = self._pages.friend(conn, stored.author)
            emit(conn, LiveEvent("friend.changed", {"friend": page}))

    def clear(self, conn: Connection) -> None:
        conn.execute(store.profiles.delete())


class AddressHandler:
    """Where people can be reached; delivery hears it too, and the owner is asked about a private place."""

    def __init__(self, me: str, delivery: Delivery, pages: Pages, places: Places) -> None:
        self._me = me
        self._pages = pages
        self._places = places
        self._delivery = delivery

    def may_stand(self, _conn: Connection, stored: Stored, via: str) -> str | None:
        return _only_ones_own(stored, via)

    def project(self, conn: Connection, stored: Stored) -> None:
        address = stored.payload
        if not isinstance(address, Address):
            return
        store.put(
            conn,
            store.addresses,
            person=stored.author,
            urls=json.dumps(address.urls),
            home=json.dumps(address.home),
        )
        if stored.author != self._me:
            self._delivery.learn_urls(conn, stored.author, address.urls)
            if self._places.note(conn, (stored.author,)):
                page = self._pages.friend(conn, stored.author)
                emit(conn, LiveEvent("friend.changed", {"friend": page}))

    def clear(self, conn: Connection) -> None:
        conn.execute(store.addresses.delete())


def _only_ones_own(stored: Stored, via: str) -> str | None:
    return None if via == stored.author else Refusal.NOT_YOURS
