"""Uploads: in pieces, over broken connections and restarts, looked at, cleaned, refused by name, swept."""

import asyncio
import errno
import shutil
import threading

import pytest
from tests.support import FakeClock, SeededEntropy, files_made

from microsocial.database import DiskBroke, DiskFull, MachineRecovered, in_memory
from microsocial.events import LiveEvent
from microsocial.media import receiving
from microsocial.media.intake import Intake
from microsocial.media.model import (
    MAX_UNFINISHED,
    UPLOAD_LIFETIME_MS,
    OffsetDiffers,
    TooManyUploads,
    UploadNotFound,
    UploadTooLarge,
)
from microsocial.media.workshop import FileRefused


class Room:
    """A database and a folder, over which an intake can be started again."""

    def __init__(self, folder):
        self.folder = folder / "uploads"
        self.db = in_memory()
        self.clock = FakeClock()
        self.told = []
        self.db.bus.subscribe(LiveEvent, self.told.append)
        self.intake = self.again()

    def again(self):
        self.intake = Intake(self.db, self.db.bus, self.folder, self.clock, SeededEntropy(3))
        return self.intake

    async def upload(self, content, name="sea.jpg"):
        upload = await self.intake.create(name, len(content), keep_credit=False)
        await self.intake.append(upload.id, 0, pieces(content))
        return await self.settled(upload.id)

    async def settled(self, upload_id):
        while task := self.intake._at_work.get(upload_id):
            await asyncio.gather(task, return_exceptions=True)
        return self.intake.described(await self.intake.get(upload_id))


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.db.close()


async def pieces(*parts):
    for part in parts:
        yield part


async def broken(*parts):
    """A connection that goes away after these."""
    for part in parts:
        yield part
    raise ConnectionResetError


PHOTO = files_made.jpeg(size=(300, 200))


async def test_a_photo_is_taken_in_and_its_owner_sees_what_it_would_have_given_away(room):
    done = await room.upload(PHOTO)
    assert (done["state"], done["kind"], done["progress"]) == ("ready", "photo", 100)
    assert {leak["what"] for leak in done["leaked"]} >= {
        "the place where it was taken",
        "the device",
    }
    assert [event.payload["media"]["state"] for event in room.told] == ["working", "ready"]
    kept = [file for file in room.folder.rglob("*") if file.is_file()]
    assert [file.name for file in kept] == ["small.webp"]  # the original knows too much to be kept
    assert not any(secret in kept[0].read_bytes() for secret in files_made.SECRETS)


async def test_a_broken_connection_loses_nothing_that_came(room):
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    with pytest.raises(ConnectionResetError):
        await room.intake.append(upload.id, 0, broken(PHOTO[:1000], PHOTO[1000:1700]))
    assert room.intake.offset(upload) == 1700
    with pytest.raises(OffsetDiffers):
        await room.intake.append(upload.id, 0, pieces(PHOTO))
    await room.intake.append(upload.id, 1700, pieces(PHOTO[1700:]))
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_a_restarted_node_goes_on_receiving_and_preparing(room):
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    await room.intake.append(upload.id, 0, pieces(PHOTO[:2000]))
    await room.intake.stop()
    await room.again().start()
    assert room.intake.offset(await room.intake.get(upload.id)) == 2000
    await room.intake.append(upload.id, 2000, pieces(PHOTO[2000:]))
    await room.intake.stop()  # in the middle of preparing
    assert (await room.intake.get(upload.id)).state == "working"
    await room.again().start()
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_a_connection_that_comes_back_takes_over_from_one_that_hangs(room):
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    hangs, goes_on = asyncio.Event(), asyncio.Event()

    async def hanging():
        yield PHOTO[:1000]
        hangs.set()
        await goes_on.wait()
        yield b"late and wrong"

    old = asyncio.create_task(room.intake.append(upload.id, 0, hanging()))
    await hangs.wait()
    new = asyncio.create_task(room.intake.append(upload.id, 1000, pieces(PHOTO[1000:])))
    await new
    goes_on.set()
    with pytest.raises(OffsetDiffers):
        await old
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_who_takes_over_begins_where_the_last_piece_really_ended(room, monkeypatch):
    """The one before is in the middle of writing a piece, in a thread, when the next connection comes."""
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    real, begun, goes_on = receiving._write, threading.Event(), threading.Event()

    def slow(file, piece):
        begun.set()
        goes_on.wait(5)
        real(file, piece)

    monkeypatch.setattr(receiving, "_write", slow)
    old = asyncio.create_task(room.intake.append(upload.id, 0, pieces(PHOTO[:1000])))
    await asyncio.to_thread(begun.wait)
    new = asyncio.create_task(room.intake.append(upload.id, 0, pieces(PHOTO[:1000])))
    await asyncio.sleep(0.05)
    assert not new.done()  # it waits for the pen
    goes_on.set()
    assert await old == 1000
    with pytest.raises(OffsetDiffers):
        await new
    assert room.intake.offset(upload) == 1000
    await room.intake.append(upload.id, 1000, pieces(PHOTO[1000:]))
    assert (await room.settled(upload.id))["state"] == "ready"
    assert room.intake._receiving._pens == {}


