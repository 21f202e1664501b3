"""The everyday statements on one table. Each is built once: building one costs more than SQLite takes to answer it."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    select,
)
from sqlalchemy.dialects.sqlite import insert


def put(conn: Connection, table: Table, **values: Any) -> None:
    """Insert the row, or replace what the row with the same primary key says."""
    conn.execute(_put(table, tuple(values)), values)


def drop(conn: Connection, table: Table, **where: Any) -> int:
    """Delete the rows where all of these hold; say how many there were."""
    return conn.execute(_drop(table, tuple(where)), where).rowcount


def find(conn: Connection, table: Table, **where: Any) -> Row[Any] | None:
    """Give the one row where all of these hold, or None."""
    return conn.execute(_find(table, tuple(where)), where).one_or_none()


def get(conn: Connection, table: Table, **where: Any) -> Row[Any]:
    """Give the one row where all of these hold, which is known to be there."""
    return conn.execute(_find(table, tuple(where)), where).one()


def among(
    conn: Connection, table: Table, column: str, values: Collection[Any]
) -> Sequence[Row[Any]]:
    """Give the rows that have one of these values in this column."""
    return conn.execute(_among(table, column), {"values": list(values)}).all() if values else ()


@cache
def _put(table: Table, names: tuple[str, ...]) -> Insert:
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@cache
def _drop(table: Table, names: tuple[str, ...]) -> Delete:
    return delete(table).where(*_each(table, names))


@cache
def _find(table: Table, names: tuple[str, ...]) -> Select[Any]:
    return select(table).where(*_each(table, names))


@cache
def _among(table: Table, column: str) -> Select[Any]:
    return select(table).where(table.c[column].in_(bindparam("values", expanding=True)))


def _each(table: Table, names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    return [table.c[name] == bindparam(name) for name in names]
