"""Coming back: what my capsule said last, help links for friends, and friends of mine who are still to be found again."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = (
    # `said` is the hash of what the newest capsule holds: it is said anew only when that changed.
    """CREATE TABLE capsules (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        said BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        made INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE help_links (
        id TEXT PRIMARY KEY NOT NULL,
        person TEXT NOT NULL,
        secret BLOB NOT NULL,
        made INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE sought (
        person TEXT PRIMARY KEY NOT NULL,
        urls TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_try INTEGER NOT NULL,
        error TEXT
    ) STRICT, WITHOUT ROWID""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in ("sought", "help_links", "capsules"):
        op.execute(f"DROP TABLE {name}")
