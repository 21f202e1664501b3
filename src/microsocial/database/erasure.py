"""When words must leave the files.

SQLite overwrites a deleted row with zeros (`secure_delete`), but that is not all of it: the write-ahead log keeps pages
as they were until it is truncated, and a page that was split or merged keeps stale copies of rows in its free space.
Only rebuilding the file (VACUUM) and truncating the log ends it; tests/database/test_erasure.py shows each part.

So: a room that deletes what must be gone emits `WordsErased` in its transaction. The writer marks the file in the same
transaction (`PRAGMA user_version`), so that not even `kill -9` loses the duty, and the database rebuilds itself right
after the commit, or at the next start.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from microsocial.database.connect import BUSY_TIMEOUT_MS, raw
from microsocial.database.copies import forget_copies, rebuild
from microsocial.database.failures import explained
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
        rebuild(sqlite, path)
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
        self._is_asked_again = False

    async def erase(self) -> None:
        """Return when all that is due is done. Raises DiskFull and its like."""
        with explained(self._path):
            while not await asyncio.wrap_future(self._try_once()):  # noqa: ASYNC110 - a reader's end tells nobody
                await asyncio.sleep(RETRY_AFTER_S)

    def erase_soon(self, _: WordsErased) -> None:
        """Begin in the background; at once where there is no event loop (offline verbs)."""
        self._is_asked_again = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.erase_now()
            return
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._erase_while_asked())

    def erase_now(self) -> None:
        """Do what is due and can be done without waiting for readers; the file remembers the rest."""
        with _only_logged(self._path):
            self._try_once().result()

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.erase_now()

    async def _erase_while_asked(self) -> None:
        while self._is_asked_again:
            self._is_asked_again = False
            began = time.monotonic()
            with _only_logged(self._path):
                await self.erase()
            await asyncio.sleep(REST_FACTOR * (time.monotonic() - began))

    def _try_once(self) -> "Future[bool]":
        return self._run_alone(lambda connection: erase_from_files(connection, self._path))


@contextlib.contextmanager
def _only_logged(path: Path) -> Iterator[None]:
    """A rebuild that fails (full disk) stops nobody: it stays due, and the next one or the next start does it."""
    try:
        with explained(path):
            yield
    except MicrosocialError:
        log.exception("Deleted words could not be erased from the files yet")
