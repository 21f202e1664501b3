"""The tables of the media room and their statements."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from microsocial.database import metadata
from microsocial.media.model import Blob, Upload
from microsocial.records.store import offered, records

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("keep_credit", Integer, nullable=False),
    Column("prepared", Text),
    Column("sentence", Text),
    Column("made", Integer, nullable=False),
)
blobs = Table(
    "blobs",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("key", LargeBinary),
    Column("type", Text, nullable=False),
    Column("plain_hash", LargeBinary),
    Column("mine", Integer, nullable=False),
    Column("here", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("holder", Text),
    Column("seen", Integer, nullable=False),
)
blob_uses = Table(
    "blob_uses",
    metadata,
    Column("record", Integer, ForeignKey("records.no"), primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
)


_SET_SEEN = update(blobs).where(blobs.c.hash == bindparam("name")).values(seen=bindparam("moment"))


# Uploads


def _upload_of(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        name=row.name,
        length=row.length,
        state=row.state,
        keep_credit=bool(row.keep_credit),
        prepared=json.loads(row.prepared) if row.prepared else None,
        sentence=row.sentence,
        made=row.made,
    )


def put_upload(conn: Connection, upload: Upload) -> None:
    values = {
        "id": upload.id,
        "name": upload.name,
        "length": upload.length,
        "state": upload.state,
        "keep_credit": int(upload.keep_credit),
        "prepared": json.dumps(upload.prepared) if upload.prepared else None,
        "sentence": upload.sentence,
        "made": upload.made,
    }
    conn.execute(
        insert(uploads).values(**values).on_conflict_do_update(index_elements=["id"], set_=values)
    )


def find_uploads(conn: Connection, ids: Collection[str]) -> dict[str, Upload]:
    rows = conn.execute(select(uploads).where(uploads.c.id.in_(ids)))
    return {row.id: _upload_of(row) for row in rows}


def all_uploads(conn: Connection) -> list[Upload]:
    return [
        _upload_of(row)
        for row in conn.execute(select(uploads).order_by(uploads.c.made, uploads.c.id))
    ]


def drop_uploads(conn: Connection, ids: Collection[str]) -> None:
    conn.execute(delete(uploads).where(uploads.c.id.in_(ids)))


# Blobs


def _blob_of(row: Row[Any]) -> Blob:
    return Blob(
        hash=row.hash,
        length=row.length,
        chunk=row.chunk,
        key=row.key,
        type=row.type,
        mine=bool(row.mine),
        here=bool(row.here),
        holder=row.holder,
    )


def find_blob(conn: Connection, name: bytes) -> Blob | None:
    row = conn.execute(select(blobs).where(blobs.c.hash == name)).one_or_none()
    return _blob_of(row) if row else None


def find_by_plain(conn: Connection, plain_hash: bytes, *, sealed: bool) -> Blob | None:
    """Give the blob of mine that already holds this content in this form."""
    form = blobs.c.key.is_not(None) if sealed else blobs.c.key.is_(None)
    query = select(blobs).where(blobs.c.plain_hash == plain_hash, blobs.c.mine == 1, form)
    row = conn.execute(query.limit(1)).one_or_none()
    return _blob_of(row) if row else None


def add_mine(conn: Connection, blob: Blob, plain_hash: bytes, seen: int) -> None:
    """Say that a blob of mine stands in the folder."""
    values = _values(blob) | {"plain_hash": plain_hash, "wanted": 0, "seen": seen}
    conn.execute(
        insert(blobs).values(**values).on_conflict_do_update(index_elements=["hash"], set_=values)
    )


def add_theirs(conn: Connection, found: Iterable[tuple[Blob, bool]], seen: int) -> None:
    """Say that friends have these blobs; the flag says whether they are fetched without being asked for."""
    rows = [
        _values(blob) | {"plain_hash": None, "wanted": int(wanted), "seen": seen}
        for blob, wanted in found
    ]
    if rows:
        conn.execute(insert(blobs).on_conflict_do_nothing(), rows)


def _values(blob: Blob) -> dict[str, Any]:
    return {
        "hash": blob.hash,
        "length": blob.length,
        "chunk": blob.chunk,
        "key": blob.key,
        "type": blob.type,
        "mine": int(blob.mine),
        "here": int(blob.here),
        "holder": blob.holder,
    }


def here(conn: Connection, names: Collection[bytes]) -> set[bytes]:
    """Give those of these blobs that stand in the folder."""
    return set(
        conn.execute(
            select(blobs.c.hash).where(blobs.c.hash.in_(names), blobs.c.here == 1)
        ).scalars()
    )


def set_here(conn: Connection, name: bytes, *, present: bool, seen: int | None = None) -> None:
    values: dict[str, Any] = {"here": int(present), "wanted": 0}
    if seen is not None:
        values["seen"] = seen
    conn.execute(update(blobs).where(blobs.c.hash == name).values(**values))


def want(conn: Connection, name: bytes) -> None:
    conn.execute(update(blobs).where(blobs.c.hash == name).values(wanted=1))


def set_arrived(conn: Connection, blob: Blob, seen: int) -> bool:
    """Say that a friend's blob stands in the folder, and how it opens; False when nothing shows it any more."""
    values = _values(blob) | {"here": 1, "wanted": 0, "seen": seen}
    changed = update(blobs).where(blobs.c.hash == blob.hash, blobs.c.mine == 0).values(**values)
    return conn.execute(changed).rowcount > 0


