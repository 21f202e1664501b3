"""What handles photos and clips in the event loop: taking in, putting into records, fetching friends', sweeping."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.identity.store import read_preferences
from microsocial.media.attachments import Attachments
from microsocial.media.cards import Cards
from microsocial.media.fetching import Fetching
from microsocial.media.held import Kind
from microsocial.media.intake import Intake
from microsocial.media.keeping import Keeping
from microsocial.media.waiting import Sayer, Waiting
from microsocial.node.rooms import Rooms, find_part
from microsocial.settings import Settings
from microsocial.transport.guard import tls_context
from microsocial.transport.web import Web

T = TypeVar("T")

FOLDER = "media"


@dataclass(frozen=True)
class Darkroom:
    """The parts of the media room that live in the event loop."""

    intake: Intake
    waiting: Waiting
    attachments: Attachments
    keeping: Keeping
    fetching: Fetching
    cards: Cards
    web: Web

    def find(self, kind: type[T]) -> T | None:
        return find_part(self, kind)

    async def start(self) -> None:
        await self.keeping.start()
        await self.cards.start()
        await self.intake.start()
        self.waiting.look_soon()
        await self.fetching.start()

    async def tidy(self) -> None:
        """Now and then: sweep what was never posted, try again what waits, ask for what was too much yesterday."""
        await self.intake.sweep()
        self.fetching.next_day()
        self.waiting.look_soon()

    async def stop(self) -> None:
        await self.fetching.stop()
        await self.waiting.stop()
        await self.intake.stop()
        await self.keeping.stop()
        await self.web.close()


def build_darkroom(
    rooms: Rooms,
    fetching: Fetching,
    db: Database,
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    sayers: Mapping[Kind, Sayer],
) -> Darkroom:
    intake = Intake(db, db.bus, settings.data / FOLDER / "uploads", clock, entropy)
    waiting = Waiting(db, db.bus, intake, sayers, clock, entropy)
    keeping = Keeping(db, db.bus, rooms.media)
    attachments = Attachments(db, rooms.media, intake, keeping, entropy)
    web = Web(tls_context(), home=settings.allow_private_addresses)
    cards = Cards(db, web, settings.data / FOLDER / "cards", wants_cards)
    return Darkroom(intake, waiting, attachments, keeping, fetching, cards, web)


def wants_cards(conn: Connection) -> bool:
    return read_preferences(conn).get("link_cards", "on") == "on"
