"""Moving house: the old node learns where its person lives now, says so to whoever asks, and does nothing else (spec 9.7)."""

from typing import Literal

from sqlalchemy import Connection
from typing_extensions import (
    TypedDict,  # pydantic reads these for the API; before Python 3.12 it needs this one
)

from microsocial.delivery.service import Delivery
from microsocial.errors import Conflict, Invalid
from microsocial.friends.homes import is_private
from microsocial.protocol.limits import MAX_ADDRESS_CHARACTERS
from microsocial.protocol.texts import is_address


class AddressWrong(Invalid):
    """That is no address others could use. Write it whole, such as https://ana.example."""


class AlreadyThere(Conflict):
    """That is where you live already."""


class NotMoved(Conflict):
    """You have not moved away from here."""


class MoveShape(TypedDict):
    """Where the person of this node lives."""

    state: Literal["here", "moved"]
    address: str
    sentence: str
    record: str | None


class Moving:
    """The verbs; synchronous."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def move(self, conn: Connection, address: str, here: str) -> MoveShape:
        """From now on this node only says that its person lives at `address`."""
        address = address.strip().rstrip("/")
        if len(address) > MAX_ADDRESS_CHARACTERS or not is_address(address):
            raise AddressWrong(field="address")
        if address == here.rstrip("/"):
            raise AlreadyThere(field="address")
        self._delivery.residence.move(conn, address)
        return self.shape(conn, here)

    def stay(self, conn: Connection, here: str) -> MoveShape:
        """Take the move back. Only as long as nothing runs at the new address: of two copies one has to stop."""
        if self._delivery.residence.moved_to(conn) is None:
            raise NotMoved
        self._delivery.residence.stay(conn)
        return self.shape(conn, here)

    def shape(self, conn: Connection, here: str) -> MoveShape:
        moved_to = self._delivery.residence.moved_to(conn)
        if moved_to is None:
            return MoveShape(state="here", address=here, sentence="You live here.", record=None)
        private = " It is a private address: friends elsewhere cannot reach it."
        return MoveShape(
            state="moved",
            address=moved_to,
            sentence=(
                f"You live at {moved_to} now. This machine sends nothing any more; it tells whoever asks where you went."
                + (private if is_private(moved_to) else "")
            ),
            record=self._delivery.residence.record(conn),
        )
