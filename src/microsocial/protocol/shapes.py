"""The kinds of records as values (spec 4.6). `payloads.read_record` makes them; unknown fields are let be.

Rule 1: fields are only added, with a default; never renamed, never given another meaning.
Rule 2: what a type cannot say stands in the kind's `check`, which raises Malformed.
"""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta
from typing_extensions import override

from microsocial.protocol.fields import (
    Audience,
    Hash,
    KeyNumber,
    KindName,
    Moment,
    Name,
    PersonId,
    RandomId,
    RecordId,
    Revision,
    Text,
)
from microsocial.protocol.limits import (
    MAX_ABOUT_CHARACTERS,
    MAX_ADDRESS_URLS,
    MAX_CARD_DESCRIPTION_CHARACTERS,
    MAX_CARD_TITLE_CHARACTERS,
    MAX_CLEARED_MESSAGES,
    MAX_LIFETIME_S,
    MAX_LINK_CARDS,
    MAX_MEDIA,
    MAX_RECIPIENTS,
    MAX_URL_CHARACTERS,
)
from microsocial.protocol.media import Media, check_media
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.texts import (
    check_address,
    check_emoji,
    check_line,
    check_name,
    check_text,
    check_web_link,
)

MediaItems = Annotated[tuple[Media, ...], Meta(max_length=MAX_MEDIA)]
Recipients = Annotated[tuple[PersonId, ...], Meta(min_length=1, max_length=MAX_RECIPIENTS)]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record says about itself (spec 4.1)."""

    kind: ClassVar[str] = ""
    one_valued: ClassVar[bool] = False  # there is one per author; its id is the kind's name
    is_entry: ClassVar[bool] = False  # it stands in somebody's thread

    author: PersonId
    key: KeyNumber
    id: RecordId
    revision: Revision
    created: Revision
    audience: Audience

    def check(self) -> None:
        """Raise Malformed for what the types let pass."""

    def payload(self) -> dict[str, Any]:
        """As it is signed."""
        content: dict[str, Any] = msgspec.to_builtins(self)
        return content


class Unknown(Record, frozen=True, kw_only=True):
    """A record of a kind we do not know: kept, not shown (spec 4.8). Its kind is the envelope's."""


class On(msgspec.Struct, frozen=True, kw_only=True):
    """The post that an entry answers, as its signer saw it (spec 4.7)."""

    author: PersonId
    id: RandomId
    revision: Revision
    hash: Hash
    audience: Audience


class Ref(msgspec.Struct, frozen=True, kw_only=True):
    """A record by its names."""

    author: PersonId
    id: RandomId


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A link as its author's node saw it when posting; readers never fetch it."""

    url: Annotated[str, Meta(max_length=MAX_URL_CHARACTERS)]
    title: Annotated[str, Meta(max_length=MAX_CARD_TITLE_CHARACTERS)]
    description: Annotated[str, Meta(max_length=MAX_CARD_DESCRIPTION_CHARACTERS)] = ""
    picture: Media | None = None


