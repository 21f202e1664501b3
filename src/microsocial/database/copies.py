"""Copies of the database: beside it before its schema changes, so that an upgrade can be undone; and of one that is in use."""

import os
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path

from microsocial.database.failures import explained

# Between two of these a copy says how far it is and may be stopped: 4 MiB.
PAGES_AT_ONCE = 1024

# The last upgrade and the one before; each is as large as the database.
COPIES_KEPT = 2


def keep_copy(path: Path, revision: str) -> Path:
    """Copy the database as it is at this revision; forget all but the newest copies."""
    copy = path.with_name(f"{path.name}.before-{int(revision) + 1:04d}")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)
    for old in copies(path)[:-COPIES_KEPT]:
        old.unlink()
    return copy


def copies(path: Path) -> list[Path]:
    """Oldest first."""
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def forget_copies(path: Path) -> None:
    """What must be gone must be gone from the copies too: erasing counts for more than undoing an upgrade."""
    for copy in copies(path):
        copy.unlink()


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
            target.execute("PRAGMA secure_delete=ON")
            target.execute("BEGIN")
            for table in without:
                target.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names of our own tables
            target.execute("COMMIT")
