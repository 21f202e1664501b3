"""What uses how much room: counted in the database, with a handful of files looked at."""

import os
import shutil
from pathlib import Path

from tests.support import FakeClock

from microsocial.archive.leaving import storage
from microsocial.archive.leaving.erasing import erase
from microsocial.database import DATABASE_NAME, in_memory
from microsocial.media import store as media
from microsocial.media.model import Blob

NOTHING = storage.OnDisk((1, 1000), (0, 0), (0, 0), (0, 0), (0, 0))


def keep(conn, name, *, mine, media_type="image/webp", length=100, seen=0):
    blob = Blob(name * 32, length, 65536, bytes(32), media_type, mine=mine, here=True, holder=None)
    if mine:
        media.add_mine(conn, blob, name * 32, seen)
    else:
        media.add_theirs(conn, [(blob, True)], seen)


def test_every_kind_is_counted_once(tmp_path):
    now = FakeClock().now()
    db = in_memory()

    def fill(conn):
        keep(conn, b"a", mine=True, length=10)
        keep(conn, b"b", mine=True, media_type="video/mp4", length=20)
        keep(conn, b"c", mine=True, media_type="audio/mp4", length=30)
        keep(conn, b"d", mine=False, length=40, seen=now)
        keep(conn, b"e", mine=False, length=50, seen=0)

    db.write_sync(fill)
    room = db.read_sync(lambda conn: storage.storage(conn, NOTHING, 5_000, now))
    assert (room["mine"], room["friends"], room["database"], room["ceiling"]) == (
        60,
        90,
        1000,
        5000,
    )
    found = {one["kind"]: (one["count"], one["bytes"]) for one in room["kinds"]}
    assert found == {
        "photos": (1, 10),
        "clips": (1, 20),
        "voices": (1, 30),
        "friends": (2, 90),
        "database": (0, 1000),
    }
    could_go = {one["what"]: one["bytes"] for one in room["would_free"]}
    assert could_go == {"media": 90, "media-unseen": 50}
    db.close()


def test_the_chosen_ceiling_is_kept_beside_the_preferences():
    db = in_memory()
    assert db.read_sync(storage.chosen_ceiling) is None
    db.write_sync(lambda conn: storage.choose_ceiling(conn, 7))
    assert db.read_sync(storage.chosen_ceiling) == 7
    db.close()


def test_copies_are_not_counted_as_the_database(tmp_path):
    for name, length in ((DATABASE_NAME, 3), (f"{DATABASE_NAME}-wal", 4)):
        (tmp_path / name).write_bytes(bytes(length))
    (tmp_path / f"{DATABASE_NAME}.before-0003").write_bytes(bytes(50))
    blob = tmp_path / "media/blobs/aa/aa"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(bytes(999))
    looked = storage.look_at(tmp_path)
    assert (looked.database, looked.copies, looked.unfinished) == ((2, 7), (1, 50), (0, 0))
    assert storage.about_aside(looked) is None


def test_what_an_undo_set_aside_is_named_with_its_day_and_goes_with_the_copies(tmp_path):
    (tmp_path / DATABASE_NAME).write_bytes(bytes(3))
    (tmp_path / f"{DATABASE_NAME}.before-0003").write_bytes(bytes(50))
    aside = tmp_path / f"{DATABASE_NAME}.undone"
    aside.write_bytes(bytes(70))
    os.utime(aside, (1_763_812_800, 1_763_812_800))  # noon in Greenwich
    looked = storage.look_at(tmp_path)
    assert (looked.database, looked.all_copies) == ((1, 3), (2, 120))
    assert "on Saturday 22 November" in storage.about_aside(looked)
    db = in_memory()
    room = db.read_sync(lambda conn: storage.storage(conn, looked, 0, FakeClock().now()))
    assert {one["kind"]: one["bytes"] for one in room["kinds"]}["aside"] == 70
    [copies] = [one for one in room["would_free"] if one["what"] == "copies"]
    assert copies["bytes"] == 120
    assert "what you wrote after that upgrade" in copies["sentence"]
    db.close()


def test_the_folder_is_emptied_but_for_what_somebody_else_put_there(tmp_path):
    folder = tmp_path / "ana"
    for name in (
        DATABASE_NAME,
        f"{DATABASE_NAME}-wal",
        "config.toml",
        "lock",
        "cli-token",
        "letter.txt",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    for ours in ("media/blobs", "bringing-back"):
        (folder / ours).mkdir(parents=True)
    assert erase(folder) == ["letter.txt"]
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]
    (folder / "letter.txt").unlink()
    (folder / DATABASE_NAME).write_text("x")
    assert erase(folder) == []
    assert not folder.exists()


def test_photos_behind_a_link_go_and_what_lies_beside_them_stays(tmp_path):
    folder, disk = tmp_path / "ana", tmp_path / "disk"
    (disk / "blobs/ab").mkdir(parents=True)
    (disk / "blobs/ab/photo").write_text("x")
    (disk / "tax.pdf").write_text("x")
    (folder / "media-before-1").mkdir(parents=True)
    (folder / "media").symlink_to(disk)
    (folder / "import-abc.zip").write_text("all of it")
    assert erase(folder) == []
    assert [path.name for path in disk.iterdir()] == ["tax.pdf"]


def test_the_database_goes_last_so_that_an_interrupted_end_goes_on(tmp_path, monkeypatch):
    (tmp_path / DATABASE_NAME).write_text("x")
    (tmp_path / f"{DATABASE_NAME}-wal").write_text("x")
    gone = []
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: gone.append(self.name))
    erase(tmp_path)
    ours = [name for name in gone if name.startswith(DATABASE_NAME)]
    assert ours == [f"{DATABASE_NAME}-wal", DATABASE_NAME]


def test_a_folder_that_goes_while_one_looks_is_no_error(tmp_path):
    (tmp_path / "goes" / "too").mkdir(parents=True)
    (tmp_path / "stays").touch()
    looking = storage.files_below(tmp_path)
    assert next(looking) == tmp_path / "stays"
    shutil.rmtree(tmp_path / "goes")
    assert list(looking) == []
