"""Posts and messages that wait for their files: local facts, kept until they are said or taken back."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # `asked` is what the owner's client asked for, as JSON; with a `sentence` it is a draft again, and that is why.
    op.execute(
        """
        CREATE TABLE waiting (
            kind     TEXT NOT NULL,
            key      TEXT NOT NULL,
            friend   TEXT,
            asked    TEXT NOT NULL,
            made     INTEGER NOT NULL,
            sentence TEXT,
            PRIMARY KEY (kind, key)
        ) STRICT
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE waiting")
