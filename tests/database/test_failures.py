"""When the machine is at fault: nothing half-done, a sentence, and the next write works."""

import asyncio
import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.database.test_database import Said, say, words

from microsocial.database import (
    Database,
    DataDamaged,
    DiskBroke,
    DiskFull,
    FolderReadOnly,
    MachineFailed,
    MachineRecovered,
    MemoryFull,
    health,
)
from microsocial.database.connect import raw
from microsocial.database.failures import DatabaseClosed, explained
from microsocial.events import emit


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "microsocial.db").open()
    database.write_sync(
        lambda conn: conn.exec_driver_sql("CREATE TABLE said (word TEXT NOT NULL) STRICT")
    )
    yield database
    database.close()


def limit_pages(pages: int):
    return lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar()


def say_much(conn: Connection) -> None:
    say("x" * 1_000_000)(conn)


async def test_on_a_full_disk_nothing_is_half_done_and_the_next_write_works(db: Database) -> None:
    told: list[str] = []
    db.bus.subscribe(Said, lambda event: told.append(event.word))
    pages = await db.write(limit_pages(1))  # SQLite answers with how many it has

    def say_two(conn: Connection) -> None:
        say("first half")(conn)
        say_much(conn)

    with pytest.raises(DiskFull):
        await db.write(say_two)
    await db.write(say("still fits"))
    await db.write(limit_pages(pages + 10_000))
    await db.write(say_much)
    assert [word[:10] for word in await db.read(words)] == ["still fits", "xxxxxxxxxx"]
    assert [word[:10] for word in told] == ["still fits", "xxxxxxxxxx"]


async def test_one_that_does_not_fit_never_takes_down_the_others_wrongly(db: Database) -> None:
    await db.write(limit_pages(1))
    results = await asyncio.gather(
        *(db.write(say("small")) for _ in range(5)), db.write(say_much), return_exceptions=True
    )
    kept = await db.read(words)
    assert len(kept) == sum(result == "SMALL" for result in results)
    assert isinstance(results[-1], DiskFull)


@pytest.mark.parametrize("moment", ["before the commit", "at the commit"])
async def test_when_the_commit_fails_every_change_in_it_fails(db: Database, moment: str) -> None:
    told: list[str] = []
    db.bus.subscribe(Said, lambda event: told.append(event.word))

    def break_the_commit(conn: Connection) -> None:
        emit(conn, Said("never"))
        if moment == "before the commit":
            conn.exec_driver_sql("ROLLBACK")  # what SQLite does by itself on some I/O errors
            raise sqlite3.OperationalError("disk I/O error")
        conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        conn.exec_driver_sql("INSERT INTO child VALUES (42)")

    await db.write(
        lambda conn: conn.exec_driver_sql(
            "CREATE TABLE child (p INTEGER REFERENCES parent(id)) STRICT"
        )
    )
    await db.write(
        lambda conn: conn.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT")
    )
    results = await asyncio.gather(
        db.write(say("a")), db.write(break_the_commit), db.write(say("b")), return_exceptions=True
    )
    lost = [isinstance(result, Exception) for result in results]
    assert lost[1]
    assert len(await db.read(words)) == lost.count(False) == len(told)
    await db.write(say("after"))
    assert "after" in await db.read(words)


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "microsocial.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(DataDamaged):
        Database(tmp_path / "microsocial.db").open()


async def test_after_closing_nothing_can_be_read_or_written(db: Database) -> None:
    db.close()
    for attempt in (db.read, db.write, db.read_long):
        with pytest.raises(DatabaseClosed):
            await attempt(words)


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_IOERR_WRITE, DiskBroke),
        (sqlite3.SQLITE_CORRUPT, DataDamaged),
        (sqlite3.SQLITE_ERROR, sqlite3.OperationalError),
    ],
)
def test_only_the_machines_faults_are_put_in_other_words(
    tmp_path: Path, code: int, meaning: type[Exception]
) -> None:
    with pytest.raises(meaning), explained(tmp_path / "microsocial.db"):
        raise sqlite_error(code)


def test_an_input_output_error_on_a_disk_without_room_is_a_full_disk(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(
        "microsocial.database.failures.shutil.disk_usage", lambda _: type("Usage", (), {"free": 0})
    )
    with pytest.raises(DiskFull), explained(tmp_path / "microsocial.db"):
        raise sqlite_error(sqlite3.SQLITE_IOERR_WRITE)


async def test_a_writer_whose_connection_cannot_be_renewed_answers_everybody_and_comes_back(
    db: Database, monkeypatch
) -> None:
    def lose_the_transaction(conn: Connection) -> None:
        conn.exec_driver_sql("ROLLBACK")
        conn.exec_driver_sql("BEGIN")  # left open, as by a commit that failed halfway
        raise sqlite_error(sqlite3.SQLITE_IOERR_FSYNC)

    def no_connection() -> Connection:
        raise sqlite_error(sqlite3.SQLITE_CANTOPEN)

    writer = db._writer
    connect = writer._connect
    with pytest.raises(DiskBroke):
        await db.write(lose_the_transaction)
    raw(writer._connection).execute("BEGIN")
    monkeypatch.setattr(writer, "_connect", no_connection)
    for _ in range(2):
        results = await asyncio.gather(
            *(asyncio.wait_for(db.write(say("x")), 5) for _ in range(3)), return_exceptions=True
        )
        assert [type(result) for result in results] == [DiskBroke] * 3
    monkeypatch.setattr(writer, "_connect", connect)
    assert await db.write(say("again")) == "AGAIN"


async def test_trouble_is_told_once_and_its_end_as_well(db: Database, monkeypatch) -> None:
    monkeypatch.setattr(health, "TRY_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(health, "ROOM_AGAIN_BYTES", 0)
    told: list[str] = []
    db.bus.subscribe(MachineFailed, lambda event: told.append(event.sentence))
    db.bus.subscribe(MachineRecovered, lambda _: told.append("over"))
    is_broken = True

    def write_a_little(_conn: Connection) -> None:
        if is_broken:
            raise sqlite_error(sqlite3.SQLITE_FULL)

    monkeypatch.setattr("microsocial.database.database.write_a_little", write_a_little)
    for _ in range(3):
        with pytest.raises(DiskFull):
            await db.write(write_a_little)
    await asyncio.sleep(0.1)
    assert told == [DiskFull.sentence()]
    assert db.health.trouble == DiskFull.sentence()
    is_broken = False
    for _ in range(100):
        await asyncio.sleep(0.01)
    assert told == [DiskFull.sentence(), "over"]
    assert db.health.trouble is None


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (OSError(errno.ENOSPC, "no space"), DiskFull),
        (OSError(errno.EROFS, "read-only"), FolderReadOnly),
        (OSError(errno.EIO, "input/output"), DiskBroke),
        (OSError(errno.ENOENT, "none"), FileNotFoundError),
        (MemoryError(), MemoryFull),
    ],
)
async def test_what_the_system_refuses_inside_a_change_is_told_in_the_same_words(
    db: Database, error: Exception, meaning: type[Exception]
) -> None:
    def fail(_conn: Connection) -> None:
        raise error

    for attempt in (db.write, db.read, db.read_long):
        with pytest.raises(meaning):
            await attempt(fail)
    await db.write(say("after"))
