"""Whom I know: invites, requests, friends, circles, blocks, and who anybody is in plain words.

Front door: `Friends` (service.py): `friends.person(conn, id)`, `friends.active(conn)`, `friends.invite(conn, address)`,
`friends.receive_greeting(conn, …)`; what has to go out to other people's machines first is `Knocking` (knocking.py).
Whether somebody is a friend is kept here; what has been delivered to them is kept by delivery.

May import: delivery, identity, records, context, database, protocol, settings, errors, events, clock.
"""

from microsocial.friends.service import Friends

__all__ = ["Friends"]
