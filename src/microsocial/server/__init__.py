"""The one application that a browser, a friend's node and a visitor talk to.

Puts the rooms' routers behind the owner's door, and around everything: limits, problem documents, security headers, live
events, the built web app. Front door: `app.create_app(node)`.

    app.py     what is joined where           owner.py    who may use the owner's API
    door.py    setup, login, logout           cookies.py  the session's cookie
    coming_back.py  instead of setup: with the words, a backup or an export
    guard.py   sizes, deadlines, crowds       proxies.py  who really asks, behind a proxy
    live.py    server-sent events             headers.py  security headers
    webapp.py  the built web app              problems.py errors in words
    status.py  how the node is, and names to ids
    wire.py    whether others can read along

May import: node, feed, site, archive, posts, messages, friends, delivery, media, identity, records, transport, context,
database, protocol, settings, errors, events, clock.
"""

from microsocial.server.app import create_app

__all__ = ["create_app"]
