"""Export and import over HTTP, for the owner (docs/develop/api.md, "Your data")."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from microsocial.archive.website import layout
from microsocial.archive.website.export import Export, Rooms
from microsocial.archive.website.importing import Importing
from microsocial.archive.website.model import Wanted
from microsocial.archive.website.scratch import received
from microsocial.archive.website.streaming import Downloads
from microsocial.archive.work import AlreadyWorking, Job, Progress, Work, Workbench
from microsocial.context import ApiContext
from microsocial.friends.service import Friends
from microsocial.media.service import Media
from microsocial.posts.service import Posts
from microsocial.records.service import Log

T = TypeVar("T")

ZIP = "application/zip"


class Download(StreamingResponse):
    """A stream that is over when its reader is gone, not when somebody collects what is left of it."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], **about: Any) -> None:
        super().__init__(pieces, **about)
        self._pieces = pieces

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._pieces.aclose()


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter()

    @routes.get("/export", response_class=StreamingResponse)
    async def export(messages: Literal["yes", "no"] = "no") -> StreamingResponse:
        """Everything of mine as one zip that is a website; with private conversations when asked."""
        made = context.clock.now()
        rooms = Rooms(
            context.room(Log), context.room(Media), context.room(Friends), context.room(Posts)
        )
        name = await context.db.read(lambda conn: _file_name(conn, rooms, made))
        wanted = Wanted(messages=messages == "yes")
        pieces = context.room(Downloads).begin(Export(rooms, wanted, made, name).pieces)
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return Download(pieces, media_type=ZIP, headers=headers)

    @routes.post("/import", status_code=202)
    async def bring_back(request: Request) -> Work:
        """Take an export in and bring back what is missing here; `work.changed` says how it goes."""
        if context.room(Workbench).is_busy:
            raise AlreadyWorking  # before a hundred gigabytes come for nothing
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() and len(announced) < 20 else 0
        scratch = await received(context.settings.data, request.stream(), length)
        try:
            return context.room(Workbench).start("import", _job(context, scratch))
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise

    return routes


def _file_name(conn: Connection, rooms: Rooms, made: int) -> str:
    name = rooms.friends.person(conn, rooms.log.me.id)["name"]
    return f"{layout.joined(layout.slug(name) or 'microsocial', f'{layout.moment(made):%Y-%m-%d}')}.zip"


def _job(context: ApiContext, scratch: Path) -> Job:
    def job(progress: Progress) -> str:
        def write(change: Callable[[Connection], T]) -> T:
            return progress.wait(context.db.write(change))

        try:
            return Importing(context, write, progress).run(scratch)
        finally:
            scratch.unlink(missing_ok=True)

    return job
