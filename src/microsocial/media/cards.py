"""Link cards: made by the author's node when posting, so that no reader's node ever asks a stranger's web server.

Rule 1: a card is a kindness. Whatever goes wrong, the post goes out without it.
"""

import asyncio
import contextlib
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from sqlalchemy import Connection

from microsocial.database import Database
from microsocial.errors import MicrosocialError
from microsocial.media.model import MEBIBYTE, PREPARED
from microsocial.media.sniff import SNIFFED_BYTES, sniff
from microsocial.media.workshop import Job, Workshop
from microsocial.protocol.limits import (
    MAX_CARD_DESCRIPTION_CHARACTERS,
    MAX_CARD_TITLE_CHARACTERS,
    MAX_URL_CHARACTERS,
)
from microsocial.protocol.texts import clean_line
from microsocial.transport.web import Found

log = logging.getLogger(__name__)

MAX_PAGE_BYTES = 512 * 1024  # what pages say about themselves stands at their beginning
MAX_PICTURE_BYTES = 4 * MEBIBYTE
SECONDS = 5.0  # page and picture together: how long posting may wait for a stranger's server
PREPARE_SECONDS = 10.0
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class Web(Protocol):
    """`transport.web.Web`."""

    async def read(self, url: str, *, max_bytes: int, seconds: float, accept: str) -> Found: ...


@dataclass(frozen=True)
class Card:
    """A card for a record's `links` (spec 4.6), and its prepared picture: what the child said, and where it lies."""

    link: dict[str, Any]
    picture: dict[str, Any] | None = None
    folder: Path | None = None


class Cards:
    """Looks at the link of a post. Lives in the event loop."""

    def __init__(
        self, db: Database, web: Web, folder: Path, wanted: Callable[[Connection], bool]
    ) -> None:
        self._db = db
        self._web = web
        self._folder = folder
        self._wanted = wanted
        self._workshop = Workshop()

    @contextlib.asynccontextmanager
    async def look(self, url: str | None) -> AsyncIterator[Card | None]:
        """Make the card of a link; None when there is none, or the owner wants none. Its picture's file is gone afterwards."""
        is_wanted = url is not None and len(url) <= MAX_URL_CHARACTERS
        if url is None or not is_wanted or not await self._db.read(self._wanted):
            yield None
            return
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder))
        try:
            yield await self._made(url, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def start(self) -> None:
        """Remove what a crash left."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _made(self, url: str, folder: Path) -> Card | None:
        try:
            async with asyncio.timeout(SECONDS + PREPARE_SECONDS):
                return await self._make(url, folder)
        except (MicrosocialError, TimeoutError, OSError, ValueError) as error:
            log.info("No card for a link: %s", type(error).__name__)
            return None

    async def _make(self, url: str, folder: Path) -> Card | None:
        began = asyncio.get_running_loop().time()
        page = await self._web.read(
            url, max_bytes=MAX_PAGE_BYTES, seconds=SECONDS, accept="text/html"
        )
        if page.content_type not in PAGE_TYPES:
            return None
        source = folder / "page"
        await asyncio.to_thread(source.write_bytes, page.body)
        said = await self._workshop.read_page(source, folder)
        title = clean_line(said["title"]) or urlsplit(url).hostname or url
        link = {
            "url": url,
            "title": title[:MAX_CARD_TITLE_CHARACTERS],
            "description": clean_line(said["description"])[:MAX_CARD_DESCRIPTION_CHARACTERS],
            "picture": None,
        }
        left = SECONDS - (asyncio.get_running_loop().time() - began)
        if not said["picture"] or left <= 0:
            return Card(link)
        try:
            picture = await self._picture(urljoin(page.url, said["picture"]), left, folder)
        except (MicrosocialError, OSError, ValueError):
            return Card(link)
        return Card(link, picture, folder / PREPARED)

    async def _picture(self, url: str, seconds: float, folder: Path) -> dict[str, Any]:
        found = await self._web.read(
            url, max_bytes=MAX_PICTURE_BYTES, seconds=seconds, accept="image/*"
        )
        kind = sniff(found.body[:SNIFFED_BYTES])
        if not found.is_whole or kind is None or kind.kind != "photo":
            raise ValueError("no picture that we take")
        source, results = folder / "picture", folder / PREPARED
        await asyncio.to_thread(source.write_bytes, found.body)
        await asyncio.to_thread(results.mkdir)
        return await self._workshop.prepare(Job(source, results, kind, "The card's picture"))
