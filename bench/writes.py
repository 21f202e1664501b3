"""How many durable posts a second, with 1 and with 32 writers at once?"""

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from microsocial.clock import SystemClock, system_entropy
from microsocial.database import Database
from microsocial.events import EventBus
from microsocial.identity.service import Identity
from microsocial.node.life import make_person
from microsocial.node.rooms import Rooms, build_rooms
from microsocial.posts.model import Choice, Draft
from microsocial.settings import Settings

POSTS = 640


def ask() -> list[str]:
    floor = floor_commits_per_second()
    one, many = asyncio.run(posts_per_second(1)), asyncio.run(posts_per_second(32))
    return [
        f"- the floor, one row and one fsync each in bare sqlite3: {floor:.0f} a second",
        f"- posts (signed, stored, projected, fsynced), 1 writer: {one:.0f} a second, {one / floor:.2f} times the floor",
        f"- 32 writers: {many:.0f} a second, {many / floor:.2f} times the floor (group commit)",
    ]


def floor_commits_per_second() -> float:
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t (x BLOB) STRICT")
        began = time.perf_counter()
        for _ in range(POSTS):
            connection.execute("INSERT INTO t VALUES (zeroblob(600))")
        seconds = time.perf_counter() - began
        connection.close()
        return POSTS / seconds


async def posts_per_second(writers: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(
            make_person, Settings.load({"data": folder}), "Ana", "correct horse battery"
        )
        database = Database(folder / "microsocial.db", EventBus()).open()
        rooms = _rooms(database, folder)

        async def write(number: int) -> None:
            for _ in range(POSTS // writers):
                draft = Draft(f"post of writer {number}", Choice("friends", None, ()))
                await database.write(lambda conn, draft=draft: rooms.posts.publish(conn, draft))

        began = time.perf_counter()
        await asyncio.gather(*(write(number) for number in range(writers)))
        seconds = time.perf_counter() - began
        database.close()
        return POSTS / seconds


def _rooms(database: Database, folder: Path) -> Rooms:
    clock = SystemClock()
    me = database.read_sync(Identity(clock).me)
    assert me is not None
    return build_rooms(me, clock, system_entropy, folder / "media")
