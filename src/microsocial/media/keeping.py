"""The folder of blobs in order: what nothing shows any more goes, and what a crash left behind.

Rule 1: a row goes before its file does, so that no row ever names a file that is gone.
Rule 2: nothing goes between sealing a file and publishing what shows it (`publishing`): the file stands, and no row says so yet.
"""

import asyncio
import logging

from microsocial.database import Database, MachineRecovered, WordsErased, set_aside
from microsocial.errors import MicrosocialError
from microsocial.events import Event, EventBus
from microsocial.media.model import BlobsLoosened
from microsocial.media.service import Media

log = logging.getLogger(__name__)


class Keeping:
    """Sweeps after every deletion, and once at the start. Lives in the event loop."""

    def __init__(self, db: Database, bus: EventBus, media: Media) -> None:
        self._db = db
        self._media = media
        self.publishing = asyncio.Lock()
        self._sweeping: asyncio.Task[None] | None = None
        self._is_asked_again = False
        bus.subscribe(WordsErased, self._sweep_soon)
        bus.subscribe(BlobsLoosened, self._sweep_soon)
        bus.subscribe(MachineRecovered, self._sweep_soon)

    async def start(self) -> None:
        """Remove what a crash left: half-written files, rows without use, files without a row; note files that are gone."""
        await asyncio.to_thread(self._media.files.sweep_unfinished)
        await self.sweep()
        names = await asyncio.to_thread(lambda: list(self._media.files.names()))
        if not self._is_undone:
            await self._remove(await self._db.read(lambda conn: self._media.strangers(conn, names)))
        if await self._db.read(lambda conn: self._media.has_lost(conn, names)):
            await self._db.write(lambda conn: self._media.lost(conn, names))

    @property
    def _is_undone(self) -> bool:
        """Whether a database that an undo set aside lies there: it may name files that this one does not know."""
        return self._db.path is not None and bool(set_aside(self._db.path))

    async def stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def sweep(self) -> None:
        """Return when every file that nothing shows is gone."""
        async with self.publishing:
            await self._remove(await self._db.write(self._media.drop_orphans))

    async def _remove(self, names: list[bytes]) -> None:
        for name in names:
            await asyncio.to_thread(self._media.files.remove, name)

    def _sweep_soon(self, _: Event) -> None:
        """After a commit; offline there is no loop, and the next start does it."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._is_asked_again = True
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = loop.create_task(self._sweep_while_asked())

    async def _sweep_while_asked(self) -> None:
        while self._is_asked_again:
            self._is_asked_again = False
            try:
                await self.sweep()
            except (MicrosocialError, OSError):
                log.exception("Files that nothing shows could not be removed yet")
