"""The log: what I said and what others said to me, as it was signed; its changes; who may see what.

Its one duty: whatever arrives, in whatever order and however often, the same records stand in the end, and nobody
is shown what is not for them. What a kind of record *means* is its room's business: rooms register a `Handler` per
kind. How records travel is delivery's.

    service.py     the front door: `Log`     model.py       Stored, Me, events, refusals
    handlers.py    what a kind promises      visibility.py  who may see what, as one SQL expression
    arriving.py    what others bring         reunion.py     what they hold, what comes back, what they lack
    pages.py       what is sent next         store.py       tables and statements
    markup.py      what people wrote, as harmless HTML

May import: database, protocol, settings, errors, events, clock.
"""
