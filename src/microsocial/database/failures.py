"""What SQLite's errors mean to a person. Everything else that a statement may raise is our own mistake."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from microsocial.errors import Conflict, MicrosocialError, TooMuch, WeBroke

# Below this much free space an I/O error is taken for a full disk: some file systems report their quota that way.
NEARLY_NOTHING_BYTES = 1024 * 1024


class DiskFull(TooMuch):
    """The disk is full. Nothing was changed. Free some space and try again."""

    status = 507


class DiskBroke(WeBroke):
    """The disk does not take or give what it should. Nothing was changed. Check the disk before going on."""


class DataDamaged(WeBroke):
    """The database file is damaged. Stop the program and restore your newest backup."""


class DatabaseBusy(WeBroke):
    """Another program holds the database file. Close what uses the data folder and try again."""


class DatabaseClosed(WeBroke):
    """The program is stopping. Try again when it runs."""


class DataFromNewerProgram(Conflict):
    """This data folder was made by a newer Microsocial. Install the newest version and start again."""


class MigrationMissing(WeBroke):
    """The program is incomplete: a step of the database's history is missing. Install it again."""


_MEANINGS: dict[int, type[MicrosocialError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DiskBroke,
    sqlite3.SQLITE_CANTOPEN: DiskBroke,
    sqlite3.SQLITE_CORRUPT: DataDamaged,
    sqlite3.SQLITE_NOTADB: DataDamaged,
    sqlite3.SQLITE_BUSY: DatabaseBusy,
}


@contextlib.contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Raise the machine's faults in words for a person; let everything else pass as it is."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        meaning = _meaning(error, path)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: DBAPIError | sqlite3.Error, path: Path | None) -> type[MicrosocialError] | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the upper bytes only say where exactly
    meaning = _MEANINGS.get(code)
    if meaning is DiskBroke and path is not None and _is_nearly_full(path.parent):
        return DiskFull
    return meaning


def _is_nearly_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < NEARLY_NOTHING_BYTES
    except OSError:
        return False
