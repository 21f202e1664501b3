"""A rehearsal: the newest snapshot is put together in a scratch folder and looked at as hard as time allows.

The whole database is restored: its bytes, SQLite's own check, the rows of every table, the keys, the signatures. Of photos and
clips, and of what only older snapshots need, as much as the budget allows is opened, at random: in time all of it.
"""

import random
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from microsocial.archive.backups import store
from microsocial.archive.backups.keys import Opened, check_key, check_locked
from microsocial.archive.backups.manifest import (
    PIECE_BYTES,
    Manifest,
    blob_name,
    choose,
    file_of,
    needed_by,
    read_manifest,
)
from microsocial.archive.backups.model import BackupDamaged
from microsocial.archive.backups.reading import (
    DamagedObject,
    Measure,
    read_file,
    read_piece,
    write_image,
)
from microsocial.archive.work import Progress
from microsocial.clock import Entropy
from microsocial.database import damage, opened_copy, rows_per_table, untouched_copy
from microsocial.database.failures import explained
from microsocial.identity.store import find_identity
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.envelope import verify_many
from microsocial.protocol.keys import KeyLog, decode_key_log
from microsocial.protocol.refusals import Malformed, UnknownKey
from microsocial.records import store as records
from microsocial.records.model import Stored

BUDGET_BYTES = 1024**3  # a minute or two on a slow disk; ten rehearsals for 10 GB of photos
ALL_SIGNATURES = 20_000  # two seconds' work; of more, as many at random
RECORDS_AT_ONCE = 500


def rehearse(
    opened: Opened,
    scratch: Path,
    entropy: Entropy,
    progress: Progress,
    expected: Collection[str] = (),
) -> Manifest:
    """Restore the newest snapshot beside, and look at it. Raises BackupDamaged: a sentence naming the file.

    `expected` are the snapshots that must be there. What is damaged is set aside, so that the next backup writes it anew.
    """
    opened.folder.check_sign()
    with opened.folder.held():
        check_key(opened)
        for snapshot in sorted(set(expected) - set(opened.folder.snapshots())):
            raise BackupDamaged(f"{file_of(snapshot)} is missing")
        rehearsal = _Rehearsal(opened, scratch, entropy, progress)
        try:
            return rehearsal.run()
        except DamagedObject as error:
            rehearsal.set_aside(error.name)
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Look:
    """One object to open; without a `sha256` it is a piece of a database."""

    name: str
    length: int
    sha256: str | None = None


