"""The friends room: friendships, requests, invites, circles, blocks, profiles."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """CREATE TABLE friends (
        person TEXT PRIMARY KEY NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('friend', 'former')),
        met TEXT NOT NULL,
        since INTEGER NOT NULL,
        sees_from INTEGER NOT NULL,
        ended INTEGER,
        ended_by TEXT CHECK (ended_by IN ('me', 'them'))
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE asks (
        person TEXT PRIMARY KEY NOT NULL,
        greeting BLOB NOT NULL,
        note TEXT,
        received INTEGER NOT NULL,
        declined INTEGER,
        home TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE knocks (
        person TEXT PRIMARY KEY NOT NULL,
        urls TEXT NOT NULL,
        key_log TEXT NOT NULL,
        prekey BLOB NOT NULL,
        invite TEXT,
        note TEXT,
        met TEXT NOT NULL,
        made INTEGER NOT NULL,
        expires INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_try INTEGER NOT NULL,
        error TEXT
    ) STRICT""",
    """CREATE TABLE invites (
        id TEXT PRIMARY KEY NOT NULL,
        secret BLOB NOT NULL,
        address TEXT NOT NULL,
        made INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        taken_by TEXT,
        taken INTEGER,
        revoked INTEGER
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE circles (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        folded TEXT NOT NULL UNIQUE,
        made INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE circle_people (
        circle TEXT NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
        person TEXT NOT NULL,
        PRIMARY KEY (circle, person)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX circle_people_by_person ON circle_people (person)",
    """CREATE TABLE blocks (
        person TEXT PRIMARY KEY NOT NULL,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE faces (
        person TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        hue INTEGER,
        about TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE allowed_hosts (
        person TEXT NOT NULL,
        host TEXT NOT NULL,
        PRIMARY KEY (person, host)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE profiles (
        person TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        folded TEXT NOT NULL,
        about TEXT NOT NULL,
        hue INTEGER,
        avatar TEXT
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX profiles_by_folded ON profiles (folded)",
    """CREATE TABLE addresses (
        person TEXT PRIMARY KEY NOT NULL,
        urls TEXT NOT NULL,
        home TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
NAMES = (
    "friends",
    "asks",
    "knocks",
    "invites",
    "circle_people",
    "circles",
    "blocks",
    "faces",
    "allowed_hosts",
    "profiles",
    "addresses",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
