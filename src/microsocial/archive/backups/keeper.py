"""`Backups`: where they go, when they are made and rehearsed, and how it stands. Lives in the event loop; the work is in threads."""

import asyncio
import contextlib
import logging
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from microsocial.archive.backups import model, restoring, store
from microsocial.archive.backups.age import Key
from microsocial.archive.backups.folder import BackupFolder, fit_place
from microsocial.archive.backups.keys import (
    Opened,
    begin,
    check_key,
    lock_for_words,
    lock_with_passphrase,
    unlock,
)
from microsocial.archive.backups.making import Made, Source, make_snapshot
from microsocial.archive.backups.manifest import read_manifest
from microsocial.archive.backups.model import (
    BackupDamaged,
    Every,
    FolderAway,
    NotSetUpYet,
    PassphraseNeeded,
    SomebodyElsesBackup,
    State,
)
from microsocial.archive.backups.rehearsing import rehearse
from microsocial.archive.work import AlreadyWorking, Progress, Stopped, Work, Workbench, told
from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.errors import MicrosocialError
from microsocial.identity.recovery import kept_public_halves
from microsocial.sizes import size

log = logging.getLogger(__name__)

SCRATCH = "backup-scratch"
LOOK_EVERY_S = 60.0  # whether something is due; a minute more or less is nothing to a day


