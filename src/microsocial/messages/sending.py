"""From what is asked for to a message: with its files, now or when they are ready."""

from typing import Any

from pydantic import Field
from sqlalchemy import Connection

from microsocial.context import ApiContext, Body
from microsocial.media import held
from microsocial.media.attachments import Chosen, Shown, say_with
from microsocial.media.held import NotWaiting, Waited, WaitingShape
from microsocial.media.waiting import Waiting
from microsocial.messages.model import MessageShape
from microsocial.messages.service import Messages
from microsocial.protocol.limits import MAX_INTEGER, MAX_MEDIA


class NewMessage(Body):
    text: str = ""
    media: list[Chosen] = Field(default_factory=list, max_length=MAX_MEDIA)
    key: str | None = None
    expires: int | None = Field(default=None, ge=0, le=MAX_INTEGER)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump()


async def send(
    context: ApiContext, friend: str, asked: NewMessage, *, has_waited: bool = False
) -> MessageShape:
    """Say it; the same `key` again gives the same message. Raises NotWaiting when it `has_waited` and was taken back meanwhile."""
    messages = context.room(Messages)

    def say(conn: Connection, shown: Shown) -> MessageShape:
        message = messages.send(
            conn,
            friend,
            asked.text,
            media=shown.media,
            key=asked.key,
            expires=asked.expires,
        )
        if not held.done(conn, "message", asked.key, message["id"]) and has_waited:
            raise NotWaiting
        if not has_waited:  # who writes has read what stands above
            messages.read(conn, friend)
        return message

    return await say_with(
        context,
        asked.media,
        say,
        public=False,
        said=lambda conn: messages.sent_before(conn, asked.key),
    )


async def wait(context: ApiContext, friend: str, asked: NewMessage) -> WaitingShape | None:
    """Let it wait if its files are here, but not ready; None when they are not to be waited for."""
    waiting, messages = context.room(Waiting), context.room(Messages)
    if not await waiting.should_wait([one.id for one in asked.media]):
        return None

    def check(conn: Connection) -> None:
        messages.check(conn, friend, asked.text, asked.key, asked.expires)
        messages.read(conn, friend)

    return await waiting.keep("message", asked.key, asked.as_json(), check, friend)


async def say_waited(context: ApiContext, waited: Waited) -> None:
    """Its files are ready."""
    asked = NewMessage.model_validate({**waited.asked, "key": waited.key})
    await send(context, waited.friend or "", asked, has_waited=True)
