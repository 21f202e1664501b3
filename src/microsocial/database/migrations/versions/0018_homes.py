"""Where friends say that they are at home now, until the owner says yes or no."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """CREATE TABLE homes (
            person TEXT NOT NULL,
            place TEXT NOT NULL,
            asked INTEGER NOT NULL,
            declined INTEGER,
            PRIMARY KEY (person, place)
        ) STRICT, WITHOUT ROWID"""
    )


def downgrade() -> None:
    op.execute("DROP TABLE homes")
