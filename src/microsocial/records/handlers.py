"""What the log asks of the room that owns a kind of record."""

from typing import Protocol, runtime_checkable

from sqlalchemy import Connection

from microsocial.records.model import Stored

# Registered under this name, a handler judges thread entries of kinds that nobody here knows (spec 4.8).
ANY_ENTRY = "*"


class Handler(Protocol):
    """One per kind. All of it runs inside the transaction that stores the record."""

    def may_stand(self, conn: Connection, stored: Stored, via: str) -> str | None:
        """Name the refusal (spec 13) of somebody else's record, or None. For an entry its post is known by now."""
        ...

    def project(self, conn: Connection, stored: Stored) -> None:
        """Take in a record that is new, revised or withdrawn; emit events. Must be idempotent."""
        ...

    def clear(self, conn: Connection) -> None:
        """Drop the whole projection; `project` is called for every record again."""
        ...


class Watcher(Protocol):
    """A room below that follows every record, whatever its kind (media: which blobs it shows)."""

    def take_in(self, conn: Connection, stored: Stored) -> None:
        """Take in a record that is new, revised or withdrawn. Must be idempotent."""
        ...

    def clear(self, conn: Connection) -> None:
        """Drop what was taken in; `take_in` is called for every record again."""
        ...


@runtime_checkable
class Forgetting(Protocol):
    """A handler that wants to hear when a record leaves without a tombstone (its post is gone, it was taken out)."""

    def forget(self, conn: Connection, stored: Stored) -> None: ...


@runtime_checkable
class Reminded(Protocol):
    """A handler that wants to hear that a friend still holds what is forgotten here, such as a cleared message (R17)."""

    def still_held(
        self, conn: Connection, person: str, author: str, record_id: str, why: str
    ) -> None: ...
