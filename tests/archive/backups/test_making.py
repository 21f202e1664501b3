"""Making snapshots: whole, small, encrypted, and never at the cost of the ones before."""

import errno
import os
import threading

import pytest
from tests.support.time_and_chance import SeededEntropy

from microsocial.archive.backups import folder as folders
from microsocial.archive.backups import making
from microsocial.archive.backups.age import Key
from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keys import Opened, begin
from microsocial.archive.backups.manifest import needed_by, read_manifest
from microsocial.archive.backups.model import (
    BackupDiskBroke,
    BackupDiskFull,
    BackupInUse,
    BackupNotWritable,
    FolderAway,
    FolderHoldsOther,
    FolderInsideData,
    FolderNotWhole,
    NoBackupHere,
    SomebodyElsesBackup,
)
from microsocial.archive.work import Progress, Stopped

DAY = 86_400_000


def files(disk):
    return {str(f.relative_to(disk)): f.read_bytes() for f in disk.rglob("*") if f.is_file()}


def test_a_second_backup_writes_only_what_is_new(house) -> None:
    first = house.back_up()
    house.say("one more thing")
    second = house.back_up()
    again = house.back_up()
    assert first.written > 100_000
    assert 0 < second.written < first.written / 4
    assert again.written < 10_000  # the first page counts the changes of the file, no more
    assert len(house.opened.folder.snapshots()) == 3
    house.rehearse()


def test_nothing_can_be_read_on_the_disk_without_the_key(house) -> None:
    house.say("a sentence nobody may find")
    house.back_up()
    for name, content in files(house.disk).items():
        assert b"nobody may find" not in content
        assert b"a photo a photo" not in content, name
        assert house.node.me.id.encode() not in content, name
    assert house.node.me.id not in str(files(house.disk).keys())


def test_private_halves_of_prekeys_and_logins_are_in_no_backup(house) -> None:
    def secrets(conn):
        privates = conn.exec_driver_sql("SELECT private FROM prekeys").scalars().all()
        return [bytes(one) for one in privates]

    house.node.db.write_sync(house.log_in)
    kept = house.node.db.read_sync(secrets)
    assert kept
    assert any(secret in house.node.db.path.read_bytes() + wal(house) for secret in kept)
    house.back_up()
    where, _ = house.restore()
    content = (where / "microsocial.db").read_bytes()
    assert not [secret for secret in kept if secret in content]
    restored = house.moved_to(where)
    try:
        for table in making.LEFT_OUT:
            count = restored.node.db.read_sync(
                lambda conn, table=table: conn.exec_driver_sql(
                    f"SELECT count(*) FROM {table}"
                ).scalar_one()
            )
            assert count == 0, table
    finally:
        restored.node.close()


def wal(house) -> bytes:
    beside = house.node.db.path.with_name("microsocial.db-wal")
    return beside.read_bytes() if beside.exists() else b""


def test_a_copy_is_of_one_moment_while_others_write(house) -> None:
    stop = threading.Event()
    said = []

    def talk():
        while not stop.is_set():
            said.append(house.say(f"while it runs {len(said)}"))

    talking = threading.Thread(target=talk)
    talking.start()
    try:
        snapshots = [house.back_up().manifest for _ in range(3)]
    finally:
        stop.set()
        talking.join()
    assert said
    assert [one.head[0] for one in snapshots] == sorted({one.head[0] for one in snapshots})
    house.rehearse()
    house.restore()


def test_what_was_interrupted_goes_on_and_costs_no_older_backup(house, monkeypatch) -> None:
    house.back_up()
    before = files(house.disk)
    house.say("x" * 5_000)
    house.photo(os.urandom(300_000))

    class StopsAt(Progress):
        def __init__(self, last):
            super().__init__()
            self.left = last

        def check(self):
            self.left -= 1
            if self.left < 0:
                raise Stopped

    written = []
    for steps in range(0, 200, 3):
        try:
            house.back_up(StopsAt(steps))
            break
        except Stopped:
            now = files(house.disk)
            assert {name: now.get(name) for name in before} == before
            written.append(len(now))
            assert not (house.data / "backup-scratch").exists()
    assert len(written) > 5
    assert written == sorted(written), "each try goes on where the last one ended"
    house.rehearse()


def test_a_torn_file_of_an_interrupted_run_is_never_taken_for_a_whole_one(
    house, monkeypatch
) -> None:
    """As after a power cut between writing and naming: only unfinished files may be torn, and they are swept."""
    torn = house.disk / "objects" / "new-torn"
    torn.parent.mkdir(exist_ok=True)
    torn.write_bytes(b"half a")
    house.back_up()
    assert not torn.exists()


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (errno.ENOSPC, BackupDiskFull),
        (errno.EDQUOT, BackupDiskFull),
        (errno.EROFS, BackupNotWritable),
        (errno.EACCES, BackupNotWritable),
        (errno.EIO, BackupDiskBroke),
    ],
)
def test_a_disk_that_fails_is_told_in_a_sentence_and_older_backups_are_whole(
    house, monkeypatch, number, meaning
) -> None:
    house.back_up()
    house.say("y" * 5_000)
    real, calls = os.fsync, []

    def failing(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(folders.os, "fsync", failing)
    with pytest.raises(meaning) as told:
        house.back_up()
    assert str(house.disk) in told.value.detail
    monkeypatch.undo()
    house.rehearse()
    house.back_up()
    house.rehearse()


def test_an_unplugged_disk_is_away_and_its_empty_folder_is_not_filled(house) -> None:
    house.back_up()
    house.disk.rename(house.disk.with_name("drawer"))
    with pytest.raises(FolderAway):
        house.back_up()
    house.disk.mkdir()  # as a mount point looks without its disk
    with pytest.raises(FolderAway):
        house.back_up()
    assert list(house.disk.iterdir()) == []


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, house) -> None:
    other = tmp_path / "holiday"
    other.mkdir()
    (other / "photo.jpg").write_bytes(b"beach")
    with pytest.raises(FolderHoldsOther, match=r"photo\.jpg"):
        BackupFolder(other).prepare()
    with pytest.raises(NoBackupHere):
        BackupFolder(other).check_sign()
    with pytest.raises(FolderAway):
        BackupFolder(tmp_path / "no" / "such" / "disk").prepare()


