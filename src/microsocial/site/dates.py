"""Days as the page says them. Pure.

The page is the same for every visitor, whose language and zone nobody knows: so days are numbers in the order that is read the
same everywhere (ISO 8601), in the owner's zone.
"""

from datetime import UTC, datetime, tzinfo

LAST_MS = 253_402_300_799_000  # the end of the year 9999
DAY_MS = 24 * 3600 * 1000


def moment(ms: int, zone: tzinfo = UTC) -> datetime:
    """Give the moment; what somebody claims beyond the calendar's ends is shown at its ends."""
    at = datetime.fromtimestamp(min(max(ms, 0), LAST_MS) / 1000, UTC)
    return at.astimezone(zone) if ms < LAST_MS - DAY_MS else at  # no zone leads beyond the last day


def iso(ms: int) -> str:
    """Give the moment for machines."""
    return moment(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(ms: int, zone: tzinfo) -> str:
    """Say "2026-11-20"."""
    return moment(ms, zone).strftime("%Y-%m-%d")


def month(ms: int, zone: tzinfo) -> str:
    """Say "2026-11"."""
    return moment(ms, zone).strftime("%Y-%m")
