"""Names that must never come back, many at once: a clear may list two thousand of them, most of which were never here."""

from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from microsocial.records.model import ref_of
from microsocial.records.reunion import Named
from microsocial.records.store import forgotten, records

_REMEMBER = insert(forgotten).on_conflict_do_nothing()


def remember_absent(conn: Connection, names: Collection[Named], why: str, now: int) -> list[Named]:
    """Remember those of these names that nothing here bears; give the others, whose records are here."""
    by_ref = {ref_of(author, record_id): (author, record_id) for author, record_id in names}
    here = set(conn.execute(select(records.c.ref).where(records.c.ref.in_(by_ref))).scalars())
    absent = [name for ref, name in by_ref.items() if ref not in here]
    if absent:
        same = {"why": why, "thread_author": None, "forgotten": now}
        conn.execute(_REMEMBER, [{"author": one, "id": named, **same} for one, named in absent])
    return [name for ref, name in by_ref.items() if ref in here]
