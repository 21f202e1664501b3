"""Keys that change: when friends changed theirs, what was disowned after a theft, and what waits for the owner's word."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ADDED = (
    ("correspondents", "theft", "INTEGER NOT NULL DEFAULT 0"),
    ("correspondents", "knows_key", "INTEGER NOT NULL DEFAULT 0"),
    ("correspondents", "ended_key", "INTEGER"),
    ("correspondents", "ended_mine", "INTEGER"),
    ("correspondents", "is_between", "INTEGER NOT NULL DEFAULT 0"),
    ("take_backs", "hash", "BLOB"),
    ("take_backs", "before", "BLOB"),
)

TABLES = (
    """
    CREATE TABLE key_changes (
        person  TEXT NOT NULL,
        number  INTEGER NOT NULL,
        reason  TEXT NOT NULL,
        learned INTEGER NOT NULL,
        PRIMARY KEY (person, number)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE forks (
        person  TEXT PRIMARY KEY,
        key_log TEXT NOT NULL,
        learned INTEGER NOT NULL,
        settled INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE set_aside (
        author        TEXT NOT NULL,
        hash          BLOB NOT NULL,
        id            TEXT NOT NULL,
        below         INTEGER NOT NULL,
        disown        TEXT NOT NULL,
        envelope      BLOB,
        via           TEXT,
        happened      INTEGER NOT NULL,
        PRIMARY KEY (author, hash)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX set_aside_names ON set_aside (author, id)",
    """
    CREATE TABLE suspects (
        hash     BLOB PRIMARY KEY,
        id       TEXT NOT NULL,
        envelope BLOB NOT NULL,
        found    INTEGER NOT NULL,
        decided  TEXT CHECK (decided IN ('mine', 'not-mine'))
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE suspect_holders (
        hash   BLOB NOT NULL REFERENCES suspects (hash) ON DELETE CASCADE,
        person TEXT NOT NULL,
        PRIMARY KEY (hash, person)
    ) STRICT, WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for table, column, type_ in ADDED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {type_}")
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in ("suspect_holders", "suspects", "set_aside", "forks", "key_changes"):
        op.execute(f"DROP TABLE {name}")
    for table, column, _ in ADDED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
