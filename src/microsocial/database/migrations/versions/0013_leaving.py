"""What is said for a while only; who gave up their node; how far I have come in giving up mine."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE records ADD COLUMN expires INTEGER")
    op.execute("CREATE INDEX records_expiring ON records (expires) WHERE expires IS NOT NULL")
    op.execute("ALTER TABLE friends ADD COLUMN has_left INTEGER NOT NULL DEFAULT 0")
    op.execute(
        """CREATE TABLE leaving (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            began INTEGER NOT NULL,
            erasing INTEGER NOT NULL DEFAULT 0
        ) STRICT"""
    )
    op.execute(
        """CREATE TABLE departures (
            person TEXT PRIMARY KEY NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'removed', 'ended')),
            since INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID"""
    )


def downgrade() -> None:
    raise NotImplementedError
