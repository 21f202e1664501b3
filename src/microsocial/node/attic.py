"""The parts of the archive that a node carries: long work, and what each sub-room needs beyond a connection."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from microsocial.archive.backups.keeper import Backups
from microsocial.archive.leaving.departure import Departure
from microsocial.archive.leaving.expiry import Expiry
from microsocial.archive.leaving.going import Going
from microsocial.archive.leaving.purge import Purge
from microsocial.archive.moving import Moving
from microsocial.archive.website.scratch import sweep
from microsocial.archive.website.streaming import Downloads
from microsocial.archive.work import Workbench
from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.node.rooms import Rooms, find_part
from microsocial.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Attic:
    """Where the owner's data is packed, kept and thrown away. A sub-room's object becomes a field here."""

    work: Workbench
    backups: Backups
    expiry: Expiry
    purge: Purge
    departure: Departure
    going: Going
    moving: Moving
    downloads: Downloads
    folder: Path

    def find(self, kind: type[T]) -> T | None:
        return find_part(self, kind)

    async def start(self) -> None:
        """Begin what the archive does by itself, and remove what a crash left of an import."""
        sweep(self.folder)
        await self.expiry.start()
        await self.backups.start()
        await self.going.start()

    async def stop(self) -> None:
        await self.going.stop()
        await self.expiry.stop()
        await self.backups.stop()
        await self.downloads.stop()
        await self.work.close()


def build_attic(
    rooms: Rooms,
    db: Database,
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    end: Callable[[str], None],
) -> Attic:
    """Make the archive's objects and wire them. Nothing is started. `end` ends the node with a sentence."""
    work = Workbench(clock, entropy, db.bus)
    departure = Departure(rooms.log, rooms.delivery, rooms.friends, clock)
    return Attic(
        work=work,
        backups=Backups(db, work, rooms.me.id, settings.data, clock, entropy),
        expiry=Expiry(db, db.bus, rooms.log, clock),
        purge=Purge(rooms.log, rooms.media, rooms.messages),
        departure=departure,
        going=Going(db, db.bus, departure, end),
        moving=Moving(rooms.delivery),
        downloads=Downloads(db),
        folder=settings.data,
    )