def test_a_preparation_that_was_interrupted_is_begun_again(tmp_path) -> None:
    folder = BackupFolder(tmp_path / "new disk")
    folder.prepare()
    folder.put("key.age", b"half")
    folder.prepare()
    begin(folder, "four words are enough", SeededEntropy(1))
    folder.check_sign()


def test_another_disk_at_the_same_place_is_recognised(house) -> None:
    house.back_up()
    stranger = Opened(house.opened.folder, Key(b"x" * 32))
    with pytest.raises(SomebodyElsesBackup):
        making.make_snapshot(house.source, stranger, house.clock.now(), Progress())


def test_two_programs_do_not_write_into_one_folder_at_once(house) -> None:
    with house.opened.folder.held(), pytest.raises(BackupInUse):
        house.back_up()


@pytest.mark.parametrize("place", ["backups", "./x", "", "~nobody-at-all/x", "/x\0y"])
def test_a_place_must_be_a_whole_path(place, tmp_path) -> None:
    with pytest.raises(FolderNotWhole):
        folders.fit_place(place, tmp_path)


def test_backups_do_not_lie_in_the_folder_they_are_of(house) -> None:
    link = house.data.with_name("link")
    link.symlink_to(house.data)
    for place in (house.data, house.data / "media" / "backups", link / "x"):
        with pytest.raises(FolderInsideData):
            folders.fit_place(str(place), house.data)


def test_old_backups_go_by_the_rule_and_take_only_their_own_pieces_along(house) -> None:
    for day in range(60):
        house.say(f"day {day} " + os.urandom(2000).hex())
        house.back_up(later=DAY)
    kept = house.opened.folder.snapshots()
    assert 11 <= len(kept) <= 20
    house.rehearse()
    needed = set()
    for one in kept:
        needed |= read_manifest(house.opened.folder, house.opened.key, one).objects(
            house.opened.key
        )
    assert {f.name for f in (house.disk / "objects").rglob("*") if f.is_file()} == needed


def test_a_photo_that_is_damaged_here_is_left_out_and_stops_no_backup(house, caplog) -> None:
    name = house.photo(b"a good photo")
    path = house.source.blobs.path(name)
    path.write_bytes(b"a bad photo.")
    made = house.back_up()
    assert name.hex() not in {blob.sha256 for blob in made.manifest.blobs}
    assert path.name in caplog.text
    house.rehearse()


def test_a_photo_deleted_meanwhile_stops_no_backup(house, monkeypatch) -> None:
    gone = house.photo(os.urandom(50_000))

    class Deletes(Progress):
        def at(self, done, total, sentence):
            if sentence.startswith("Keeping what"):
                house.source.blobs.remove(gone)

    house.back_up(Deletes())
    house.rehearse()


def test_links_and_foreign_files_on_the_disk_cost_nobody_elses_files(house, tmp_path) -> None:
    letters = tmp_path / "letters/2024"
    letters.mkdir(parents=True)
    (letters / "dear-ben.txt").write_text("dear Ben")
    (letters / ("ab" * 32)).write_text("named like one of ours")
    house.back_up()
    (house.disk / "objects/zz").symlink_to(letters)
    foreign = house.disk / "objects/aa/plan.txt"
    foreign.parent.mkdir(parents=True, exist_ok=True)
    foreign.write_text("a plan")
    for _ in range(12):  # until the rule lets go of some, and their pieces are swept
        house.say("something new")
        house.back_up(later=3 * DAY)
    swept = house.opened.folder.sweep([])
    assert swept
    assert sorted(file.name for file in letters.iterdir()) == ["ab" * 32, "dear-ben.txt"]
    assert foreign.read_text() == "a plan"
    (house.disk / "objects").rename(tmp_path / "elsewhere")
    (house.disk / "objects").symlink_to(tmp_path / "letters")
    assert house.opened.folder.sweep([]) == 0
    assert len(list(letters.iterdir())) == 2


def test_a_photo_that_many_backups_hold_is_named_once(house, monkeypatch) -> None:
    """A rehearsal of years of photos must not take a name for each backup of each photo in memory."""
    folder, key = house.opened.folder, house.opened.key
    for number in range(3):
        house.say(f"post {number}")
        house.back_up()
    lists = [read_manifest(folder, key, one) for one in folder.snapshots()]
    every = set[str]().union(*(one.objects(key) for one in lists))
    found = list(needed_by(iter(lists), key))
    assert len(found) == len(set(found))
    assert set(found) == every
