"""`Feed`: the timeline, the read mark, search."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.feed import store
from microsocial.feed.model import (
    MAX_FOUND,
    MAX_PAGE,
    FeedPage,
    Found,
    PostPage,
    cursor_at,
    has_all,
    read_cursor,
    words_of,
)
from microsocial.friends.model import Person
from microsocial.friends.service import Friends
from microsocial.messages.model import MessageShape
from microsocial.messages.service import Messages
from microsocial.posts import store as posts_store
from microsocial.posts.model import Post
from microsocial.posts.service import Posts

FEED = "feed"


class Feed:
    """Reads what is here. Whom the owner has blocked is left out everywhere."""

    def __init__(self, posts: Posts, friends: Friends, messages: Messages) -> None:
        self._posts = posts
        self._friends = friends
        self._messages = messages

    # Timeline

    def page(self, conn: Connection, limit: int, cursor: str | None = None) -> FeedPage:
        """Give a piece of the timeline: mine and friends' posts, newest first by the time they are shown with."""
        rows, more = self._rows(conn, limit, cursor)
        return FeedPage(
            items=self._posts.views.posts(conn, rows),
            cursor=_end_of(rows) if more else None,
            end=not more,
            read_until=store.read_until(conn, FEED),
        )

    def of_person(
        self, conn: Connection, person: str, limit: int, cursor: str | None = None
    ) -> PostPage:
        """Give a piece of what I may see of one person."""
        rows, more = self._rows(conn, limit, cursor, author=person)
        return PostPage(
            items=self._posts.views.posts(conn, rows),
            cursor=_end_of(rows) if more else None,
            end=not more,
        )

    def _rows(
        self, conn: Connection, limit: int, cursor: str | None, author: str | None = None
    ) -> tuple[Sequence[Row[Any]], bool]:
        limit = max(1, min(limit, MAX_PAGE))
        before = read_cursor(cursor) if cursor else None
        blocked = self._friends.blocked(conn)
        rows = posts_store.newest_posts(conn, limit + 1, before, author=author, without=blocked)
        return rows[:limit], len(rows) > limit

    def read(self, conn: Connection, until: int) -> int:
        """Everything shown at or before `until` has been seen; give the mark as it stands."""
        store.mark_read(conn, FEED, until)
        return store.read_until(conn, FEED)

    # Search

    def search(self, conn: Connection, query: str, limit: int) -> Found:
        """Find everything in which all words stand. Scans, on the reader thread: an index would keep erased words."""
        words = words_of(query)
        limit = max(1, min(limit, MAX_FOUND))
        return Found(
            posts=self._find_posts(conn, words, limit),
            messages=self._find_messages(conn, words, limit),
            people=self._find_people(conn, words, limit),
        )

    def _find_posts(self, conn: Connection, words: list[str], limit: int) -> list[Post]:
        every = posts_store.every_text(conn, self._friends.blocked(conn))
        refs = _matching(every, words, limit)
        rows = posts_store.by_refs(conn, refs)
        return self._posts.views.posts(conn, [rows[ref] for ref in refs])

    def _find_messages(self, conn: Connection, words: list[str], limit: int) -> list[MessageShape]:
        every = store.every_message(conn, self._friends.blocked(conn))
        refs = _matching(every, words, limit)
        found = {message["id"]: message for message in self._messages.by_refs(conn, refs)}
        return [found[ref] for ref in refs]

    def _find_people(self, conn: Connection, words: list[str], limit: int) -> list[Person]:
        persons = self._friends.persons(conn, self._friends.active(conn))
        found = [one for one in persons.values() if has_all(words, one["name"])]
        return sorted(found, key=lambda one: one["name"].casefold())[:limit]


def _matching(rows: Iterable[Row[Any]], words: list[str], limit: int) -> list[str]:
    """Give the refs of the first rows in which all words stand."""
    matching = (row.ref for row in rows if has_all(words, row.text, *_captions(row.media)))
    return list(islice(matching, limit))


def _end_of(rows: Sequence[Row[Any]]) -> str:
    return cursor_at(rows[-1].shown_at, rows[-1].record)


def _captions(media: str) -> list[str]:
    if media == "[]":
        return []
    return [item.get(name, "") for item in json.loads(media) for name in ("caption", "alt")]
