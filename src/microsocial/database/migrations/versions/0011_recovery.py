"""The public halves of the keys that come from the words: capsules and backups are sealed to them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # One row at most; none in a folder made before, until its words are typed again.
    op.execute(
        """
        CREATE TABLE words_halves (
            only    INTEGER PRIMARY KEY CHECK (only = 1),
            capsule BLOB NOT NULL,
            backup  BLOB NOT NULL
        ) STRICT
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE words_halves")
