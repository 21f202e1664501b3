"""What a visitor may see, as values that templates and feeds read. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from microsocial.posts.model import Card, Comment, Post
from microsocial.records.markup import plain

LONG_WORDS = (
    280  # characters: a post of only words is set large up to here, and as running text beyond
)
TITLE_CHARACTERS = 80
PAGE = 20  # posts on one page and in a feed


@dataclass(frozen=True)
class Owner:
    """Whose page it is."""

    id: str
    name: str
    about: str
    hue: int
    avatar: str | None = None


@dataclass(frozen=True)
class PublicComment:
    """What somebody wrote under a public post."""

    id: str
    name: str
    html: Markup
    published: int
    before_edit: bool


@dataclass(frozen=True)
class PublicReaction:
    """One emoji and the names of those who chose it."""

    emoji: str
    names: str


@dataclass(frozen=True)
class PublicPost:
    """One post of the owner, to anyone."""

    id: str
    html: Markup
    plain: str
    published: int
    updated: int
    media: list[dict[str, Any]] = field(default_factory=list)
    card: Card | None = None
    reactions: list[PublicReaction] = field(default_factory=list)
    comments: list[PublicComment] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/p/{self.id}"

    @property
    def edited(self) -> bool:
        return self.updated > self.published

    @property
    def long(self) -> bool:
        return len(self.plain) > LONG_WORDS

    @property
    def picture(self) -> str | None:
        """The path of the picture that stands for this post elsewhere."""
        for item in self.media:
            if item.get("kind") == "photo" and item.get("sizes"):
                return str(item["sizes"][-1]["url"])
            if item.get("poster"):
                return str(item["poster"])
        return None

    def title(self, name: str) -> str:
        """Give the first line, shortened at a word; a post without words has its caption or its author's name."""
        captions = [str(item.get("caption") or item.get("alt") or "") for item in self.media]
        for text in (self.plain, *captions):
            if text:
                return shortened(text.split("\n")[0], TITLE_CHARACTERS)
        return name


def shortened(text: str, most: int) -> str:
    """Cut at a word, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(".,;:") + "…"


def _ratio(item: dict[str, Any]) -> int:
    """Give width to height in thousandths, within what a page can lay out."""
    width, height = int(item.get("width") or 0), int(item.get("height") or 0)
    return min(max(1000 * width // height, 200), 5000) if width > 0 and height > 0 else 1500


def ratio_class(item: dict[str, Any]) -> str:
    return f"r{_ratio(item)}"


def ratios(posts: Iterable[PublicPost]) -> list[tuple[str, float]]:
    """Give each shape of picture on the page once: (class, ratio)."""
    found = {ratio_class(item): _ratio(item) / 1000 for post in posts for item in post.media}
    return sorted(found.items())


def public(post: Post, updated: int) -> PublicPost:
    """Give what the world may see of a post's shape: no ids of people, no deliveries, no circles."""
    published = min(post["created"], post["received"])
    return PublicPost(
        id=post["id"],
        html=Markup(post["html"]),  # noqa: S704 - made by our own renderer, which lets nothing through
        plain=plain(post["text"]),
        published=published,
        updated=updated if post["edited"] else published,
        media=post["media"],
        card=post["card"],
        reactions=[
            PublicReaction(one["emoji"], ", ".join(person["name"] for person in one["people"]))
            for one in post["reactions"]
        ],
        comments=[_public_comment(comment) for comment in post["comments"]],
    )


def _public_comment(comment: Comment) -> PublicComment:
    return PublicComment(
        id=comment["id"],
        name=comment["author"]["name"],
        html=Markup(comment["html"]),  # noqa: S704 - made by our own renderer, which lets nothing through
        published=comment["created"],
        before_edit=comment["before_edit"],
    )
