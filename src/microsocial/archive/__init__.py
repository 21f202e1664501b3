"""A person's data is theirs: taken along, kept safe, rehearsed, moved, thrown away.

`website` exports and imports, `backups` keeps copies and proves them, `leaving` purges and ends, `moving` says where one
lives now; `work` is the one long job that runs now.

May import: feed, site, posts, messages, friends, delivery, media, identity, records, transport, context, database, protocol.
"""
