"""A backup folder on its disk.

    microsocial-backup.json   says what this is; the same bytes in every backup folder
    key.age  words.age        the key that opens the rest: locked with the passphrase, and for the 24 words
    check.age                 what those two must be, so that damage to them is found before they are needed
    objects/ab/abcd…          pieces, named by a keyed hash of what is in them: each is written once
    snapshots/TIME.age        what belongs together: a list of pieces

Rule 1: a file appears whole, durable, or not at all; a snapshot's list only after all it names.
Rule 2: what is away (unplugged) and what is damaged are told apart, each in a sentence.
"""

import contextlib
import errno
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from microsocial.archive.backups.model import (
    BackupDamaged,
    BackupDiskBroke,
    BackupDiskFull,
    BackupFromNewerProgram,
    BackupInUse,
    BackupNotWritable,
    FolderAway,
    FolderHoldsOther,
    FolderInsideData,
    FolderNotWhole,
    NoBackupHere,
    is_id,
)
from microsocial.errors import MicrosocialError
from microsocial.media.files import fsync_folder

SIGN_NAME, KEY_NAME, WORDS_NAME, CHECK_NAME = (
    "microsocial-backup.json",
    "key.age",
    "words.age",
    "check.age",
)
SIGN = b'{"microsocial": "backup", "format": 1}\n'
OBJECTS, SNAPSHOTS = "objects", "snapshots"
UNFINISHED = "new-"
# A disk goes through many hands: a pipe that somebody put there must not be waited for.
READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
# As files of ours are called; whatever else lies there is somebody's.
_OBJECT = re.compile(r"[0-9a-f]{64}(\.damaged)?")

# The largest list is one line per photo: a million of them. Everything else in a backup is far smaller, or a stream.
MAX_FILE_BYTES = 256 * 1024 * 1024
# What computers put on disks by themselves; such a folder is as good as empty.
NOBODYS = {"lost+found", ".DS_Store", "System Volume Information", ".Spotlight-V100", ".Trashes"}
# What is there already when preparing a new folder was interrupted.
_BEFORE_THE_SIGN = {KEY_NAME, WORDS_NAME, CHECK_NAME, OBJECTS}

_MEANINGS: dict[int, type[MicrosocialError]] = {
    errno.ENOSPC: BackupDiskFull,
    errno.EDQUOT: BackupDiskFull,
    errno.EROFS: BackupNotWritable,
    errno.EACCES: BackupNotWritable,
    errno.EPERM: BackupNotWritable,
}


def fit_place(path: str, data: Path) -> Path:
    """Check where somebody wants backups. Raises FolderNotWhole, FolderInsideData."""
    try:
        folder = Path(path).expanduser()
    except RuntimeError:  # somebody's home that is not there
        folder = Path()
    if not folder.is_absolute() or "\0" in path:
        raise FolderNotWhole(field="folder")
    if folder.resolve().is_relative_to(data.resolve()):
        raise FolderInsideData(field="folder")
    return folder


