"""Backups: where they go, how the last one went, and from which one this folder was restored."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The key opens the backups: the node must be able to rehearse without asking. The passphrase is kept nowhere.
    op.execute(
        """
        CREATE TABLE backup_plan (
            only           INTEGER PRIMARY KEY CHECK (only = 1),
            folder         TEXT NOT NULL,
            key            BLOB NOT NULL,
            every          TEXT NOT NULL CHECK (every IN ('day', 'week', 'off')),
            next           INTEGER,
            made           INTEGER,
            bytes          INTEGER,
            sentence       TEXT,
            trouble        TEXT,
            rehearsed      INTEGER,
            rehearsed_fine INTEGER,
            rehearsal      TEXT
        ) STRICT
        """
    )
    op.execute(
        """
        CREATE TABLE backup_snapshots (
            id    TEXT PRIMARY KEY,
            made  INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT
        """
    )
    op.execute(
        """
        CREATE TABLE restorations (
            no       INTEGER PRIMARY KEY,
            made     INTEGER NOT NULL,
            restored INTEGER NOT NULL
        ) STRICT
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE restorations")
    op.execute("DROP TABLE backup_snapshots")
    op.execute("DROP TABLE backup_plan")
