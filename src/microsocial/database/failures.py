"""What the errors of SQLite and of the system mean to a person. Whatever else a change may raise is our own mistake.

A `MachineFault` is the machine's: it passes, and what it stopped is tried again by itself (health.py).
"""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from microsocial.errors import Conflict, MicrosocialError, TooMuch, WeBroke

# Below this much free space an I/O error is taken for a full disk: some file systems report their quota that way.
NEARLY_NOTHING_BYTES = 1024 * 1024


class MachineFault(MicrosocialError):
    """Something is wrong with this machine's disk or memory. Nothing was changed."""


class DiskFull(TooMuch, MachineFault):
    """The disk is full. Nothing was changed. Free some space and try again."""

    status = 507


class FolderReadOnly(WeBroke, MachineFault):
    """The data folder cannot be written any more. Nothing was changed. Look whether its disk is connected and sound."""

    status = 507


class MemoryFull(WeBroke, MachineFault):
    """This machine has no memory left. Nothing was changed. Close other programs and try again."""

    status = 507


class DiskBroke(WeBroke, MachineFault):
    """The disk does not take or give what it should. Nothing was changed. Check the disk before going on."""


class DataDamaged(WeBroke, MachineFault):
    """The database cannot be read: its disk errs, or the file is damaged. `microsocial doctor` finds out which it is."""


class DatabaseBusy(WeBroke, MachineFault):
    """Another program holds the database file. Close what uses the data folder and try again."""


class DatabaseClosed(WeBroke):
    """The program is stopping. Try again when it runs."""


class DataFromNewerProgram(Conflict):
    """This data folder was made by a newer Microsocial. Install the newest version, or go back with: microsocial undo."""


class MigrationMissing(WeBroke):
    """The program is incomplete: a step of the database's history is missing. Install it again."""


_MEANINGS: dict[int, type[MicrosocialError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DiskBroke,
    sqlite3.SQLITE_CANTOPEN: DiskBroke,
    sqlite3.SQLITE_READONLY: FolderReadOnly,
    sqlite3.SQLITE_NOMEM: MemoryFull,
    sqlite3.SQLITE_IOERR_NOMEM: MemoryFull,
    sqlite3.SQLITE_CORRUPT: DataDamaged,
    sqlite3.SQLITE_NOTADB: DataDamaged,
    sqlite3.SQLITE_BUSY: DatabaseBusy,
}
_MEANINGS_OF_THE_SYSTEM: dict[int, type[MicrosocialError]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EROFS: FolderReadOnly,
    errno.EIO: DiskBroke,
    errno.ENOMEM: MemoryFull,
}


@contextlib.contextmanager
def explained(path: Path | None) -> Iterator[None]:
    """Raise the machine's faults in words for a person; let everything else pass as it is."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError, MemoryError) as error:
        meaning = meaning_of(error, path)
        if meaning is None:
            raise
        raise meaning from error


def meaning_of(error: Exception, path: Path | None = None) -> type[MicrosocialError] | None:
    """Say which fault of the machine an error is, or None when it is none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, MemoryError):
        return MemoryFull
    if isinstance(cause, OSError):
        return _MEANINGS_OF_THE_SYSTEM.get(cause.errno or 0)
    code = getattr(cause, "sqlite_errorcode", 0) if isinstance(cause, sqlite3.Error) else 0
    meaning = _MEANINGS.get(code) or _MEANINGS.get(code & 0xFF)  # the upper bytes say where exactly
    if meaning is DiskBroke and path is not None:
        return _seen_on_the_disk(path.parent)
    if meaning is FolderReadOnly and (path is None or os.access(path, os.W_OK)):
        return None  # a reader that tried to write: our own mistake
    return meaning


def _seen_on_the_disk(folder: Path) -> type[MicrosocialError]:
    """SQLite says only that something broke: look what it was."""
    with contextlib.suppress(OSError):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return FolderReadOnly
        if shutil.disk_usage(folder).free < NEARLY_NOTHING_BYTES:
            return DiskFull
    return DiskBroke