def set_seen(conn: Connection, seen: Mapping[bytes, int]) -> None:
    """Say when each of these was looked at last."""
    if seen:
        rows = [{"name": name, "moment": moment} for name, moment in seen.items()]
        conn.execute(_SET_SEEN, rows)


def wanted_of(conn: Connection, holder: str, limit: int) -> list[Blob]:
    query = select(blobs).where(blobs.c.holder == holder, blobs.c.wanted == 1, blobs.c.here == 0)
    return [_blob_of(row) for row in conn.execute(query.order_by(blobs.c.seen.desc()).limit(limit))]


def holders_wanted(conn: Connection) -> list[str]:
    query = select(blobs.c.holder).where(blobs.c.wanted == 1, blobs.c.here == 0).distinct()
    return [holder for holder in conn.execute(query).scalars() if holder]


# Mine that are missing here


def add_missing(conn: Connection, found: Iterable[Blob], seen: int) -> int:
    """Say that these are mine and not here; of those that are known already nothing changes. Give how many are new."""
    rows = [_values(blob) | {"plain_hash": None, "wanted": 1, "seen": seen} for blob in found]
    if not rows:
        return 0
    before = len(here_or_not(conn, [blob["hash"] for blob in rows]))
    conn.execute(insert(blobs).on_conflict_do_nothing(), rows)
    return len({row["hash"] for row in rows}) - before


def here_or_not(conn: Connection, names: Collection[bytes]) -> set[bytes]:
    """Give those of these names of which a row speaks."""
    return set(conn.execute(select(blobs.c.hash).where(blobs.c.hash.in_(names))).scalars())


def here_of_all(conn: Connection) -> set[bytes]:
    return set(conn.execute(select(blobs.c.hash).where(blobs.c.here == 1)).scalars())


def set_lost(conn: Connection, names: Collection[bytes]) -> None:
    """Say that their files are gone: mine are wanted back, others' when somebody looks."""
    lost = update(blobs).where(blobs.c.hash.in_(names))
    conn.execute(lost.values(here=0, wanted=blobs.c.mine))


_MISSING = and_(blobs.c.mine == 1, blobs.c.here == 0)


def _who_was_given(me: str, *columns: Any) -> Select[Any]:
    """Blobs of mine that are missing, and who was offered a record that shows them."""
    return (
        select(*columns)
        .join(blob_uses, blob_uses.c.hash == blobs.c.hash)
        .join(records, records.c.no == blob_uses.c.record)
        .join(offered, offered.c.record == records.c.no)
        .where(_MISSING, records.c.author == me, records.c.withdrawn == 0)
        .distinct()
    )


def missing_of(conn: Connection, me: str, person: str) -> list[Blob]:
    """Give what is wanted back and this person was offered, newest record first."""
    query = _who_was_given(me, blobs, records.c.created).where(
        offered.c.person == person, blobs.c.wanted == 1
    )
    rows = conn.execute(query.order_by(records.c.created.desc()))
    return list({row.hash: _blob_of(row) for row in rows}.values())


