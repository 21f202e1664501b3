"""The owner's time zone: kept from the browser they log in with, since a page for everybody has no other way to know whose days it shows."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from microsocial.errors import Invalid
from microsocial.events import emit
from microsocial.identity import store
from microsocial.identity.model import PreferencesChanged

NAME = "time_zone"
DEFAULT = "UTC"
LONGEST_ZONE = 64  # "America/Argentina/ComodRivadavia" has 32


class NoSuchTimeZone(Invalid):
    """This machine does not know that time zone. Use a name like Europe/Istanbul."""


def find_zone(name: str) -> tzinfo | None:
    """The zone of this name, if this machine's list of zones has it."""
    if name == DEFAULT:
        return UTC
    try:
        return ZoneInfo(name) if len(name) <= LONGEST_ZONE else None
    except (KeyError, ValueError, OSError):  # a file's name is made of it
        return None


def fit_zone(name: str) -> str:
    """Raises NoSuchTimeZone."""
    if find_zone(name) is None:
        raise NoSuchTimeZone(field=NAME)
    return name


def zone_of(conn: Connection) -> tzinfo:
    """The owner's zone, or UTC until a browser has told it."""
    return find_zone(store.read_preferences(conn).get(NAME, DEFAULT)) or UTC


def keep_zone(conn: Connection, name: str | None) -> None:
    """Keep what the owner's browser says; what is not known here changes nothing."""
    if name is None or find_zone(name) is None:
        return
    if store.read_preferences(conn).get(NAME, DEFAULT) != name:
        store.set_preference(conn, NAME, name)
        emit(conn, PreferencesChanged())
