"""Uploads and blobs as values, and what is told about them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.errors import Conflict, Invalid, NotFound, TooMuch
from microsocial.events import Event
from microsocial.protocol.limits import MAX_MEDIA

UploadState = Literal["receiving", "working", "ready", "refused"]

MEBIBYTE = 1024 * 1024
# The largest of each kind that is taken in. What comes out is far smaller.
MAX_UPLOAD_BYTES = {
    "photo": 60 * MEBIBYTE,  # a 108-megapixel HEIC or a generous PNG
    "clip": 500 * MEBIBYTE,  # a minute of 4K from a phone
    "voice": 20 * MEBIBYTE,  # ten minutes at a bit rate nobody needs for speech
}
MAX_UNFINISHED = 40  # uploads at once: four posts of ten photos
UPLOAD_LIFETIME_MS = 24 * 3600 * 1000  # a file that was never posted is swept after a day
CHUNK_BYTES = 64 * 1024  # of a sealed blob: a seek in a clip reads at most this much too much

PREPARED = "prepared"  # the folder of what the child made of a file

# What a friend's node fetches at once; the rest waits until somebody looks (spec: budget).
FETCHED_ON_ARRIVAL = ("small", "poster")
# A friend may call anything small. The largest that really is: a voice note of ten minutes as it may be uploaded.
MAX_ON_ARRIVAL_BYTES = MAX_UPLOAD_BYTES["voice"]


@dataclass(frozen=True)
class Upload:
    """A file on its way into a post."""

    id: str
    name: str
    length: int
    state: UploadState
    keep_credit: bool
    prepared: dict[str, Any] | None
    sentence: str | None
    made: int


@dataclass(frozen=True)
class Blob:
    """A file of the media folder (or one that a friend has). `key` is None when it is public and stored plain."""

    hash: bytes
    length: int  # of the plain content
    chunk: int
    key: bytes | None = field(repr=False)
    type: str
    mine: bool
    here: bool
    holder: str | None


class LeakShape(TypedDict):
    """What a file would have given away, and the value, for its owner's eyes only."""

    what: str
    value: str


class UploadShape(TypedDict):
    """A file on its way into a post, as the owner's screens show it (docs/develop/api.md, "Upload")."""

    id: str
    name: str
    length: int
    offset: int
    state: UploadState
    progress: int
    sentence: str | None
    kind: str | None
    width: int | None
    height: int | None
    duration: int | None
    placeholder: str | None
    leaked: list[LeakShape]
    preview: str | None


@dataclass(frozen=True)
class UploadSettled(Event):
    """A file on its way is ready, refused or removed."""


@dataclass(frozen=True)
class BlobsMissed(Event):
    """Records of mine came back, and files that they show are not here: friends may have them."""


@dataclass(frozen=True)
class BlobsWanted(Event):
    """Records arrived that show what is not here yet."""

    holder: str


@dataclass(frozen=True)
class BlobsLoosened(Event):
    """A record no longer shows what it showed."""


class UploadNotFound(NotFound):
    """That file is not here (any more). Choose it again."""


class UploadTooLarge(TooMuch):
    """That file is larger than Microsocial takes."""

    status = 413


class TooManyUploads(TooMuch):
    """Many files are on their way already. Post or remove some first."""


class OffsetDiffers(Conflict):
    """The upload stands elsewhere than was said. Ask where it stands and go on from there."""


class UploadRefused(Invalid):
    """That file could not be taken. Remove it, or choose another."""


class TooManyFiles(Invalid):
    """At most ten photos go into one post. Leave some for the next."""


class MixedFiles(Invalid):
    """A post shows photos, or one clip, or one voice note. Post them one after the other."""


class NotReadyYet(Conflict):
    """A file is still being prepared. Post again when it is ready."""


class FileUnknown(Invalid):
    """That is neither a photo nor a clip that Microsocial knows. It takes JPEG, HEIC, PNG, WebP, GIF, AVIF, MP4, MOV and WebM."""


class BlobAway(NotFound):
    """This picture has not come yet. It comes when your friend's machine is awake."""


def fit(files: Sequence[tuple[Upload, str | None]]) -> None:
    """See that these files, each with its kind, go into one post: up to ten photos, or one clip, or one voice note.

    Raises:
        MixedFiles, TooManyFiles
    """
    if len({upload.id for upload, _ in files}) != len(files):
        raise MixedFiles(f"{files[0][0].name}: The same file twice.", field="media")
    if len(files) > MAX_MEDIA:
        raise TooManyFiles(field="media")
    if len(files) > 1 and any(kind != "photo" for _, kind in files):
        raise MixedFiles(field="media")
