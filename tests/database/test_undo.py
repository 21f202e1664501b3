"""An upgrade can be taken back, and made again."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microsocial.database import (
    Database,
    NothingToUndo,
    WordsErased,
    forget_set_aside,
    migrate,
    set_aside,
    undo_upgrade,
)
from microsocial.database.copies import copies
from microsocial.database.failures import DataDamaged, DataFromNewerProgram
from microsocial.events import emit

OLD = "0009"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "microsocial.db"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch):
    """Switch between this program and one that knew the schema up to 0009."""
    old = tmp_path / "old-migrations"
    shutil.copytree(migrate.MIGRATIONS, old, ignore=shutil.ignore_patterns("__pycache__"))
    for step in (old / "versions").glob("0*.py"):
        if step.name[:4] > OLD:
            step.unlink()
    new = migrate.MIGRATIONS

    def switch(which: str) -> None:
        monkeypatch.setattr(migrate, "MIGRATIONS", old if which == "old" else new)

    return switch


def say(file: Path, number: int, kind: str = "post") -> None:
    with closing(sqlite3.connect(file)) as sqlite:
        columns = [row[1:3] for row in sqlite.execute("PRAGMA table_info(records)")]
        empty = {"INTEGER": 0, "TEXT": "", "BLOB": b""}
        values = {name: empty[kind_] for name, kind_ in columns}
        values |= {"no": number, "id": f"{number}", "ref": f"r{number}", "kind": kind}
        values |= {"hash": bytes([number]) * 32}
        places = ", ".join(f":{name}" for name in values)
        sqlite.execute(f"INSERT INTO records ({', '.join(values)}) VALUES ({places})", values)
        sqlite.commit()


def said(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as sqlite:
        return [no for (no,) in sqlite.execute("SELECT no FROM records ORDER BY no")]


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as sqlite:
        return sqlite.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def test_a_folder_of_schema_0009_is_upgraded_undone_and_upgraded_again(file, programs) -> None:
    programs("old")
    Database(file).open().close()
    assert revision(file) == OLD
    say(file, 1)
    programs("new")
    Database(file).open().close()
    say(file, 2)
    say(file, 3, "message")
    programs("old")
    with pytest.raises(DataFromNewerProgram) as refused:
        Database(file).open()
    assert "microsocial undo" in refused.value.sentence()
    undone = undo_upgrade(file)
    assert (undone.revision, undone.since) == (OLD, {"post": 1, "message": 1})
    assert (revision(file), said(file)) == (OLD, [1])
    assert said(undone.aside) == [1, 2, 3]
    Database(file).open().close()
    say(file, 4)
    programs("new")
    Database(file).open().close()
    assert said(file) == [1, 4]
    assert revision(file) == undone.was


def test_without_a_copy_there_is_nothing_to_undo(file) -> None:
    Database(file).open().close()
    as_it_was = file.read_bytes()
    with pytest.raises(NothingToUndo):
        undo_upgrade(file)
    assert file.read_bytes() == as_it_was


def test_a_damaged_copy_is_not_put_back(file, programs) -> None:
    programs("old")
    Database(file).open().close()
    programs("new")
    Database(file).open().close()
    [copy] = copies(file)
    copy.write_bytes(copy.read_bytes()[:5000])
    as_it_was = file.read_bytes()
    with pytest.raises(DataDamaged):
        undo_upgrade(file)
    assert file.read_bytes() == as_it_was


def test_only_the_owner_lets_go_of_what_an_undo_set_aside(file, programs) -> None:
    """An erasure comes by itself, with every old prekey; what was written after the upgrade must not go with it."""
    programs("old")
    Database(file).open().close()
    programs("new")
    Database(file).open().close()
    say(file, 1)
    aside = undo_upgrade(file).aside
    database = Database(file).open()
    database.write_sync(lambda conn: emit(conn, WordsErased()))
    database.close()
    assert not copies(file), "the erasure was carried out"
    assert said(aside) == [1]
    forget_set_aside(file)
    assert not set_aside(file)


def test_what_is_set_aside_has_no_secrets_of_the_machine(file, programs) -> None:
    programs("old")
    Database(file).open().close()
    programs("new")
    Database(file).open().close()
    secret = bytes(range(7, 39))
    with closing(sqlite3.connect(file)) as sqlite:
        sqlite.execute("INSERT INTO prekeys VALUES (x'01', 1, x'02', ?, 1, NULL)", (secret,))
        sqlite.commit()
    say(file, 1)
    aside = undo_upgrade(file, without=("prekeys", "no such table")).aside
    assert said(aside) == [1]
    assert not any(secret in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


def test_a_disk_that_errs_keeps_nobody_from_going_back(file, programs, monkeypatch, caplog) -> None:
    programs("old")
    Database(file).open().close()
    programs("new")
    Database(file).open().close()

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("microsocial.database.copies.rebuild", fail)
    assert undo_upgrade(file, without=("prekeys",)).revision == OLD
    assert "set aside with this machine's secrets" in caplog.text


def test_the_undone_database_can_be_undone_only_once(file, programs) -> None:
    programs("old")
    Database(file).open().close()
    programs("new")
    Database(file).open().close()
    undo_upgrade(file)
    with pytest.raises(NothingToUndo):
        undo_upgrade(file)


def test_who_undoes_twice_still_has_the_newest_words(file, programs) -> None:
    """There are copies from before two upgrades; pressing twice must cost nothing but another start."""
    programs("old")
    Database(file).open().close()
    earlier = file.with_name(f"{file.name}.before-0001")
    shutil.copy2(file, earlier)
    programs("new")
    Database(file).open().close()
    say(file, 1)
    newest = undo_upgrade(file).aside
    undo_upgrade(file)
    assert said(newest) == [1]
    assert len(set_aside(file)) == 2
