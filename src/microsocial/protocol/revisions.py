"""Which of two revisions stands, in any order of arrival (spec 4.2-4.5)."""

from typing import NamedTuple

from microsocial.protocol.envelope import Envelope
from microsocial.protocol.shapes import On, Record, Tombstone, expires_of


class Rank(NamedTuple):
    """A revision's place among those of its (author, id). Ranks are totally ordered; the greatest stands."""

    is_tombstone: bool  # spec 4.3: deleted wins over every revision
    key: int  # spec 4.4: of one-valued records the newer key's counts; 0 for all others
    revision: int
    hash: bytes  # spec 4.2: on a tie the greater envelope hash, so that every node agrees


def rank(envelope: Envelope, record: Record) -> Rank:
    return Rank(
        isinstance(record, Tombstone),
        record.key if record.one_valued else 0,
        record.revision,
        envelope.hash,
    )


def wins(a: Rank, b: Rank) -> bool:
    """Say whether `a` stands when `b` is there too. Nothing wins over itself."""
    return a > b


def next_revision(previous: int, now: int) -> int:
    """The revision of an edit: above the previous one even when the clock is wrong (spec 4.2)."""
    return max(previous + 1, now)


def keeps_its_promises(new: Record, known: Record) -> bool:
    """Say whether a revision keeps what is fixed when first published (spec 4.5)."""
    if _what(new) != _what(known):
        return False
    if isinstance(new, Tombstone) or isinstance(known, Tombstone) or new.one_valued:
        return True  # who has lost everything begins a one-valued record anew
    return (
        new.created == known.created
        and new.audience == known.audience
        and expires_of(new) == expires_of(known)
    )


def _what(record: Record) -> tuple[str, tuple[str, str] | None]:
    """Its kind and the post that it stands under; of a tombstone those of what it deletes."""
    kind = record.of if isinstance(record, Tombstone) else record.kind
    on: On | None = getattr(record, "on", None)
    return kind, (on.author, on.id) if on else None
