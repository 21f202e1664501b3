"""A change may say that its reader gave the record back: they are told again only if they lose it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE changes ADD COLUMN held INTEGER NOT NULL DEFAULT 0")


def downgrade() -> None:
    op.execute("ALTER TABLE changes DROP COLUMN held")
