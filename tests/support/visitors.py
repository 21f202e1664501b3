"""Somebody who comes along with a browser, and the node as the site sees it."""

from types import SimpleNamespace

import httpx
from starlette.applications import Starlette

from microsocial import site
from microsocial.context import NotSetUp
from microsocial.posts.views import Views


class Context:
    """The node as the site sees it; with nobody, before setup."""

    def __init__(self, person=None, *, address=None, db=None, clock=None):
        self.settings = SimpleNamespace(address=address)
        self.db = person.db if person else db
        self.bus = self.db.bus
        self.clock = person.clock if person else clock
        self._rooms = [person.posts, person.log] if person else []

    def room(self, kind):
        for room in self._rooms:
            if isinstance(room, kind):
                return room
        raise NotSetUp


def visitor(context):
    """Somebody who comes along with a browser."""
    transport = httpx.ASGITransport(Starlette(routes=site.routes(context)))
    return httpx.AsyncClient(transport=transport, base_url="http://ana.example")


def with_photos(person, post, *items):
    """Pretend that the media room has made these pictures ready to show."""
    person.write(
        lambda conn: conn.exec_driver_sql(
            "UPDATE posts SET media = json_array('x') WHERE ref = ?", (post["id"],)
        )
    )
    person.posts.views = Views(
        person.id, person.friends, person.delivery, lambda _conn, _stored: list(items)
    )
