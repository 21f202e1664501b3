"""One person's rooms, wired to each other. Nothing here is read, written or started."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from microsocial.clock import Clock, Entropy
from microsocial.delivery.service import Delivery
from microsocial.feed.live import Live
from microsocial.feed.notices import Notices
from microsocial.feed.service import Feed
from microsocial.friends.service import Friends
from microsocial.identity.me import Me
from microsocial.media.files import BlobFiles
from microsocial.media.service import Media
from microsocial.messages.service import Messages
from microsocial.posts.service import Posts
from microsocial.records.service import Log
from microsocial.transport.guard import Network

T = TypeVar("T")

NO_FOLDER = Path("/nowhere")  # the simulator's people show no photos


@dataclass(frozen=True)
class Rooms:
    """All rooms of one person, wired to each other. Nothing in here knows about machines, networks or threads."""

    me: Me
    log: Log
    media: Media
    delivery: Delivery
    friends: Friends
    posts: Posts
    messages: Messages
    notices: Notices
    feed: Feed
    live: Live

    def find(self, kind: type[T]) -> T | None:
        return find_part(self, kind)


def build_rooms(
    me: Me,
    clock: Clock,
    entropy: Entropy,
    media_folder: Path = NO_FOLDER,
    opened: Iterable[Network] = (),
) -> Rooms:
    """Make the rooms and wire them. Nothing is read, written or started.

    `opened` are the private networks that the owner opened for everybody.
    """
    records = Log(me, clock, entropy)
    media = Media(me, clock, entropy, BlobFiles(media_folder / "blobs"))
    records.watch(media)
    delivery = Delivery(records, clock, entropy)
    friends = Friends(me, records, delivery, clock, entropy, opened)
    notices = Notices(me.id, friends, clock)
    posts = Posts(
        me,
        records,
        friends,
        delivery,
        clock,
        describe_media=media.describe,
    )
    messages = Messages(records, friends, delivery, clock, describe_media=media.describe)
    feed = Feed(posts, friends, messages)
    live = Live(posts, messages, notices, friends)
    return Rooms(me, records, media, delivery, friends, posts, messages, notices, feed, live)


def find_part(parts: Any, kind: type[T]) -> T | None:
    """Give the one part that is of this class."""
    for part in fields(parts):
        found = getattr(parts, part.name)
        if isinstance(found, kind):
            return found
    return None
