"""What anyone may read of the log (spec 10.1), without making this machine work for it more than once.

Rule 1: a page is built off the loop and kept until the log grows; whoever has it already hears 304 without anything being built.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from microsocial.context import ApiContext
from microsocial.protocol.encoding import b64u
from microsocial.transport.errors import TooManyTries
from microsocial.transport.reception import Reception
from microsocial.transport.throttle import Allowance, origin

MAX_CURSOR_CHARACTERS = 200  # as long as a position; ours are shorter
# Per address: somebody's whole log of thirty thousand posts at once, then a page every three seconds.
READER_BURST, READER_PER_MINUTE = 60, 20.0
KEPT_PAGES = 4  # of at most 1.4 MB: where most readers stand is the newest page
# A full page never changes its place in the log; the last one grows.
FULL_PAGE_SECONDS, LAST_PAGE_SECONDS = 300, 10


@dataclass(frozen=True)
class Document:
    """An answer, and the moment and head of the log at which it was true."""

    made: int
    head: str
    body: bytes
    etag: str
    max_age_seconds: int


class PublicLog:
    """Gives anybody the public log, page by page."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._readers = Allowance(context.clock, burst=READER_BURST, per_minute=READER_PER_MINUTE)
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._building = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Raises TooManyTries; PeerBroke for a cursor that was never given."""
        if not self._readers.take(origin(request.client.host if request.client else None)):
            raise TooManyTries
        after = request.query_params.get("after", "")[:MAX_CURSOR_CHARACTERS]
        async with self._building:  # many who ask at once wait for one builder
            document = await self._page(after)
        return cacheable(request, document.body, document.etag, document.max_age_seconds)

    async def _page(self, after: str) -> Document:
        reception = self._context.room(Reception)
        head = await self._context.db.read(reception.head)
        kept, now = self._kept.get(after), self._context.clock.now()
        if kept is None or kept.head != head or not _is_fresh(kept, now):
            kept = await self._context.db.read_long(
                lambda conn: _built(conn, reception, after, now)
            )
            self._kept[after] = kept
        self._kept.move_to_end(after)
        if len(self._kept) > KEPT_PAGES:
            self._kept.popitem(last=False)
        return kept


def _is_fresh(kept: Document, now: int) -> bool:
    """What is said for a while only goes without a change of the log."""
    return 0 <= now - kept.made < kept.max_age_seconds * 1000


def _built(conn: Connection, reception: Reception, after: str, now: int) -> Document:
    head = reception.head(conn)
    page = reception.public_page(conn, after)
    seconds = LAST_PAGE_SECONDS if page.is_last else FULL_PAGE_SECONDS
    body = msgspec.json.encode(page.document)
    return Document(now, head, body, etag_of(body), seconds)


def cacheable(request: Request, document: bytes, etag: str, max_age_seconds: int) -> Response:
    """Answer with a document that anybody may keep for a while, or 304 to who has it."""
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={max_age_seconds}",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(document, headers=headers, media_type="application/json")


def etag_of(document: bytes) -> str:
    return f'"{b64u(sha256(document).digest())[:22]}"'
