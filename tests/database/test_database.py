"""The database's promises: whole or not at all, told after the commit, no writing while reading."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, exc

from microsocial.database import Database
from microsocial.events import Event, EventBus, emit


@dataclass(frozen=True)
class Said(Event):
    word: str


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture(params=["file", "memory"])
def db(request, tmp_path: Path, bus: EventBus):
    path = tmp_path / "microsocial.db" if request.param == "file" else None
    database = Database(path, bus).open()
    database.write_sync(
        lambda conn: conn.exec_driver_sql("CREATE TABLE said (word TEXT NOT NULL) STRICT")
    )
    yield database
    database.close()


def say(word: str):
    def change(conn: Connection) -> str:
        conn.exec_driver_sql("INSERT INTO said VALUES (?)", (word,))
        emit(conn, Said(word))
        return word.upper()

    return change


def words(conn: Connection) -> list[str]:
    return list(conn.exec_driver_sql("SELECT word FROM said ORDER BY rowid").scalars())


async def test_a_write_returns_its_result_and_is_seen_by_the_next_read(db: Database) -> None:
    assert await db.write(say("hello")) == "HELLO"
    assert await db.read(words) == ["hello"]
    assert await db.read_long(words) == ["hello"]


async def test_events_are_told_in_order_after_the_commit(db: Database, bus: EventBus) -> None:
    told: list[tuple[str, bool]] = []
    bus.subscribe(Said, lambda event: told.append((event.word, event.word in db.read_sync(words))))
    await asyncio.gather(*(db.write(say(f"{n}")) for n in range(300)))
    assert told == [(f"{n}", True) for n in range(300)]


async def test_a_failing_change_takes_back_only_itself_and_its_events(
    db: Database, bus: EventBus
) -> None:
    told: list[str] = []
    bus.subscribe(Said, lambda event: told.append(event.word))

    def fail(conn: Connection) -> None:
        say("never")(conn)
        raise ValueError("on purpose")

    results = await asyncio.gather(
        db.write(say("a")), db.write(fail), db.write(say("b")), return_exceptions=True
    )
    assert [type(result) for result in results] == [str, ValueError, str]
    assert await db.read(words) == ["a", "b"]
    assert told == ["a", "b"]


async def test_a_reader_cannot_write(db: Database) -> None:
    for read in (db.read, db.read_long):
        with pytest.raises(exc.OperationalError, match="readonly"):
            await read(say("sneaked"))
    assert await db.read(words) == []


async def test_a_caller_that_is_cancelled_does_not_undo_what_it_asked_for(
    db: Database, bus: EventBus
) -> None:
    told: list[str] = []
    bus.subscribe(Said, lambda event: told.append(event.word))
    task = asyncio.create_task(db.write(say("done")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await db.write(say("next"))
    assert told == ["done", "next"]
    assert await db.read(words) == ["done", "next"]


async def test_a_read_inside_another_is_a_mistake_that_shows(db: Database) -> None:
    with pytest.raises(AssertionError, match="inside another"):
        await db.read(lambda conn: (words(conn), db.read_sync(words)))
    assert await db.read(words) == []


async def test_a_snapshot_holds_everything_and_goes_its_own_way(db: Database) -> None:
    await db.write(say("before"))
    copy = Database.from_snapshot(db.snapshot())
    await copy.write(say("only there"))
    assert await copy.read(words) == ["before", "only there"]
    assert await db.read(words) == ["before"]


def test_a_change_cannot_wait_for_another_change(tmp_path: Path) -> None:
    database = Database(tmp_path / "microsocial.db").open()
    with pytest.raises(AssertionError, match="wait"):
        database.write_sync(lambda conn: database.write_sync(words))
    database.close()
