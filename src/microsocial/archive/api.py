"""What runs long, over HTTP, and the sub-rooms' routers joined (docs/develop/api.md, "Your data")."""

from collections.abc import Callable

from fastapi import APIRouter

from microsocial.archive import moving_api as moving
from microsocial.archive.backups import api as backups
from microsocial.archive.leaving import api as leaving
from microsocial.archive.website import api as website
from microsocial.archive.work import Work, Workbench
from microsocial.context import ApiContext

# Each sub-room's `router(context)` goes in here, one line each.
SUB_ROOMS: tuple[Callable[[ApiContext], APIRouter], ...] = (
    backups.router,
    website.router,
    leaving.router,
    moving.router,
)


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["your data"])

    @routes.get("/work")
    async def works() -> list[Work]:
        """What runs and what ran, newest first."""
        return context.room(Workbench).all()

    @routes.post("/work/{work_id}/stop")
    async def stop(work_id: str) -> Work:
        """Ask it to stop; `work.changed` says when it has."""
        return context.room(Workbench).stop(work_id)

    for make in SUB_ROOMS:
        routes.include_router(make(context))
    return routes
