"""Making a snapshot while the node runs: the database as it is at one moment, every file it may speak of, then the list.

Only what the folder does not have yet is written. Interrupted anywhere, the older snapshots are whole and the next run goes on
where this one ended: what was written already has its name.
"""

import contextlib
import hashlib
import logging
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from microsocial import __version__
from microsocial.archive.backups import manifest as lists
from microsocial.archive.backups import store
from microsocial.archive.backups.keys import Opened, check_key
from microsocial.archive.backups.manifest import (
    FORMAT,
    PIECE_BYTES,
    Blob,
    Image,
    Loose,
    Manifest,
    needed_by,
    read_manifest,
    write_manifest,
)
from microsocial.archive.backups.model import (
    BackupDamaged,
    BackupFromNewerProgram,
    id_at,
    next_moment,
    to_keep,
)
from microsocial.archive.work import Progress
from microsocial.database import copy_in_use, opened_copy, rows_per_table
from microsocial.database.failures import explained
from microsocial.identity.store import find_identity
from microsocial.media.files import BlobFiles
from microsocial.records import store as records

log = logging.getLogger(__name__)

# What a restored folder must not have: private halves of prekeys are in no backup (spec 3.6), and old logins come in nowhere.
LEFT_OUT = ("prekeys", "sessions", "tokens", "browsers")
COPY = "copy.db"
COMPRESSION = 6  # zlib's own balance; a database of text shrinks to a third


@dataclass(frozen=True)
class Source:
    """The folder that is backed up, and a place in it for the copy of the database."""

    database: Path
    media: Path
    scratch: Path

    @property
    def blobs(self) -> BlobFiles:
        return BlobFiles(self.media / "blobs")

    @property
    def loose(self) -> Path:
        return self.media / "uploads"


@dataclass(frozen=True)
class Made:
    """A snapshot just made. `written`: bytes that were new on the backup disk."""

    manifest: Manifest
    written: int
    kept: list[str]


def make_snapshot(source: Source, opened: Opened, now: int, progress: Progress) -> Made:
    """Make one, then let go of those that the rule no longer keeps."""
    folder = opened.folder
    folder.check_sign()
    with folder.held():
        check_key(opened)
        folder.sweep_unfinished()
        before = folder.snapshots()
        moment = next_moment(now, before[-1] if before else None)
        making = _Making(source, opened, progress)
        manifest = making.run(moment)
        folder.settle()
        write_manifest(folder, opened.key, manifest)
        return Made(manifest, making.written, _let_go(opened))


class _Making:
    """One run. `written` counts what was new."""

    def __init__(self, source: Source, opened: Opened, progress: Progress) -> None:
        self._source = source
        self._folder = opened.folder
        self._key = opened.key
        self._progress = progress
        self._done = self._total = 0
        self.written = 0

    def run(self, moment: int) -> Manifest:
        with scratch_copy(self._source, self._progress) as copy:
            # After the copy: a file stands before its row says so, so every row of the copy finds its file here.
            blobs = [_Found(self._source.blobs.path(name)) for name in self._source.blobs.names()]
            self._total = copy.stat().st_size + sum(blob.length for blob in blobs)
            image = self._image(copy)
            with opened_copy(copy) as conn:
                return Manifest(
                    **_described(conn),
                    format=FORMAT,
                    id=id_at(moment),
                    made=moment,
                    program=__version__,
                    image=image,
                    blobs=[blob for found in blobs if (blob := self._blob(found))],
                    loose=list(self._loose()),
                )

    def _image(self, copy: Path) -> Image:
        """Cut the database into pieces. Pages stay where they are, so most pieces are there from the last time."""
        digest, names, size = hashlib.sha256(), [], 0
        with copy.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                self._step("Keeping what was said", len(piece))
                digest.update(piece)
                size += len(piece)
                names.append(lists.piece_name(self._key, piece))
                if not self._folder.has_object(names[-1]):
                    sealed = self._key.seal(zlib.compress(piece, COMPRESSION))
                    self._folder.put_object(names[-1], sealed)
                    self.written += len(sealed)
        return Image(bytes=size, sha256=digest.hexdigest(), pieces=names)

    def _blob(self, found: "_Found") -> Blob | None:
        """Keep a photo or clip, unless it is kept already; None when it was deleted meanwhile."""
        self._step("Keeping photos and clips", 0)
        name = lists.blob_name(self._key, found.path.name)
        if self._folder.has_object(name):
            self._step("Keeping photos and clips", found.length)
            return Blob(found.path.name, found.length)

        def named(sha256: str) -> str:
            if sha256 != found.path.name:
                raise _Rotten
            return name

        try:
            kept = self._keep(found.path, named)
        except _Rotten:
            log.warning("Not backed up, since it is damaged on this disk: %s", found.path)
            return None
        return Blob(found.path.name, kept.length) if kept else None

    def _loose(self) -> Iterator[Loose]:
        """What waits to be posted. These files still change; whichever bytes are read are the ones kept."""
        folder = self._source.loose
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and not path.is_symlink():
                self._progress.check()
                kept = self._keep(path, lambda sha256: lists.loose_name(self._key, sha256))
                if kept:
                    name = lists.loose_name(self._key, kept.sha256)
                    yield Loose(str(path.relative_to(folder)), name, kept.sha256, kept.length)

    def _keep(self, path: Path, named: Callable[[str], str]) -> "_Reading | None":
        """Seal a file of any size into the folder, in one pass; None when it has gone."""
        with contextlib.ExitStack() as stack:
            try:
                reading = _Reading(path, stack.enter_context(path.open("rb")), self._stream_step)
            except FileNotFoundError:
                return None

            def fill(target: BinaryIO) -> str:
                self._key.seal_stream(reading, target)
                return named(reading.sha256)

            _, length = self._folder.put_stream(fill)
            self.written += length
            return reading

    def _stream_step(self, length: int) -> None:
        self._step("Keeping photos and clips", length)

    def _step(self, sentence: str, length: int) -> None:
        self._done += length
        self._progress.at(min(self._done, self._total), self._total, sentence)
        self._progress.check()


