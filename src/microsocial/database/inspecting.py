"""Looking into a copy of a database that is not in use: whether it is whole, and what is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from microsocial.database import connect, migrate
from microsocial.database.failures import explained


@contextmanager
def opened_copy(path: Path) -> Iterator[Connection]:
    """Open a copy as the program would, brought up to date, and read it. Raises DataFromNewerProgram, DataDamaged."""
    with explained(path):
        migrate.migrate_file(path)
    with untouched_copy(path) as connection:
        yield connection


@contextmanager
def untouched_copy(path: Path) -> Iterator[Connection]:
    """Read a copy as it is, whatever schema it has; for looks that need none."""
    with explained(path):
        connection = connect.to_read(path)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def changed_copy(path: Path) -> Iterator[Connection]:
    """Make one change to a copy that nothing runs on."""
    with explained(path):
        connection = connect.to_write(path)
        try:
            with connection.begin():
                yield connection
        finally:
            connection.close()


def is_newer(revision: str) -> bool:
    """Whether a database at this step of the schema's history needs a newer program than this."""
    return revision > migrate.known_revisions()[-1]


def damage(conn: Connection) -> str | None:
    """What SQLite finds wrong in the whole file, or None."""
    found = conn.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if found != "ok":
        return str(found)
    dangling = conn.exec_driver_sql("PRAGMA foreign_key_check").first()
    return f"a row of {dangling[0]} names one that is not there" if dangling else None


def rows_per_table(conn: Connection) -> dict[str, int]:
    names = conn.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).scalars()
    return {
        name: conn.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608 - as above
        for name in list(names)
    }
