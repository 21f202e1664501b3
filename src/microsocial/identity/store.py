"""Identity's tables: the person, who may come in, and the owner's preferences. Secrets are kept as hashes only."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Row

from microsocial.database import metadata, rows

identity = Table(
    "identity",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("person", Text, nullable=False),
    Column("key_number", Integer, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("key_log", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("words_asked", Text),
    Column("words_hash", Text),
    Column("created", Integer, nullable=False),
)
words_halves = Table(
    "words_halves",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("capsule", LargeBinary, nullable=False),
    Column("backup", LargeBinary, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
)
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("seen", Integer),
)
browsers = Table(
    "browsers",
    metadata,
    Column("secret", LargeBinary, primary_key=True),
    Column("created", Integer, nullable=False),
)
preferences = Table(
    "preferences",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

_KNOWN_BROWSERS = 50  # the newest; more would be a forgotten pile


def find_identity(conn: Connection) -> Row[tuple[object, ...]] | None:
    return conn.execute(select(identity)).first()


def add_identity(conn: Connection, **columns: object) -> None:
    conn.execute(insert(identity).values(only=1, **columns))


def change_identity(conn: Connection, **columns: object) -> None:
    conn.execute(update(identity).values(**columns))


def keep_halves(conn: Connection, *, capsule: bytes, backup: bytes) -> None:
    rows.put(conn, words_halves, only=1, capsule=capsule, backup=backup)


def find_halves(conn: Connection) -> Row[Any] | None:
    return rows.find(conn, words_halves, only=1)


def add_session(conn: Connection, **columns: object) -> None:
    conn.execute(insert(sessions).values(**columns))


def find_session(conn: Connection, secret: bytes) -> Row[tuple[object, ...]] | None:
    return conn.execute(select(sessions).where(sessions.c.secret == secret)).first()


def list_sessions(conn: Connection) -> list[Row[tuple[object, ...]]]:
    return list(conn.execute(select(sessions).order_by(sessions.c.seen.desc())))


def touch_session(conn: Connection, session: str, now: int) -> None:
    conn.execute(update(sessions).where(sessions.c.id == session).values(seen=now))


def drop_session(conn: Connection, session: str) -> bool:
    return conn.execute(delete(sessions).where(sessions.c.id == session)).rowcount > 0


def drop_other_sessions(conn: Connection, kept: str | None) -> list[str]:
    others = select(sessions.c.id).where(sessions.c.id.is_distinct_from(kept))
    ended = list(conn.execute(others).scalars())
    conn.execute(delete(sessions).where(sessions.c.id.in_(ended)))
    return ended


def add_token(conn: Connection, **columns: object) -> None:
    conn.execute(insert(tokens).values(**columns))


def find_token(conn: Connection, secret: bytes) -> Row[tuple[object, ...]] | None:
    return conn.execute(select(tokens).where(tokens.c.secret == secret)).first()


def list_tokens(conn: Connection) -> list[Row[tuple[object, ...]]]:
    return list(conn.execute(select(tokens).order_by(tokens.c.created.desc(), tokens.c.id)))


def count_tokens(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(tokens)).scalar_one()


def touch_token(conn: Connection, token: str, now: int) -> None:
    conn.execute(update(tokens).where(tokens.c.id == token).values(seen=now))


def drop_token(conn: Connection, token: str) -> bool:
    return conn.execute(delete(tokens).where(tokens.c.id == token)).rowcount > 0


def add_browser(conn: Connection, secret: bytes, now: int) -> None:
    conn.execute(insert(browsers).values(secret=secret, created=now))
    newest = select(browsers.c.secret).order_by(browsers.c.created.desc()).limit(_KNOWN_BROWSERS)
    conn.execute(delete(browsers).where(browsers.c.secret.not_in(newest)))


def knows_browser(conn: Connection, secret: bytes) -> bool:
    query = select(browsers.c.created).where(browsers.c.secret == secret)
    return conn.execute(query).first() is not None


def drop_everybody(conn: Connection) -> None:
    """Log out every browser and program, and recognise none of them again."""
    for table in (sessions, tokens, browsers):
        conn.execute(delete(table))


def read_preferences(conn: Connection) -> dict[str, str]:
    rows = conn.execute(select(preferences.c.name, preferences.c.value))
    return {row.name: row.value for row in rows}


def set_preference(conn: Connection, name: str, value: str) -> None:
    row = upsert(preferences).values(name=name, value=value)
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
