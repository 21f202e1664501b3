"""Posts over HTTP, for the owner (docs/develop/api.md, "Posts, feed")."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from microsocial.context import ApiContext, Body
from microsocial.media.held import WaitingShape
from microsocial.media.waiting import Waiting
from microsocial.posts import publishing
from microsocial.posts.drafts import KeptDraft
from microsocial.posts.model import Comment, Delivery, Post, Reaction
from microsocial.posts.publishing import NewPost
from microsocial.posts.service import Posts
from microsocial.protocol.limits import MAX_INTEGER


class Words(Body):
    """What to say instead."""

    text: str


class NewComment(Body):
    """What to say under a post."""

    text: str
    key: str | None = None


class Emoji(Body):
    """A reaction to give or take back."""

    emoji: str


class DraftAsked(Body):
    """A draft as the composer has it."""

    text: str = ""
    audience: dict[str, Any] = Field(default_factory=dict)
    media: list[Any] = Field(default_factory=list)


class Since(Body):
    """From which moment on."""

    since: int = Field(ge=0, le=MAX_INTEGER)


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["posts"])
    _add_posts(routes, context)
    _add_threads(routes, context)
    _add_drafts(routes, context)
    return routes


def _add_posts(routes: APIRouter, context: ApiContext) -> None:
    def posts() -> Posts:
        return context.room(Posts)

    @routes.post(
        "/posts", status_code=201, response_model=Post, responses={202: {"model": WaitingShape}}
    )
    async def publish(asked: NewPost) -> Any:
        before = await context.db.read(lambda conn: posts().said_before(conn, asked.key))
        if before is not None:
            return before
        waits = await publishing.wait(context, asked) if asked.media else None
        if waits is not None:
            return JSONResponse(waits, status_code=202)
        return await publishing.publish(context, asked)

    @routes.get("/posts/waiting")
    async def waiting() -> list[WaitingShape]:
        return await context.room(Waiting).all("post")

    @routes.delete("/posts/waiting/{key}", status_code=204)
    async def take_back(key: str) -> Response:
        await context.room(Waiting).take_back("post", key)
        return Response(status_code=204)

    @routes.get("/posts/{post}")
    async def show(post: str) -> Post:
        return await context.db.read(lambda conn: posts().show(conn, post))

    @routes.patch("/posts/{post}")
    async def edit(post: str, asked: Words) -> Post:
        return await context.db.write(lambda conn: posts().edit(conn, post, asked.text))

    @routes.delete("/posts/{post}", status_code=204)
    async def delete(post: str) -> Response:
        await context.db.write(lambda conn: posts().delete(conn, post))
        return Response(status_code=204)

    @routes.get("/posts/{post}/delivery")
    async def receipts(post: str) -> Delivery:
        return await context.db.read(lambda conn: posts().receipts(conn, post))

    @routes.post("/friends/{friend}/offer")
    async def offer(friend: str, asked: Since) -> dict[str, int]:
        offered = await context.db.write(lambda conn: posts().offer(conn, friend, asked.since))
        return {"offered": offered}


def _add_threads(routes: APIRouter, context: ApiContext) -> None:
    def posts() -> Posts:
        return context.room(Posts)

    @routes.post("/posts/{post}/comments", status_code=201)
    async def comment(post: str, asked: NewComment) -> Comment:
        return await context.db.write(
            lambda conn: posts().comment(conn, post, asked.text, asked.key)
        )

    @routes.patch("/comments/{comment}")
    async def edit_comment(comment: str, asked: Words) -> Comment:
        return await context.db.write(lambda conn: posts().edit_comment(conn, comment, asked.text))

    @routes.delete("/comments/{comment}", status_code=204)
    async def delete_comment(comment: str) -> Response:
        await context.db.write(lambda conn: posts().delete_comment(conn, comment))
        return Response(status_code=204)

    @routes.post("/posts/{post}/reactions")
    async def react(post: str, asked: Emoji) -> dict[str, bool | list[Reaction]]:
        mine, reactions = await context.db.write(
            lambda conn: posts().react(conn, post, asked.emoji)
        )
        return {"mine": mine, "reactions": reactions}


def _add_drafts(routes: APIRouter, context: ApiContext) -> None:
    def posts() -> Posts:
        return context.room(Posts)

    @routes.get("/drafts")
    async def drafts() -> list[KeptDraft]:
        return await context.db.read(posts().drafts.all)

    @routes.put("/drafts/{key}")
    async def keep(key: str, asked: DraftAsked) -> KeptDraft:
        return await context.db.write(
            lambda conn: posts().drafts.keep(conn, key, asked.text, asked.audience, asked.media)
        )

    @routes.delete("/drafts/{key}", status_code=204)
    async def drop(key: str) -> Response:
        await context.db.write(lambda conn: posts().drafts.drop(conn, key))
        return Response(status_code=204)
