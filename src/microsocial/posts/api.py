"""Posts over HTTP, for the owner (docs/develop/api.md, "Posts, feed")."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from microsocial.context import ApiContext, Body
from microsocial.media.attachments import Chosen, say_with
from microsocial.media.cards import Card, Cards
from microsocial.posts.drafts import KeptDraft
from microsocial.posts.model import (
    MAX_CHOSEN,
    Choice,
    Class,
    Comment,
    Delivery,
    Draft,
    Post,
    Reaction,
)
from microsocial.posts.service import Posts
from microsocial.protocol.limits import MAX_INTEGER, MAX_MEDIA
from microsocial.records.markup import first_link


class AudienceAsked(Body):
    """Who shall see it."""

    class_: Class = Field(alias="class")
    circle: str | None = None
    people: list[str] = Field(default_factory=list, max_length=MAX_CHOSEN)

    def choice(self) -> Choice:
        return Choice(self.class_, self.circle, tuple(self.people))


class NewPost(Body):
    """What to say, and to whom."""

    text: str = ""
    audience: AudienceAsked
    media: list[Chosen] = Field(default_factory=list, max_length=MAX_MEDIA)
    key: str | None = None


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

    @routes.post("/posts", status_code=201)
    async def publish(asked: NewPost) -> Post:
        draft = Draft(asked.text, asked.audience.choice(), key=asked.key)
        before = await context.db.read(lambda conn: posts().said_before(conn, asked.key))
        if before is not None:
            return before
        async with _card(context, asked.text) as card:
            return await say_with(
                context,
                asked.media,
                lambda conn, shown: posts().publish(
                    conn, replace(draft, media=shown.media, links=shown.links)
                ),
                public=asked.audience.class_ == "public",
                said=lambda conn: posts().said_before(conn, asked.key),
                card=card,
            )

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


def _card(context: ApiContext, text: str) -> "AbstractAsyncContextManager[Card | None]":
    """Look at the first link of a post, if there is one."""
    url = first_link(text)
    return context.room(Cards).look(url) if url else nullcontext()


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
