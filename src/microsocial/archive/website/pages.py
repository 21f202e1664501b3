"""The pages of an export: shapes of posts and conversations in, HTML out. Pure but for reading its own templates."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from microsocial.archive.website import layout
from microsocial.archive.website.gallery import Picture, shown
from microsocial.friends.model import Person
from microsocial.posts.model import Comment, Post
from microsocial.posts.words import listed
from microsocial.records.markup import plain, render
from microsocial.site.assets import assets
from microsocial.site.dates import iso
from microsocial.site.model import LONG_WORDS, TITLE_CHARACTERS, Owner, shortened

HERE = Path(__file__).parent
_FONT = re.compile(r"url\((fonts/[\w.-]+)\)")
MOST_NAMES = 12  # in a line that says who sees a post
AWAY = {
    "photo": "This photo was not on the machine when all this was taken along.",
    "clip": "This clip was not on the machine when all this was taken along.",
    "voice": "This voice note was not on the machine when all this was taken along.",
}


@dataclass(frozen=True)
class Leaf:
    """One page of a series: where it stands, what stands over it, and how many things are on it."""

    path: str
    words: str
    count: int


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["iso"] = iso
    made.filters["ratio"] = _ratio
    made.filters["away"] = lambda item: AWAY.get(item["kind"], AWAY["photo"])
    made.filters["initial"] = lambda name: name.strip()[:1].upper()
    return made


class Pages:
    """Writes the pages of one export."""

    def __init__(self, owner: Owner, made: int, zone: tzinfo | None) -> None:
        self._owner = owner
        self._made = made
        self._zone = zone
        self._templates = environment().overlay()
        self._templates.filters["day"] = lambda ms: layout.day(self.moment(ms))

    def moment(self, ms: int) -> Any:
        return layout.moment(ms, self._zone)

    def written(self, template: str, path: str, **values: Any) -> bytes:
        text = self._templates.get_template(template).render(
            owner=self._owner, made=self._made, root=layout.root_from(path), **values
        )
        return text.encode()

    # Posts

    def post(
        self, post: Post, at: int, pictures: Mapping[bytes, Picture], row: Any
    ) -> dict[str, Any]:
        """A post as templates read it; `row` is as the database has it, for what the API's shape leaves out."""
        when = self.moment(at)
        said = plain(post["text"])
        audience = post["audience"]
        people = [person["name"] for person in audience["people"] or ()]
        wrote = [person["name"] for person in post["commenters"]]
        return {
            "path": layout.post_page(post["id"], said or _first_words(row.media), when),
            "title": self._title(said, row.media),
            "html": Markup(post["html"]),  # noqa: S704 - made by our own renderer, which lets nothing through
            "long": len(said) > LONG_WORDS,
            "media": [shown(item, pictures) for item in row.media],
            "card": _card(post, row.links, pictures),
            "at": at,
            "day": layout.day(when),
            "moment": f"{layout.weekday(when)}, {when:%H:%M}",
            "edited": post["edited"],
            "audience": audience,
            "readers": f"For {listed(people, MOST_NAMES)}." if people else "",
            "answered": f"{listed(wrote, 3)} wrote under it." if wrote else "",
            "reactions": [
                {"emoji": one["emoji"], "names": ", ".join(who["name"] for who in one["people"])}
                for one in post["reactions"]
            ],
            "comments": [self._comment(comment) for comment in post["comments"]],
        }

    def _title(self, said: str, media: Sequence[Mapping[str, Any]]) -> str:
        words = said or _first_words(media)
        return shortened(words.split("\n")[0], TITLE_CHARACTERS) if words else self._owner.name

    def _comment(self, comment: Comment) -> dict[str, Any]:
        when = self.moment(comment["created"])
        return {
            "id": f"c-{layout.tail(comment['id'])}",
            "name": comment["author"]["name"],
            "through": comment["author"]["known_through"],
            "html": Markup(comment["html"]),  # noqa: S704 - as above
            "at": comment["created"],
            "moment": f"{layout.day(when)}, {when:%H:%M}",
            "edited": comment["edited"],
            "before_edit": comment["before_edit"],
        }

    # Series of pages

    def months(self, times: Iterable[int], most: int) -> list[Leaf]:
        """The pages of posts, newest first: a month each, or several of a month with many posts."""
        return [
            Leaf(layout.month_page(when, number), _numbered(layout.month(when), number), count)
            for when, number, count in self._cut(times, most)
        ]

    def talks(self, friend: Person, times: Iterable[int], most: int) -> list[Leaf]:
        """The pages of a conversation, oldest first."""
        return [
            Leaf(
                layout.conversation_page(friend["id"], friend["name"], when, number),
                _numbered(layout.month(when), number),
                count,
            )
            for when, number, count in self._cut(times, most)
        ]

    def _cut(self, times: Iterable[int], most: int) -> Iterator[tuple[Any, int, int]]:
        moments = (self.moment(ms) for ms in times)
        for _, group in groupby(moments, lambda when: (when.year, when.month)):
            first, count, number = None, 0, 1
            for when in group:
                if count == most:
                    yield first, number, count
                    number, count = number + 1, 0
                first, count = when, count + 1
            yield first, number, count

    # Conversations, and what was written elsewhere

    def days(
        self,
        rows: Sequence[Any],
        me: str,
        names: Mapping[str, str],
        pictures: Mapping[bytes, Picture],
    ) -> list[dict[str, Any]]:
        """Messages, oldest first, under the days they were written on."""
        return [
            {
                "name": name,
                "messages": [self._message(row, me, names, pictures) for row in messages],
            }
            for name, messages in groupby(rows, lambda row: layout.weekday(self.moment(row.shown)))
        ]

    def _message(
        self, row: Any, me: str, names: Mapping[str, str], pictures: Mapping[bytes, Picture]
    ) -> dict[str, Any]:
        return {
            "mine": row.author == me,
            "name": names[row.author],
            "at": row.shown,
            "clock": f"{self.moment(row.shown):%H:%M}",
            "edited": row.revision != row.created,
            "media": [shown(item, pictures) for item in row.media],
            "html": Markup(render(row.text)),  # noqa: S704 - as above
        }

    def comment_elsewhere(self, row: Any, names: Mapping[str, str]) -> dict[str, Any]:
        at = min(row.created, row.received)
        when = self.moment(at)
        return {
            "name": names[row.owner],
            "at": at,
            "moment": f"{layout.day(when)}, {when:%H:%M}",
            "edited": row.revision != row.created,
            "html": Markup(render(row.text)),  # noqa: S704 - as above
        }


