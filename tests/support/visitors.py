"""Somebody who comes along with a browser, and the node as the site sees it."""

from types import SimpleNamespace

import httpx
from starlette.applications import Starlette

from microsocial import site
from microsocial.context import NotSetUp
from microsocial.protocol.encoding import b64u


class Context:
    """The node as the site sees it; with nobody, before setup."""

    def __init__(self, person=None, *, address=None, db=None, clock=None):
        self.settings = SimpleNamespace(address=address)
        self.db = person.db if person else db
        self.bus = self.db.bus
        self.clock = person.clock if person else clock
        self._rooms = [person.posts, person.log, person.delivery] if person else []

    def room(self, kind):
        for room in self._rooms:
            if isinstance(room, kind):
                return room
        raise NotSetUp


def visitor(context):
    """Somebody who comes along with a browser."""
    transport = httpx.ASGITransport(Starlette(routes=site.routes(context)))
    return httpx.AsyncClient(transport=transport, base_url="http://ana.example")


def photo(caption="", alt="", width=600, height=800):
    """A public photo in two sizes, as a record describes it (spec 11)."""

    def size(role, share):
        return {
            "hash": b64u(role.encode().ljust(32)),
            "key": None,
            "bytes": 1_000,
            "chunk": 65_536,
            "width": width // share,
            "height": height // share,
            "type": "image/webp",
            "role": role,
        }

    return {
        "id": b64u(bytes(16)),
        "kind": "photo",
        "type": "image/webp",
        "width": width,
        "height": height,
        "duration": 0,
        "caption": caption,
        "alt": alt,
        "placeholder": "",
        "sizes": [size("small", 2), size("screen", 1)],
    }
