"""What can be wrong with a data folder and the disk under it, seen from outside, whether a node runs there or not."""

import contextlib
import errno
import os
import secrets
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microsocial.cli.late import load
from microsocial.cli.words import moment
from microsocial.sizes import size

# Photos of a weekend; below it a post may fail halfway.
LITTLE_SPACE_BYTES = 500 * 1024 * 1024
# A file system that has not one page left refuses the smallest change.
PAGE_BYTES = 4096
DATABASE_NAME = "microsocial.db"
# Files are written now and then while the clock is being set; a day ahead is no accident.
AHEAD_MS = 86_400_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` is there when something has to be done."""

    what: str
    is_fine: bool = True
    advice: str | None = None


def of_the_folder(data: Path) -> Iterator[Finding]:
    if not data.exists():
        yield Finding(f"The data folder {data} is not there yet.")
        return
    yield _writable(data)
    yield from _private(data)
    free = shutil.disk_usage(data).free
    yield Finding(
        f"{size(free)} are free on its disk.",
        free >= LITTLE_SPACE_BYTES,
        None if free >= LITTLE_SPACE_BYTES else "Free some space: a full disk takes nothing new.",
    )


def _writable(data: Path) -> Finding:
    """Write something, for that is the only way to know."""
    trial = data / f"doctor-{secrets.token_hex(4)}"
    try:
        try:
            with trial.open("xb") as file:
                file.write(bytes(PAGE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            with contextlib.suppress(OSError):
                trial.unlink()
    except OSError as error:
        return _refused(data, error)
    return Finding(f"The data folder {data} can be written.")


def _refused(data: Path, error: OSError) -> Finding:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        advice = "Free some space; until then nothing new is taken, and nothing is lost."
        return Finding(f"The disk of {data} is full.", False, advice)
    if error.errno == errno.EROFS:
        advice = "The system does that to a disk that errs, or that was unplugged: look at the disk and its cable."
        return Finding(f"The disk of {data} can only be read.", False, advice)
    if error.errno == errno.EIO:
        advice = "Copy the folder to another disk as soon as you can, with the node stopped."
        return Finding(f"The disk of {data} errs.", False, advice)
    advice = "Give it to your user, or name another one with --data."
    return Finding(f"The data folder {data} cannot be written.", False, advice)


def _private(data: Path) -> Iterator[Finding]:
    if stat.S_IMODE(data.stat().st_mode) & 0o077:
        yield Finding(
            f"Other users of this machine can look into {data}.", False, f"Run: chmod 700 {data}"
        )
        return
    yield Finding(f"The data folder {data} is yours alone.")


def is_empty(data: Path) -> bool:
    """Nobody lives there: no database, or one that was only begun, as by a `recover` that did not succeed."""
    file = data / DATABASE_NAME
    return not file.exists() or file.stat().st_size == 0


def of_the_database(data: Path, now: int) -> Iterator[Finding]:
    """Whether this program can read it, whether it is whole, and whether it comes from the future."""
    file = data / DATABASE_NAME
    if file.stat().st_mtime * 1000 > now + AHEAD_MS:
        yield Finding(
            "The data was last changed in the future, so this machine's clock was wrong then, or is wrong now.",
            False,
            "Set the clock (on Linux: timedatectl set-ntp true). Nothing is lost meanwhile; only dates are wrong.",
        )
    # Where nothing can be written SQLite cannot share the file, and need not: nobody changes it.
    how = "mode=ro" if os.access(data, os.W_OK) else "mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?{how}", uri=True)) as database:
            yield from _version(database)
            yield _soundness(database)
    except sqlite3.Error as error:
        yield _unreadable(error)


def of_an_undo(data: Path) -> Iterator[Finding]:
    """Whether a newer database lies beside, that only the owner may let go."""
    since = load("microsocial.archive.leaving.storage").look_at(data).aside_since
    if since is not None:
        yield Finding(
            f"An upgrade was undone at {moment(since)}; the newer database lies beside, with what you wrote after that upgrade, "
            "and also what you have deleted since.",
            advice="It stays until you say so: microsocial purge copies --yes   (docs/operate/backup.md)",
        )


def _version(database: sqlite3.Connection) -> Iterator[Finding]:
    with contextlib.suppress(sqlite3.OperationalError):  # nobody has moved in yet
        (made_by,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        if made_by > load("microsocial.database.migrate").known_revisions()[-1]:
            yield Finding(
                "This data folder was made by a newer Microsocial.",
                False,
                "Install the newest version and start again.",
            )


def _soundness(database: sqlite3.Connection) -> Finding:
    (said, *_) = [row[0] for row in database.execute("PRAGMA quick_check(1)")]
    return Finding("The database is whole.") if said == "ok" else _damaged(said)


def _unreadable(error: Any) -> Finding:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return _damaged(str(error))
    advice = "Look at the disk, and whether the folder belongs to your user."
    return Finding(f"The database cannot be read ({error}).", False, advice)


def _damaged(said: str) -> Finding:
    advice = (
        "Stop the node, keep this folder as it is, and restore your newest backup into another one."
    )
    return Finding(f"The database is damaged ({' '.join(said.split())}).", False, advice)