async def test_a_request_that_is_given_up_still_puts_its_last_piece_down(room, monkeypatch):
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    real, begun, goes_on = receiving._write, threading.Event(), threading.Event()

    def slow(file, piece):
        begun.set()
        goes_on.wait(5)
        real(file, piece)

    monkeypatch.setattr(receiving, "_write", slow)
    given_up = asyncio.create_task(room.intake.append(upload.id, 0, pieces(PHOTO[:1000])))
    await asyncio.to_thread(begun.wait)
    given_up.cancel()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert room.intake.offset(upload) == 1000


async def test_more_than_was_announced_is_refused(room):
    upload = await room.intake.create("sea.jpg", 100, keep_credit=False)
    with pytest.raises(UploadTooLarge, match=r"sea\.jpg: More came"):
        await room.intake.append(upload.id, 0, pieces(PHOTO[:80], PHOTO[80:200]))


async def test_what_is_no_photo_is_refused_after_its_first_piece(room):
    upload = await room.intake.create("../../tax.pdf\x1b[2J", 9_000_000, keep_credit=False)
    await room.intake.append(upload.id, 0, pieces(b"%PDF-1.7" + b"\0" * 5000))
    described = room.intake.described(await room.intake.get(upload.id))
    assert described["state"] == "refused"
    assert described["sentence"].startswith("tax.pdf[2J: That is neither a photo nor a clip")
    with pytest.raises(FileRefused, match="neither"):
        await room.intake.append(upload.id, 5008, pieces(b"more"))


async def test_a_photo_larger_than_photos_are_is_refused_early(room):
    upload = await room.intake.create("sea.jpg", 70 * 1024 * 1024, keep_credit=False)
    await room.intake.append(upload.id, 0, pieces(PHOTO[:5000]))
    assert "larger than" in (await room.intake.get(upload.id)).sentence


@pytest.mark.parametrize("length", [0, -1, 600 * 1024 * 1024])
async def test_an_impossible_length_is_refused(room, length):
    with pytest.raises(UploadTooLarge, match=r"sea\.jpg"):
        await room.intake.create("sea.jpg", length, keep_credit=False)


async def test_so_many_at_once_and_no_more(room):
    for _ in range(MAX_UNFINISHED):
        await room.intake.create("sea.jpg", 10, keep_credit=False)
    with pytest.raises(TooManyUploads):
        await room.intake.create("sea.jpg", 10, keep_credit=False)


