"""Conversations over the owner's API (docs/develop/api.md, "Messages")."""

from fastapi import APIRouter
from pydantic import Field

from microsocial.context import ApiContext, Body
from microsocial.media.attachments import Chosen, say_with
from microsocial.messages.model import (
    DEFAULT_PAGE,
    ConversationShape,
    MessageShape,
    PageShape,
)
from microsocial.messages.service import Messages
from microsocial.protocol.limits import MAX_MEDIA


class NewMessage(Body):
    text: str = ""
    media: list[Chosen] = Field(default_factory=list, max_length=MAX_MEDIA)
    key: str | None = None


class Edit(Body):
    text: str


class ClearedShape(Body):
    cleared: int
    sentence: str


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["messages"])

    @routes.get("/messages")
    async def conversations() -> list[ConversationShape]:
        return await context.db.read_long(context.room(Messages).conversations)

    @routes.get("/messages/{friend}")
    async def conversation(
        friend: str, limit: int = DEFAULT_PAGE, cursor: str | None = None
    ) -> PageShape:
        messages = context.room(Messages)
        return await context.db.read(
            lambda conn: messages.page(conn, friend, limit=limit, cursor=cursor)
        )

    @routes.post("/messages/{friend}", status_code=201)
    async def send(friend: str, asked: NewMessage) -> MessageShape:
        messages = context.room(Messages)
        return await say_with(
            context,
            asked.media,
            lambda conn, shown: messages.send(
                conn, friend, asked.text, media=shown.media, key=asked.key
            ),
            public=False,
            said=lambda conn: messages.sent_before(conn, asked.key),
        )

    @routes.patch("/messages/{friend}/{ref}")
    async def edit(friend: str, ref: str, asked: Edit) -> MessageShape:
        messages = context.room(Messages)
        return await context.db.write(lambda conn: messages.edit(conn, friend, ref, asked.text))

    @routes.delete("/messages/{friend}/{ref}", status_code=204)
    async def unsend(friend: str, ref: str) -> None:
        messages = context.room(Messages)
        await context.db.write(lambda conn: messages.unsend(conn, friend, ref))
        await context.db.checkpoint_erased()

    @routes.post("/messages/{friend}/clear")
    async def clear(friend: str) -> ClearedShape:
        messages = context.room(Messages)
        done = await context.db.write(lambda conn: messages.clear(conn, friend))
        await context.db.checkpoint_erased()  # "gone" is said when it is gone from the files too
        return ClearedShape(cleared=done.count, sentence=done.sentence)

    @routes.post("/messages/{friend}/read", status_code=204)
    async def read(friend: str) -> None:
        messages = context.room(Messages)
        await context.db.write(lambda conn: messages.read(conn, friend))

    return routes
