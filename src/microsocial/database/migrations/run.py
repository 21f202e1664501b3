"""Runs the steps through Alembic, all in one transaction."""

import importlib.util
from pathlib import Path
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection


def upgrade(connection: Connection, versions: Path) -> None:
    """Temporary while rooms are being written: runs the steps that exist, in order."""
    with connection.begin():
        context = MigrationContext.configure(connection)
        context._ensure_version_table()
        current = context.get_current_revision() or ""
        last = current
        with Operations.context(context):
            for file in sorted(versions.glob("[0-9][0-9][0-9][0-9]_*.py")):
                if file.name[:4] > current:
                    _load(file).upgrade()
                    last = file.name[:4]
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (last,))


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"migration_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
