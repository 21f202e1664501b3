"""The names on the wire, never reused: kinds of records and of other signed objects (docs/spec/registry.md)."""

from dataclasses import dataclass

from microsocial.protocol.capsules import Capsule
from microsocial.protocol.disowning import Disown
from microsocial.protocol.shapes import (
    Address,
    Clear,
    Comment,
    Message,
    Post,
    Profile,
    Reaction,
    Record,
    Removal,
    Tombstone,
)


@dataclass(frozen=True)
class KindInfo:
    """What the log must know about a kind of record."""

    one_valued: bool  # one per author, its id is the kind's name, ordered by (key, revision)
    entry: bool  # it stands in somebody's thread
    model: type[Record]


_MODELS: tuple[type[Record], ...] = (
    Post,
    Comment,
    Reaction,
    Removal,
    Message,
    Clear,
    Profile,
    Address,
    Capsule,
    Disown,
    Tombstone,
)
KINDS: dict[str, KindInfo] = {
    model.kind: KindInfo(model.one_valued, model.is_entry, model) for model in _MODELS
}
# Signed, but no records: they are never kept in the log and never passed on.
OBJECTS = frozenset(
    {
        "inception",
        "rotation",
        "prekey",
        "update",
        "answer",
        "reunion",
        "holdings",
        "greeting",
        "farewell",
        "help",
        "export",
    }
)
# Names we have promised to later editions; a node of this one treats them as unknown kinds.
RESERVED = frozenset({"poll", "vote", "introduction", "call"})
