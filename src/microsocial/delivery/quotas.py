"""How much one friend may bring in a day. Over it the whole update is refused and the position stays: nothing is lost."""

from sqlalchemy import Connection

from microsocial.delivery import store
from microsocial.delivery.store import Correspondent

DAY_MS = 86_400_000
# A friend who comes back after a year, or after a restore, brings some thousands; a machine gone wild brings more. Lists of a reunion
# count in bytes only: they name what I said myself, and somebody who said a hundred thousand things needs no five days to be listed.
MAX_RECORDS_A_DAY = 20_000
# The same, for the disk: a year of somebody's long texts, no more than a tenth of a small machine's card.
MAX_BYTES_A_DAY = 256 * 1024 * 1024


def fits(conn: Connection, friend: Correspondent, records: int, size: int, now: int) -> bool:
    """Count what this friend brings today; False when it is too much."""
    day = now // DAY_MS
    is_today = friend.quota_day == day
    records += friend.quota_records if is_today else 0
    size += friend.quota_bytes if is_today else 0
    if records > MAX_RECORDS_A_DAY or size > MAX_BYTES_A_DAY:
        return False
    store.change(conn, friend.person, quota_day=day, quota_records=records, quota_bytes=size)
    return True
