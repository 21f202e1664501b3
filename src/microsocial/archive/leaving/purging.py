"""Carries out a purge as the one long work: step by step, then gone from the files too, before anybody says so."""

import asyncio
from pathlib import Path

from microsocial.archive.leaving import storage
from microsocial.archive.leaving.model import Found, Wish
from microsocial.archive.leaving.purge import Purge
from microsocial.archive.work import Progress, Workbench
from microsocial.context import ApiContext
from microsocial.database import DATABASE_NAME, forget_copies, forget_set_aside, set_aside
from microsocial.media.keeping import Keeping
from microsocial.media.service import Media


class Purging:
    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._db = context.db
        self._purge = context.room(Purge)

    @property
    def _folder(self) -> Path:
        return self._context.settings.data

    @property
    def is_aside(self) -> bool:
        """Whether a database that an undo set aside lies in the folder."""
        return bool(set_aside(self._folder / DATABASE_NAME))

    async def found(self, wish: Wish) -> Found:
        """Count what would go."""
        if wish.what == "copies":
            disk = await asyncio.to_thread(storage.look_at, self._folder)
            return Found(*disk.all_copies)
        return await self._db.read_long(lambda conn: self._purge.found(conn, wish))

    async def purge(self, wish: Wish) -> Found:
        """Let it go; give what went. Raises AlreadyWorking, Stopped, and what the machine's faults raise."""
        total = await self.found(wish)
        failures: list[Exception] = []
        went: list[int] = []

        def job(progress: Progress) -> str:
            try:
                self._all_steps(wish, total.count, progress, went)
            except Exception as error:
                failures.append(error)
                raise
            return f"{sum(went):,} things are gone."

        bench = self._context.room(Workbench)
        bench.start("purge", job)
        await bench.ended()
        if failures:
            raise failures[0]
        return Found(sum(went), total.bytes)

    def _all_steps(self, wish: Wish, total: int, progress: Progress, went: list[int]) -> None:
        if wish.what == "copies":
            forget_copies(self._folder / DATABASE_NAME)
            forget_set_aside(self._folder / DATABASE_NAME)
            went.append(total)
            return
        is_last = False
        while not is_last:
            progress.check()
            step = progress.wait(self._db.write(lambda conn: self._purge.step(conn, wish)))
            for name in step.files:
                self._context.room(Media).files.remove(name)
            went.append(step.count)
            is_last = step.is_last
            progress.at(sum(went), max(total, sum(went)), f"{sum(went):,} of {total:,} are gone.")
        if wish.what != "media":
            # "Gone" is said when it is gone from the files too.
            progress.wait(self._db.checkpoint_erased())
            progress.wait(self._context.room(Keeping).sweep())
