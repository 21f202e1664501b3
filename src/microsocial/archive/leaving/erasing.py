"""Empties the data folder at the very end. What somebody else put there stays.

The database goes last: as long as it is there, the next start knows that the folder is to be emptied, and goes on.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from microsocial.archive.backups.keeper import SCRATCH
from microsocial.archive.backups.restoring import MEDIA, RESTORING
from microsocial.archive.website.scratch import BESIDE
from microsocial.archive.website.scratch import SCRATCH as IMPORT
from microsocial.database import DATABASE_NAME
from microsocial.database.folder import LOCK_NAME
from microsocial.settings import CONFIG_NAME

FOLDERS = (MEDIA, f"{MEDIA}-before-*", SCRATCH, RESTORING, BESIDE, "recovering")
IN_MEDIA = ("blobs", "uploads", "cards")
FILES = ("node.json", "cli-token", CONFIG_NAME)


def erase(folder: Path) -> list[str]:
    """Remove everything that is ours; give the names of what is left."""
    for one in (one for name in FOLDERS for one in folder.glob(name)):
        _remove(one)
    for file in _files(folder):
        file.unlink(missing_ok=True)
    left = sorted(path.name for path in folder.iterdir())
    if not left:
        folder.rmdir()
    return left


def _remove(folder: Path) -> None:
    """Remove a folder of ours. Where a link leads, only what is ours goes: somebody chose that place for more than us."""
    if not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name in IN_MEDIA:
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    for name in FILES:
        yield folder / name
        yield folder / f"{name}.new"
    yield from folder.glob(f"{IMPORT}*.zip")
    databases = sorted(folder.glob(f"{DATABASE_NAME}*"), reverse=True)
    yield from databases  # the main file has the shortest name: last
    yield folder / LOCK_NAME
