"""What others write under my posts, the latest arrival first: notices are read from the entries, not kept twice."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX entries_by_owner ON entries (owner, received, record)")


def downgrade() -> None:
    op.execute("DROP INDEX entries_by_owner")
