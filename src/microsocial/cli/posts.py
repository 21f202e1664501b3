"""Commands about what is said: posts, comments, reactions, the feed, search."""

import sys
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
from microsocial.cli.people import find_circle
from microsocial.cli.words import moment, say
from microsocial.client import calls
from microsocial.client.model import Media, Post, Readers
from microsocial.errors import Invalid

posts_group = typer.Typer(help="One post: look, change, take back.", no_args_is_help=True)

TextArgument = Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")]
ExpiresOption = Annotated[
    str | None,
    typer.Option(metavar="AGE", help="Gone everywhere after: 12h, 7d, 4w.", show_default=False),
]
PostArgument = Annotated[
    str, typer.Argument(metavar="POST", help="The post's id or its beginning.")
]


class NothingToSay(Invalid):
    """There is nothing to say. Give a text, or - to read it from standard input."""


def register(app: typer.Typer) -> None:
    owner_command(app, "post")(post)
    app.add_typer(posts_group, name="posts")
    owner_command(app, "comment")(comment)
    owner_command(app, "react")(react)
    owner_command(app, "feed")(feed)
    owner_command(app, "search")(search)


def read_text(text: str, *, may_be_empty: bool = False) -> str:
    said = sys.stdin.read().rstrip("\n") if text == "-" else text
    if not said.strip() and not may_be_empty:
        raise NothingToSay
    return said


def readers(door: Door, audience: str) -> Readers:
    """What `--audience` means: a class, circle:NAME, or people separated by commas."""
    match audience:
        case "public" | "friends" | "me":
            return {"class": audience}
        case _ if audience.startswith("circle:"):
            circle = find_circle(door, audience.removeprefix("circle:"))
            return {"class": "circle", "circle": circle["id"]}
        case _:
            named = [name.strip() for name in audience.split(",") if name.strip()]
            # The order of the names says nothing; the same person named twice is one reader.
            people = dict.fromkeys(door.person(name) for name in named)
            return {"class": "chosen", "people": list(people)}


def shown(media: Media) -> str:
    """A photo, clip or voice note as a line of text."""
    words = media["caption"] or media["alt"]
    return f"[{media['kind']}{': ' + ' '.join(words.split()) if words else ''}]"


def lines(post: Post) -> list[str]:
    """One post with the comments it came with, in words."""
    edited = ", edited" if post["edited"] else ""
    head = f"{post['id'][:8]}  {post['author']['name']}, {moment(post['created'])}{edited}  [{post['audience']['label']}]"
    said = [head, *(f"    {line}" for line in post["text"].splitlines())]
    said += [f"    {shown(one)}" for one in post["media"]]
    if post["reactions"]:
        marks = (
            f"{one['emoji']} {', '.join(person['name'] for person in one['people'])}"
            for one in post["reactions"]
        )
        said.append("    " + " · ".join(marks))
    for comment in post.get("comments", []):
        text = " ".join(comment["text"].splitlines())
        said.append(f"    {comment['id'][:8]}  {comment['author']['name']}: {text}")
    delivery = post.get("delivery")
    if delivery:
        said.append(f"    {delivery['sentence']}")
    return said


def post(
    door: Door,
    text: TextArgument,
    audience: Annotated[
        str, typer.Option(metavar="WHO", help="public, friends, circle:NAME, ID,… or me.")
    ] = "friends",
    photo: PhotoOption = None,
    clip: ClipOption = None,
    voice: VoiceOption = None,
    caption: CaptionOption = None,
    alt: AltOption = None,
    expires: ExpiresOption = None,
) -> None:
    """Say something, with photos, a clip or a voice note if you like."""
    files = [*(photo or []), *filter(None, (clip, voice))]
    words, whom = read_text(text, may_be_empty=bool(files)), readers(door, audience)
    media = bring(door, files, caption or [], alt or [])
    said = door.do(calls.publish(words, whom, media=media, expires=from_now(expires)))
    door.tell(said, f"Posted {said['id'][:8]} for {said['audience']['label']}.")


@owner_command(posts_group, "show")
def show(door: Door, post_id: PostArgument) -> None:
    """Show a post with its thread and who has it by now."""
    shown = door.do(calls.post(door.record(post_id)))
    door.tell(shown, *lines(shown))


@owner_command(posts_group, "edit")
def edit(door: Door, post_id: PostArgument, text: TextArgument) -> None:
    """Change the text of your post. Its readers stay the same."""
    changed = door.do(calls.edit(door.record(post_id), read_text(text)))
    door.tell(changed, "Changed. Everyone who has it gets the new text.")


@owner_command(posts_group, "delete")
def delete(door: Door, post_id: PostArgument) -> None:
    """Delete your post here and at everyone who has it."""
    found = door.record(post_id)
    door.do(calls.delete(found))
    door.tell({"id": found}, "Deleted. Everyone who has it is told to delete it too.")


def comment(door: Door, post_id: PostArgument, text: TextArgument) -> None:
    """Answer a post. Everyone who sees the post sees the comment."""
    said = door.do(calls.comment(door.record(post_id), read_text(text)))
    door.tell(said, f"Commented {said['id'][:8]}.")


def react(door: Door, post_id: PostArgument, emoji: str) -> None:
    """Put an emoji on a post; again to take it back."""
    done = door.do(calls.react(door.record(post_id), emoji))
    door.tell(done, "Done." if done["mine"] else "Taken back.")


def feed(
    door: Door,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many posts.")] = 20,
    cursor: Annotated[
        str | None, typer.Option(help="Go on where the last page ended.", show_default=False)
    ] = None,
) -> None:
    """Read what friends posted, newest first."""
    page = door.do(calls.feed(limit, cursor))
    if door.as_json:
        door.tell(page)
        return
    for one in page["items"]:
        say("\n".join(lines(one)))
        say()
    if page["end"]:
        say("That is everything." if page["items"] else "Nothing here yet.")
    else:
        say(f"Go on with: microsocial feed --cursor {page['cursor']}")


def search(door: Door, words: Annotated[list[str], typer.Argument(metavar="WORDS")]) -> None:
    """Search everything you can see."""
    found = door.do(calls.search(" ".join(words)))
    door.tell(
        found,
        *(line for one in found["posts"] for line in lines(one)),
        *(
            f"{one['id'][:8]}  message, {moment(one['created'])}: {one['text']}"
            for one in found["messages"]
        ),
        *(f"{one['id'][:8]}  {one['name']}" for one in found["people"]),
        *([] if any(found.values()) else ["Nothing found."]),
    )