class Post(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "post"

    text: Text
    media: MediaItems = ()
    links: Annotated[tuple[Card, ...], Meta(max_length=MAX_LINK_CARDS)] = ()
    expires: Moment | None = None  # spec 4.13

    @override
    def check(self) -> None:
        _check_said(self.text, has_more=bool(self.media or self.links))
        _check_lifetime(self.created, self.expires)
        check_media(self.media, self.audience)
        for card in self.links:
            check_web_link(card.url)
            check_line(card.title)
            check_text(card.description)
            if card.picture:
                check_media((card.picture,), self.audience)


class _Entry(Record, frozen=True, kw_only=True):
    """What stands under somebody's post. `name` is for readers who do not know the signer."""

    is_entry: ClassVar[bool] = True

    on: On
    name: Name

    @override
    def check(self) -> None:
        check_name(self.name)
        # spec 4.7: an entry has the class of its post; the post's author compares it with the truth
        if self.audience != self.on.audience:
            raise Malformed("an entry under another audience than its post")


class Comment(_Entry, frozen=True, kw_only=True):
    kind: ClassVar[str] = "comment"

    text: Text

    @override
    def check(self) -> None:
        super().check()
        _check_said(self.text, has_more=False)


class Reaction(_Entry, frozen=True, kw_only=True):
    kind: ClassVar[str] = "reaction"

    emoji: str

    @override
    def check(self) -> None:
        super().check()
        check_emoji(self.emoji)


class Removal(Record, frozen=True, kw_only=True):
    """The thread's owner takes an entry out of the thread of `post`."""

    kind: ClassVar[str] = "removal"

    post: RandomId
    entry: Ref


class _Addressed(Record, frozen=True, kw_only=True):
    """What is for exactly the people in `to`."""

    to: Recipients

    @override
    def check(self) -> None:
        if self.audience != "chosen":
            raise Malformed("something addressed to people under another audience than chosen")
        if len(set(self.to)) != len(self.to) or self.author in self.to:
            raise Malformed("a recipient twice, or oneself")


class Message(_Addressed, frozen=True, kw_only=True):
    kind: ClassVar[str] = "message"

    text: Text
    media: MediaItems = ()
    expires: Moment | None = None  # spec 4.13

    @override
    def check(self) -> None:
        super().check()
        _check_said(self.text, has_more=bool(self.media))
        _check_lifetime(self.created, self.expires)
        check_media(self.media, self.audience)


class Clear(_Addressed, frozen=True, kw_only=True):
    """Take these messages (author, id) away on both sides."""

    kind: ClassVar[str] = "clear"

    messages: Annotated[
        tuple[tuple[PersonId, RandomId], ...], Meta(min_length=1, max_length=MAX_CLEARED_MESSAGES)
    ]

    @override
    def check(self) -> None:
        super().check()
        between = {self.author, *self.to}
        if not all(author in between for author, _ in self.messages):
            raise Malformed("a clear of what was said between others")


class Profile(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "profile"
    one_valued: ClassVar[bool] = True

    name: Name
    about: Annotated[str, Meta(max_length=MAX_ABOUT_CHARACTERS)] = ""
    hue: Annotated[int, Meta(ge=0, lt=360)] = 0
    avatar: Media | None = None

    @override
    def check(self) -> None:
        check_name(self.name)
        check_text(self.about)
        _check_for_all_friends(self.audience)
        if self.avatar:
            check_media((self.avatar,), self.audience)


class Address(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "address"
    one_valued: ClassVar[bool] = True

    urls: Annotated[tuple[str, ...], Meta(max_length=MAX_ADDRESS_URLS)]
    home: Annotated[tuple[str, ...], Meta(max_length=MAX_ADDRESS_URLS)] = ()

    @override
    def check(self) -> None:
        check_address(self.urls, self.home)
        _check_for_all_friends(self.audience)


class Tombstone(Record, frozen=True, kw_only=True):
    """The author took (author, id) back; nothing of it is left but this (spec 4.3)."""

    kind: ClassVar[str] = "tombstone"

    id: RandomId
    of: KindName
    on: On | None = None  # for thread entries, so that it finds the thread

    @override
    def check(self) -> None:
        if self.of in ("tombstone", "disown", "profile", "address", "capsule"):
            raise Malformed(f"a tombstone of a {self.of}")


def _check_said(text: str, *, has_more: bool) -> None:
    check_text(text)
    if not text.strip() and not has_more:
        raise Malformed("an empty text")


def _check_lifetime(created: int, expires: int | None) -> None:
    if expires is not None and not created < expires <= created + MAX_LIFETIME_S * 1000:
        raise Malformed("an end before the beginning, or beyond what anybody waits for")


def expires_of(record: Record) -> int | None:
    """When every node erases it by itself (spec 4.13); None for what stays."""
    return record.expires if isinstance(record, Post | Message) else None


def _check_for_all_friends(audience: Audience) -> None:
    # spec 4.4: one-valued records go to every friend, whatever they say, so they say so
    if audience not in ("public", "friends"):
        raise Malformed("a one-valued record that is not for all friends")
