"""A day, as people type it: 2026-11-20, or with the hour on it: 2026-11-20T15:30. In the time of this machine."""

from datetime import datetime, timedelta

from microsocial.errors import Invalid

DAY = timedelta(days=1)


class NoDay(Invalid):
    """Write the day as 2026-11-20, or with the hour on it as 2026-11-20T15:30."""


def beginning_of(typed: str | None) -> int | None:
    """When the day begins, in milliseconds; with an hour, that moment."""
    return None if typed is None else _moment(typed, timedelta())


def end_of(typed: str | None) -> int | None:
    """When the day is over; with an hour, that moment."""
    return None if typed is None else _moment(typed, DAY)


def _moment(typed: str, later: timedelta) -> int:
    try:
        at = datetime.fromisoformat(typed.strip())
        is_day = len(typed.strip()) <= len("2026-11-20")
        # On the wall's clock: the day on which it is put forward is shorter.
        at = (at + (later if is_day else timedelta())).astimezone()
        return max(0, int(at.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise NoDay(f"“{typed}”") from None
