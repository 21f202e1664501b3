"""What visitors see: the public page, one post, feeds, the invitation. Server-rendered, no script needed, no cookies.

Its one duty: show what is public, fast and beautifully, and nothing else, to anybody who comes.
Front door: `routes(context)` gives plain Starlette routes; `pages.py` builds the bytes, `feeds.py` Atom and JSON Feed,
`cache.py` keeps what was built until something public changes.

May import: posts, friends, delivery, identity, records, context, database, protocol, settings, errors, events, clock.
"""

from microsocial.site.routes import not_found, routes

__all__ = ["not_found", "routes"]
