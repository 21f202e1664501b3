"""The owner as they see themselves: name, a few words, a hue, and whether the recovery sheet is confirmed."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from microsocial.context import Body, NotSetUp
from microsocial.friends.people import persons
from microsocial.identity.model import LONGEST_ABOUT, fit_name
from microsocial.node import Node, Rooms
from microsocial.protocol.texts import clean


class Myself(Body):
    name: str | None = None
    about: Annotated[str, Field(max_length=LONGEST_ABOUT)] | None = None
    hue: Annotated[int, Field(ge=0, lt=360)] | None = None


def router(node: Node) -> APIRouter:
    routes = APIRouter(tags=["identity"])

    @routes.get("/me")
    async def me() -> dict[str, Any]:
        """Who you are here."""
        return await node.db.read(lambda conn: shown(node, conn))

    @routes.patch("/me")
    async def change(asked: Myself) -> dict[str, Any]:
        """Change what is named, keep the rest. Friends hear of it."""
        changes = asked.model_dump(exclude_none=True)
        if asked.name is not None:
            changes["name"] = fit_name(asked.name)
        if asked.about is not None:
            changes["about"] = clean(asked.about)

        def revise(conn: Connection) -> dict[str, Any]:
            rooms = rooms_of(node)
            if changes:
                rooms.log.set_one(conn, "profile", changes)
            return shown(node, conn)

        return await node.db.write(revise)

    return routes


def rooms_of(node: Node) -> Rooms:
    if node.rooms is None:
        raise NotSetUp
    return node.rooms


def shown(node: Node, conn: Connection) -> dict[str, Any]:
    me = rooms_of(node).me
    person = persons(conn, me.id, (me.id,))[me.id]
    waiting = node.identity.words_asked(conn)
    profile = node.profile(conn)
    return {
        **person,
        "name": profile.name,
        "hue": profile.hue,
        "about": profile.about,
        "address": node.address,
        "words_confirmed": waiting is None,
        "words_asked": list(waiting.numbers) if waiting else None,
    }
