"""What is said: posts, comments, reactions, edits, deletions, audiences, drafts.

Its one duty: what the owner says gets exactly the readers that were chosen, and a thread belongs to whoever started it.
Front door: `Posts` (service.py): `publish`, `edit`, `delete`, `comment`, `react`, `offer`; `Posts.views` shows them as the
owner's API does (views.py). What arrives from other people is judged in peer.py.

May import: friends, delivery, identity, records, context, database, protocol, settings, errors, events, clock.
"""