class BackupFolder:
    """Reads and writes files; knows nothing of what is in them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._touched: set[Path] = set()

    # What it is

    @property
    def is_there(self) -> bool:
        return os.path.isfile(self.path / SIGN_NAME)  # noqa: PTH113 - False also where the disk itself fails

    def prepare(self) -> None:
        """Make an empty folder a backup folder; leave one that is as it is. Raises FolderAway, FolderHoldsOther."""
        with self._on_disk():
            if not self.path.parent.is_dir():
                raise FolderAway(str(self.path.parent))
            self.path.mkdir(mode=0o700, exist_ok=True)
            found = {file.name for file in self.path.iterdir()} - NOBODYS
        if SIGN_NAME in found or self.snapshots():
            self.check_sign()
        elif found := found - _BEFORE_THE_SIGN:
            raise FolderHoldsOther(f"{self.path} holds {min(found)[:60]}")

    def sign(self) -> None:
        """Last of all, when a new folder has its key: from here on it is a backup folder."""
        self.put(SIGN_NAME, SIGN)

    def check_sign(self) -> None:
        """Raises FolderAway, NoBackupHere, BackupFromNewerProgram."""
        if not self.path.is_dir():
            raise FolderAway(str(self.path))
        if not self.is_there:
            # an unplugged disk leaves its empty folder behind
            is_empty = not {file.name for file in self._listed(self.path)} - NOBODYS
            raise (FolderAway if is_empty else NoBackupHere)(str(self.path))
        sign = self.read(SIGN_NAME)
        if sign != SIGN:
            is_newer = sign.startswith(SIGN[:-4]) and sign.endswith(SIGN[-2:])
            raise (BackupFromNewerProgram if is_newer else NoBackupHere)(str(self.path))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other programs of ours from writing here meanwhile, as far as the disk can. Raises BackupInUse."""
        with self._on_disk():
            handle = os.open(self.path / SIGN_NAME, READING)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupInUse(str(self.path)) from None
            except OSError:
                pass  # some network folders know no locks
            yield
        finally:
            os.close(handle)

    # Reading

    def snapshots(self) -> list[str]:
        """Every finished snapshot, oldest first."""
        found = (file.name.removesuffix(".age") for file in self._listed(self.path / SNAPSHOTS))
        return sorted(name for name in found if is_id(name))

    def has_object(self, name: str) -> bool:
        return (self.path / _shelved(name)).is_file()

    def read(self, relative: str) -> bytes:
        """Give a whole file. Raises BackupDamaged when it is missing, FolderAway when all of it is."""
        with self.opened(relative) as file, self._on_disk():
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise BackupDamaged(f"{relative} is larger than it can be")
        return content

    def read_object(self, name: str) -> bytes:
        return self.read(_shelved(name))

    @contextlib.contextmanager
    def opened(self, relative: str) -> Iterator[BinaryIO]:
        """Open a file for reading; raises as `read` does."""
        with self._on_disk():
            try:
                handle = os.open(self.path / relative, READING)
            except FileNotFoundError:
                if not self.is_there and relative != SIGN_NAME:
                    raise FolderAway(str(self.path)) from None
                raise BackupDamaged(f"{relative} is missing") from None
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise BackupDamaged(f"{relative} is no file")
        with os.fdopen(handle, "rb") as file:
            yield file

    def object_path(self, name: str) -> str:
        """Where an object stands, as sentences name it."""
        return _shelved(name)

    # Writing

    def put(self, relative: str, content: bytes) -> None:
        """Write a file whole, and its place in the folder durably."""
        with self._on_disk():
            (self.path / relative).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._written(lambda file: file.write(content)) as temporary:
                temporary.replace(self.path / relative)
            fsync_folder((self.path / relative).parent)

    def put_object(self, name: str, content: bytes) -> None:
        """Write an object; its name becomes durable with `settle`."""
        with self._on_disk(), self._written(lambda file: file.write(content)) as temporary:
            self._shelve(temporary, name)

    def put_stream(self, fill: Callable[[BinaryIO], str]) -> tuple[str, int]:
        """Write what `fill` writes, under the name that it returns at the end; say how long it became."""
        names: list[str] = []
        with (
            self._on_disk(),
            self._written(lambda file: names.append(fill(file))) as temporary,
        ):
            length = temporary.stat().st_size
            if not self.has_object(names[0]):
                self._shelve(temporary, names[0])
        return names[0], length

    def settle(self) -> None:
        """Return when every object written so far would survive a power cut."""
        with self._on_disk():
            for folder in sorted(self._touched):
                fsync_folder(folder)
        self._touched.clear()

    def drop_snapshot(self, snapshot: str) -> None:
        with self._on_disk():
            (self.path / SNAPSHOTS / f"{snapshot}.age").unlink(missing_ok=True)
            fsync_folder(self.path / SNAPSHOTS)

    def set_aside(self, relative: str) -> None:
        """Take a damaged file out of the way, so that it is written anew if there is still what was in it."""
        with self._on_disk(), contextlib.suppress(FileNotFoundError):
            (self.path / relative).rename(self.path / f"{relative}.damaged")

    def sweep(self, kept: Iterable[str]) -> int:
        """Remove the objects that no snapshot names any more; say how many. Only while the folder is held."""
        names, removed = set(kept), 0
        with self._on_disk():
            shelves = [one for one in self._in_objects() if one.is_dir() and not one.is_symlink()]
            for shelf in shelves:
                for file in self._listed(shelf):
                    if file.name not in names and _OBJECT.fullmatch(file.name):
                        file.unlink(missing_ok=True)
                        removed += 1
        return removed

    def _in_objects(self) -> list[Path]:
        """What lies there. A link that somebody put on the disk leads to what is not ours."""
        objects = self.path / OBJECTS
        return [] if objects.is_symlink() else self._listed(objects)

    def sweep_unfinished(self) -> None:
        """Remove what an interruption left half-written. Only while the folder is held."""
        with self._on_disk():
            for file in self._in_objects():
                if file.name.startswith(UNFINISHED):
                    file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _written(self, write: Callable[[BinaryIO], object]) -> Iterator[Path]:
        """A new file with this in it, durable, still under a name that says it is unfinished."""
        objects = self.path / OBJECTS
        objects.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=objects)
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            yield Path(name)
        finally:
            with contextlib.suppress(OSError):  # renamed, or the disk has gone
                os.unlink(name)  # noqa: PTH108 - a path from mkstemp

    def _shelve(self, temporary: Path, name: str) -> None:
        final = self.path / _shelved(name)
        if not final.parent.is_dir():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            self._touched.add(final.parent.parent)
        temporary.replace(final)
        self._touched.add(final.parent)

    def _listed(self, folder: Path) -> list[Path]:
        with self._on_disk():
            return list(folder.iterdir()) if folder.is_dir() else []

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _MEANINGS:
                raise _MEANINGS[error.errno](str(self.path)) from error
            away = not self.is_there
            raise (FolderAway if away else BackupDiskBroke)(str(self.path)) from error


def _shelved(name: str) -> str:
    return f"{OBJECTS}/{name[:2]}/{name}"
