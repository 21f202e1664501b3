"""What I read: the timeline and its end, read marks, search, notices.

Its one duty: everything friends said, once, newest first, until it has all been seen. Nothing is ranked or counted.
Front door: `Feed` (service.py): `feed.page(conn, …)`, `feed.search(conn, words)`; `Notices` (notices.py).
Reading never touches the network.

May import: posts, messages, friends, delivery, identity, records, context, database, protocol, settings, errors, events, clock.
"""
