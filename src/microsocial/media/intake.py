"""Uploads: bytes come in, in pieces and over several connections if need be, and become prepared files.

How far an upload has come is the length of its file: nothing else is kept of it, so a crash loses at most what was not
acknowledged. What is prepared waits in the upload's folder until a post takes it, or a day has passed.

Rule 1: what a row says is on disk: the original goes only after the row has said, durably, that its prepared files are there.
Rule 2: a machine at fault refuses nobody's file: it stays as it is, and goes on when the trouble is over.
"""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import Database, MachineFault, MachineRecovered
from microsocial.errors import MicrosocialError
from microsocial.events import EventBus, LiveEvent
from microsocial.media import held, store
from microsocial.media.files import fsync_folder
from microsocial.media.model import (
    MAX_UNFINISHED,
    MAX_UPLOAD_BYTES,
    PREPARED,
    UPLOAD_LIFETIME_MS,
    FileUnknown,
    NotReadyYet,
    OffsetDiffers,
    TooManyUploads,
    Upload,
    UploadNotFound,
    UploadSettled,
    UploadShape,
    UploadTooLarge,
)
from microsocial.media.receiving import Receiving
from microsocial.media.sniff import SNIFFED_BYTES, Found, sniff
from microsocial.media.workshop import FileRefused, Job, Workshop, WorkshopBroke
from microsocial.protocol.encoding import b64u

log = logging.getLogger(__name__)

UPLOAD_ID_BYTES = 16
MAX_NAME_CHARACTERS = 120  # of a file's name, as shown in sentences
SOURCE = "source"


