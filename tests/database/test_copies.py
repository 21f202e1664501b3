"""A copy of a database in use is of one moment, ends while others write, and lacks what must not be in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microsocial.database import copies, copy_in_use, damage, opened_copy
from microsocial.database.failures import DataFromNewerProgram
from microsocial.database.inspecting import rows_per_table, untouched_copy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in-use.db"
    with closing(sqlite3.connect(path)) as sqlite:
        sqlite.execute("PRAGMA journal_mode=WAL")
        sqlite.execute("CREATE TABLE said (words TEXT)")
        sqlite.execute("CREATE TABLE logins (secret TEXT)")
        sqlite.executemany("INSERT INTO said VALUES (?)", [("x" * 3000,)] * 300)
        sqlite.executemany(
            "INSERT INTO logins VALUES (?)", [(f"secret {n} " * 50,) for n in range(100)]
        )
        sqlite.commit()
    return path


def test_it_is_of_one_moment_and_ends_although_somebody_writes_all_the_time(
    file, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(copies, "PAGES_AT_ONCE", 4)
    steps = []
    with closing(sqlite3.connect(file)) as writer:

        def at(done: int, total: int) -> None:
            steps.append((done, total))
            assert len(steps) < 1000, "it begins again and again"
            writer.execute("INSERT INTO said VALUES ('meanwhile')")
            writer.commit()

        copy_in_use(file, tmp_path / "copy.db", without=(), at=at)
    assert len(steps) > 50
    assert steps == sorted(steps)
    with untouched_copy(tmp_path / "copy.db") as conn:
        assert rows_per_table(conn) == {"logins": 100, "said": 300}
        assert damage(conn) is None


def test_what_is_left_out_leaves_no_trace(file, tmp_path) -> None:
    copy = tmp_path / "copy.db"
    copy_in_use(file, copy, without=("logins",), at=lambda *_: None)
    assert b"secret 7" in file.read_bytes(), "the control"
    assert b"secret 7" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in tmp_path.glob("copy.db*")] == ["copy.db"]


def test_who_watches_may_stop_it(file, tmp_path) -> None:
    class Enough(Exception):
        pass

    def at(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        copy_in_use(file, tmp_path / "copy.db", without=(), at=at)
    copy_in_use(file, tmp_path / "copy.db", without=(), at=lambda *_: None)


def test_a_copy_from_a_newer_program_is_not_opened(tmp_path) -> None:
    path = tmp_path / "newer.db"
    with closing(sqlite3.connect(path)) as sqlite:
        sqlite.execute("CREATE TABLE alembic_version (version_num TEXT)")
        sqlite.execute("INSERT INTO alembic_version VALUES ('9999')")
        sqlite.commit()
    with pytest.raises(DataFromNewerProgram), opened_copy(path):
        pass