def years(leaves: Sequence[Leaf]) -> list[dict[str, Any]]:
    """The months to choose from, under their years; of a month with several pages the first."""
    firsts = [leaf for leaf in leaves if "-" not in leaf.path.rsplit("/", 1)[-1]]
    return [
        {
            "name": year,
            "months": [{"name": leaf.words.rsplit(" ", 1)[0], "path": leaf.path} for leaf in group],
        }
        for year, group in groupby(firsts, lambda leaf: leaf.words.rsplit(" ", 1)[-1])
    ]


def style() -> bytes:
    """The one style sheet: the public page's and what an export shows beside; its fonts are inside, so that they show everywhere.

    Some browsers do not let a page that lies in a folder read a font from another folder.
    """
    sheet = _FONT.sub(lambda found: f"url({_as_data(found[1])})", _asset("site.css")[0].decode())
    return (sheet + (HERE / "static/export.css").read_text("utf-8")).encode()


def _as_data(name: str) -> str:
    content, media_type = _asset(name)
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def _asset(name: str) -> tuple[bytes, str]:
    found = assets().find(name)
    assert found is not None
    return found


def _numbered(words: str, number: int) -> str:
    return words if number == 1 else f"{words}, page {number}"


def _first_words(media: Sequence[Mapping[str, Any]]) -> str:
    return next((text for item in media for text in (item["caption"], item["alt"]) if text), "")


def _card(
    post: Post, links: Sequence[Mapping[str, Any]], pictures: Mapping[bytes, Picture]
) -> dict[str, Any] | None:
    if post["card"] is None or not links:
        return None
    picture = links[0].get("picture")
    return {**post["card"], "picture": shown(picture, pictures) if picture else None}


def _ratio(item: Mapping[str, Any]) -> float:
    """Width to height, within what a page can lay out."""
    width, height = int(item["width"] or 0), int(item["height"] or 0)
    return min(max(round(width / height, 3), 0.2), 5.0) if width > 0 and height > 0 else 1.5
