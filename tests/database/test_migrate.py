"""The schema's history: whole, undoable, and the same as what the rooms declare."""

import importlib
import pkgutil
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

import microsocial
from microsocial.database import Database, connect, in_memory, metadata, migrate
from microsocial.database.copies import copies
from microsocial.database.failures import DataFromNewerProgram, MigrationMissing
from microsocial.database.migrations.run import upgrade


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "microsocial.db"


@pytest.fixture
def history(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the migrations that a test may add to."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    return folder


def add_step(history: Path, number: int, sql: str) -> None:
    (history / "versions" / f"{number:04d}_later.py").write_text(
        f'from alembic import op\nrevision = "{number:04d}"\ndown_revision = "{number - 1:04d}"\n'
        f"def upgrade():\n    op.execute({sql!r})\n"
    )


def tables(conn: Connection) -> dict[str, list[str]]:
    inspector = inspect(conn)
    return {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def declared_tables() -> dict[str, list[str]]:
    for module in pkgutil.walk_packages(microsocial.__path__, "microsocial."):
        if module.name.rsplit(".", 1)[-1] in {"store", "tables"}:
            importlib.import_module(module.name)
    return {name: sorted(table.columns.keys()) for name, table in metadata.tables.items()}


def test_the_rooms_declare_the_tables_that_the_migrations_make() -> None:
    assert in_memory().read_sync(tables) == declared_tables()


def test_every_table_is_strict() -> None:
    database = in_memory()
    loose = database.read_sync(
        lambda conn: conn.exec_driver_sql(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
            " AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        ).all()
    )
    assert loose == []


def test_a_second_start_finds_nothing_to_do_and_makes_no_copy(file: Path) -> None:
    Database(file).open().close()
    Database(file).open().close()
    assert copies(file) == []


def test_an_older_database_is_brought_up_to_date_and_its_copy_kept(
    file: Path, history: Path
) -> None:
    Database(file).open().close()
    (newest,) = migrate.known_revisions()[-1:]
    before = {}
    for number in range(int(newest) + 1, int(newest) + 4):
        add_step(history, number, f"CREATE TABLE step_{number} (a TEXT) STRICT")
        database = Database(file).open()
        before[number] = database.read_sync(tables)
        database.close()
    assert f"step_{number}" in before[number]
    assert [copy.suffix for copy in copies(file)] == [
        f".before-{n:04d}" for n in (number - 1, number)
    ]
    assert copies(file)[-1].stat().st_mode & 0o777 == 0o600
    undone = connect.to_read(copies(file)[-1])
    assert tables(undone) == before[number - 1]
    undone.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(file: Path, history: Path) -> None:
    Database(file).open().close()
    newest = int(migrate.known_revisions()[-1])
    add_step(history, newest + 1, "CREATE TABLE half (a TEXT) STRICT")
    add_step(history, newest + 2, "CREATE TABLE half (a TEXT) STRICT")
    with pytest.raises(Exception, match="half already exists"):
        Database(file).open()
    with closing(sqlite3.connect(file)) as sqlite:
        assert sqlite.execute("SELECT version_num FROM alembic_version").fetchone() == (
            f"{newest:04d}",
        )
        assert sqlite.execute("SELECT * FROM sqlite_master WHERE name = 'half'").fetchall() == []


def test_data_from_a_newer_program_is_left_alone(file: Path) -> None:
    Database(file).open().close()
    with closing(sqlite3.connect(file)) as sqlite:
        sqlite.execute("UPDATE alembic_version SET version_num = '9999'")
        sqlite.commit()
    as_it_was = file.read_bytes()
    with pytest.raises(DataFromNewerProgram):
        Database(file).open()
    assert file.read_bytes() == as_it_was


def test_a_hole_in_the_history_is_named(history: Path) -> None:
    (missing,) = (history / "versions").glob("0002_*.py")
    missing.unlink()
    with pytest.raises(MigrationMissing, match="0002"):
        migrate.known_revisions()


def test_each_step_follows_the_one_before(history: Path) -> None:
    connection = connect.to_memory(b"")
    for number in migrate.known_revisions():
        upgrade(connection, history, number)
    assert tables(connection) == in_memory().read_sync(tables)
