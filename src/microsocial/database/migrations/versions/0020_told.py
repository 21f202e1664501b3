"""Who was told what others said in a thread that I let go: its deletion goes to them as well."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE forgotten ADD COLUMN told TEXT")


def downgrade() -> None:
    op.execute("ALTER TABLE forgotten DROP COLUMN told")