class _Rotten(Exception):
    """A file here is not what its name says any more."""


class _Found:
    """A file of the media folder as it was when looked at; length 0 when it has gone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.length = path.stat().st_size
        except FileNotFoundError:
            self.length = 0


class _Reading:
    """Reads a file of ours, measuring it on the way; a fault of our own disk is not told as the backup disk's."""

    def __init__(self, path: Path, file: BinaryIO, step: Callable[[int], None]) -> None:
        self._path = path
        self._file = file
        self._step = step
        self._digest = hashlib.sha256()
        self.length = 0

    def read(self, size: int) -> bytes:
        with explained(self._path):
            piece = self._file.read(size)
        self._digest.update(piece)
        self.length += len(piece)
        self._step(len(piece))
        return piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


@contextlib.contextmanager
def scratch_copy(source: Source, progress: Progress) -> Iterator[Path]:
    """A copy of the database at this moment, gone afterwards."""

    def at(done: int, total: int) -> None:
        progress.at(done, total, "Taking a picture of the database")
        progress.check()

    with explained(source.scratch):
        source.scratch.mkdir(mode=0o700, exist_ok=True)
    try:
        copy_in_use(source.database, source.scratch / COPY, without=LEFT_OUT, at=at)
        yield source.scratch / COPY
    finally:
        shutil.rmtree(source.scratch, ignore_errors=True)


def _described(conn: Connection) -> dict[str, Any]:
    """What a rehearsal compares."""
    me = find_identity(conn)
    assert me is not None, "backups begin when there is a person"
    head = records.head(conn)
    return {
        "person": me.person,
        "key_number": me.key_number,
        "schema": conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one(),
        "head": (head.seq, head.mark.hex()),
        "counts": rows_per_table(conn),
        "kinds": store.count_kinds(conn),
    }


def _let_go(opened: Opened) -> list[str]:
    """Keep what the rule says; remove the rest, and the pieces that only the rest needed."""
    folder, snapshots = opened.folder, opened.folder.snapshots()
    kept = sorted(to_keep(snapshots))
    if kept == snapshots:
        return kept
    try:
        lists = (read_manifest(folder, opened.key, snapshot) for snapshot in kept)
        needed = set(needed_by(lists, opened.key))
    except (BackupDamaged, BackupFromNewerProgram):
        return snapshots  # a list that cannot be read must not cost its pieces; the rehearsal will speak of it
    for snapshot in set(snapshots) - set(kept):
        folder.drop_snapshot(snapshot)
    folder.sweep(needed)
    return kept
