"""The database: one SQLite file, one writer thread, and what is told after the commit.

Its one duty: a change is on disk, whole, before anybody hears of it, and what was erased is gone from the files.
Front door: `Database` (read, read_long, write), `metadata` for the rooms' tables, `in_memory()` for tests and the
simulator, `open_folder` for the lock on a data folder, `WordsErased` to have deleted words leave the files.

    database.py   the front door            writer.py   the writer thread: group commit with savepoints
    connect.py    connections and pragmas   migrate.py  the schema's history, run through Alembic
    folder.py     who holds the data folder failures.py what SQLite's errors mean to a person
    health.py     trouble with the machine, from its beginning to its end
    copies.py     copies of the file            inspecting.py  a look into one
    rows.py       put, find, get, drop: the everyday statements on one table, each built once

May import: settings, errors, events, clock.
"""

from microsocial.database.copies import (
    NothingToUndo,
    copy_in_use,
    forget_copies,
    forget_set_aside,
    set_aside,
    undo_upgrade,
)
from microsocial.database.database import Database, in_memory
from microsocial.database.erasure import WordsErased
from microsocial.database.failures import (
    DatabaseBusy,
    DataDamaged,
    DiskBroke,
    DiskFull,
    FolderReadOnly,
    MachineFault,
    MemoryFull,
)
from microsocial.database.folder import DATABASE_NAME, Folder, open_folder
from microsocial.database.health import MachineFailed, MachineRecovered
from microsocial.database.inspecting import (
    changed_copy,
    damage,
    is_newer,
    opened_copy,
    rows_per_table,
    untouched_copy,
)
from microsocial.database.schema import metadata

__all__ = [
    "DATABASE_NAME",
    "DataDamaged",
    "Database",
    "DatabaseBusy",
    "DiskBroke",
    "DiskFull",
    "Folder",
    "FolderReadOnly",
    "MachineFailed",
    "MachineFault",
    "MachineRecovered",
    "MemoryFull",
    "NothingToUndo",
    "WordsErased",
    "changed_copy",
    "copy_in_use",
    "damage",
    "forget_copies",
    "forget_set_aside",
    "in_memory",
    "is_newer",
    "metadata",
    "open_folder",
    "opened_copy",
    "rows_per_table",
    "set_aside",
    "undo_upgrade",
    "untouched_copy",
]