def given_missing(conn: Connection, me: str, name: bytes | None = None) -> list[str]:
    """Give who was offered what is missing here, or this one blob."""
    query = _who_was_given(me, offered.c.person)
    if name is not None:
        query = query.where(blobs.c.hash == name)
    return list(conn.execute(query).scalars())


def set_back(conn: Connection, blob: Blob, seen: int) -> bool:
    """Say that a blob of mine stands in the folder again; False when it is no longer known."""
    values = {"here": 1, "wanted": 0, "seen": seen}
    changed = update(blobs).where(blobs.c.hash == blob.hash, blobs.c.mine == 1).values(**values)
    return conn.execute(changed).rowcount > 0


def is_said_by(conn: Connection, name: bytes, person: str) -> bool:
    """Say whether a record of this person shows this blob."""
    query = (
        select(records.c.no)
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .where(blob_uses.c.hash == name, records.c.author == person, records.c.withdrawn == 0)
    )
    return conn.execute(query.limit(1)).first() is not None


# Uses


def set_uses(conn: Connection, record: int, names: Collection[bytes]) -> None:
    conn.execute(delete(blob_uses).where(blob_uses.c.record == record))
    rows = [{"record": record, "hash": name} for name in dict.fromkeys(names)]
    if rows:
        conn.execute(insert(blob_uses), rows)


def clear_uses(conn: Connection) -> None:
    conn.execute(delete(blob_uses))


def uses_of(conn: Connection, record: int) -> set[bytes]:
    return set(conn.execute(select(blob_uses.c.hash).where(blob_uses.c.record == record)).scalars())


def orphans(conn: Connection, me: str) -> list[bytes]:
    """Give the blobs that no record of their side shows: of mine only records of mine count.

    A friend whose record names a blob of mine does not keep it on my disk after I deleted it.
    """
    used = (
        select(records.c.no)
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .where(
            blob_uses.c.hash == blobs.c.hash,
            or_(blobs.c.mine == 0, records.c.author == me),
        )
        .correlate(blobs)
    )
    return list(conn.execute(select(blobs.c.hash).where(~used.exists())).scalars())


def all_names(conn: Connection) -> set[bytes]:
    return set(conn.execute(select(blobs.c.hash)).scalars())


def showing(conn: Connection, name: bytes, limit: int) -> list[int]:
    """Give the numbers of records that show this blob, newest first."""
    query = select(blob_uses.c.record).where(blob_uses.c.hash == name)
    return list(conn.execute(query.order_by(blob_uses.c.record.desc()).limit(limit)).scalars())


def drop_blobs(conn: Connection, names: Collection[bytes]) -> None:
    conn.execute(delete(blobs).where(blobs.c.hash.in_(names)))


def is_public(conn: Connection, name: bytes, me: str) -> bool:
    """Say whether a public record of mine shows this blob."""
    query = (
        select(records.c.no)
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .join(blobs, blobs.c.hash == blob_uses.c.hash)
        .where(
            blob_uses.c.hash == name,
            blobs.c.mine == 1,
            blobs.c.key.is_(None),
            records.c.author == me,
            records.c.audience == "public",
            records.c.withdrawn == 0,
        )
    )
    return conn.execute(query.limit(1)).first() is not None


def was_offered(conn: Connection, name: bytes, person: str, me: str) -> bool:
    """Say whether this person was offered a record of mine that shows this blob."""
    query = (
        select(records.c.no)
        .join(blob_uses, blob_uses.c.record == records.c.no)
        .join(offered, and_(offered.c.record == records.c.no, offered.c.person == person))
        .where(blob_uses.c.hash == name, records.c.author == me, records.c.withdrawn == 0)
    )
    return conn.execute(query.limit(1)).first() is not None


def cached_bytes(conn: Connection) -> int:
    """How much of others' is kept here."""
    total = conn.execute(
        select(func.sum(blobs.c.length)).where(blobs.c.mine == 0, blobs.c.here == 1)
    ).scalar()
    return int(total or 0)


def least_recently_seen(conn: Connection) -> Iterator[Blob]:
    """Give others' blobs that are here, the one looked at longest ago first."""
    query = select(blobs).where(blobs.c.mine == 0, blobs.c.here == 1).order_by(blobs.c.seen)
    for row in conn.execute(query).all():
        yield _blob_of(row)
