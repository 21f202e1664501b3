"""Which revision of mine was let go: after a theft friends may hold another one in my name."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE forgotten ADD COLUMN hash BLOB")


def downgrade() -> None:
    op.execute("ALTER TABLE forgotten DROP COLUMN hash")
