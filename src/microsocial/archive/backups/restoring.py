"""Bringing a folder back: built inside the empty data folder, and there from one moment to the next.

Everything is put together under `restoring/`; the last step gives the database its name. Until then nobody lives here, and a
restore that was interrupted is simply begun again.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from microsocial.archive.backups import store
from microsocial.archive.backups.keys import Opened, check_locked
from microsocial.archive.backups.manifest import (
    Blob,
    Loose,
    Manifest,
    blob_name,
    choose,
    read_manifest,
)
from microsocial.archive.backups.model import BackupDamaged, DataFolderNotEmpty
from microsocial.archive.backups.reading import Measure, read_file, write_image
from microsocial.archive.backups.rehearsing import check_database
from microsocial.archive.work import Progress
from microsocial.database import (
    DATABASE_NAME,
    DataDamaged,
    DiskFull,
    Folder,
    changed_copy,
    opened_copy,
    untouched_copy,
)
from microsocial.database.failures import explained
from microsocial.errors import Conflict
from microsocial.identity.store import find_identity
from microsocial.media.files import BlobFiles, fsync_folder
from microsocial.sizes import size

RESTORING = "restoring"
MEDIA = "media"


class RestoreInterrupted(Conflict):
    """A restore into this folder was interrupted. Run `microsocial restore` again: it begins anew and harms nothing."""


@dataclass(frozen=True)
class Restored:
    """What came back. `left_out`: sentences about files that could not be read (only with `anyway`)."""

    manifest: Manifest
    left_out: list[str] = field(default_factory=list)


def check_finished(data: Path) -> None:
    """Look at a folder in which nobody lives. Raises RestoreInterrupted."""
    if (data / RESTORING).is_dir():
        raise RestoreInterrupted(str(data))


def restore(
    opened: Opened,
    into: Folder,
    now: int,
    progress: Progress,
    snapshot: str | None = None,
    *,
    anyway: bool = False,
) -> Restored:
    """Make the held, empty data folder what it was. With `anyway`, damaged photos are left out instead of ending it.

    Raises:
        DataFolderNotEmpty, NoSnapshotYet, NoSuchSnapshot, BackupDamaged, DiskFull, DataFromNewerProgram
    """
    if someone_lives_in(into):
        raise DataFolderNotEmpty(str(into.path))
    if not anyway:
        opened.folder.check_sign()
        check_locked(opened)
    manifest = read_manifest(opened.folder, opened.key, choose(opened.folder, snapshot))
    restoring = _Restoring(opened, manifest, into.path / RESTORING, progress, anyway=anyway)
    with explained(into.path):
        shutil.rmtree(into.path / RESTORING, ignore_errors=True)
        _check_room(into.path, manifest)
        restoring.database()
        restoring.files()
        with changed_copy(restoring.folder / DATABASE_NAME) as conn:
            store.add_restoration(conn, manifest.made, now)
        settle(into, restoring.folder)
        shutil.rmtree(restoring.folder, ignore_errors=True)
    return Restored(manifest, restoring.left_out)


def someone_lives_in(folder: Folder) -> bool:
    """Whether there is a person in this data folder; one in which `run` was started and left again is still empty."""
    if not folder.database.is_file() or folder.database.stat().st_size == 0:
        return False
    try:
        with untouched_copy(folder.database) as conn:
            tables = conn.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'identity'")
            return tables.first() is not None and find_identity(conn) is not None
    except DataDamaged:
        return True


class _Restoring:
    def __init__(
        self, opened: Opened, manifest: Manifest, folder: Path, progress: Progress, *, anyway: bool
    ) -> None:
        self._opened = opened
        self._manifest = manifest
        self._progress = progress
        self._anyway = anyway
        self._done = 0
        self.folder = folder
        self.left_out: list[str] = []

    def database(self) -> None:
        for private in (self.folder, self.folder / MEDIA, self.folder / MEDIA / "uploads"):
            private.mkdir(mode=0o700)
        database = self.folder / DATABASE_NAME
        write_image(self._opened, self._manifest.image, database, self._step)
        check_database(database, self._manifest)
        with opened_copy(database):  # brought up to date here, where nothing can be lost by it
            pass

    def files(self) -> None:
        blobs = BlobFiles(self.folder / MEDIA / "blobs")
        for blob in self._manifest.blobs:
            with self._forgiving():
                self._blob(blobs, blob)
        for loose in self._manifest.loose:
            with self._forgiving():
                self._loose(loose)

    def _blob(self, blobs: BlobFiles, blob: Blob) -> None:
        name = blob_name(self._opened.key, blob.sha256)
        with blobs.begin() as writing:
            measure = Measure(self._step, writing.add)
            read_file(self._opened, name, blob.sha256, blob.length, measure)
            writing.settle()

    def _loose(self, loose: Loose) -> None:
        below = PurePosixPath(loose.path)
        if below.is_absolute() or ".." in below.parts:
            raise BackupDamaged("its list names a file outside of the folder")
        path = self.folder / MEDIA / "uploads" / below
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            measure = Measure(self._step, file.write)
            read_file(self._opened, loose.object, loose.sha256, loose.length, measure)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except BackupDamaged as error:
            if not self._anyway:
                raise
            self.left_out.append(str(error))

    def _step(self, length: int) -> None:
        self._done += length
        self._progress.at(self._done, self._manifest.size, "Bringing it back")
        self._progress.check()


def _check_room(folder: Path, manifest: Manifest) -> None:
    free = shutil.disk_usage(folder).free
    if manifest.size > free:
        raise DiskFull(f"{size(manifest.size)} come back; {size(free)} are free")


def settle(into: Folder, built: Path) -> None:
    """Give everything that was built its name, the database last."""
    database = built / DATABASE_NAME
    with database.open("rb") as file:
        os.fsync(file.fileno())
    _set_media_aside(into.path)
    if (built / MEDIA).is_dir():
        (built / MEDIA).rename(into.path / MEDIA)
    for tail in ("-wal", "-shm"):
        into.database.with_name(f"{DATABASE_NAME}{tail}").unlink(missing_ok=True)
    database.replace(into.database)
    fsync_folder(into.path)


def _set_media_aside(data: Path) -> None:
    """Make room for the media folder. Photos that lie there without a database may be the only ones: they are kept beside."""
    media = data / MEDIA
    if not media.is_symlink() and not any(path.is_file() for path in media.rglob("*")):
        shutil.rmtree(media, ignore_errors=True)
        return
    names = (data / f"{MEDIA}-before-{number}" for number in itertools.count(1))
    media.rename(next(path for path in names if not path.exists()))
