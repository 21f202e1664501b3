"""From what the composer asks for to a post: with its files, its link card, now or when its files are ready."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from microsocial.context import ApiContext, Body
from microsocial.media import held
from microsocial.media.attachments import Chosen, Shown, say_with
from microsocial.media.cards import Card, Cards
from microsocial.media.held import NotWaiting, Waited, WaitingShape
from microsocial.media.waiting import Waiting
from microsocial.posts.model import MAX_CHOSEN, Choice, Class, Draft, Post
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
    expires: int | None = Field(default=None, ge=0, le=MAX_INTEGER)

    def draft(self) -> Draft:
        return Draft(self.text, self.audience.choice(), key=self.key, expires=self.expires)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True)


async def publish(context: ApiContext, asked: NewPost, *, has_waited: bool = False) -> Post:
    """Say it; the same `key` again gives the same post. Raises NotWaiting when it `has_waited` and was taken back meanwhile."""
    posts = context.room(Posts)
    draft = asked.draft()

    def say(conn: Connection, shown: Shown) -> Post:
        post = posts.publish(conn, replace(draft, media=shown.media, links=shown.links))
        if not held.done(conn, "post", asked.key, post["id"]) and has_waited:
            raise NotWaiting
        return post

    async with _card(context, asked.text) as card:
        return await say_with(
            context,
            asked.media,
            say,
            public=asked.audience.class_ == "public",
            said=lambda conn: posts.said_before(conn, asked.key),
            card=card,
        )


async def wait(context: ApiContext, asked: NewPost) -> WaitingShape | None:
    """Let it wait if its files are here, but not ready; None when they are not to be waited for."""
    waiting = context.room(Waiting)
    if not await waiting.should_wait([one.id for one in asked.media]):
        return None
    posts = context.room(Posts)
    return await waiting.keep(
        "post", asked.key, asked.as_json(), lambda conn: posts.check(conn, asked.draft())
    )


async def say_waited(context: ApiContext, waited: Waited) -> None:
    """Its files are ready."""
    asked = NewPost.model_validate({**waited.asked, "key": waited.key})
    await publish(context, asked, has_waited=True)


def _card(context: ApiContext, text: str) -> "AbstractAsyncContextManager[Card | None]":
    """Look at the first link of a post, if there is one."""
    url = first_link(text)
    return context.room(Cards).look(url) if url else nullcontext()
