"""The log: what was signed, by whom, its changes, and who may see or was offered what."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE people (
        person  TEXT PRIMARY KEY,
        key_log TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE records (
        no            INTEGER PRIMARY KEY AUTOINCREMENT,
        ref           TEXT NOT NULL UNIQUE,
        author        TEXT NOT NULL,
        id            TEXT NOT NULL,
        kind          TEXT NOT NULL,
        key_number    INTEGER NOT NULL,
        revision      INTEGER NOT NULL,
        created       INTEGER NOT NULL,
        hash          BLOB NOT NULL,
        envelope      BLOB NOT NULL,
        audience      TEXT NOT NULL,
        thread        TEXT,
        thread_author TEXT,
        target        TEXT,
        withdrawn     INTEGER NOT NULL DEFAULT 0,
        shown         INTEGER NOT NULL DEFAULT 1,
        taken_back    INTEGER NOT NULL DEFAULT 0,
        via           TEXT NOT NULL,
        received      INTEGER NOT NULL,
        first_change  INTEGER,
        UNIQUE (author, id)
    ) STRICT
    """,
    "CREATE INDEX records_thread ON records (thread) WHERE thread IS NOT NULL",
    "CREATE INDEX records_thread_author ON records (thread_author, author, id) WHERE thread_author IS NOT NULL",
    """
    CREATE TABLE changes (
        seq      INTEGER PRIMARY KEY AUTOINCREMENT,
        mark     BLOB NOT NULL,
        record   INTEGER REFERENCES records (no) ON DELETE SET NULL,
        only_for TEXT,
        made     INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX changes_record ON changes (record) WHERE record IS NOT NULL",
    """
    CREATE TABLE readers (
        record  INTEGER NOT NULL REFERENCES records (no) ON DELETE CASCADE,
        person  TEXT NOT NULL,
        granted INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (record, person)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE offered (
        person TEXT NOT NULL,
        record INTEGER NOT NULL REFERENCES records (no) ON DELETE CASCADE,
        PRIMARY KEY (person, record)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX offered_record ON offered (record)",
    """
    CREATE TABLE forgotten (
        author        TEXT NOT NULL,
        id            TEXT NOT NULL,
        why           TEXT NOT NULL,
        thread_author TEXT,
        forgotten     INTEGER NOT NULL,
        meant_for     TEXT,
        first_change  INTEGER,
        newest        INTEGER,
        PRIMARY KEY (author, id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE take_backs (
        no       INTEGER PRIMARY KEY AUTOINCREMENT,
        ref      TEXT NOT NULL,
        person   TEXT NOT NULL,
        taken    INTEGER NOT NULL,
        replaced BLOB
    ) STRICT
    """,
    """
    CREATE TABLE ticks (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        last INTEGER NOT NULL
    ) STRICT
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in (
        "ticks",
        "take_backs",
        "forgotten",
        "offered",
        "readers",
        "changes",
        "records",
        "people",
    ):
        op.execute(f"DROP TABLE {name}")
