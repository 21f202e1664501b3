"""The disown: what a person says after a theft about things said in their name that they did not say (spec 4.14)."""

from typing import Annotated, ClassVar

from msgspec import Meta
from typing_extensions import override

from microsocial.protocol.fields import Hash, KeyNumber, RecordId, Revision
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.limits import MAX_DISOWNED
from microsocial.protocol.refusals import Malformed
from microsocial.protocol.shapes import Record

Item = tuple[RecordId, Revision, Hash]


class Disown(Record, frozen=True, kw_only=True):
    """Take exactly these revisions (id, revision, hash) for not said."""

    kind: ClassVar[str] = "disown"

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MAX_DISOWNED)]

    @override
    def check(self) -> None:
        if self.audience != "friends":
            raise Malformed("a disown that is not for friends")
        if len({found for _, _, found in self.items}) != len(self.items):
            raise Malformed("a revision disowned twice")


def reach(log: KeyLog, number: KeyNumber) -> int:
    """Give the key number below which a disown signed with key `number` counts; 0 when nothing was stolen by then.

    Spec 4.14: only what was said under a key that a theft ended can be disowned. Else a thief could do it too.
    """
    steps = enumerate(log.reasons[:number], start=1)
    return max((step for step, reason in steps if reason == "stolen"), default=0)