class Intake:
    """Takes uploads in and hands prepared files to posts and messages. Lives in the event loop."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        folder: Path,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._db = db
        self._bus = bus
        self._folder = folder
        self._clock = clock
        self._entropy = entropy
        self._workshop = Workshop()
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, int] = {}
        self._receiving = Receiving()
        self._going_on: asyncio.Task[None] | None = None
        bus.subscribe(MachineRecovered, lambda _: self._go_on_soon())

    # Life

    async def start(self) -> None:
        """Go on with what a stop interrupted, and sweep what was never posted."""
        await self.sweep()
        await self._go_on()

    async def stop(self) -> None:
        tasks = [*self._at_work.values(), *([self._going_on] if self._going_on else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _go_on_soon(self) -> None:
        self._going_on = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        """Take up what a stop, or trouble with the machine, interrupted."""
        for upload in await self._db.read(store.all_uploads):
            source = self.folder(upload.id) / SOURCE
            if upload.state == "working" and upload.id not in self._at_work:
                self._begin(upload)
            elif upload.state == "receiving" and self.offset(upload) == upload.length:
                await self._look(upload, source, upload.length)
            elif upload.state == "ready":
                await asyncio.to_thread(source.unlink, missing_ok=True)

    async def sweep(self) -> None:
        """Remove uploads older than a day, and folders nobody knows."""
        oldest = self._clock.now() - UPLOAD_LIFETIME_MS
        known = await self._db.read(store.all_uploads)
        kept = await self._db.read(held.uploads) | self._at_work.keys()
        stale = [upload.id for upload in known if upload.made < oldest and upload.id not in kept]
        if stale:
            await self._db.write(lambda conn: store.drop_uploads(conn, stale))
        await asyncio.to_thread(self._sweep_folders, {upload.id for upload in known} - set(stale))

    def _sweep_folders(self, kept: set[str]) -> None:
        if self._folder.is_dir():
            for folder in self._folder.iterdir():
                if folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    # Receiving

    async def create(self, name: str, length: int, *, keep_credit: bool) -> Upload:
        """Announce a file. Raises UploadTooLarge, TooManyUploads."""
        if not 0 < length <= max(MAX_UPLOAD_BYTES.values()):
            raise UploadTooLarge(f"{_shown(name)}: It is larger than Microsocial takes.")
        upload = Upload(
            b64u(self._entropy(UPLOAD_ID_BYTES)),
            _shown(name),
            length,
            "receiving",
            keep_credit,
            None,
            None,
            self._clock.now(),
        )

        def announce(conn: Connection) -> None:
            if len(store.all_uploads(conn)) >= MAX_UNFINISHED:
                raise TooManyUploads
            store.put_upload(conn, upload)

        await self._db.write(announce)
        await asyncio.to_thread(self._make_folder, upload.id)
        return upload

    def folder(self, upload_id: str) -> Path:
        return self._folder / upload_id

    def _make_folder(self, upload_id: str) -> None:
        folder = self.folder(upload_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / SOURCE).touch(mode=0o600)
        fsync_folder(folder)
        fsync_folder(self._folder)

    async def all(self) -> list[Upload]:
        """Every file on its way, oldest first."""
        return await self._db.read(store.all_uploads)

    async def get(self, upload_id: str) -> Upload:
        """Raises UploadNotFound."""
        found = (await self._db.read(lambda conn: store.find_uploads(conn, [upload_id]))).get(
            upload_id
        )
        if found is None:
            raise UploadNotFound
        return found

    def offset(self, upload: Upload) -> int:
        """How many bytes are here."""
        if upload.state != "receiving":
            return upload.length
        path = self.folder(upload.id) / SOURCE
        return path.stat().st_size if path.exists() else 0

    async def append(self, upload_id: str, offset: int, content: AsyncIterator[bytes]) -> int:
        """Add bytes that begin at `offset`; return the new offset, durable. The last ones begin the preparing.

        A connection that comes back takes over from one that hangs: only the newest writes.
        """
        upload = await self.get(upload_id)
        path = self.folder(upload.id) / SOURCE
        if upload.state == "refused":
            raise FileRefused(upload.sentence)
        if upload.state != "receiving" or self.offset(upload) != offset:
            raise OffsetDiffers
        with self._db.watched():
            if not path.exists():  # announced, and then the power was gone or the disk full
                await asyncio.to_thread(self._make_folder, upload.id)
            try:
                offset = await self._receiving.append(
                    upload.id, path, offset, upload.length, content
                )
            except UploadTooLarge:
                raise UploadTooLarge(f"{upload.name}: More came than was announced.") from None
        await self._look(upload, path, offset)
        return offset

    async def _look(self, upload: Upload, path: Path, offset: int) -> None:
        """Say what the file is as soon as its beginning is here; begin to prepare it when it is whole."""
        is_whole = offset == upload.length
        if not is_whole and offset < SNIFFED_BYTES:
            return
        found = _sniffed(path)
        sentence = None
        if found is None:
            sentence = FileUnknown.sentence()
        elif upload.length > MAX_UPLOAD_BYTES[found.kind]:
            sentence = UploadTooLarge.sentence()
        if sentence is not None:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            refused = f"{upload.name}: {sentence}"
            await self._settle(replace(upload, state="refused", sentence=refused))
        elif is_whole:
            working = replace(upload, state="working")
            await self._settle(working)
            self._begin(working)

    async def remove(self, upload_id: str) -> None:
        """Forget an upload, whatever its state. Raises UploadNotFound."""
        upload = await self.get(upload_id)
        task = self._at_work.pop(upload.id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._db.write(lambda conn: store.drop_uploads(conn, [upload.id]))
        await asyncio.to_thread(shutil.rmtree, self.folder(upload.id), ignore_errors=True)
        self._bus.publish(UploadSettled())

    # Preparing

    def _begin(self, upload: Upload) -> None:
        self._at_work[upload.id] = asyncio.get_running_loop().create_task(self._prepare(upload))

    async def _prepare(self, upload: Upload) -> None:
        folder = self.folder(upload.id)
        try:
            with self._db.watched():
                done = await self._workshop.prepare(self._job(upload), self._reporter(upload))
                await asyncio.to_thread(_make_files_durable, folder / PREPARED)
            prepared = replace(
                upload, state="ready", prepared=done | {"kind": self._found(upload).kind}
            )
        except MachineFault as fault:
            log.warning("A file waits to be prepared: %s", fault)
            return
        except FileRefused as refused:
            prepared = replace(upload, state="refused", sentence=str(refused))
        except Exception:  # a mistake of ours must not leave the file at work for ever
            log.exception("Preparing a file broke")
            prepared = replace(
                upload, state="refused", sentence=f"{upload.name}: {WorkshopBroke.sentence()}"
            )
        finally:
            self._at_work.pop(upload.id, None)
            self._progress.pop(upload.id, None)
        with contextlib.suppress(MicrosocialError):  # then it is still at work, and prepared again
            await self._settle(prepared)
            if prepared.state == "ready":  # the original knows too much to be kept
                (folder / SOURCE).unlink(missing_ok=True)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def _found(self, upload: Upload) -> Found:
        found = _sniffed(self.folder(upload.id) / SOURCE)
        if found is None:
            raise FileRefused(f"{upload.name}: {FileUnknown.sentence()}")
        return found

    def _job(self, upload: Upload) -> Job:
        folder = self.folder(upload.id)
        results = folder / PREPARED
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir(mode=0o700)
        return Job(folder / SOURCE, results, self._found(upload), upload.name, upload.keep_credit)

    def _reporter(self, upload: Upload) -> Callable[[int], None]:
        def report(percent: int) -> None:
            if percent != self._progress.get(upload.id):
                self._progress[upload.id] = percent
                self._tell(upload)

        return report

    async def _settle(self, upload: Upload) -> None:
        await self._db.write(lambda conn: store.put_upload(conn, upload))
        self._tell(upload)
        if upload.state != "working":
            self._bus.publish(UploadSettled())

    def _tell(self, upload: Upload) -> None:
        self._bus.publish(LiveEvent("media.changed", {"media": self.described(upload)}))

    def described(self, upload: Upload) -> UploadShape:
        prepared = upload.prepared or {}
        return {
            "id": upload.id,
            "name": upload.name,
            "length": upload.length,
            "offset": self.offset(upload),
            "state": upload.state,
            "progress": 100 if upload.state == "ready" else self._progress.get(upload.id, 0),
            "sentence": upload.sentence,
            "kind": self.kind(upload),
            "width": prepared.get("width"),
            "height": prepared.get("height"),
            "duration": prepared.get("duration"),
            "placeholder": b64u(bytes.fromhex(prepared["placeholder"]))
            if prepared.get("placeholder")
            else None,
            "leaked": prepared.get("leaked", []),
            "preview": f"/api/v1/uploads/{upload.id}/preview" if upload.state == "ready" else None,
        }

    def expires(self, upload: Upload) -> int:
        return upload.made + UPLOAD_LIFETIME_MS

    def preview(self, upload: Upload) -> tuple[Path, str]:
        """Where the first prepared size lies, and its media type. Raises NotReadyYet."""
        if upload.prepared is None:
            raise NotReadyYet
        size = upload.prepared["sizes"][0]
        return self.folder(upload.id) / PREPARED / size["file"], size["type"]

    def kind(self, upload: Upload) -> str | None:
        """What it is, as far as one knows."""
        if upload.prepared is not None:
            return str(upload.prepared["kind"])
        if upload.state != "working":
            return None
        found = _sniffed(self.folder(upload.id) / SOURCE)
        return found.kind if found else None


def _sniffed(path: Path) -> Found | None:
    try:
        with path.open("rb") as file:
            return sniff(file.read(SNIFFED_BYTES))
    except FileNotFoundError:
        return None


def _make_files_durable(folder: Path) -> None:
    for file in folder.iterdir():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    fsync_folder(folder)


def _shown(name: str) -> str:
    """A file's name as it may stand in a sentence: the last part of a path, printable, short."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[:MAX_NAME_CHARACTERS].strip() or "This file"
