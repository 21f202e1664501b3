"""Backups over HTTP, for the owner (docs/develop/api.md, "Your data")."""

from fastapi import APIRouter
from pydantic import Field

from microsocial.archive.backups.keeper import Backups
from microsocial.archive.backups.model import Every, State
from microsocial.archive.work import Work
from microsocial.context import ApiContext, Body

LONGEST_PATH = 1000  # characters; systems take 4,096 bytes


class Chosen(Body):
    """Where backups go, what opens them, and how often they are made."""

    folder: str = Field(max_length=LONGEST_PATH)
    passphrase: str | None = None
    every: Every = "day"


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["your data"])

    @routes.get("/backups")
    async def state() -> State:
        """How it stands with the backups."""
        return await context.room(Backups).state()

    @routes.put("/backups")
    async def choose(asked: Chosen) -> State:
        """Say where they go and how often."""
        return await context.room(Backups).choose(asked.folder, asked.passphrase, asked.every)

    @routes.delete("/backups", status_code=204)
    async def end() -> None:
        """Make no more. Those that are there stay."""
        await context.room(Backups).end()

    @routes.post("/backups/run")
    async def run() -> Work:
        """Make one now, and rehearse it."""
        return await context.room(Backups).run()

    @routes.post("/backups/rehearse")
    async def rehearse() -> Work:
        """Prove now that the newest one can be restored."""
        return await context.room(Backups).rehearse()

    return routes
