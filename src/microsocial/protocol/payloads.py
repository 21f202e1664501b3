"""Reading records: any envelope becomes a value of its kind, or Malformed (spec 4)."""

from microsocial.protocol.capsules import Capsule
from microsocial.protocol.disowning import Disown
from microsocial.protocol.encoding import parse_object
from microsocial.protocol.envelope import Envelope, verify_envelope
from microsocial.protocol.fields import convert
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.kinds import KINDS, OBJECTS
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.media import Media, Size
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.shapes import (
    Address,
    Card,
    Clear,
    Comment,
    Message,
    On,
    Post,
    Profile,
    Reaction,
    Record,
    Ref,
    Removal,
    Tombstone,
    Unknown,
    expires_of,
)

__all__ = [
    "Address",
    "Capsule",
    "Card",
    "Clear",
    "Comment",
    "Disown",
    "Media",
    "Message",
    "On",
    "Post",
    "Profile",
    "Reaction",
    "Record",
    "Ref",
    "Removal",
    "Size",
    "Tombstone",
    "Unknown",
    "expires_of",
    "read_record",
    "read_signed_record",
]


def read_record(envelope: Envelope) -> Record:
    """Check everything of spec 4 but the signature. Of an unknown kind the common fields are read: `Unknown`."""
    if envelope.kind in OBJECTS:
        raise Malformed(f"a {envelope.kind} is not a record")
    known = KINDS.get(envelope.kind)
    found = parse_object(envelope.payload, MAX_RECORD_BYTES)
    record = convert(found, known.model if known else Unknown)
    if record.created > record.revision:
        raise Malformed("a revision older than its record")
    is_named_by_kind = record.id == envelope.kind
    if known and known.one_valued and not is_named_by_kind:
        raise Malformed(f"a {envelope.kind} whose id is not its kind's name")
    if known and not known.one_valued and not _is_random(record.id):
        raise Malformed(f"a {envelope.kind} whose id is not random")
    record.check()
    return record


def read_signed_record(envelope: Envelope, key_log: KeyLog) -> Record:
    """`read_record`, and demand that its author signed it with the key it names (spec 4.1)."""
    record = read_record(envelope)
    if record.author != key_log.id:
        raise Malformed("a record of somebody else than the key log's owner")
    verify_envelope(envelope, key_log.key(record.key))
    return record


def _is_random(record_id: str) -> bool:
    return len(record_id) == 22