async def test_what_was_not_posted_within_a_day_is_swept_and_so_are_folders_nobody_knows(room):
    old = await room.intake.create("old.jpg", 10, keep_credit=False)
    room.clock.advance(UPLOAD_LIFETIME_MS + 1)
    new = await room.intake.create("new.jpg", 10, keep_credit=False)
    (room.folder / "left-by-a-crash").mkdir()
    await room.intake.sweep()
    assert [one.id for one in await room.intake.all()] == [new.id]
    assert [folder.name for folder in room.folder.iterdir()] == [new.id]
    with pytest.raises(UploadNotFound):
        await room.intake.get(old.id)


async def test_an_upload_is_removed_in_the_middle_of_preparing(room):
    upload = await room.intake.create("sea.jpg", len(PHOTO), keep_credit=False)
    await room.intake.append(upload.id, 0, pieces(PHOTO))
    await room.intake.remove(upload.id)
    assert await room.intake.all() == []
    assert list(room.folder.iterdir()) == []


async def test_every_hostile_file_is_refused_by_its_name(room):
    for name, content in files_made.hostile().items():
        done = await room.upload(content, name)
        assert done["state"] == "refused", name
        assert done["sentence"].startswith(f"{name}: "), done["sentence"]
    assert (await room.upload(PHOTO, "good.jpg"))["state"] == "ready"


async def test_a_disk_that_did_not_take_a_piece_for_good_gets_it_again(room, monkeypatch):
    content = files_made.jpeg()
    upload = await room.intake.create("sea.jpg", len(content), keep_credit=False)
    first, rest = content[:1000], content[1000:]
    assert await room.intake.append(upload.id, 0, pieces(first)) == 1000

    def broken_fsync(_handle):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr("microsocial.media.intake.os.fsync", broken_fsync)
        with pytest.raises(DiskBroke):
            await room.intake.append(upload.id, 1000, pieces(rest))
    assert room.intake.offset(upload) == 1000
    await room.intake.append(upload.id, 1000, pieces(rest))
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_a_full_disk_refuses_nobodys_photo_and_it_goes_on_when_there_is_room(
    room, monkeypatch
):
    content = files_made.jpeg()
    upload = await room.intake.create("sea.jpg", len(content), keep_credit=False)

    async def no_room(*_job):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(room.intake._workshop, "prepare", no_room)
        await room.intake.append(upload.id, 0, pieces(content))
        assert (await room.settled(upload.id))["state"] == "working"
    room.db.bus.publish(MachineRecovered())
    await room.intake._going_on
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_a_file_that_was_whole_when_its_row_could_not_be_written_goes_on_by_itself(
    room, monkeypatch
):
    content = files_made.jpeg()
    upload = await room.intake.create("sea.jpg", len(content), keep_credit=False)

    async def full(_change):
        raise DiskFull

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(room.db, "write", full)
        with pytest.raises(DiskFull):
            await room.intake.append(upload.id, 0, pieces(content))
    await room.again().start()
    assert (await room.settled(upload.id))["state"] == "ready"


async def test_the_original_outlives_a_crash_before_the_row_says_ready(room, monkeypatch):
    """Removed first, a crash at that moment would lose what was acknowledged."""

    async def crash(upload):
        if upload.state == "ready":
            raise asyncio.CancelledError  # the process is gone
        await settle(upload)

    settle = room.intake._settle
    monkeypatch.setattr(room.intake, "_settle", crash)
    await room.upload(files_made.jpeg())
    await room.again().start()
    [upload] = await room.intake.all()
    assert (await room.settled(upload.id))["state"] == "ready"
    assert not (room.intake.folder(upload.id) / "source").exists()


async def test_an_announced_file_whose_folder_a_power_cut_took_is_received_all_the_same(room):
    content = files_made.jpeg()
    upload = await room.intake.create("sea.jpg", len(content), keep_credit=False)
    shutil.rmtree(room.intake.folder(upload.id))
    await room.intake.append(upload.id, 0, pieces(content))
    assert (await room.settled(upload.id))["state"] == "ready"
