"""From prepared uploads to a record that shows them: sealed, kept and said together.

Rule 1: the files stand, durable, before the one transaction that says the record, keeps the blobs and forgets the uploads.
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import Field
from sqlalchemy import Connection

from microsocial.clock import Entropy
from microsocial.context import ApiContext, Body
from microsocial.database import Database
from microsocial.media import store
from microsocial.media.cards import Card
from microsocial.media.intake import Intake
from microsocial.media.keeping import Keeping
from microsocial.media.model import (
    PREPARED,
    NotReadyYet,
    Upload,
    UploadNotFound,
    UploadRefused,
    fit,
)
from microsocial.media.service import Media, SealedSize
from microsocial.protocol.encoding import b64u
from microsocial.protocol.limits import MAX_CAPTION_CHARACTERS
from microsocial.protocol.texts import clean

T = TypeVar("T")
Item = dict[str, Any]

MEDIA_ID_BYTES = 16


class Chosen(Body):
    """One uploaded file, as a post or message names it."""

    id: Annotated[str, Field(max_length=64)]
    caption: Annotated[str, Field(max_length=MAX_CAPTION_CHARACTERS)] = ""
    alt: Annotated[str, Field(max_length=MAX_CAPTION_CHARACTERS)] = ""


@dataclass(frozen=True)
class Shown:
    """What a record shows, as it stands in its fields `media` and `links`."""

    media: list[Item]
    links: list[Item]


Say: TypeAlias = Callable[[Connection, Shown], T]


class Attachments:
    """Puts prepared files into records. Lives in the event loop."""

    def __init__(
        self, db: Database, media: Media, intake: Intake, keeping: Keeping, entropy: Entropy
    ) -> None:
        self._db = db
        self._media = media
        self._intake = intake
        self._keeping = keeping
        self._entropy = entropy

    async def say(
        self,
        chosen: Sequence[Chosen],
        say: Say[T],
        *,
        public: bool,
        said: Callable[[Connection], T | None],
        card: Card | None = None,
    ) -> T:
        """Say a record that shows these files and this card, unless `said` gives what was said before.

        Raises:
            UploadNotFound, NotReadyYet, UploadRefused, TooManyFiles, MixedFiles; whatever `say` raises.
        """
        ids = [one.id for one in chosen]
        sealed: list[SealedSize] = []
        async with self._keeping.publishing:
            before = await self._db.read(said)
            if before is not None:
                return before
            found = await self._db.read(lambda conn: store.find_uploads(conn, ids))
            try:
                media = await self._items(chosen, found, sealed, public=public)
                links = await self._links(card, sealed, public=public)
                shown = Shown(media, links)
                done = await self._db.write(lambda conn: self._keep(conn, sealed, ids, shown, say))
            except BaseException:
                await self._let_go(sealed)
                raise
        for upload_id in ids:
            folder = self._intake.folder(upload_id)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return done

    def _keep(
        self,
        conn: Connection,
        sealed: Sequence[SealedSize],
        uploads: Sequence[str],
        shown: Shown,
        say: Say[T],
    ) -> T:
        self._media.keep(conn, sealed)
        store.drop_uploads(conn, uploads)
        return say(conn, shown)

    async def _let_go(self, sealed: Sequence[SealedSize]) -> None:
        """It was not said: what was sealed for it goes again."""
        names = [size.blob.hash for size in sealed]
        for name in await self._db.read(lambda conn: self._media.strangers(conn, names)):
            await asyncio.to_thread(self._media.files.remove, name)

    async def _items(
        self,
        chosen: Sequence[Chosen],
        found: Mapping[str, Upload],
        sealed: list[SealedSize],
        *,
        public: bool,
    ) -> list[Item]:
        uploads = _ready([found.get(one.id) for one in chosen])
        fit([(upload, (upload.prepared or {}).get("kind")) for upload in uploads])
        items: list[Item] = []
        for one, upload in zip(chosen, uploads, strict=True):
            prepared = upload.prepared or {}
            folder = self._intake.folder(upload.id) / PREPARED
            sizes = await self._seal(folder, prepared["sizes"], public=public)
            sealed += sizes
            items.append(_item(upload.id, prepared, one.caption, one.alt, sizes))
        return items

    async def _links(
        self, card: Card | None, sealed: list[SealedSize], *, public: bool
    ) -> list[Item]:
        if card is None:
            return []
        if card.picture is None or card.folder is None:
            return [card.link]
        sizes = await self._seal(card.folder, card.picture["sizes"][:1], public=public)
        sealed += sizes
        prepared = card.picture | {"kind": "photo"}
        picture = _item(b64u(self._entropy(MEDIA_ID_BYTES)), prepared, "", "", sizes)
        return [card.link | {"picture": picture}]

    async def _seal(
        self, folder: Path, sizes: Sequence[dict[str, Any]], *, public: bool
    ) -> list[SealedSize]:
        return await self._db.read_long(
            lambda conn: [
                self._media.seal(conn, folder / size["file"], size, public=public) for size in sizes
            ]
        )


async def say_with(
    context: ApiContext,
    chosen: Sequence[Chosen],
    say: Say[T],
    *,
    public: bool,
    said: Callable[[Connection], T | None] = lambda _conn: None,
    card: Card | None = None,
) -> T:
    """Say a record, with files or a card (`Attachments.say`) or without."""
    if not chosen and card is None:
        return await context.db.write(lambda conn: say(conn, Shown([], [])))
    attachments = context.room(Attachments)
    return await attachments.say(chosen, say, public=public, said=said, card=card)


def _ready(found: Sequence[Upload | None]) -> list[Upload]:
    """These uploads, all of them ready; what waiting does not mend is said first."""
    uploads = [upload for upload in found if upload is not None]
    if len(uploads) < len(found):
        raise UploadNotFound(field="media")
    for upload in uploads:
        if upload.state == "refused":
            raise UploadRefused(upload.sentence, field="media")
    for upload in uploads:
        if upload.state != "ready":
            raise NotReadyYet(f"{upload.name} is still being prepared.", field="media")
    return uploads


def _item(
    item_id: str, prepared: dict[str, Any], caption: str, alt: str, sealed: Sequence[SealedSize]
) -> Item:
    """As the record holds it (spec 11.1)."""
    entries = [size.entry for size in sealed]
    main = next((entry for entry in reversed(entries) if entry["role"] != "poster"), entries[-1])
    credit = f"© {prepared['credit']}" if prepared.get("credit") else ""
    caption = "\n".join(filter(None, (clean(caption).strip(), clean(credit))))
    return {
        "id": item_id,
        "kind": prepared["kind"],
        "type": main["type"],
        "width": prepared["width"],
        "height": prepared["height"],
        "duration": prepared.get("duration", 0),
        "caption": caption[:MAX_CAPTION_CHARACTERS],
        "alt": clean(alt).strip(),
        "placeholder": b64u(bytes.fromhex(prepared.get("placeholder", ""))),
        "sizes": entries,
    }