class Backups:
    """The owner's backups."""

    def __init__(
        self,
        db: Database,
        work: Workbench,
        person: str,
        data: Path,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._db = db
        self._work = work
        self._person = person
        self._data = data
        self._clock = clock
        self._entropy = entropy
        self._schedule: asyncio.Task[None] | None = None

    # Life

    async def start(self) -> None:
        """Remove what a crash left, and look after the schedule from now on."""
        for left in (SCRATCH, restoring.RESTORING):
            await asyncio.to_thread(shutil.rmtree, self._data / left, ignore_errors=True)
        self._schedule = asyncio.create_task(self._keep_time(), name="backups")

    async def stop(self) -> None:
        if self._schedule is not None:
            self._schedule.cancel()
            await asyncio.gather(self._schedule, return_exceptions=True)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except Exception:
                log.exception("The schedule of backups could not be looked at")

    async def look(self) -> Work | None:
        """Begin what is due, unless something long runs already."""
        plan = await self._db.read(store.find_plan)
        if plan is None or self._work.is_busy:
            return None
        now = self._clock.now()
        with contextlib.suppress(AlreadyWorking):
            if plan.every != "off" and _is_due(plan, now):
                return self._work.start("backup", self._backup)
            is_old = plan.made and now - (plan.rehearsed or plan.made) >= model.REHEARSE_EVERY_MS
            if is_old and await asyncio.to_thread(lambda: _folder_of(plan).is_there):
                return self._work.start("rehearsal", self._rehearsal)
        return None

    # The owner's verbs

    async def state(self) -> State:
        plan = await self._db.read(store.find_plan)
        if plan is None:
            return _nothing_set_up()
        sizes = await self._db.read(store.snapshot_sizes)
        found = await asyncio.to_thread(_snapshots_of, plan, sizes)
        return State(
            folder=plan.folder,
            every=plan.every,
            keep=model.KEPT,
            last=model.LastBackup(made=plan.made, bytes=plan.bytes, sentence=plan.sentence)
            if plan.made
            else None,
            next=plan.next if plan.every != "off" else None,
            trouble=plan.trouble,
            rehearsal=model.Rehearsal(
                made=plan.rehearsed, fine=bool(plan.rehearsed_fine), sentence=plan.rehearsal
            )
            if plan.rehearsed
            else None,
            snapshots=[
                model.Snapshot(id=one, made=model.made_at(one), bytes=sizes.get(one))
                for one in reversed(found)
            ],
        )

    async def choose(self, folder: str, passphrase: str | None, every: Every) -> State:
        """Say where backups go and how often. A new folder needs a passphrase; for the present one it is a new passphrase."""
        place = fit_place(folder, self._data)
        plan = await self._db.read(store.find_plan)
        is_same = plan is not None and Path(plan.folder) == place
        if not is_same or passphrase is not None:
            if passphrase is None:
                raise PassphraseNeeded(field="passphrase")
            known = Key(plan.key) if plan else None
            opened = await asyncio.to_thread(self._opened, place, passphrase, known)
            seed = opened.key.seed
        else:
            assert plan is not None  # is_same
            seed = plan.key
        following = self._clock.now() + model.FIRST_AFTER_MS
        if is_same and plan is not None and plan.made:
            following = max(following, plan.made + model.EVERY_MS.get(every, 0))

        def change(conn: Connection) -> None:
            if not is_same:
                store.drop_plan(conn)
            store.put_plan(conn, folder=str(place), key=seed, every=every, next=following)

        await self._db.write(change)
        return await self.state()

    async def end(self) -> None:
        """Stop making backups. Those that are there stay."""
        await self._db.write(store.drop_plan)

    async def run(self) -> Work:
        """Make one now. Raises NotSetUpYet, AlreadyWorking."""
        await self._plan()
        return self._work.start("backup", self._backup)

    async def rehearse(self) -> Work:
        """Prove now that the newest one can be restored. Raises NotSetUpYet, AlreadyWorking."""
        await self._plan()
        return self._work.start("rehearsal", self._rehearsal)

    # The work itself, in its thread

    def _backup(self, progress: Progress) -> str:
        opened = self._open(progress)
        try:
            halves = progress.wait(self._db.read(kept_public_halves))
            if halves is not None:
                opened.folder.check_sign()
                check_key(opened)
                lock_for_words(opened, halves.backup)
            made = make_snapshot(self._source, opened, self._clock.now(), progress)
        except Stopped:
            self._note(progress, next=self._clock.now() + model.TRY_AGAIN_MS)
            raise
        except MicrosocialError as error:
            later = self._clock.now() + model.TRY_AGAIN_MS
            self._note(progress, trouble=told(error), next=later)
            raise
        sentence = _sentence(made)
        progress.wait(self._db.write(lambda conn: self._note_made(conn, opened, made, sentence)))
        return f"{sentence} {self._rehearse(opened, progress)}"

    def _rehearsal(self, progress: Progress) -> str:
        return self._rehearse(self._open(progress), progress)

    def _rehearse(self, opened: Opened, progress: Progress) -> str:
        known = progress.wait(self._db.read(store.snapshot_sizes))
        try:
            rehearse(opened, self._source.scratch, self._entropy, progress, known)
        except Stopped:
            raise
        except BackupDamaged as error:
            self._note_damage(progress, opened, told(error))
            raise
        except MicrosocialError as error:
            self._note(progress, trouble=told(error))
            raise
        now = self._clock.now()
        sentence = f"A restore would work: checked {model.day_of(now)}."
        self._note(progress, rehearsed=now, rehearsed_fine=1, rehearsal=sentence, trouble=None)
        return sentence

    def _open(self, progress: Progress) -> Opened:
        plan = progress.wait(self._plan())
        return Opened(_folder_of(plan), Key(plan.key))

    def _note(self, progress: Progress, **columns: Any) -> None:
        progress.wait(self._db.write(lambda conn: store.change_plan(conn, **columns)))

    def _note_damage(self, progress: Progress, opened: Opened, sentence: str) -> None:
        """Remember it; the next backup, soon, writes anew what can be. What has gone for good is told this once."""
        now, there = self._clock.now(), opened.folder.snapshots()

        def note(conn: Connection) -> None:
            found = {"rehearsed": now, "rehearsed_fine": 0, "rehearsal": sentence}
            store.change_plan(conn, **found, next=now + model.FIRST_AFTER_MS)
            store.keep_snapshots(conn, there)

        progress.wait(self._db.write(note))

    def _note_made(self, conn: Connection, opened: Opened, made: Made, sentence: str) -> None:
        moment, size = made.manifest.made, made.manifest.size
        plan = store.find_plan(conn)
        if plan is None or Path(plan.folder) != opened.folder.path:
            return  # given up meanwhile, or they go elsewhere now
        store.put_snapshot(conn, made.manifest.id, moment, size)
        store.keep_snapshots(conn, made.kept)
        following = self._clock.now() + model.EVERY_MS.get(plan.every, 0)
        following += int.from_bytes(self._entropy(4)) % model.JITTER_MS
        store.change_plan(
            conn, made=moment, bytes=size, sentence=sentence, trouble=None, next=following
        )

    def _opened(self, place: Path, passphrase: str, known: Key | None) -> Opened:
        """Make the folder ready, or open the one that is there."""
        folder = BackupFolder(place)
        if known is not None and _fits(Opened(folder, known)):
            fit = model.fit_passphrase(passphrase)
            lock_with_passphrase(Opened(folder, known), fit, self._entropy)
            folder.sign()
            return Opened(folder, known)
        folder.prepare()
        if not folder.is_there:
            return begin(folder, model.fit_passphrase(passphrase), self._entropy)
        opened = unlock(folder, passphrase)
        for snapshot in folder.snapshots()[-1:]:
            if read_manifest(folder, opened.key, snapshot).person != self._person:
                raise SomebodyElsesBackup(str(place))
        return opened

    async def _plan(self) -> Row[Any]:
        plan = await self._db.read(store.find_plan)
        if plan is None:
            raise NotSetUpYet
        return plan

    @property
    def _source(self) -> Source:
        assert self._db.path is not None, "only a folder can be backed up"
        return Source(self._db.path, self._data / restoring.MEDIA, self._data / SCRATCH)


def _is_due(plan: Row[Any], now: int) -> bool:
    """Its time has come, or lies further ahead than it can: the clock was wrong when it was set."""
    furthest = now + model.EVERY_MS.get(plan.every, 0) + model.JITTER_MS
    return plan.next is None or not now < plan.next <= furthest


def _folder_of(plan: Row[Any]) -> BackupFolder:
    return BackupFolder(Path(plan.folder))


def _fits(opened: Opened) -> bool:
    try:
        check_key(opened)
    except (SomebodyElsesBackup, FolderAway):
        return False
    return True


def _snapshots_of(plan: Row[Any], sizes: dict[str, int]) -> list[str]:
    """What lies in the folder; while its disk is away, what this node remembers."""
    folder = _folder_of(plan)
    try:
        return folder.snapshots() if folder.is_there else sorted(sizes)
    except MicrosocialError:
        return sorted(sizes)


def _sentence(made: Made) -> str:
    moment = made.manifest.made
    return (
        f"Backed up {model.day_of(moment)} at {model.time_of(moment)}: "
        f"{size(made.manifest.size)}, of which {size(made.written)} were new."
    )


def _nothing_set_up() -> State:
    return State(
        folder=None,
        every="off",
        keep=model.KEPT,
        last=None,
        next=None,
        trouble=None,
        rehearsal=None,
        snapshots=[],
    )
