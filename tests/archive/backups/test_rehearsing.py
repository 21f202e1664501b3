"""A rehearsal finds every byte that is not what it was, and says so in a sentence that names the file."""

import os
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.time_and_chance import SeededEntropy

from microsocial.archive.backups import making, rehearsing
from microsocial.archive.backups.folder import SIGN_NAME
from microsocial.archive.backups.keys import lock_for_words, lock_with_passphrase, unlock
from microsocial.archive.backups.manifest import blob_name, loose_name, read_manifest
from microsocial.archive.backups.model import (
    BackupDamaged,
    NoBackupHere,
    NoSnapshotYet,
    PassphraseWrong,
)
from microsocial.database import DataDamaged, opened_copy
from microsocial.errors import MicrosocialError
from microsocial.identity.recovery import kept_public_halves


@pytest.fixture
def full(house):
    """Two backups: the older one has pieces of its own."""
    house.back_up()
    house.say("between the two")
    house.back_up()
    halves = house.node.db.read_sync(kept_public_halves)
    lock_for_words(house.opened, halves.backup)
    house.rehearse()
    return house


def flip(path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.write_bytes(content)


def one_of_each(house) -> dict[str, str]:
    """Every kind of file there is in a backup."""
    folder, key = house.opened.folder, house.opened.key
    older, newest = (read_manifest(folder, key, one) for one in folder.snapshots())
    [loose] = newest.loose
    only_older = [name for name in older.image.pieces if name not in newest.image.pieces]
    kinds = {
        "the sign": SIGN_NAME,
        "the key": "key.age",
        "the words": "words.age",
        "the check": "check.age",
        "the newest list": f"snapshots/{newest.id}.age",
        "the older list": f"snapshots/{older.id}.age",
        "a piece of the database": folder.object_path(newest.image.pieces[3]),
        "a piece of the older database": folder.object_path(only_older[0]),
        "a photo": folder.object_path(blob_name(key, newest.blobs[0].sha256)),
        "a clip": folder.object_path(blob_name(key, newest.blobs[1].sha256)),
        "what waits to be posted": folder.object_path(loose_name(key, loose.sha256)),
    }
    assert newest.blobs[2:] == []
    return kinds


def test_one_flipped_byte_in_any_kind_of_file_fails_the_rehearsal_in_a_sentence(
    full, tmp_path
) -> None:
    kinds = one_of_each(full)
    present = {re.sub(r"/.*", "", str(f.relative_to(full.disk))) for f in full.disk.rglob("*")}
    assert {re.sub(r"/.*", "", name) for name in kinds.values()} == present, "no kind is forgotten"
    whole = tmp_path / "whole"
    shutil.copytree(full.disk, whole)
    for kind, name in kinds.items():
        for at in (0, 1, -1, 170):
            shutil.rmtree(full.disk)
            shutil.copytree(whole, full.disk)
            flip(full.disk / name, at)
            with pytest.raises(MicrosocialError) as found:
                full.rehearse()
            assert isinstance(found.value, BackupDamaged | NoBackupHere), kind
            if name != SIGN_NAME:
                assert name in found.value.detail, kind
    shutil.rmtree(full.disk)
    shutil.copytree(whole, full.disk)
    full.rehearse()  # the control: unharmed it is fine


def test_one_flipped_byte_anywhere_fails_the_rehearsal(full, tmp_path) -> None:
    chance = random.Random(11)
    whole = tmp_path / "whole"
    shutil.copytree(full.disk, whole)
    everything = sorted(f.relative_to(whole) for f in whole.rglob("*") if f.is_file())
    for _ in range(40):
        shutil.rmtree(full.disk)
        shutil.copytree(whole, full.disk)
        victim = chance.choice(everything)
        flip(full.disk / victim, chance.randrange(10**6))
        with pytest.raises(MicrosocialError):
            full.rehearse()


def test_one_flipped_byte_that_matters_fails_the_restore(full, tmp_path) -> None:
    kinds = one_of_each(full)
    whole = tmp_path / "whole"
    shutil.copytree(full.disk, whole)
    for number, (kind, name) in enumerate(kinds.items()):
        shutil.rmtree(full.disk)
        shutil.copytree(whole, full.disk)
        flip(full.disk / name, -1)
        if "older" in kind:  # not needed for the newest: it comes back all the same
            full.restore(f"fine-{number}")
            continue
        with pytest.raises(MicrosocialError):
            full.restore(f"broken-{number}")
        database = full.data.with_name(f"broken-{number}") / "microsocial.db"
        assert not database.exists() or database.stat().st_size == 0, "nobody lives there"


def test_a_missing_file_fails_the_rehearsal(full) -> None:
    known = full.opened.folder.snapshots()
    for kind, name in one_of_each(full).items():
        aside = full.disk / "aside"
        (full.disk / name).rename(aside)
        with pytest.raises(MicrosocialError):
            full.rehearse(known)
        aside.rename(full.disk / name)
        for damaged in full.disk.rglob("*.damaged"):
            damaged.rename(damaged.with_suffix(""))
        full.rehearse(), kind


@pytest.mark.parametrize("plant", [os.mkfifo, Path.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize("pattern", ["objects/*/*", "snapshots/*.age", "key.age", "check.age"])
def test_what_is_no_file_is_damage_and_is_not_waited_for(full, pattern, plant) -> None:
    for file in full.disk.glob(pattern):
        file.unlink()
        plant(file)
    with pytest.raises(BackupDamaged, match=r"is no file|is missing"):
        full.rehearse()
    if pattern.startswith("objects") and plant is os.mkfifo:
        assert full.back_up().written > 0, "nor does the next backup wait"


def test_what_was_found_damaged_is_written_anew_by_the_next_backup(full) -> None:
    kinds = one_of_each(full)
    for kind in ("a photo", "a piece of the database", "the newest list"):
        flip(full.disk / kinds[kind], 300)
        with pytest.raises(BackupDamaged):
            full.rehearse()
        full.back_up()
        full.rehearse()


def test_an_older_backup_that_cannot_be_mended_is_set_aside_after_it_was_told(full) -> None:
    older = full.opened.folder.snapshots()[0]
    flip(full.disk / one_of_each(full)["a piece of the older database"], 300)
    with pytest.raises(BackupDamaged):
        full.rehearse()
    assert older not in full.opened.folder.snapshots()
    full.rehearse()


def test_the_newest_is_looked_at_whole_the_photos_within_the_budget(full, monkeypatch) -> None:
    """The control for the budget: with none, a flipped photo is not found, a flipped piece is."""
    kinds = one_of_each(full)
    flip(full.disk / kinds["a photo"], 300)
    with monkeypatch.context() as small:
        small.setattr(rehearsing, "BUDGET_BYTES", 0)
        full.rehearse()
    with pytest.raises(BackupDamaged):
        full.rehearse()
    full.back_up()
    flip(full.disk / kinds["a piece of the database"], 300)
    monkeypatch.setattr(rehearsing, "BUDGET_BYTES", 0)
    with pytest.raises(BackupDamaged):
        full.rehearse()


def tampered(house, sql: str):
    """A backup of a database that somebody has changed behind the program's back."""
    house.node.db.write_sync(lambda conn: conn.exec_driver_sql(sql))
    house.back_up()


def test_a_record_whose_signature_is_wrong_is_found(house) -> None:
    tampered(
        house,
        "UPDATE records SET envelope = CAST(replace(CAST(envelope AS TEXT), 'Ana', 'Eve') AS BLOB)"
        " WHERE kind = 'profile'",
    )
    with pytest.raises(BackupDamaged, match="signature of profile"):
        house.rehearse()


def test_a_key_log_that_is_not_mine_is_found(house) -> None:
    tampered(house, "UPDATE identity SET seed = zeroblob(32)")
    with pytest.raises(BackupDamaged, match="keys"):
        house.rehearse()


def test_an_author_without_keys_is_found(house) -> None:
    tampered(house, "UPDATE records SET author = 'x' WHERE kind = 'post'")
    with pytest.raises(BackupDamaged, match="key of an author"):
        house.rehearse()


def test_counts_that_differ_are_found(house, monkeypatch) -> None:
    real = making.rows_per_table
    monkeypatch.setattr(making, "rows_per_table", lambda conn: {**real(conn), "records": 99})
    house.back_up()
    with pytest.raises(BackupDamaged, match="records has 2 rows instead of 99"):
        house.rehearse()


def test_a_database_that_was_damaged_already_is_found(house, monkeypatch) -> None:
    monkeypatch.setattr(rehearsing, "damage", lambda conn: "row 7 missing from index")
    house.back_up()
    with pytest.raises(BackupDamaged, match="damaged when it was backed up: row 7"):
        house.rehearse()


def test_integrity_is_really_asked_of_sqlite(house, tmp_path) -> None:
    house.back_up()
    where, _ = house.restore()
    file = where / "microsocial.db"
    with opened_copy(file) as conn:
        assert rehearsing.damage(conn) is None
    with closing(sqlite3.connect(file)) as behind_its_back:
        behind_its_back.execute("INSERT INTO offered (person, record) VALUES ('x', 4711)")
        behind_its_back.commit()
    with opened_copy(file) as conn:
        assert "offered" in rehearsing.damage(conn)
    house.node.db.read_sync(lambda conn: None)
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    file.write_bytes(content)
    with pytest.raises((DataDamaged, AssertionError)), opened_copy(file) as conn:
        assert rehearsing.damage(conn) is None


def test_without_a_backup_there_is_nothing_to_rehearse(house) -> None:
    with pytest.raises(NoSnapshotYet):
        house.rehearse()


def test_nothing_stays_behind(full) -> None:
    assert not (full.data / "backup-scratch").exists()
    assert not list(full.disk.rglob("new-*"))


def test_a_new_passphrase_replaces_the_old_one_and_damage_to_it_is_mended(full) -> None:
    flip(full.disk / "key.age", 200)
    with pytest.raises(PassphraseWrong):
        unlock(full.opened.folder, "four words are enough")
    lock_with_passphrase(full.opened, "five words are even better", SeededEntropy(2))
    assert unlock(full.opened.folder, "five words are even better ") == full.opened
    with pytest.raises(PassphraseWrong):
        unlock(full.opened.folder, "four words are enough")
    full.rehearse()
