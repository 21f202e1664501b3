"""Conversations over the owner's API (docs/develop/api.md, "Messages")."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from microsocial.context import ApiContext, Body
from microsocial.media.held import WaitingShape
from microsocial.media.waiting import Waiting
from microsocial.messages import sending
from microsocial.messages.model import (
    DEFAULT_PAGE,
    ConversationShape,
    MessageShape,
    PageShape,
)
from microsocial.messages.sending import NewMessage
from microsocial.messages.service import Messages


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

    @routes.post(
        "/messages/{friend}",
        status_code=201,
        response_model=MessageShape,
        responses={202: {"model": WaitingShape}},
    )
    async def send(friend: str, asked: NewMessage) -> Any:
        messages = context.room(Messages)
        before = await context.db.read(lambda conn: messages.sent_before(conn, asked.key))
        if before is not None:
            return before
        waits = await sending.wait(context, friend, asked) if asked.media else None
        if waits is not None:
            return JSONResponse(waits, status_code=202)
        return await sending.send(context, friend, asked)

    @routes.get("/messages/{friend}/waiting")
    async def waiting(friend: str) -> list[WaitingShape]:
        return await context.room(Waiting).all("message", friend)

    @routes.delete("/messages/{friend}/waiting/{key}", status_code=204)
    async def take_back(friend: str, key: str) -> None:
        await context.room(Waiting).take_back("message", key, friend)

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
