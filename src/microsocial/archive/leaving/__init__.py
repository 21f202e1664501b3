"""What goes: by its time (`expiry`), because the owner wants the room (`storage`, `purge`), or altogether (`departure`).

`going` tells friends and waits for them, `erasing` empties the folder at the very end.

May import: archive.work, archive.backups, archive.website (the names of their files), posts, messages, friends, delivery, media, identity, records, transport, context, database, protocol.
"""
