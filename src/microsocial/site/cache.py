"""Built pages as bytes, kept until something public changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from microsocial.protocol.crypto import sha256
from microsocial.protocol.encoding import b64u

MAX_PAGES = 256  # a busy page's first screens, feeds and newest posts: about 5 MB
ETAG_CHARACTERS = 22


@dataclass(frozen=True)
class Built:
    """A finished answer."""

    body: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Built":
        return cls(body, media_type, f'"{b64u(sha256(body))[:ETAG_CHARACTERS]}"')


class PageCache:
    """The least recently asked leave first. A page built before a change is never kept after it."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, Built] = OrderedDict()
        self._generation = 0
        self._building = asyncio.Lock()

    def forget(self) -> None:
        """Something public changed."""
        self._generation += 1
        self._pages.clear()

    async def get(
        self, key: Hashable, build: Callable[[], Awaitable[Built | None]]
    ) -> Built | None:
        """Give the page, building it if need be; many who ask at once wait for one builder."""
        found = self._find(key)
        if found is not None:
            return found
        async with self._building:
            return self._find(key) or await self._built(key, build)

    def _find(self, key: Hashable) -> Built | None:
        if key in self._pages:
            self._pages.move_to_end(key)
        return self._pages.get(key)

    async def _built(
        self, key: Hashable, build: Callable[[], Awaitable[Built | None]]
    ) -> Built | None:
        generation = self._generation
        page = await build()
        if page is not None and generation == self._generation:
            self._pages[key] = page
            if len(self._pages) > MAX_PAGES:
                self._pages.popitem(last=False)
        return page
