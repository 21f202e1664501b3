"""What the node hands to the makers of routes, so that no room ever imports the node or the server.

Every room's `api.py` has `router(context: ApiContext) -> APIRouter` with plain async endpoints. The server includes it
under /api/v1 behind the owner's door (session or token, CSRF, scopes): an endpoint may take for granted that the owner asks.
"""

from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.errors import Conflict
from microsocial.events import EventBus
from microsocial.settings import Settings

Room = TypeVar("Room")


class NotSetUp(Conflict):
    """Nobody lives here yet. Open the one-time setup link first."""


class Body(BaseModel):
    """The base of every JSON body the API takes: exact types, and a field nobody knows is a mistake to name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ApiContext(Protocol):
    """The node, as a maker of routes sees it. Rooms appear when the person has been made: ask per request."""

    @property
    def settings(self) -> Settings: ...
    @property
    def address(self) -> str:
        """Where friends are told to come."""
        ...

    @property
    def db(self) -> Database: ...
    @property
    def bus(self) -> EventBus: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...

    def room(self, kind: type[Room]) -> Room:
        """Give the one object of this class that the node was built with (`context.room(Posts)`, `context.room(Log)`).

        Raises:
            NotSetUp: before the person has been made (or on a node that carries no such room).
        """
        ...
