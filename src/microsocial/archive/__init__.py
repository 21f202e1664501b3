"""A person's data is theirs: taken along, kept safe, rehearsed, moved, thrown away.

`website` exports and imports, `backups` keeps copies and proves them, `leaving` purges and ends; `work` is the one long
job that runs now.

May import: posts, messages, friends, delivery, media, identity, records, transport, context, database, protocol.
"""
