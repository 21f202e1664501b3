"""A restore makes the folder what it was, whole or not at all."""

import os

import pytest
from tests.support.time_and_chance import SeededEntropy

from microsocial.archive.backups import restoring
from microsocial.archive.backups.folder import BackupFolder
from microsocial.archive.backups.keys import lock_for_words, unlock_with_words
from microsocial.archive.backups.manifest import blob_name, read_manifest, write_manifest
from microsocial.archive.backups.model import (
    BackupDamaged,
    BackupFromNewerProgram,
    DataFolderNotEmpty,
    NoSuchSnapshot,
    WordsDoNotOpen,
)
from microsocial.archive.backups.restored import last_restoration
from microsocial.archive.backups.restoring import RestoreInterrupted
from microsocial.database import DiskFull, open_folder
from microsocial.identity.recovery import kept_public_halves
from microsocial.identity.service import new_sheet
from microsocial.node import Node
from microsocial.protocol.words import entropy_of
from microsocial.settings import Settings


def tree(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_everything_is_as_it_was(house) -> None:
    for number in range(50):
        house.say(f"post {number}")
    house.back_up()
    where, restored = house.restore()
    assert tree(where / "media") == tree(house.data / "media")
    there = house.moved_to(where)
    try:
        assert there.node.me.id == house.node.me.id
        assert there.texts() == house.texts()
        assert there.node.db.read_sync(there.node.rooms.log.head) == house.node.db.read_sync(
            house.node.rooms.log.head
        )
    finally:
        there.node.close()
    assert restored.left_out == []
    assert not (where / "restoring").exists()
    assert {f.stat().st_mode & 0o077 for f in where.rglob("*")} == {0}, "private to its owner"


def test_photos_without_a_database_are_kept_beside(house, tmp_path) -> None:
    """Somebody's database is gone, and newer photos than the backup's lie there still."""
    house.back_up()
    only = tmp_path / "restored/media/blobs/ff/the-newest"
    only.parent.mkdir(parents=True)
    only.write_bytes(b"a photo of today")
    where, _ = house.restore()
    kept = where / "media-before-1/blobs/ff/the-newest"
    assert kept.read_bytes() == b"a photo of today"
    assert tree(where / "media") == tree(house.data / "media")


def test_a_media_folder_that_is_a_link_hinders_no_restore(house, tmp_path) -> None:
    house.back_up()
    large_disk = tmp_path / "large"
    (large_disk / "blobs").mkdir(parents=True)
    (tmp_path / "restored").mkdir()
    (tmp_path / "restored/media").symlink_to(large_disk)
    where, _ = house.restore()
    assert tree(where / "media") == tree(house.data / "media")
    assert large_disk.is_dir()


def test_an_older_one_can_be_chosen(house) -> None:
    first = house.back_up().manifest.id
    house.say("after the first")
    house.back_up()
    where, _ = house.restore("older", snapshot=first)
    older = house.moved_to(where)
    try:
        assert older.texts() == ["the first thing"]
    finally:
        older.node.close()
    with pytest.raises(NoSuchSnapshot, match=first):
        house.restore("none", snapshot="20200101T000000Z")


def test_the_words_open_it_too(house, sheet) -> None:
    house.back_up()
    halves = house.node.db.read_sync(kept_public_halves)
    lock_for_words(house.opened, halves.backup)
    opened = unlock_with_words(BackupFolder(house.disk), entropy_of(sheet.words))
    assert opened.key == house.opened.key
    other = new_sheet(SeededEntropy(77))
    with pytest.raises(WordsDoNotOpen):
        unlock_with_words(BackupFolder(house.disk), entropy_of(other.words))
    (house.disk / "words.age").unlink()
    with pytest.raises(WordsDoNotOpen):
        unlock_with_words(BackupFolder(house.disk), entropy_of(sheet.words))


def test_nobody_is_overwritten(house) -> None:
    house.back_up()
    house.node.close()
    before = tree(house.data)
    with open_folder(house.data) as held, pytest.raises(DataFolderNotEmpty):
        restoring.restore(house.opened, held, 0, restoring.Progress())
    assert tree(house.data) == before


def test_a_folder_in_which_run_was_started_and_left_again_is_still_empty(house, tmp_path) -> None:
    house.back_up()
    node = Node(Settings(data=tmp_path / "restored"))
    node.open()
    node.close()
    where, _ = house.restore()
    there = house.moved_to(where)
    assert there.texts() == house.texts()
    there.node.close()


def test_a_restore_that_was_interrupted_leaves_nobody_and_is_begun_again(
    house, monkeypatch
) -> None:
    house.back_up()

    def power_cut(*_):
        raise KeyboardInterrupt

    for step in ("write_image", "read_file", "check_database", "settle"):
        with monkeypatch.context() as broken:
            broken.setattr(restoring, step, power_cut)
            with pytest.raises(KeyboardInterrupt):
                house.restore()
        node = Node(Settings(data=house.data.with_name("restored")))
        with pytest.raises(RestoreInterrupted):
            node.open()
    where, _ = house.restore()
    there = house.moved_to(where)
    assert there.texts() == house.texts()
    there.node.close()


def test_a_damaged_photo_ends_a_restore_unless_one_says_anyway(house) -> None:
    manifest = house.back_up().manifest
    name = blob_name(house.opened.key, manifest.blobs[0].sha256)
    victim = house.disk / house.opened.folder.object_path(name)
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(BackupDamaged, match=name):
        house.restore("strict")
    where, restored = house.restore("lenient", anyway=True)
    [told] = restored.left_out
    assert name in told
    assert len(tree(where / "media")) == len(tree(house.data / "media")) - 1


def test_too_little_room_is_told_before_anything_is_written(house, monkeypatch) -> None:
    house.back_up()
    monkeypatch.setattr(
        restoring.shutil, "disk_usage", lambda _: os.terminal_size((0, 0)) and Little()
    )
    with pytest.raises(DiskFull, match="come back"):
        house.restore()


class Little:
    free = 1000


def test_a_backup_of_a_newer_program_is_refused_politely(house) -> None:
    manifest = house.back_up().manifest
    newer = type(manifest)(
        **{field: getattr(manifest, field) for field in manifest.__struct_fields__}
        | {"schema": "9999"}
    )
    write_manifest(house.opened.folder, house.opened.key, newer)
    with pytest.raises(BackupFromNewerProgram):
        house.restore()
    with pytest.raises(BackupFromNewerProgram):
        read_manifest(house.opened.folder, house.opened.key, manifest.id)


def test_the_owner_is_told_from_which_backup_it_came(house) -> None:
    house.back_up()
    where, _ = house.restore()
    there = house.moved_to(where)
    friends = there.node.rooms.friends

    def told(now):
        return there.node.db.read_sync(lambda conn: last_restoration(conn, friends, now))

    now = house.clock.now()
    try:
        assert told(now)["sentence"].startswith("Restored from the backup of ")
        assert told(now + 31 * 86_400_000) is None
    finally:
        there.node.close()
    assert house.node.db.read_sync(lambda c: last_restoration(c, friends, now)) is None
