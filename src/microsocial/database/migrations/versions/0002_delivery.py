"""Whom I write to and where they are in my log; what letters to me are sealed to; the node's own facts."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE correspondents (
        person        TEXT PRIMARY KEY,
        state         TEXT NOT NULL CHECK (state IN ('active', 'leaving', 'ended')),
        sees_from     INTEGER NOT NULL,
        position      TEXT NOT NULL DEFAULT '',
        answered      TEXT NOT NULL DEFAULT '',
        acknowledged  INTEGER,
        prekey        TEXT,
        urls          TEXT NOT NULL DEFAULT '[]',
        key_number    INTEGER NOT NULL DEFAULT 0,
        hint          TEXT,
        reunion       TEXT,
        listed_for    TEXT,
        last_heard    INTEGER,
        error         TEXT,
        attempts      INTEGER NOT NULL DEFAULT 0,
        next_try      INTEGER,
        refused       TEXT NOT NULL DEFAULT '[]',
        quota_day     INTEGER NOT NULL DEFAULT 0,
        quota_records INTEGER NOT NULL DEFAULT 0,
        quota_bytes   INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE prekeys (
        id       BLOB PRIMARY KEY,
        revision INTEGER NOT NULL,
        envelope BLOB NOT NULL,
        private  BLOB NOT NULL,
        made     INTEGER NOT NULL,
        replaced INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE facts (
        name  TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in ("facts", "prekeys", "correspondents"):
        op.execute(f"DROP TABLE {name}")
