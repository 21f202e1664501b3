"""Helping a friend who has lost everything but the 24 words (spec 9.8): the link I give, and what I answer to it.

What I give away is what everybody may know (their key log) and what only their words open (their capsule). The link shows that I
meant to; asking through it takes a signature by a key from the words as well.
"""

from sqlalchemy import Connection
from typing_extensions import TypedDict  # pydantic reads it; before Python 3.12 it needs this one

from microsocial.clock import Clock, Entropy
from microsocial.friends import people, store
from microsocial.friends.homes import is_private
from microsocial.friends.model import NotAFriend
from microsocial.identity.me import Me
from microsocial.protocol.encoding import b64u
from microsocial.protocol.exchange import Help
from microsocial.protocol.help import HelpLink, HelpRequest
from microsocial.protocol.invites import INVITE_ID_BYTES, INVITE_SECRET_BYTES, check_mac
from microsocial.protocol.limits import HELP_LIFETIME_S
from microsocial.records.service import Log

PRIVATE_NOTE = "Your address is private, so it works only on this machine or in your home network."


class HelpShown(TypedDict):
    """A help link as its maker sees it."""

    link: str
    expires: int
    sentence: str


class Helping:
    def __init__(self, me: Me, log: Log, clock: Clock, entropy: Entropy) -> None:
        self._me = me
        self._log = log
        self._clock = clock
        self._entropy = entropy

    def make(self, conn: Connection, person: str, address: str) -> HelpShown:
        """Make the link for one friend; an earlier one for them stops working. Raises NotAFriend."""
        tie = store.find(conn, store.friends, person=person)
        if tie is None or tie.state != "friend":
            raise NotAFriend
        now = self._clock.now()
        store.drop(conn, store.help_links, person=person)
        conn.execute(store.help_links.delete().where(store.help_links.c.expires < now))
        help_id, secret = self._entropy(INVITE_ID_BYTES), self._entropy(INVITE_SECRET_BYTES)
        expires = now + HELP_LIFETIME_S * 1000
        store.put(
            conn,
            store.help_links,
            id=b64u(help_id),
            person=person,
            secret=secret,
            made=now,
            expires=expires,
        )
        link = HelpLink(address.rstrip("/"), self._me.id, help_id, secret).link()
        return HelpShown(link=link, expires=expires, sentence=self._sentence(conn, person, address))

    def _sentence(self, conn: Connection, person: str, address: str) -> str:
        name = people.persons(conn, self._me.id, (person,))[person]["name"]
        said = (
            f"Give it to {name} alone, by voice or on paper if you can. With the 24 words it brings {name} back; "
            "without them it opens nothing. It works for seven days."
        )
        if self._log.find(conn, person, "capsule") is None:
            said += f" But {name} has left nothing here to come back with besides the key: friends and circles will be missing."
        return f"{said} {PRIVATE_NOTE}" if is_private(address) else said

    def answer(
        self, conn: Connection, person: str, asked: HelpRequest, request_hash: str
    ) -> bytes | None:
        """Say what I know of a friend who asks, signed; None when the link is not (or no longer) for them. Only reads."""
        if asked.link is not None and not self._is_meant(conn, person, asked):
            return None
        key_log = self._log.key_logs(conn, [person]).get(person)
        if key_log is None:
            return None
        capsule = self._log.find(conn, person, "capsule")
        letter = Help(
            sender=self._me.id,
            receiver=person,
            key=self._me.key_number,
            request=request_hash,
            keys=tuple(key_log.encoded()),
            capsule=capsule.envelope.encoded() if capsule else None,
        )
        return self._me.sign("help", letter.payload()).raw

    def _is_meant(self, conn: Connection, person: str, asked: HelpRequest) -> bool:
        assert asked.link is not None
        row = store.find(conn, store.help_links, id=asked.link.id)
        return (
            row is not None
            and row.person == person
            and row.expires >= self._clock.now()
            and check_mac(row.secret, person, self._me.id, asked.link.mac)
        )
