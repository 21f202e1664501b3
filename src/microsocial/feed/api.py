"""The feed over HTTP, for the owner (docs/develop/api.md, "Posts, feed" and "Notices")."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from typing_extensions import TypedDict

from microsocial.context import ApiContext, Body
from microsocial.feed.model import (
    DEFAULT_FOUND,
    DEFAULT_PAGE,
    MAX_FOUND,
    MAX_PAGE,
    FeedPage,
    Found,
    Notice,
    PostPage,
)
from microsocial.feed.notices import Notices
from microsocial.feed.service import Feed
from microsocial.protocol.limits import MAX_INTEGER

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
FoundLimit = Annotated[int, Query(ge=1, le=MAX_FOUND)]


class Until(Body):
    """How far the owner has read: a shown time in milliseconds."""

    until: int = Field(ge=0, le=MAX_INTEGER)


class ReadUntil(TypedDict):
    """The read mark as it stands."""

    read_until: int


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["feed"])

    def feed() -> Feed:
        return context.room(Feed)

    @routes.get("/feed")
    async def page(limit: Limit = DEFAULT_PAGE, cursor: str | None = None) -> FeedPage:
        return await context.db.read(lambda conn: feed().page(conn, limit, cursor))

    @routes.post("/feed/read")
    async def read(asked: Until) -> ReadUntil:
        until = await context.db.write(lambda conn: feed().read(conn, asked.until))
        return ReadUntil(read_until=until)

    @routes.get("/people/{person}/posts")
    async def of_person(
        person: str, limit: Limit = DEFAULT_PAGE, cursor: str | None = None
    ) -> PostPage:
        return await context.db.read(lambda conn: feed().of_person(conn, person, limit, cursor))

    @routes.get("/search")
    async def search(q: str, limit: FoundLimit = DEFAULT_FOUND) -> Found:
        return await context.db.read_long(lambda conn: feed().search(conn, q, limit))

    _add_notices(routes, context)
    return routes


def _add_notices(routes: APIRouter, context: ApiContext) -> None:
    def notices() -> Notices:
        return context.room(Notices)

    @routes.get("/notices")
    async def list_notices() -> list[Notice]:
        return await context.db.read_long(notices().all)

    @routes.post("/notices/read", status_code=204)
    async def read_notices() -> Response:
        await context.db.write(notices().read)
        return Response(status_code=204)
