"""What is said: posts, comments, reactions, edits, deletions, audiences, drafts.

Its one duty: what the owner says gets exactly the readers that were chosen, and a thread belongs to whoever started it.
Front door: `Posts` (service.py): `publish`, `edit`, `delete`, `comment`, `react`, `offer`; `Posts.views` shows them as the
owner's API does (views.py). With files and a link card, `publishing.py` says it, now or when they are ready. What arrives from other people is judged in peer.py.

May import: friends, delivery, media, identity, records, context, database, protocol, settings, errors, events, clock.
"""
