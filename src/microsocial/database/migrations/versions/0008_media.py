"""The media room: uploads, blobs, and which record shows which blob."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE uploads (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        length INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('receiving', 'working', 'ready', 'refused')),
        keep_credit INTEGER NOT NULL DEFAULT 0,
        prepared TEXT,
        sentence TEXT,
        made INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE blobs (
        hash BLOB PRIMARY KEY NOT NULL,
        length INTEGER NOT NULL,
        chunk INTEGER NOT NULL,
        key BLOB,
        type TEXT NOT NULL,
        plain_hash BLOB,
        mine INTEGER NOT NULL,
        here INTEGER NOT NULL,
        wanted INTEGER NOT NULL,
        holder TEXT,
        seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX blobs_by_plain ON blobs (plain_hash) WHERE plain_hash IS NOT NULL",
    "CREATE INDEX blobs_wanted ON blobs (holder) WHERE wanted = 1 AND here = 0",
    """CREATE TABLE blob_uses (
        record INTEGER NOT NULL REFERENCES records (no) ON DELETE CASCADE,
        hash BLOB NOT NULL,
        PRIMARY KEY (record, hash)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX blob_uses_by_hash ON blob_uses (hash)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError
