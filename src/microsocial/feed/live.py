"""What open screens are told: what changed, as the owner's API shows it, made after the commit and for a whole burst at once.

Showing a post takes about ten statements, however many posts they show; in the write they would be ten for each that arrives.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from microsocial.events import Event, LiveEvent
from microsocial.feed.model import Notice
from microsocial.feed.notices import Notices
from microsocial.friends.model import HomeAsked
from microsocial.friends.service import Friends
from microsocial.messages.model import MessageChanged
from microsocial.messages.service import Messages
from microsocial.posts import store as posts_store
from microsocial.posts.model import CommentChanged, EntryNoticed, PostChanged, ReactionsChanged
from microsocial.posts.service import Posts
from microsocial.posts.views import EntryRow, PostRow
from microsocial.records.model import KeysChanged

SHOWN: tuple[type[Event], ...] = (
    PostChanged,
    CommentChanged,
    ReactionsChanged,
    EntryNoticed,
    KeysChanged,
    HomeAsked,
    MessageChanged,
)


class Live:
    """Shows what happened. Whom the owner has blocked is not there."""

    def __init__(
        self, posts: Posts, messages: Messages, notices: Notices, friends: Friends
    ) -> None:
        self._posts = posts
        self._messages = messages
        self._notices = notices
        self._friends = friends

    def shown(self, conn: Connection, happened: Sequence[Event]) -> list[LiveEvent]:
        """Tell each of these once, as it stands now; nothing of what is gone already."""
        once = list(dict.fromkeys(happened))
        found: dict[Event, LiveEvent] = {}
        messages = [one for one in once if isinstance(one, MessageChanged)]
        if messages:
            found |= self._of_messages(conn, messages)
        renewed = [one for one in once if isinstance(one, KeysChanged)]
        if renewed:
            notices = self._notices.about_keys(conn, renewed)
            found |= dict(zip(renewed, map(_notice, notices), strict=True))
        homes = [one for one in once if isinstance(one, HomeAsked)]
        if homes:
            found |= self._of_homes(conn, homes)
        if len(messages) + len(renewed) + len(homes) < len(once):
            found |= self._of_posts(conn, once)
        return [found[event] for event in once if event in found]

    def _of_messages(
        self, conn: Connection, happened: Sequence[MessageChanged]
    ) -> dict[Event, LiveEvent]:
        shown = {one["id"]: one for one in self._messages.by_refs(conn, [e.ref for e in happened])}
        return {
            event: _live("message", shown[event.ref], is_new=event.is_new)
            for event in happened
            if event.ref in shown
        }

    def _of_homes(self, conn: Connection, happened: Sequence[HomeAsked]) -> dict[Event, LiveEvent]:
        notices = self._notices.about_homes(conn, [event.person for event in happened])
        asked = {notice["about"]["person"]["id"]: notice for notice in notices}
        return {one: _notice(asked[one.person]) for one in happened if one.person in asked}

    def _of_posts(self, conn: Connection, happened: Collection[Event]) -> dict[Event, LiveEvent]:
        blocked = self._friends.blocked(conn)
        refs = {e.ref for e in happened if isinstance(e, CommentChanged | EntryNoticed)}
        found = posts_store.entries_by_refs(conn, refs)
        entries = {ref: row for ref, row in found.items() if row.author not in blocked}
        reacted = {e.post for e in happened if isinstance(e, ReactionsChanged)}
        named = {e.ref for e in happened if isinstance(e, PostChanged)}
        threads = {row.post for row in entries.values()}
        rows = posts_store.by_refs(conn, named | threads | reacted)
        posts = {ref: row for ref, row in rows.items() if row.author not in blocked}
        entries = {ref: row for ref, row in entries.items() if row.post in posts}
        return {
            **self._posts_shown(conn, happened, posts),
            **self._comments_shown(conn, happened, entries, posts),
            **self._reactions_shown(conn, reacted & posts.keys()),
            **self._notices_shown(conn, happened, entries),
        }

    def _posts_shown(
        self, conn: Connection, happened: Collection[Event], posts: dict[str, PostRow]
    ) -> dict[Event, LiveEvent]:
        changed = [e for e in happened if isinstance(e, PostChanged) and e.ref in posts]
        rows = {event.ref: posts[event.ref] for event in changed}
        shown = {one["id"]: one for one in self._posts.views.posts(conn, list(rows.values()))}
        return {event: _live("post", shown[event.ref], is_new=event.is_new) for event in changed}

    def _comments_shown(
        self,
        conn: Connection,
        happened: Collection[Event],
        entries: dict[str, EntryRow],
        posts: dict[str, PostRow],
    ) -> dict[Event, LiveEvent]:
        changed = [e for e in happened if isinstance(e, CommentChanged) and e.ref in entries]
        rows = [entries[event.ref] for event in changed]
        shown = self._posts.views.comments(conn, [(row, posts[row.post]) for row in rows])
        return {
            event: LiveEvent("comment.arrived", {"comment": comment, "post": row.post})
            for event, row, comment in zip(changed, rows, shown, strict=True)
        }

    def _reactions_shown(self, conn: Connection, posts: set[str]) -> dict[Event, LiveEvent]:
        shown = self._posts.views.reactions_to(conn, posts) if posts else {}
        return {
            ReactionsChanged(post): LiveEvent(
                "reaction.changed", {"post": post, "reactions": reactions}
            )
            for post, reactions in shown.items()
        }

    def _notices_shown(
        self, conn: Connection, happened: Collection[Event], entries: dict[str, EntryRow]
    ) -> dict[Event, LiveEvent]:
        news = [e for e in happened if isinstance(e, EntryNoticed) and e.ref in entries]
        notices = self._notices.about(conn, [entries[event.ref] for event in news])
        return {event: _notice(notice) for event, notice in zip(news, notices, strict=True)}


def _notice(notice: Notice) -> LiveEvent:
    return LiveEvent("notice.arrived", {"notice": notice})


def _live(kind: str, shown: object, *, is_new: bool) -> LiveEvent:
    return LiveEvent(f"{kind}.arrived" if is_new else f"{kind}.changed", {kind: shown})