class _Rehearsal:
    def __init__(self, opened: Opened, scratch: Path, entropy: Entropy, progress: Progress) -> None:
        self._opened = opened
        self._scratch = scratch
        self._chance = random.Random(entropy(16))  # noqa: S311 - which photos to look at is no secret
        self._progress = progress
        self._done = self._total = 0
        self._newest: Manifest | None = None

    def run(self) -> Manifest:
        check_locked(self._opened)
        choose(self._opened.folder, None)
        newest = self._newest = next(self._lists())
        self._check_presence()
        looks = list(self._looks(newest))
        self._total = newest.image.bytes + min(BUDGET_BYTES, sum(one.length for one in looks))
        with explained(self._scratch):
            self._scratch.mkdir(mode=0o700, exist_ok=True)
        copy = self._scratch / "rehearsal.db"
        write_image(self._opened, newest.image, copy, self._step)
        check_database(copy, newest)
        with opened_copy(copy) as conn:
            self._check_signatures(conn, _check_keys(conn, newest))
        self._look_at_some(looks)
        return newest

    def set_aside(self, name: str) -> None:
        """Take a damaged object away, and with it the older snapshots that cannot be restored without it."""
        folder, key = self._opened.folder, self._opened.key
        folder.set_aside(folder.object_path(name))
        if self._newest is not None and name not in self._newest.objects(key):
            for older in self._lists():
                if name in older.objects(key):
                    folder.set_aside(file_of(older.id))

    def _lists(self) -> Iterator[Manifest]:
        """Newest first; one at a time, since each names every photo there is."""
        for snapshot in self._opened.folder.snapshots()[::-1]:
            yield self._list(snapshot)

    def _list(self, snapshot: str) -> Manifest:
        try:
            return read_manifest(self._opened.folder, self._opened.key, snapshot)
        except BackupDamaged:
            self._opened.folder.set_aside(file_of(snapshot))
            raise

    def _check_presence(self) -> None:
        for name in needed_by(self._lists(), self._opened.key):
            if not self._opened.folder.has_object(name):
                raise DamagedObject(self._opened, name, "is missing")

    def _check_signatures(self, conn: Connection, mine: KeyLog) -> None:
        """Every record's signature, by the key that its author had."""
        numbers = store.record_numbers(conn)
        if len(numbers) > ALL_SIGNATURES:
            numbers = sorted(self._chance.sample(numbers, ALL_SIGNATURES))
        logs = {mine.id: mine}
        for start in range(0, len(numbers), RECORDS_AT_ONCE):
            self._step(0)
            batch = store.records_numbered(conn, numbers[start : start + RECORDS_AT_ONCE])
            unknown = {stored.author for stored in batch} - logs.keys()
            for person, text in records.key_logs(conn, unknown).items():
                logs[person] = decode_key_log(text.split(" "))
            _check_signed(batch, logs)

    def _looks(self, newest: Manifest) -> Iterator[_Look]:
        """Everything that putting the newest database together does not open anyway, each once."""
        key, seen = self._opened.key, set(newest.image.pieces)
        for one in self._lists():
            for blob in one.blobs:
                if blob.sha256 not in seen:
                    seen.add(blob.sha256)
                    yield _Look(blob_name(key, blob.sha256), blob.length, blob.sha256)
            for loose in one.loose:
                if loose.object not in seen:
                    seen.add(loose.object)
                    yield _Look(loose.object, loose.length, loose.sha256)
            for name in one.image.pieces:
                if name not in seen:
                    seen.add(name)
                    yield _Look(name, PIECE_BYTES)

    def _open(self, look: _Look) -> None:
        if look.sha256 is None:
            read_piece(self._opened, look.name)
            return
        read_file(self._opened, look.name, look.sha256, look.length, Measure(self._step))

    def _look_at_some(self, looks: list[_Look]) -> None:
        self._chance.shuffle(looks)
        left = BUDGET_BYTES
        for look in looks:
            if left <= 0:
                return
            self._step(0)
            self._open(look)
            left -= look.length

    def _step(self, length: int) -> None:
        self._done += length
        self._progress.at(min(self._done, self._total), self._total, "Trying a restore")
        self._progress.check()


def check_database(copy: Path, manifest: Manifest) -> None:
    """Compare a restored database, as it is, with what the list says of it."""
    with untouched_copy(copy) as conn:
        if found := damage(conn):
            raise BackupDamaged(f"the database was damaged when it was backed up: {found}")
        counted, head = rows_per_table(conn), records.head(conn)
    for table, count in manifest.counts.items():
        if counted.get(table) != count:
            raise BackupDamaged(f"{table} has {counted.get(table)} rows instead of {count}")
    if (head.seq, head.mark.hex()) != manifest.head:
        raise BackupDamaged("the log ends elsewhere")


def _check_keys(conn: Connection, manifest: Manifest) -> KeyLog:
    me = find_identity(conn)
    try:
        assert me is not None  # its row was counted
        log = decode_key_log(me.key_log.split(" "))
        is_mine = SigningKey(me.seed).public == log.current
    except (Malformed, ValueError) as error:
        raise BackupDamaged("your key log in it is damaged") from error
    if not is_mine or (log.id, log.number) != (manifest.person, manifest.key_number):
        raise BackupDamaged("the keys in it are not yours")
    return log


def _check_signed(batch: list[Stored], logs: dict[str, KeyLog]) -> None:
    try:
        claims = [(stored.envelope, logs[stored.author].key(stored.key_number)) for stored in batch]
    except (KeyError, UnknownKey) as error:
        raise BackupDamaged("the key of an author is missing") from error
    for stored, is_good in zip(batch, verify_many(claims), strict=True):
        if not is_good:
            raise BackupDamaged(f"the signature of {stored.kind} {stored.ref} is wrong")
