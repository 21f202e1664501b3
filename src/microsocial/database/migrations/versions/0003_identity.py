"""Who I am, who may come in, and what the owner prefers."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    # One row at most. `seed` is the private half of the current key; the 24 words are kept nowhere.
    """
    CREATE TABLE identity (
        only        INTEGER PRIMARY KEY CHECK (only = 1),
        person      TEXT NOT NULL,
        key_number  INTEGER NOT NULL,
        seed        BLOB NOT NULL,
        key_log     TEXT NOT NULL,
        password    TEXT NOT NULL,
        words_asked TEXT,
        words_hash  TEXT,
        created     INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE sessions (
        id      TEXT PRIMARY KEY,
        secret  BLOB NOT NULL UNIQUE,
        label   TEXT NOT NULL,
        created INTEGER NOT NULL,
        seen    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tokens (
        id      TEXT PRIMARY KEY,
        secret  BLOB NOT NULL UNIQUE,
        label   TEXT NOT NULL,
        scopes  TEXT NOT NULL,
        created INTEGER NOT NULL,
        seen    INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE browsers (
        secret  BLOB PRIMARY KEY,
        created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE preferences (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    for name in ("preferences", "browsers", "tokens", "sessions", "identity"):
        op.execute(f"DROP TABLE {name}")
