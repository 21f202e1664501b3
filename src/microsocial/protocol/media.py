"""Photos, clips and voice notes as records describe them (spec 11). The bytes are in blobs.py."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from microsocial.protocol.encoding import unb64u
from microsocial.protocol.fields import Audience, B64u, Hash, RandomId
from microsocial.protocol.limits import (
    MAX_BLOB_BYTES,
    MAX_CAPTION_CHARACTERS,
    MAX_CHUNK_BYTES,
    MAX_DURATION_MS,
    MAX_MEDIA_SIZES,
    MAX_PIXELS_A_SIDE,
    MAX_PLACEHOLDER_BYTES,
    MIN_CHUNK_BYTES,
)
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.texts import check_text

Caption = Annotated[str, Meta(max_length=MAX_CAPTION_CHARACTERS)]
MimeType = Annotated[
    str, Meta(max_length=100, pattern=r"\A(?:image|video|audio)/[a-z0-9][a-z0-9.+-]*\Z")
]
Pixels = Annotated[int, Meta(ge=0, le=MAX_PIXELS_A_SIDE)]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """One blob: where to find it (by hash), how to open it (key; null when public) and what is inside."""

    hash: Hash
    key: Hash | None  # 32 bytes, written like a hash
    bytes: Annotated[int, Meta(ge=1, le=MAX_BLOB_BYTES)]  # of the plain content
    chunk: Annotated[int, Meta(ge=MIN_CHUNK_BYTES, le=MAX_CHUNK_BYTES)]
    width: Pixels
    height: Pixels
    type: MimeType
    role: Literal["small", "screen", "original", "poster"]


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A photo, clip or voice note with its captions and its sizes."""

    id: RandomId
    kind: Literal["photo", "clip", "voice"]
    type: MimeType
    width: Pixels
    height: Pixels
    duration: Annotated[int, Meta(ge=0, le=MAX_DURATION_MS)]  # ms; 0 for photos
    caption: Caption
    alt: Caption
    placeholder: B64u  # a thumbhash, or empty
    sizes: Annotated[tuple[Size, ...], Meta(min_length=1, max_length=MAX_MEDIA_SIZES)]


def check_media(media: tuple[Media, ...], audience: Audience) -> None:
    """What types cannot say: captions, placeholder, and that exactly the public is unsealed."""
    if len({item.id for item in media}) != len(media):
        raise Malformed("two media with one id")
    for item in media:
        check_text(item.caption)
        check_text(item.alt)
        if len(unb64u(item.placeholder)) > MAX_PLACEHOLDER_BYTES:
            raise Malformed("a placeholder that is too long")
        if item.kind == "photo" and item.duration:
            raise Malformed("a photo with a duration")
        for size in item.sizes:
            # spec 11.2: a key in the open is no key, and a private blob in the open is a leak
            if (size.key is None) != (audience == "public"):
                raise Malformed(
                    "a sealed blob of a public record, or an open one of a private record"
                )
