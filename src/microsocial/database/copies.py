"""Copies of the database that are kept beside it before its schema changes, so that an upgrade can be undone."""

import sqlite3
from contextlib import closing
from pathlib import Path

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
