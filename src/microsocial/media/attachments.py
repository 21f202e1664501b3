"""From prepared uploads to a record that shows them: sealed, kept and said together.

Rule 1: the files stand, durable, before the one transaction that says the record, keeps the blobs and forgets the uploads.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field
from sqlalchemy import Connection

from microsocial.context import ApiContext, Body
from microsocial.database import Database
from microsocial.media import store
from microsocial.media.intake import PREPARED, Intake
from microsocial.media.keeping import Keeping
from microsocial.media.model import (
    MixedFiles,
    NotReadyYet,
    TooManyFiles,
    Upload,
    UploadNotFound,
    UploadRefused,
)
from microsocial.media.service import Media, SealedSize
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_CAPTION_CHARACTERS, MAX_MEDIA
from microsocial.protocol.texts import clean

T = TypeVar("T")
Item = dict[str, Any]


class Chosen(Body):
    """One uploaded file, as a post or message names it."""

    id: Annotated[str, Field(max_length=64)]
    caption: Annotated[str, Field(max_length=MAX_CAPTION_CHARACTERS)] = ""
    alt: Annotated[str, Field(max_length=MAX_CAPTION_CHARACTERS)] = ""


@dataclass(frozen=True)
class _Attached:
    """Items for a record, with what must be said of their blobs in the transaction that says it."""

    items: list[Item]
    sealed: list[SealedSize]
    uploads: list[str]


class Attachments:
    """Puts prepared files into records. Lives in the event loop."""

    def __init__(self, db: Database, media: Media, intake: Intake, keeping: Keeping) -> None:
        self._db = db
        self._media = media
        self._intake = intake
        self._keeping = keeping

    async def say(
        self,
        chosen: Sequence[Chosen],
        say: Callable[[Connection, list[Item]], T],
        *,
        public: bool,
        said: Callable[[Connection], T | None],
    ) -> T:
        """Say a record that shows these files, unless `said` gives what was said before.

        Raises:
            UploadNotFound, NotReadyYet, UploadRefused, TooManyFiles, MixedFiles; whatever `say` raises.
        """
        async with self._keeping.publishing:
            before = await self._db.read(said)
            if before is not None:
                return before
            attached = await self._attach(chosen, public=public)
            try:
                done = await self._db.write(lambda conn: self._keep(conn, attached, say))
            except BaseException:
                await self._let_go(attached)
                raise
        for upload_id in attached.uploads:
            await asyncio.to_thread(
                shutil.rmtree, self._intake.folder(upload_id), ignore_errors=True
            )
        return done

    def _keep(
        self, conn: Connection, attached: _Attached, say: Callable[[Connection, list[Item]], T]
    ) -> T:
        self._media.keep(conn, attached.sealed)
        store.drop_uploads(conn, attached.uploads)
        return say(conn, attached.items)

    async def _let_go(self, attached: _Attached) -> None:
        """It was not said: what was sealed for it goes again."""
        names = [size.blob.hash for size in attached.sealed]
        for name in await self._db.read(lambda conn: self._media.strangers(conn, names)):
            await asyncio.to_thread(self._media.files.remove, name)

    async def _attach(self, chosen: Sequence[Chosen], *, public: bool) -> _Attached:
        ids = [one.id for one in chosen]
        found = await self._db.read(lambda conn: store.find_uploads(conn, ids))
        uploads = [_ready(found.get(one.id)) for one in chosen]
        _fit(uploads)
        items: list[Item] = []
        sealed: list[SealedSize] = []
        for one, upload in zip(chosen, uploads, strict=True):
            sizes = await self._seal(upload, public=public)
            sealed += sizes
            items.append(_item(upload, one, [size.entry for size in sizes]))
        return _Attached(items, sealed, ids)

    async def _seal(self, upload: Upload, *, public: bool) -> list[SealedSize]:
        folder = self._intake.folder(upload.id) / PREPARED
        sizes = upload.prepared["sizes"] if upload.prepared else []
        return await self._db.read_long(
            lambda conn: [
                self._media.seal(conn, folder / size["file"], size, public=public) for size in sizes
            ]
        )


async def say_with(
    context: ApiContext,
    chosen: Sequence[Chosen],
    say: Callable[[Connection, list[Item]], T],
    *,
    public: bool,
    said: Callable[[Connection], T | None],
) -> T:
    """Say a record, with files (`Attachments.say`) or without."""
    if not chosen:
        return await context.db.write(lambda conn: say(conn, []))
    return await context.room(Attachments).say(chosen, say, public=public, said=said)


def _ready(upload: Upload | None) -> Upload:
    if upload is None:
        raise UploadNotFound(field="media")
    if upload.state == "refused":
        raise UploadRefused(upload.sentence, field="media")
    if upload.state != "ready":
        raise NotReadyYet(f"{upload.name} is still being prepared.", field="media")
    return upload


def _fit(uploads: Sequence[Upload]) -> None:
    """Up to ten photos, or one clip, or one voice note."""
    if len({upload.id for upload in uploads}) != len(uploads):
        raise MixedFiles(f"{uploads[0].name}: The same file twice.", field="media")
    if len(uploads) > MAX_MEDIA:
        raise TooManyFiles(field="media")
    if len(uploads) > 1 and any((one.prepared or {}).get("kind") != "photo" for one in uploads):
        raise MixedFiles(field="media")


def _item(upload: Upload, chosen: Chosen, entries: list[dict[str, Any]]) -> Item:
    """As the record holds it (spec 11.1)."""
    prepared = upload.prepared or {}
    main = next((entry for entry in reversed(entries) if entry["role"] != "poster"), entries[-1])
    credit = f"© {prepared['credit']}" if prepared.get("credit") else ""
    caption = "\n".join(filter(None, (clean(chosen.caption).strip(), credit)))
    return {
        "id": upload.id,
        "kind": prepared["kind"],
        "type": main["type"],
        "width": prepared["width"],
        "height": prepared["height"],
        "duration": prepared.get("duration", 0),
        "caption": caption[:MAX_CAPTION_CHARACTERS],
        "alt": clean(chosen.alt).strip(),
        "placeholder": b64u(bytes.fromhex(prepared.get("placeholder", ""))),
        "sizes": entries,
    }
