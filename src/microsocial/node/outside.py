"""What connects the rooms with other people's machines."""

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from microsocial.clock import Clock, Entropy
from microsocial.database import Database
from microsocial.delivery.backoff import Backoff
from microsocial.delivery.courier import Courier
from microsocial.delivery.peer import reception
from microsocial.friends import knocks
from microsocial.friends.knocking import Knocking
from microsocial.friends.renewing import Renewing
from microsocial.friends.returning import Returning
from microsocial.media.doors import fetch_from, for_friends
from microsocial.media.fetching import Fetching
from microsocial.node.rooms import Rooms, find_part
from microsocial.node.rotating import Rotating
from microsocial.protocol.crypto import PublicKey
from microsocial.settings import Settings
from microsocial.transport.http_out import Destination, HttpOut
from microsocial.transport.reception import Reception

T = TypeVar("T")


@dataclass(frozen=True)
class Outside:
    """What connects the rooms with other people's machines."""

    carrier: HttpOut
    courier: Courier
    fetching: Fetching
    knocking: Knocking
    returning: Returning
    renewing: Renewing
    reception: Reception
    rotating: Rotating

    def find(self, kind: type[T]) -> T | None:
        return find_part(self, kind)


def build_outside(
    rooms: Rooms, db: Database, settings: Settings, clock: Clock, entropy: Entropy
) -> Outside:
    """Make what talks to other machines. Nothing is sent before the node starts it."""
    carrier = HttpOut(clock, entropy, allow_private=settings.allow_private_addresses)

    def whereabouts(conn: Connection, person: str) -> tuple[frozenset[str], PublicKey | None]:
        keys = rooms.log.key_logs(conn, [person]).get(person)
        return rooms.friends.allowed_hosts(conn, person), keys.current if keys else None

    def destination(conn: Connection, person: str) -> Destination:
        rooms.delivery.residence.check(
            conn
        )  # who has moved, or gives this node up, fetches nothing
        allowed, key = whereabouts(conn, person)
        return Destination(person, rooms.delivery.urls(conn, person), allowed, key)

    fetching = Fetching(
        db,
        db.bus,
        rooms.media,
        fetch_from(carrier, rooms.me, db, destination),
        settings.media_ceiling_bytes,
        clock,
    )
    courier = Courier(
        db,
        rooms.delivery,
        carrier,
        rooms.me,
        whereabouts,
        clock,
        entropy,
        db.bus,
        Backoff(settings.backoff_base_ms),
        met=fetching.heard,
    )
    returning = Returning(
        db,
        carrier,
        rooms.friends,
        rooms.log,
        rooms.delivery,
        clock,
        entropy,
        Backoff(settings.backoff_base_ms),
    )

    def is_written_to(conn: Connection, person: str) -> bool:
        """Whose keys came with a thread, but who is still to be found, is no correspondent yet."""
        return rooms.friends.is_friend(conn, person) and not returning.is_sought(conn, person)

    return Outside(
        rotating=Rotating(db, rooms.me, rooms.delivery, courier, carrier, destination),
        carrier=carrier,
        courier=courier,
        fetching=fetching,
        knocking=Knocking(db, carrier, rooms.friends, rooms.me, clock, entropy),
        returning=returning,
        renewing=Renewing(db, rooms.friends.capsules, rooms.me.id),
        reception=reception(
            rooms.me,
            rooms.log,
            rooms.delivery,
            is_friend=is_written_to,
            open_greeting=rooms.friends.doors.open,
            greet=rooms.friends.doors.answer,
            heard=courier.heard,
            turned_away=courier.turned_away,
            awaited=rooms.friends.is_awaited,
            came=returning.came,
            greeted=knocks.key_log,
            blob=for_friends(db, rooms.media),
            help_friend=rooms.friends.help.answer,
        ),
    )
