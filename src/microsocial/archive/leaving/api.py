"""Room, purging and leaving over HTTP, for the owner (docs/develop/api.md, "Your data")."""

import asyncio

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from microsocial.archive.leaving.departure import Departure
from microsocial.archive.leaving.going import Going
from microsocial.archive.leaving.model import (
    LeavingShape,
    PasswordNeeded,
    PurgeShape,
    StorageShape,
    What,
    Wish,
)
from microsocial.archive.leaving.purge import Purge, shape
from microsocial.archive.leaving.purging import Purging
from microsocial.archive.leaving.storage import choose_ceiling, look_at, storage
from microsocial.context import ApiContext, Body
from microsocial.identity.proving import Proving
from microsocial.media.fetching import Fetching
from microsocial.protocol.limits import MAX_INTEGER


class Ceiling(Body):
    """How much room friends' photos and clips may take, in bytes."""

    ceiling: int = Field(ge=0, le=MAX_INTEGER)


class AskedPurge(Body):
    """What should go; `try` only counts. What goes at friends' too needs the owner's password once more."""

    what: What
    older_than: int | None = Field(default=None, ge=0, le=MAX_INTEGER)
    friend: str | None = None
    tell: bool = False
    try_: bool = Field(default=False, alias="try")
    password: str | None = None

    def wish(self) -> Wish:
        return Wish(self.what, self.older_than, self.friend, self.tell)


class Password(Body):
    """The owner's password, once more."""

    password: str


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["your data"])
    _add_room(routes, context)
    _add_leaving(routes, context)
    return routes


def _add_room(routes: APIRouter, context: ApiContext) -> None:
    async def shown() -> StorageShape:
        disk = await asyncio.to_thread(look_at, context.settings.data)
        ceiling = context.room(Fetching).ceiling_bytes
        return await context.db.read_long(
            lambda conn: storage(conn, disk, ceiling, context.clock.now())
        )

    @routes.get("/storage")
    async def room_taken() -> StorageShape:
        """What uses how much room, and what could go."""
        return await shown()

    @routes.patch("/storage")
    async def set_ceiling(asked: Ceiling) -> StorageShape:
        """Give friends' photos and clips another ceiling. What does not fit goes at once; it comes again when looked at."""
        await context.db.write(lambda conn: choose_ceiling(conn, asked.ceiling))
        await context.room(Fetching).keep_to(asked.ceiling)
        return await shown()

    @routes.post("/purge")
    async def purge(request: Request, asked: AskedPurge) -> PurgeShape:
        """Let things go by kind, age and friend. Answers when they are gone from the files too; `work.changed` shows how far it is."""
        wish, purging = asked.wish(), Purging(context)
        context.room(Purge).check(wish)
        if asked.try_:
            return shape(wish, await purging.found(wish), is_done=False)
        if wish.tell:
            if asked.password is None:
                raise PasswordNeeded(field="password")
            await context.room(Proving).again(request, context.db, asked.password)
        went = await purging.purge(wish)
        return shape(wish, went, is_done=True, is_aside=purging.is_aside)


def _add_leaving(routes: APIRouter, context: ApiContext) -> None:
    async def shown() -> LeavingShape:
        return await context.db.read(context.room(Departure).shape)

    @routes.get("/leaving")
    async def leaving() -> LeavingShape:
        """How far deleting everything has come."""
        return await shown()

    @routes.post("/leaving")
    async def leave(request: Request, asked: Password) -> LeavingShape:
        """Begin to delete everything: here, and at everybody who has it."""
        await context.room(Proving).again(request, context.db, asked.password)
        await context.db.write(context.room(Departure).begin)
        context.room(Going).go()
        return await shown()

    @routes.delete("/leaving")
    async def stay() -> LeavingShape:
        """Stop it, as long as the node is there. What was taken back stays gone; friends stay friends."""
        await context.db.write(context.room(Departure).stop)
        return await shown()

    @routes.post("/leaving/finish")
    async def finish(request: Request, asked: Password) -> LeavingShape:
        """Wait for nobody any longer: say goodbye, empty this folder, end the node."""
        await context.room(Proving).again(request, context.db, asked.password)
        last = await shown()
        await context.room(Going).finish()
        return last
