"""Private conversations between two people: send, unsend, and clear from either side.

Front door: `Messages` (service.py): `messages.send(conn, friend, text)`, `messages.unsend(…)`, `messages.clear(…)`,
`messages.conversations(conn)`, `messages.page(conn, friend)`. What arrives from friends comes through peer.py.
With files, `sending.py` says it, now or when they are ready. What a friend has received is never stored here: it follows from delivery's positions.

May import: friends, delivery, media, identity, records, context, database, protocol, settings, errors, events, clock.
"""

from microsocial.messages.service import Messages

__all__ = ["Messages"]
