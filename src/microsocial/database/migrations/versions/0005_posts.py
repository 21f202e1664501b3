"""What is said: posts and the entries of their threads (projections); drafts and client keys (local facts)."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Projection of the records of kind `post`. `shown_at` = min(created, received): a claimed time is never ahead of arrival.
    """
    CREATE TABLE posts (
        record   INTEGER PRIMARY KEY,
        ref      TEXT NOT NULL UNIQUE,
        author   TEXT NOT NULL,
        id       TEXT NOT NULL,
        text     TEXT NOT NULL,
        media    TEXT NOT NULL,
        links    TEXT NOT NULL,
        audience TEXT NOT NULL,
        created  INTEGER NOT NULL,
        received INTEGER NOT NULL,
        shown_at INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        hash     BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX posts_by_time ON posts (shown_at, record)",
    "CREATE INDEX posts_by_author ON posts (author, shown_at, record)",
    "CREATE INDEX posts_by_audience ON posts (author, audience, shown_at, record)",
    # Projection of comments and reactions. `post` is a ref: an entry may stand here before its post does (R8).
    """
    CREATE TABLE entries (
        record   INTEGER PRIMARY KEY,
        ref      TEXT NOT NULL UNIQUE,
        author   TEXT NOT NULL,
        id       TEXT NOT NULL,
        kind     TEXT NOT NULL,
        post     TEXT NOT NULL,
        owner    TEXT NOT NULL,
        text     TEXT NOT NULL,
        name     TEXT NOT NULL,
        created  INTEGER NOT NULL,
        received INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        on_hash  BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX entries_by_post ON entries (post, created, record)",
    # Local: what was chosen when publishing; the record names only the class.
    """
    CREATE TABLE post_audiences (
        post   TEXT PRIMARY KEY,
        circle TEXT,
        label  TEXT NOT NULL,
        people TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # Local: a client's key for something it said, so that saying it again gives the same.
    """
    CREATE TABLE said_keys (
        key  TEXT PRIMARY KEY,
        ref  TEXT NOT NULL,
        said INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE drafts (
        key      TEXT PRIMARY KEY,
        text     TEXT NOT NULL,
        audience TEXT NOT NULL,
        media    TEXT NOT NULL,
        changed  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "drafts",
        "said_keys",
        "post_audiences",
        "entries",
        "posts",
    ):
        op.execute(f"DROP TABLE {table}")
