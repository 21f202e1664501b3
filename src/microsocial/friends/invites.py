"""Invites of mine: links that make whoever takes them first my friend (spec 9.1, 9.3).

Opening a link consumes nothing; the secret in it is never sent, only a proof of having it.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from microsocial.clock import Clock, Entropy
from microsocial.friends import store
from microsocial.friends.homes import is_private
from microsocial.friends.model import (
    INVITE_VALID_MS,
    MAX_OPEN_INVITES,
    InviteNotFound,
    InviteShown,
    TooManyInvites,
)
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.exchange import InviteProof
from microsocial.protocol.invites import (
    INVITE_ID_BYTES,
    INVITE_SECRET_BYTES,
    Invite,
    check_mac,
)
from microsocial.protocol.refusals import Status

PRIVATE_NOTE = (
    "This link works only on this machine or in your home network, because your address is private. "
    "To invite somebody elsewhere, run with an address that can be reached from outside."
)
FORGET_AFTER_MS = 90 * 24 * 3600 * 1000  # a season later nobody asks who took which link


@dataclass(frozen=True)
class Taking:
    """What comes of somebody's showing an invite: welcome, or the status to answer with."""

    status: Status | None
    address: str = ""  # of the link
    is_again: bool = False  # the same person as before

    @property
    def is_welcome(self) -> bool:
        return self.status is None


class Invites:
    def __init__(self, me: str, clock: Clock, entropy: Entropy) -> None:
        self._me = me
        self._clock = clock
        self._entropy = entropy

    def make(self, conn: Connection, address: str) -> InviteShown:
        """Make a link that stands on `address` and holds for seven days."""
        now = self._clock.now()
        conn.execute(store.invites.delete().where(store.invites.c.expires < now - FORGET_AFTER_MS))
        still_open = (
            store.invites.c.expires >= now,
            store.invites.c.taken_by.is_(None),
            store.invites.c.revoked.is_(None),
        )
        count = select(func.count()).select_from(store.invites).where(*still_open)
        if conn.execute(count).scalar_one() >= MAX_OPEN_INVITES:
            raise TooManyInvites
        invite = b64u(self._entropy(INVITE_ID_BYTES))
        store.put(
            conn,
            store.invites,
            id=invite,
            secret=self._entropy(INVITE_SECRET_BYTES),
            address=address.rstrip("/"),
            made=now,
            expires=now + INVITE_VALID_MS,
        )
        return self.get(conn, invite)

    def get(self, conn: Connection, invite: str) -> InviteShown:
        row = store.find(conn, store.invites, id=invite)
        if row is None:
            raise InviteNotFound
        return self._shown(row)

    def all(self, conn: Connection) -> list[InviteShown]:
        """Give the invites that are open or were taken, newest first."""
        query = select(store.invites).where(store.invites.c.revoked.is_(None))
        rows = conn.execute(query.order_by(store.invites.c.made.desc(), store.invites.c.id))
        return [self._shown(row) for row in rows]

    def revoke(self, conn: Connection, invite: str) -> None:
        """Close the door that stands open. Who has come in through it stays."""
        self.get(conn, invite)
        chosen = update(store.invites).where(store.invites.c.id == invite)
        conn.execute(chosen.values(revoked=self._clock.now()))

    def take(self, conn: Connection, proof: InviteProof, person: str) -> Taking:
        """Let `person` in if they show a valid invite first; the same person again is welcome again."""
        row = store.find(conn, store.invites, id=proof.id)
        if row is None or not check_mac(row.secret, person, self._me, proof.mac):
            return Taking(Status.INVITE_UNKNOWN)
        if row.taken_by not in (None, person):  # spec 9.3: first identity wins
            return Taking(Status.INVITE_USED)
        if row.revoked is not None:
            return Taking(Status.INVITE_UNKNOWN)
        if row.expires < self._clock.now():
            return Taking(Status.INVITE_EXPIRED)
        if row.taken_by == person:
            return Taking(None, row.address, is_again=True)
        chosen = update(store.invites).where(store.invites.c.id == proof.id)
        conn.execute(chosen.values(taken_by=person, taken=self._clock.now()))
        return Taking(None, row.address)

    def _shown(self, invite: Row[Any]) -> InviteShown:
        link = Invite(invite.address, self._me, unb64u(invite.id), invite.secret).link()
        private = is_private(invite.address)
        return InviteShown(
            id=invite.id,
            link=link,
            made=invite.made,
            expires=invite.expires,
            taken_by=invite.taken_by,
            taken=invite.taken,
            reachable=not private,
            note=PRIVATE_NOTE if private else None,
        )
