"""The messages room: conversations, clears, read marks."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE messages (
        ref TEXT PRIMARY KEY NOT NULL,
        no INTEGER NOT NULL,
        author TEXT NOT NULL,
        id TEXT NOT NULL,
        friend TEXT NOT NULL,
        created INTEGER NOT NULL,
        received INTEGER NOT NULL,
        shown INTEGER NOT NULL,
        text TEXT NOT NULL,
        media TEXT NOT NULL,
        revision INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX messages_in_order ON messages (friend, shown, created, ref)",
    "CREATE INDEX messages_unread ON messages (friend, author, no)",
    """CREATE TABLE message_clears (
        ref TEXT PRIMARY KEY NOT NULL,
        no INTEGER NOT NULL,
        friend TEXT NOT NULL,
        from_me INTEGER NOT NULL,
        created INTEGER NOT NULL,
        shown INTEGER NOT NULL,
        count INTEGER NOT NULL,
        told INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX message_clears_by_friend ON message_clears (friend, shown)",
    """CREATE TABLE message_reads (
        friend TEXT PRIMARY KEY NOT NULL,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE message_keys (
        key TEXT PRIMARY KEY NOT NULL,
        friend TEXT NOT NULL,
        ref TEXT NOT NULL,
        made INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
NAMES = ("messages", "message_clears", "message_reads", "message_keys")


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
