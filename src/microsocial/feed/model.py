"""The values of this room and what can go wrong with them. Pure."""

from typing_extensions import TypedDict

from microsocial.errors import Invalid
from microsocial.friends.model import Person
from microsocial.messages.model import MessageShape
from microsocial.posts.model import Post

DEFAULT_PAGE = 20
MAX_PAGE = 100  # posts a screen asks for at once
DEFAULT_FOUND = 20
MAX_FOUND = 100
MAX_WORDS = 20  # of a search
MAX_QUERY_CHARACTERS = 200
MAX_NOTICES = 100  # a quiet list, not an archive
_LONGEST_NUMBER = 16  # digits: 2^53 has as many


class FeedPage(TypedDict):
    """A piece of the timeline, newest first."""

    items: list[Post]
    cursor: str | None
    end: bool
    read_until: int


class PostPage(TypedDict):
    """A piece of what one person said."""

    items: list[Post]
    cursor: str | None
    end: bool


class Found(TypedDict):
    """What a search found."""

    posts: list[Post]
    messages: list[MessageShape]
    people: list[Person]


class About(TypedDict, total=False):
    """What a notice leads to."""

    person: Person
    post: str


class Notice(TypedDict):
    """Something that happened, in a sentence."""

    id: str
    kind: str
    sentence: str
    created: int
    read: bool
    about: About


class CursorWrong(Invalid):
    """This is not a place in the feed. Start again at its beginning."""


class NothingToFind(Invalid):
    """Write at least one word to search for."""


class QueryTooLong(Invalid):
    """That is too much to search for. Use fewer words."""


def cursor_at(shown_at: int, record: int) -> str:
    return f"{shown_at}.{record}"


def read_cursor(cursor: str) -> tuple[int, int]:
    """Read where the last page ended; raise CursorWrong."""
    shown_at, _, record = cursor.partition(".")
    for number in (shown_at, record):
        if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
            raise CursorWrong(field="cursor")
    return int(shown_at), int(record)


def words_of(query: str) -> list[str]:
    """Give the words, folded, each once.

    Raises:
        NothingToFind, QueryTooLong
    """
    words = list(dict.fromkeys(query.casefold().split()))
    if not words:
        raise NothingToFind(field="q")
    if len(query) > MAX_QUERY_CHARACTERS or len(words) > MAX_WORDS:
        raise QueryTooLong(field="q")
    return words


def has_all(words: list[str], *texts: str) -> bool:
    folded = "\n".join(texts).casefold()
    return all(word in folded for word in words)
