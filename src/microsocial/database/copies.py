"""Copies of the database: beside it before its schema changes, so that an upgrade can be undone; and of one that is in use."""

import itertools
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from microsocial.database.failures import DataDamaged, explained
from microsocial.errors import Conflict

log = logging.getLogger(__name__)

# A rebuild takes as much as the database: what a small machine has to spare.
MAX_IN_MEMORY_BYTES = 32 * 1024 * 1024

BEFORE, UNDONE = "before-", "undone"

# Between two of these a copy says how far it is and may be stopped: 4 MiB.
PAGES_AT_ONCE = 1024


class NothingToUndo(Conflict):
    """There is no copy from before an upgrade in this data folder. It is also gone once something was erased for good since."""


# The last upgrade and the one before; each is as large as the database.
COPIES_KEPT = 2


def keep_copy(path: Path, revision: str) -> Path:
    """Copy the database as it is at this revision; forget all but the newest copies."""
    copy = path.with_name(f"{path.name}.{BEFORE}{int(revision) + 1:04d}")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)
    for old in copies(path)[:-COPIES_KEPT]:
        old.unlink()
    return copy


def copies(path: Path) -> list[Path]:
    """Oldest first."""
    return sorted(path.parent.glob(f"{path.name}.{BEFORE}*"))


def forget_copies(path: Path) -> None:
    """What must be gone must be gone from the copies too: erasing counts for more than undoing an upgrade."""
    for copy in copies(path):
        copy.unlink(missing_ok=True)


def set_aside(path: Path) -> list[Path]:
    """Where the databases of upgrades that were undone lie: nobody's newest words go because somebody undid twice."""
    return sorted(path.parent.glob(f"{path.name}.{UNDONE}*"))


def forget_set_aside(path: Path) -> None:
    """Only when the owner says so: they may hold the only copy of what was written after an upgrade (decision 0017)."""
    for aside in set_aside(path):
        aside.unlink(missing_ok=True)


def _place_aside(path: Path) -> Path:
    first = path.with_name(f"{path.name}.{UNDONE}")
    others = (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))
    return next(place for place in itertools.chain([first], others) if not place.exists())


@dataclass(frozen=True)
class Undone:
    """An upgrade taken back: the schema before and after, and how many records of each kind came since the upgrade."""

    revision: str
    was: str
    since: dict[str, int]
    aside: Path


def undo_upgrade(path: Path, *, without: Collection[str] = ()) -> Undone:
    """Put the copy from before the last upgrade in the database's place, which is kept aside.

    Of the tables `without` no row is kept: an erasure that is due for them must not have to take the rest along. Only while
    nothing runs on the folder. Raises NothingToUndo, DataDamaged.
    """
    with explained(path):
        found = copies(path)
        if not found:
            raise NothingToUndo
        copy, aside = found[-1], _place_aside(path)
        with closing(sqlite3.connect(copy)) as before:
            if before.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise DataDamaged(f"{copy.name}, the copy from before the upgrade")
            revision = _revision(before)
            (last,) = before.execute("SELECT coalesce(max(no), 0) FROM records").fetchone()
        with closing(sqlite3.connect(path, isolation_level=None)) as now:
            was = _revision(now)
            since = now.execute(
                "SELECT kind, count(*) FROM records WHERE no > ? GROUP BY kind", (last,)
            ).fetchall()
            _strip(now, path, without)
            now.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # SQLite has removed its log with the last connection: the file is all of it. One step puts the other in its place.
        _link(path, aside)
        copy.replace(path)
    return Undone(revision, was, dict(since), aside)


def _strip(connection: sqlite3.Connection, path: Path, tables: Collection[str]) -> None:
    """Rid the file of these rows. Going back matters more: a disk that is full, or errs, does not keep anybody from it."""
    try:
        _empty(connection, tables)
        rebuild(connection, path)
    except sqlite3.Error as error:
        log.warning("The newer database is set aside with this machine's secrets in it: %s", error)


def rebuild(sqlite: sqlite3.Connection, path: Path) -> None:
    """Rebuild in memory, as long as that is small; beside the database otherwise, in a file that has no name."""
    if path.stat().st_size > MAX_IN_MEMORY_BYTES:
        os.putenv("SQLITE_TMPDIR", str(path.parent))  # the owner's folder, not the machine's /tmp
        sqlite.execute("PRAGMA temp_store=FILE")
    else:
        sqlite.execute("PRAGMA temp_store=MEMORY")
    try:
        sqlite.execute("VACUUM")
    finally:
        sqlite.execute("PRAGMA temp_store=MEMORY")


def _revision(connection: sqlite3.Connection) -> str:
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(revision)


def _link(path: Path, other: Path) -> None:
    """Give the file a second name; where the disk knows no such thing, copy it."""
    try:
        other.hardlink_to(path)
    except OSError:
        shutil.copy2(path, other)


def copy_in_use(
    path: Path, copy: Path, *, without: Collection[str], at: Callable[[int, int], None]
) -> None:
    """Copy the database as it is at this moment, while others go on writing.

    Of the tables `without` no row is in the copy, nor a trace of one. `at(done, total)` is told now and then; what it
    raises ends the copying.
    """
    with explained(copy):
        copy.unlink(missing_ok=True)
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(path, isolation_level=None)) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            source.execute("BEGIN")  # one moment for the whole copy, however long it takes
            source.execute("SELECT 1 FROM sqlite_master").fetchone()
            source.backup(
                target, pages=PAGES_AT_ONCE, progress=lambda _, left, total: at(total - left, total)
            )
            target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            _empty(target, without)


def _empty(connection: sqlite3.Connection, tables: Collection[str]) -> None:
    """Remove every row of these tables, as far as this step of the schema has them."""
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("BEGIN")
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for table in known.intersection(tables):
        connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names of our own tables
    connection.execute("COMMIT")
