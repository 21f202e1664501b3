"""The data folder: made private, held by one program at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self

from microsocial.errors import Conflict, WeBroke

DATABASE_NAME = "microsocial.db"
LOCK_NAME = "lock"

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class FolderInUse(Conflict):
    """Another Microsocial already runs with this data folder. Stop it first, or name another folder with --data."""


class FolderNotWritable(WeBroke):
    """The data folder cannot be written. Give it to your user, or name another one with --data."""


class Folder:
    """A data folder that is ours alone until `close`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @property
    def database(self) -> Path:
        return self.path / DATABASE_NAME

    def close(self) -> None:
        os.close(
            self._lock
        )  # the system releases the lock with the file, also when the program is killed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_folder(path: Path) -> Folder:
    """Make the folder if needed, private to its owner, and hold it. Raises FolderInUse, FolderNotWritable."""
    try:
        path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        path.chmod(PRIVATE_FOLDER)
        lock = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise FolderNotWritable(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise FolderInUse(str(path)) from error
    # SQLite gives its other files (the log, the index of the log) the mode of this one.
    os.close(os.open(path / DATABASE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
    return Folder(path, lock)
