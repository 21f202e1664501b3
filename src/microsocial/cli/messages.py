"""Commands about private conversations."""

from typing import Annotated

import typer

from microsocial.cli.door import Door, owner_command
from microsocial.cli.durations import from_now
from microsocial.cli.files import (
    AltOption,
    CaptionOption,
    ClipOption,
    PhotoOption,
    VoiceOption,
    bring,
)
from microsocial.cli.posts import ExpiresOption, TextArgument, read_text, shown
from microsocial.cli.words import moment
from microsocial.client import calls
from microsocial.client.model import Conversation, Message
from microsocial.errors import Invalid

FriendArgument = Annotated[
    str, typer.Argument(metavar="FRIEND", help="The id, its beginning, or the name.")
]


EXCERPT = 60  # characters of a message in the overview


class WhoseMessages(Invalid):
    """Say whose messages you mean."""


def register(app: typer.Typer) -> None:
    owner_command(app, "message")(message)
    owner_command(app, "messages")(messages)


def message(
    door: Door,
    friend: FriendArgument,
    text: TextArgument,
    photo: PhotoOption = None,
    clip: ClipOption = None,
    voice: VoiceOption = None,
    caption: CaptionOption = None,
    alt: AltOption = None,
    expires: ExpiresOption = None,
) -> None:
    """Write to a friend. It arrives when they are back, if they are away."""
    files = [*(photo or []), *filter(None, (clip, voice))]
    words, whom = read_text(text, may_be_empty=bool(files)), door.person(friend)
    media = bring(door, files, caption or [], alt or [])
    sent = door.do(calls.send(whom, words, media=media, expires=from_now(expires)))
    door.tell(sent, sent["sentence"] or "Sent.")


def messages(
    door: Door,
    friend: Annotated[
        str | None, typer.Argument(metavar="FRIEND", help="Without it: all conversations.")
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Clear the conversation on both sides.")
    ] = False,
    unsend: Annotated[
        str | None, typer.Option(metavar="ID", help="Take one of your messages back.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=500, help="How many, counted from the end.")
    ] = 50,
    cursor: Annotated[
        str | None, typer.Option(help="Go on where the last page ended.", show_default=False)
    ] = None,
) -> None:
    """Read a conversation, clear it, or take a message back."""
    if friend is None:
        if clear or unsend:
            raise WhoseMessages
        _overview(door)
        return
    found = door.person(friend)
    if clear:
        cleared = door.do(calls.clear(found))
        door.tell(cleared, cleared["sentence"])
    elif unsend:
        taken = door.record(unsend)
        door.do(calls.unsend(found, taken))
        door.tell({"id": taken}, "Taken back.")
    else:
        _conversation(door, found, limit, cursor)


def _overview(door: Door) -> None:
    conversations = door.do(calls.conversations())
    door.tell(
        conversations,
        *(
            f"{one['friend']['name']}{' (new)' if one['unread'] else ''}  {_last(one)}".rstrip()
            for one in conversations
        ),
    )


def _last(one: Conversation) -> str:
    """The newest message of a conversation, on one line."""
    newest = one["last"]
    if newest is None:
        return ""
    text = " ".join(newest["text"].split())
    text = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    media = "".join(f" {shown(each)}" for each in newest["media"])
    state = f"  ({one['sentence']})" if newest["from_me"] and one["sentence"] else ""
    return f"{'you: ' if newest['from_me'] else ''}{text}{media}{state}"


def _conversation(door: Door, friend_id: str, limit: int, cursor: str | None) -> None:
    page = door.do(calls.messages(friend_id, limit, cursor))
    door.tell(
        page,
        *(note["sentence"] for note in page.get("notes", [])),
        *(_line(one) for one in reversed(page["items"])),
    )


def _line(one: Message) -> str:
    who = "you" if one["from_me"] else "they"
    state = f"  ({one['sentence']})" if one["from_me"] and one["sentence"] else ""
    media = "".join(f" {shown(each)}" for each in one["media"])
    return f"{one['id'][:8]}  {moment(one['created'])}  {who}: {one['text']}{media}{state}"
