"""When words must leave the files.

SQLite overwrites a deleted row with zeros (`secure_delete`), but that is not all of it: the write-ahead log keeps pages
as they were until it is truncated, and a page that was split or merged keeps stale copies of rows in its free space.
Only rebuilding the file (VACUUM) and truncating the log ends it; tests/database/test_erasure.py shows each part.

So: a room that deletes what must be gone emits `WordsErased` in its transaction. The writer marks the file in the same
transaction (`PRAGMA user_version`), so that not even `kill -9` loses the duty, and the database rebuilds itself right
after the commit, or at the next start.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from microsocial.database.connect import BUSY_TIMEOUT_MS, raw
from microsocial.database.copies import forget_copies
from microsocial.errors import MicrosocialError
from microsocial.events import Event

log = logging.getLogger(__name__)

# PRAGMA user_version says what is still to be done. It is part of the transaction, which a marker file would not be.
NOTHING_DUE, REBUILD_DUE, TRUNCATION_DUE = 0, 1, 2

# A rebuild holds up other writes (about 10 ms a megabyte), so deletions that come in a row share one: after each the
# eraser rests this many times as long as it took.
REST_FACTOR = 10
# A long read (search, export) holds on to old pages; the log cannot be truncated before it ends. Other writes go first.
RETRY_AFTER_S = 1.0
TRUNCATION_PATIENCE_MS = 100


@dataclass(frozen=True)
class WordsErased(Event):
    """Something was deleted that must not be found in the files any more."""


def mark_due(connection: Connection) -> None:
    connection.exec_driver_sql(f"PRAGMA user_version={REBUILD_DUE}")


def erase_from_files(connection: Connection, path: Path) -> bool:
    """Rebuild and truncate as far as it is due; False when a reader still holds on to old pages."""
    sqlite = raw(connection)
    if _due(connection) == REBUILD_DUE:
        forget_copies(path)
        sqlite.execute("VACUUM")
        sqlite.execute(f"PRAGMA user_version={TRUNCATION_DUE}")
    sqlite.execute(f"PRAGMA busy_timeout={TRUNCATION_PATIENCE_MS}")
    (is_busy, _, _) = sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    sqlite.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    if is_busy:
        return False
    if _due(connection) != NOTHING_DUE:
        sqlite.execute(f"PRAGMA user_version={NOTHING_DUE}")
    return True


def _due(connection: Connection) -> int:
    (due,) = raw(connection).execute("PRAGMA user_version").fetchone()
    return int(due)


class Eraser:
    """Has the writer erase, soon and not too often."""

    def __init__(
        self, path: Path, run_alone: Callable[[Callable[[Connection], bool]], "Future[bool]"]
    ) -> None:
        self._path = path
        self._run_alone = run_alone
        self._task: asyncio.Task[None] | None = None
        self._asked_again = False

    def finish_interrupted(self) -> None:
        """At the start, before anybody reads: do what an earlier run left due."""
        self._try_once().result()

    def erase_soon(self, _: WordsErased) -> None:
        """Begin in the background. Without an event loop (offline verbs) it is done at once."""
        self._asked_again = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._try_once().result()
            return
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._erase_while_asked())

    async def erase(self) -> None:
        while not await asyncio.wrap_future(self._try_once()):  # noqa: ASYNC110 - a reader's end tells nobody
            await asyncio.sleep(RETRY_AFTER_S)

    def close(self) -> None:
        """Stop resting; what is due is done once more, so that an orderly stop leaves nothing behind."""
        if self._task is not None:
            self._task.cancel()
        self._try_once().result()

    async def _erase_while_asked(self) -> None:
        while self._asked_again:
            self._asked_again = False
            began = time.monotonic()
            try:
                await self.erase()
            except MicrosocialError:
                # Still marked in the file: done with the next deletion or at the next start.
                log.exception("Deleted words could not be erased from the files yet")
            await asyncio.sleep(REST_FACTOR * (time.monotonic() - began))

    def _try_once(self) -> "Future[bool]":
        return self._run_alone(lambda connection: erase_from_files(connection, self._path))
