"""The schema's history, run from inside the program: no alembic.ini, no command line.

Alembic itself costs 11 MB and half a second, so it is only imported when there is something to migrate.
"""

import importlib
import logging
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from microsocial.database import connect
from microsocial.database.copies import keep_copy
from microsocial.database.failures import DataFromNewerProgram, MigrationMissing

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate_file(path: Path) -> None:
    """Bring a database file up to date, in one transaction; keep a copy of what it was."""
    newest = known_revisions()[-1]
    current = _revision_of(path)
    if current == newest:
        return
    if current is not None:
        if current > newest:
            raise DataFromNewerProgram
        keep_copy(path, current)
        log.info("Bringing the database from %s to %s", current, newest)
    connection = connect.to_write(path)
    try:
        _upgrade(connection)
    finally:
        connection.close()


@cache
def template() -> bytes:
    """An empty database, up to date. Made once; every database in memory starts as a copy of it."""
    connection = connect.to_memory(b"")
    try:
        _upgrade(connection)
        return connect.serialized(connection)
    finally:
        connection.close()


def known_revisions() -> list[str]:
    """The chain's numbers, in order. Raises MigrationMissing when there is a hole."""
    files = sorted((MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))
    numbers = [file.name[:4] for file in files]
    for expected, number in enumerate(numbers, start=1):
        if int(number) != expected:
            raise MigrationMissing(
                f"There is no migrations/versions/{expected:04d}_….py before {number}."
            )
    return numbers


def _upgrade(connection: Connection) -> None:
    importlib.import_module("microsocial.database.migrations.run").upgrade(connection, MIGRATIONS)


def _revision_of(path: Path) -> str | None:
    """Which step the file is at; None when it is new."""
    with closing(sqlite3.connect(path)) as connection:
        has_history = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone()
        if not has_history:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None
