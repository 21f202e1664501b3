"""The capsule: what a person needs to come back, kept by friends, opened by the 24 words alone (spec 3.8).

It holds what no friend knows as a whole: who the friends are, the circles, who is blocked, where I live, my profile. Key logs are not
in it: they come from the friends themselves and prove themselves against the id.
"""

import zlib
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta
from typing_extensions import override

from microsocial.protocol.crypto import hpke_open, hpke_seal, sha256
from microsocial.protocol.encoding import b64u, dump, parse_object, unb64u
from microsocial.protocol.fields import B64u, Moment, Name, PersonId, convert
from microsocial.protocol.limits import (
    MAX_ABOUT_CHARACTERS,
    MAX_ADDRESS_URLS,
    MAX_CAPSULE_BYTES,
    MAX_CAPSULE_CONTENT_BYTES,
)
from microsocial.protocol.media import Media
from microsocial.protocol.refusals import CannotOpen, Malformed, TooLarge
from microsocial.protocol.sealing import pad, unpad
from microsocial.protocol.shapes import Record
from microsocial.protocol.texts import check_line, check_name, is_address

_PURPOSE = b"microsocial/1 capsule"

Urls = Annotated[tuple[str, ...], Meta(max_length=MAX_ADDRESS_URLS)]


class Capsule(Record, frozen=True, kw_only=True):
    """The record that friends keep."""

    kind: ClassVar[str] = "capsule"
    one_valued: ClassVar[bool] = True

    sealed: Annotated[B64u, Meta(min_length=1, max_length=-(-MAX_CAPSULE_BYTES * 4 // 3))]

    @override
    def check(self) -> None:
        if self.audience != "friends":
            raise Malformed("a capsule that is not for friends")


class CapsuleFriend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One friend: who, where, and since when they see what I say."""

    id: PersonId
    sees_from: Moment
    name: Name = ""
    urls: Urls = ()
    allowed: tuple[str, ...] = ()  # `host:port`s in my own network that I accepted for them
    met: Annotated[str, Meta(max_length=20)] = ""


class CapsuleCircle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named group: the places of its people in `friends`, counted from 0."""

    name: Name
    people: tuple[int, ...] = ()


class Contents(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything in a capsule. Fields are only added, each with a default."""

    name: Name
    about: Annotated[str, Meta(max_length=MAX_ABOUT_CHARACTERS)] = ""
    hue: Annotated[int, Meta(ge=0, lt=360)] = 0
    avatar: Media | None = None
    audience: Annotated[str, Meta(max_length=10)] = "public"  # of the profile
    urls: Urls = ()
    friends: tuple[CapsuleFriend, ...] = ()
    circles: tuple[CapsuleCircle, ...] = ()
    blocked: tuple[PersonId, ...] = ()

    def check(self) -> None:
        """Raise Malformed for what the types let pass."""
        check_name(self.name)
        for friend in self.friends:
            check_line(friend.name)
        if not all(map(is_address, self.urls)):
            raise Malformed("not an address of a node")
        if len({friend.id for friend in self.friends}) != len(self.friends):
            raise Malformed("a friend twice")
        places = range(len(self.friends))
        if not all(place in places for circle in self.circles for place in circle.people):
            raise Malformed("a circle with somebody who is no friend")

    def written(self) -> bytes:
        """As JSON; the same contents always give the same bytes."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return dump(fields)


def seal_capsule(contents: Contents, author: str, public: bytes) -> str | None:
    """Seal for whoever holds the words of `author`; None when it is larger than a capsule may be."""
    written = contents.written()
    if len(written) > MAX_CAPSULE_CONTENT_BYTES:
        return None
    sealed = hpke_seal(public, _info(author), pad(zlib.compress(written, 9)))
    return b64u(sealed) if len(sealed) <= MAX_CAPSULE_BYTES else None


def open_capsule(sealed: str, author: str, private: bytes) -> Contents:
    """Open with the key from the words. Raises CannotOpen, Malformed."""
    raw = unb64u(sealed)
    if len(raw) > MAX_CAPSULE_BYTES:
        raise TooLarge(f"a capsule of {len(raw)} bytes; at most {MAX_CAPSULE_BYTES} are read")
    if not author.isascii():
        raise CannotOpen
    return read_contents(hpke_open(private, _info(author), raw))


def read_contents(padded: bytes) -> Contents:
    """Read what was sealed; raise Malformed."""
    written = _inflated(unpad(padded))
    contents = convert(parse_object(written, MAX_CAPSULE_CONTENT_BYTES), Contents)
    contents.check()
    return contents


def _inflated(compressed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(compressed, MAX_CAPSULE_CONTENT_BYTES)
    except zlib.error as error:
        raise Malformed("a capsule that does not unpack") from error
    if not unpacking.eof or unpacking.unused_data:
        raise Malformed("a capsule that unpacks to too much, or has something behind it")
    return content


def _info(author: str) -> bytes:
    return _PURPOSE + sha256(author.encode())
