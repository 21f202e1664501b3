"""Connections: how SQLite is opened, and nothing else.

Rule 1: Python's own transaction handling is off (`isolation_level=None`); the transaction that SQLAlchemy begins is the
one that SQLite begins.
Rule 2: nothing private may be written to temporary files (`temp_store`).
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

# Longer than any commit of ours takes; only another program on the same file can make us wait.
BUSY_TIMEOUT_MS = 5_000
# A checkpointed log shrinks back to this, so that one large import does not keep its size forever.
JOURNAL_SIZE_LIMIT_BYTES = 4 * 1024 * 1024

# Where a database file's header says which journal it uses, and what it says for none of SQLite's newer ones.
_JOURNAL_FORMAT = slice(18, 20)
_ROLLBACK_JOURNAL = b"\x01\x01"


def to_write(path: Path) -> Connection:
    return _connection(lambda: _open(path), begin="BEGIN IMMEDIATE")


def to_read(path: Path) -> Connection:
    return _connection(lambda: _open(path, "query_only=ON"), begin="BEGIN")


def to_memory(snapshot: bytes) -> Connection:
    def open_memory() -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if snapshot:
            connection.deserialize(snapshot)
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    return _connection(open_memory, begin="BEGIN")


@contextlib.contextmanager
def only_reading(connection: Connection) -> Iterator[Connection]:
    """One consistent look at the data; writing is refused, also on the one connection of a database in memory."""
    # Inside another read or change its end would be the other's end too: pass the connection on instead.
    assert not connection.in_transaction(), "a read inside another"
    raw(connection).execute("PRAGMA query_only=ON")
    try:
        yield connection
    finally:
        connection.rollback()
        raw(connection).execute("PRAGMA query_only=OFF")


def raw(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection under SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def serialized(connection: Connection) -> bytes:
    """Everything in the database as bytes that `to_memory` takes."""
    copy = sqlite3.connect(":memory:")
    raw(connection).backup(copy)
    image = bytearray(copy.serialize())
    copy.close()
    image[_JOURNAL_FORMAT] = _ROLLBACK_JOURNAL  # memory has no write-ahead log
    return bytes(image)


def _open(path: Path, *more: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # measured: WAL with NORMAL loses acknowledged rows at a power cut
        f"journal_size_limit={JOURNAL_SIZE_LIMIT_BYTES}",
        "secure_delete=ON",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
        *more,
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connection(open_one: Callable[[], Any], begin: str) -> Connection:
    """One SQLAlchemy connection of its own, whose transactions begin with `begin`."""
    shared = _shared()
    engine = Engine(
        NullPool(open_one),
        shared.dialect,
        make_url("sqlite://"),
        execution_options={"compiled_cache": shared._compiled_cache},  # noqa: SLF001 - has its own lock
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine.connect()


@cache
def _shared() -> Engine:
    """Lend its dialect and its cache to all connections: a statement is compiled once, not once per connection."""
    engine = create_engine("sqlite://")
    engine.connect().close()  # a dialect asks for SQLite's version at its first connection
    engine.dispose()
    return engine
