"""The owner as they see themselves: name, a few words, a hue, and whether the recovery sheet is confirmed."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import Connection

from microsocial.context import Body, NotSetUp
from microsocial.errors import Invalid
from microsocial.events import emit
from microsocial.friends.people import persons
from microsocial.identity.model import LONGEST_ABOUT, fit_name
from microsocial.media.attachments import Chosen, Shown, say_with
from microsocial.media.model import BlobsLoosened
from microsocial.node import Node, Rooms
from microsocial.protocol.texts import clean


class Myself(Body):
    name: str | None = None
    about: Annotated[str, Field(max_length=LONGEST_ABOUT)] | None = None
    hue: Annotated[int, Field(ge=0, lt=360)] | None = None
    avatar: Annotated[str, Field(max_length=64)] | None = (
        None  # an upload; null takes the picture away
    )

    def changes(self) -> dict[str, Any]:
        """Give the profile's fields that are to be another, but for a new picture."""
        changes = self.model_dump(exclude_none=True, exclude={"avatar"})
        if self.name is not None:
            changes["name"] = fit_name(self.name)
        if self.about is not None:
            changes["about"] = clean(self.about)
        if "avatar" in self.model_fields_set and self.avatar is None:
            changes["avatar"] = None
        return changes


class NotAPhoto(Invalid):
    """Choose a photo as your picture."""


def router(node: Node) -> APIRouter:
    routes = APIRouter(tags=["identity"])

    @routes.get("/me")
    async def me() -> dict[str, Any]:
        """Who you are here."""
        return await node.db.read(lambda conn: shown(node, conn))

    @routes.patch("/me")
    async def change(asked: Myself) -> dict[str, Any]:
        """Change what is named, keep the rest. Friends hear of it."""
        changes = asked.changes()

        def revise(conn: Connection, face: Shown) -> dict[str, Any]:
            if face.media:
                changes["avatar"] = as_face(face.media[0])
                emit(conn, BlobsLoosened())  # its larger sizes are shown nowhere
            if changes:
                rooms_of(node).log.set_one(conn, "profile", changes)
            return shown(node, conn)

        is_public = await node.db.read(lambda conn: node.profile(conn).audience == "public")
        chosen = [Chosen(id=asked.avatar)] if asked.avatar else []
        return await say_with(node, chosen, revise, public=is_public)

    return routes


def as_face(item: dict[str, Any]) -> dict[str, Any]:
    """A photo as it stands in a profile: its small size, which is all that is ever shown."""
    if item["kind"] != "photo":
        raise NotAPhoto(field="avatar")
    return {**item, "sizes": [size for size in item["sizes"] if size["role"] == "small"]}


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
