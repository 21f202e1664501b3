"""Deleted words are gone from every file in the folder, not only from the tables."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from microsocial.database import Database, WordsErased, copies
from microsocial.database.erasure import REBUILD_DUE
from microsocial.events import emit

# Keys in random order and rows that grow and shrink: what splits and merges pages and so leaves stale copies behind.
KEPT, GONE = b"KEPT", b"GONE"


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "microsocial.db").open()
    database.write_sync(
        lambda conn: conn.exec_driver_sql(
            "CREATE TABLE said (id TEXT PRIMARY KEY, words TEXT NOT NULL) STRICT, WITHOUT ROWID"
        )
    )
    yield database
    database.close()


def live_a_while(conn: Connection, seed: int = 1, rows: int = 2000) -> None:
    chance = random.Random(seed)
    for number in range(rows):
        key = f"{chance.getrandbits(64):016x}"
        word = f"{chance.choice(['KEPT', 'GONE'])}{number:06d} "
        for length in (chance.randrange(5, 900), chance.randrange(5, 900)):
            conn.exec_driver_sql(
                "INSERT INTO said VALUES (?, ?) ON CONFLICT DO UPDATE SET words = excluded.words",
                (key, word + "x" * length),
            )
        if number % 3 == 0:
            delete(conn, "words LIKE 'GONE%' AND id > ? LIMIT 2", key)


def delete(conn: Connection, which: str, *values: object) -> None:
    conn.exec_driver_sql(
        f"DELETE FROM said WHERE id IN (SELECT id FROM said WHERE {which})", values
    )


def delete_all_that_must_go(conn: Connection) -> None:
    delete(conn, "words LIKE 'GONE%'")
    emit(conn, WordsErased())


def found(folder: Path, words: bytes) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if words in contents(file))


def contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # just deleted
        return b""


async def no_longer_found(folder: Path, words: bytes) -> None:
    async with asyncio.timeout(20):
        while found(folder, words):  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.05)


async def test_without_erasing_the_words_are_still_in_the_files(
    db: Database, tmp_path: Path
) -> None:
    await db.write(live_a_while)
    await db.write(lambda conn: delete(conn, "words LIKE 'GONE%'"))
    assert "microsocial.db-wal" in found(tmp_path, GONE)
    with closing(sqlite3.connect(tmp_path / "microsocial.db")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # secure_delete and an empty log are not enough: this is why the file is rebuilt.
    assert found(tmp_path, GONE) == ["microsocial.db"]


@pytest.mark.parametrize("in_memory", [copies.MAX_IN_MEMORY_BYTES, 0])
async def test_words_leave_all_files_soon_after_the_commit(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(copies, "MAX_IN_MEMORY_BYTES", in_memory)
    await db.write(live_a_while)
    kept = await db.read(
        lambda conn: conn.exec_driver_sql("SELECT * FROM said WHERE words LIKE 'KEPT%'").all()
    )
    await db.write(delete_all_that_must_go)
    await no_longer_found(tmp_path, GONE)
    assert found(tmp_path, KEPT)
    assert await db.read(lambda conn: conn.exec_driver_sql("SELECT * FROM said").all()) == kept


async def test_erasing_can_be_waited_for(db: Database, tmp_path: Path) -> None:
    await db.write(live_a_while)
    await db.write(lambda conn: delete(conn, "words LIKE 'GONE%'"))
    await db.checkpoint_erased()
    assert found(tmp_path, GONE) == []


def test_a_large_database_is_rebuilt_without_as_much_memory(tmp_path: Path) -> None:
    def rise(in_memory: int) -> int:
        folder = tmp_path / str(in_memory)
        folder.mkdir()
        command = [sys.executable, "-c", REBUILDING, str(folder), str(in_memory)]
        return int(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)

    size = 48 * MIB
    assert rise(in_memory=0) < size / 4
    assert rise(in_memory=10 * size) > size / 2  # what it would take otherwise


ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
REBUILDING = f"""
import sys
from pathlib import Path
from microsocial.database import Database, copies, erasure
from tests.support.memory import peak

def fill(conn):
    conn.exec_driver_sql("CREATE TABLE said (words BLOB) STRICT")
    for _ in range(48):
        conn.exec_driver_sql("INSERT INTO said VALUES (randomblob({MIB}))")
    erasure.mark_due(conn)

copies.MAX_IN_MEMORY_BYTES = int(sys.argv[2])
database = Database(Path(sys.argv[1]) / "microsocial.db").open()
database.write_sync(fill)
before = peak()
database.close()  # does what is due
print(peak() - before)
"""


async def test_copies_made_before_an_upgrade_go_too(db: Database, tmp_path: Path) -> None:
    (tmp_path / "microsocial.db.before-0002").write_bytes(GONE)
    await db.write(delete_all_that_must_go)
    await no_longer_found(tmp_path, GONE)


def test_offline_the_words_are_gone_when_the_write_returns(db: Database, tmp_path: Path) -> None:
    db.write_sync(live_a_while)
    db.write_sync(delete_all_that_must_go)
    assert found(tmp_path, GONE) == []


def test_a_crash_before_the_erasure_leaves_it_to_the_next_start(
    db: Database, tmp_path: Path
) -> None:
    db.write_sync(live_a_while)
    db.close()
    with closing(sqlite3.connect(tmp_path / "microsocial.db")) as crashed:
        crashed.execute("DELETE FROM said WHERE words LIKE 'GONE%'")
        crashed.execute(f"PRAGMA user_version={REBUILD_DUE}")
        crashed.commit()
    assert found(tmp_path, GONE)
    db.open()
    assert found(tmp_path, GONE) == []


async def test_a_long_read_delays_the_erasure_but_nobody_else(db: Database, tmp_path: Path) -> None:
    await db.write(live_a_while)
    reading, stop = threading.Event(), threading.Event()

    def read_slowly(conn: Connection) -> None:
        conn.exec_driver_sql("SELECT count(*) FROM said").scalar()
        reading.set()
        stop.wait(20)

    slow = asyncio.create_task(db.read_long(read_slowly))
    await asyncio.to_thread(reading.wait, 20)
    await db.write(delete_all_that_must_go)
    async with asyncio.timeout(5):
        await db.write(lambda conn: delete(conn, "id = 'nobody'"))
    assert found(tmp_path, GONE)
    stop.set()
    await slow
    await no_longer_found(tmp_path, GONE)


async def test_a_change_that_rolls_back_leaves_nothing_due(db: Database) -> None:
    def fail(conn: Connection) -> None:
        delete_all_that_must_go(conn)
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="purpose"):
        await db.write(fail)
    assert await db.read(lambda conn: conn.exec_driver_sql("PRAGMA user_version").scalar()) == 0
