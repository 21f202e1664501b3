"""When a post or message is over, for the screens."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE posts ADD COLUMN expires INTEGER")
    op.execute("ALTER TABLE messages ADD COLUMN expires INTEGER")


def downgrade() -> None:
    raise NotImplementedError
