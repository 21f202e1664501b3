"""What I have read: how far, by name. Local."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE read_marks (
            name  TEXT PRIMARY KEY,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE read_marks")
