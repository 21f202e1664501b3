"""The table of what waits for its files, and what is told about it (waiting.py says it in time)."""

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, Connection, Integer, Table, Text, func, select
from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.database import metadata, rows
from microsocial.errors import NotFound, TooMuch
from microsocial.events import LiveEvent, emit
from microsocial.media.model import UploadShape

MAX_WAITING = 40  # each shows a file at least, and no more files than that are on their way at once

Kind: TypeAlias = Literal["post", "message"]

waiting = Table(
    "waiting",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("friend", Text),  # to whom a message goes
    Column("asked", Text, nullable=False),  # JSON, as the owner's client asked for it
    Column("made", Integer, nullable=False),
    Column("sentence", Text),  # why it is a draft again
)


@dataclass(frozen=True)
class Waited:
    """Something that is said when its files are ready. `asked` holds text, audience and media as in the API."""

    kind: Kind
    key: str
    friend: str | None
    asked: dict[str, Any]
    made: int
    sentence: str | None = None

    @property
    def uploads(self) -> list[str]:
        """The ids of its files."""
        return [one["id"] for one in self.asked["media"]]


class WaitedMedia(TypedDict):
    """One file of something that waits."""

    id: str
    caption: str
    alt: str
    upload: UploadShape | None


class WaitingShape(TypedDict):
    """Something that waits, as the owner's screens show it (docs/develop/api.md, "Waiting")."""

    kind: Kind
    key: str
    friend: str | None
    text: str
    audience: dict[str, Any] | None
    expires: int | None
    media: list[WaitedMedia]
    made: int
    state: Literal["working", "refused"]
    progress: int
    sentence: str


class NotWaiting(NotFound):
    """Nothing like that waits for its files (any more)."""


class TooManyWaiting(TooMuch):
    """Very much waits for its files already. Let some of it go out first, or take some back."""


def everything(conn: Connection) -> list[Waited]:
    query = select(waiting).order_by(waiting.c.made, waiting.c.key)
    return [_waited_of(row) for row in conn.execute(query)]


def find(conn: Connection, kind: Kind, key: str) -> Waited | None:
    row = rows.find(conn, waiting, kind=kind, key=key)
    return _waited_of(row) if row is not None else None


def how_many(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(waiting)).scalar_one()


def uploads(conn: Connection) -> set[str]:
    """Files that something waits for: they are not swept."""
    return {upload for waited in everything(conn) for upload in waited.uploads}


def done(conn: Connection, kind: Kind, key: str | None, said: str | None) -> bool:
    """It has been said (as the record with this ref), or taken back: it waits no longer. Say whether it did."""
    found = find(conn, kind, key) if key is not None else None
    if found is None:
        return False
    rows.drop(conn, waiting, kind=kind, key=key)
    payload = {"kind": kind, "key": key, "friend": found.friend, "id": said}
    emit(conn, LiveEvent("waiting.ended", payload))
    return True


def put(conn: Connection, waited: Waited) -> None:
    rows.put(
        conn,
        waiting,
        kind=waited.kind,
        key=waited.key,
        friend=waited.friend,
        asked=json.dumps(waited.asked),
        made=waited.made,
        sentence=waited.sentence,
    )


def _waited_of(row: Any) -> Waited:
    return Waited(row.kind, row.key, row.friend, json.loads(row.asked), row.made, row.sentence)
