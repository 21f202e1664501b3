"""The public routes: plain Starlette, bytes from the cache, an ETag on everything, no cookie anywhere."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microsocial.context import ApiContext, NotSetUp
from microsocial.delivery.model import ResidenceChanged
from microsocial.delivery.service import Delivery
from microsocial.friends.homes import is_private
from microsocial.friends.model import FriendshipEnded, ProfileChanged
from microsocial.identity.model import PreferencesChanged
from microsocial.posts.model import PublicChanged
from microsocial.posts.service import Posts
from microsocial.protocol.crypto import sha256
from microsocial.records.service import Log
from microsocial.site.assets import assets
from microsocial.site.cache import Built, PageCache
from microsocial.site.invitation import HELP_SCRIPT, SCRIPT
from microsocial.site.pages import HTML, Pages, owner_of

# A cache in front may answer for half a minute by itself; browsers ask each time and mostly hear 304.
PUBLIC = "public, max-age=0, s-maxage=30, must-revalidate"
FOR_EVER = "public, max-age=31536000, immutable"
NEVER = "no-store"

_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]{1,255}")
_REF = re.compile(r"[A-Za-z0-9_-]{22}")
T = TypeVar("T")


def _hash_source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode())).decode()}'"


def _policy(body: bytes, script: str | None = None) -> str:
    """Allow our own style, fonts and pictures, the one line that sets the hue, and nothing else."""
    hue = re.search(rb"<style>(.*?)</style>", body)
    line = f" {_hash_source(hue[1].decode())}" if hue else ""
    parts = [
        "default-src 'none'",
        f"style-src 'self'{line}",
        "font-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    if script is not None:
        parts.append(f"script-src {_hash_source(script)}")
    return "; ".join(parts)


class Site:
    """Answers visitors."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._assets = assets()
        self._pages = Pages(self._assets)
        self._cache = PageCache()
        self._residence: tuple[str | None, bool] | None = None  # once it was looked up
        context.bus.subscribe(ResidenceChanged, lambda _event: self._forget_residence())
        for event in (PublicChanged, ProfileChanged, FriendshipEnded, PreferencesChanged):
            context.bus.subscribe(event, lambda _event: self._cache.forget())

    async def home(self, request: Request) -> Response:
        before = request.query_params.get("before")
        if before is not None and not _REF.fullmatch(before):
            return await self.not_found(request)
        base = self._base(request)

        def build(conn: Connection, posts: Posts, log: Log) -> Built | None:
            return self._pages.home(conn, posts, owner_of(conn, log), base, before)

        return await self._answer(request, ("home", base, before), build)

    async def post(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        if not _REF.fullmatch(ref):
            return await self.not_found(request)
        base = self._base(request)

        def build(conn: Connection, posts: Posts, log: Log) -> Built | None:
            return self._pages.post(conn, posts, owner_of(conn, log), base, ref)

        return await self._answer(request, ("post", base, ref), build)

    async def atom(self, request: Request) -> Response:
        base = self._base(request)

        def build(conn: Connection, posts: Posts, log: Log) -> Built:
            return self._pages.atom(conn, posts, owner_of(conn, log), base)

        return await self._answer(request, ("atom", base), build)

    async def json_feed(self, request: Request) -> Response:
        base = self._base(request)

        def build(conn: Connection, posts: Posts, log: Log) -> Built:
            return self._pages.json_feed(conn, posts, owner_of(conn, log), base)

        return await self._answer(request, ("json", base), build)

    async def invitation(self, request: Request) -> Response:
        def build(conn: Connection, _posts: Posts, log: Log) -> Built:
            return self._pages.invitation(owner_of(conn, log), SCRIPT)

        return await self._answer(request, ("invitation",), build, script=SCRIPT)

    async def help(self, request: Request) -> Response:
        def build(conn: Connection, _posts: Posts, log: Log) -> Built:
            return self._pages.help(owner_of(conn, log), HELP_SCRIPT)

        return await self._answer(request, ("help",), build, script=HELP_SCRIPT)

    async def asset(self, request: Request) -> Response:
        found = self._assets.find(request.path_params["name"])
        if found is None:
            return await self.not_found(request)
        content, media_type = found
        is_current = request.path_params["version"] == self._assets.version
        headers = {"Cache-Control": FOR_EVER if is_current else PUBLIC}
        return Response(content, media_type=media_type, headers=headers)

    async def not_found(self, request: Request) -> Response:  # noqa: ARG002 - an endpoint like the others
        """Say so in the same look."""
        try:
            log = self._context.room(Log)
        except NotSetUp:
            page = self._pages.not_found(None)
        else:
            owner = await self._context.db.read(lambda conn: owner_of(conn, log))
            page = self._pages.not_found(owner)
        return _response(page, NEVER, status=404)

    async def _answer(
        self,
        request: Request,
        key: tuple[str | None, ...],
        build: Callable[[Connection, Posts, Log], Built | None],
        script: str | None = None,
    ) -> Response:
        try:
            posts, log = self._context.room(Posts), self._context.room(Log)
        except NotSetUp:
            return _response(self._pages.nobody_home(), NEVER)

        left = await self._left(request, log)
        if left is not None:
            return left

        def built() -> Awaitable[Built | None]:
            return self._context.db.read_long(lambda conn: build(conn, posts, log))

        page = await self._cache.get(key, built)
        if page is None:
            return await self.not_found(request)
        if _has_it(request, page.etag):
            return Response(status_code=304, headers={"ETag": page.etag, "Cache-Control": PUBLIC})
        return _response(page, PUBLIC, script=script)

    def _forget_residence(self) -> None:
        self._residence = None
        self._cache.forget()

    async def _left(self, request: Request, log: Log) -> Response | None:
        """Say where the owner went, or that they gave this page up; None while they live here."""
        residence = self._context.room(Delivery).residence
        if self._residence is None:
            self._residence = await self._context.db.read(
                lambda conn: (residence.moved_to(conn), residence.is_given_up(conn))
            )
        moved_to, is_given_up = self._residence
        if is_given_up:
            return _response(self._pages.given_up(), NEVER, status=410)
        if moved_to is None:
            return None
        owner = await self._context.db.read(lambda conn: owner_of(conn, log))
        page = self._pages.moved(owner, moved_to)
        if is_private(moved_to):  # nowhere a visitor could be sent to
            return _response(page, NEVER, status=410)
        response = _response(page, NEVER, status=308)  # with its own words for who does not follow
        response.headers["Location"] = moved_to + _as_asked(request)
        return response

    def _base(self, request: Request) -> str:
        """Give the address that links and feeds name: the owner's, else the one that was asked."""
        if self._context.settings.address:
            return self._context.settings.address.rstrip("/")
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            host = "localhost"
        return f"{request.url.scheme}://{host}"


def _as_asked(request: Request) -> str:
    """The path and query as they stood in the request line. Browsers keep what stands after the #, so invites follow."""
    path = (request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    return path.partition("?")[0] + (f"?{query}" if query else "")


def _has_it(request: Request, etag: str) -> bool:
    """RFC 9110 13.1.2: weak comparison; a visitor may name several."""
    offered = request.headers.get("if-none-match", "")
    return etag in {one.strip().removeprefix("W/") for one in offered.split(",")}


def _response(
    page: Built, caching: str, *, status: int = 200, script: str | None = None
) -> Response:
    headers = {"Cache-Control": caching, "ETag": page.etag}
    if page.media_type == HTML:
        headers["Content-Security-Policy"] = _policy(page.body, script)
    return Response(page.body, status, headers, page.media_type)


def routes(context: ApiContext) -> list[Route]:
    site = Site(context)
    return [
        Route("/", site.home),
        Route("/p/{ref}", site.post),
        Route("/feed.atom", site.atom),
        Route("/feed.json", site.json_feed),
        Route("/i", site.invitation),
        Route("/h", site.help),
        Route("/site/{version}/{name:path}", site.asset),
    ]


def not_found(context: ApiContext) -> Callable[[Request], Awaitable[Response]]:
    """Give an endpoint that says, in the page's look, that there is nothing here."""
    return Site(context).not_found
