"""Days as the page says them. Pure: the page is the same for every visitor, so days are those of UTC."""

from datetime import UTC, datetime

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def moment(ms: int) -> datetime:
    """Give the moment; what somebody claims beyond the calendar's ends is shown at its ends."""
    return datetime.fromtimestamp(min(max(ms, 0), 253_402_300_799_000) / 1000, UTC)


def iso(ms: int) -> str:
    return moment(ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(ms: int, this_year: int) -> str:
    """Say "20 November", with the year when it is another one."""
    when = moment(ms)
    words = f"{when.day} {MONTHS[when.month - 1]}"
    return words if when.year == this_year else f"{words} {when.year}"


def month(ms: int, this_year: int) -> str:
    when = moment(ms)
    return (
        MONTHS[when.month - 1]
        if when.year == this_year
        else f"{MONTHS[when.month - 1]} {when.year}"
    )
