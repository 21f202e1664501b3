"""Whether this machine's clock can be right: judged by friends' clocks and by the owner's own newest words."""

from collections.abc import Sequence
from datetime import UTC, datetime

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# Dates move a little ahead by themselves (two posts in one millisecond), and by an hour where clocks follow the summer.
AHEAD_MS = DAY_MS
MOST_NAMED = 3


def doubt(now: int, newest: int, differing: Sequence[tuple[str, int]], agreeing: int) -> str | None:
    """Say in a sentence why the clock looks wrong, or None.

    Args:
        now: what it shows, in milliseconds.
        newest: the date of the newest that the owner said.
        differing: friends whose clocks differ too much: name and how far theirs is ahead.
        agreeing: how many others were spoken to without that.
    """
    ahead = [(name, offset) for name, offset in differing if offset > 0]
    behind = [(name, offset) for name, offset in differing if offset < 0]
    together = max(ahead, behind, key=len)
    if together and len(together) >= agreeing:
        return _among_friends(together, alone=len(together) == 1)
    if newest > now + AHEAD_MS and not agreeing:
        return (
            f"This machine's clock shows {_day(now)}, but the newest that you said is dated {_day(newest)}: "
            "it was wrong then, or it is wrong now."
        )
    return None


def _among_friends(together: Sequence[tuple[str, int]], *, alone: bool) -> str:
    offsets = sorted(offset for _, offset in together)
    middle = offsets[len(offsets) // 2]
    names = [f"{name}'s" for name, _ in together[:MOST_NAMED]]
    if len(together) > MOST_NAMED:
        names.append(f"{len(together) - MOST_NAMED} more")
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    which = "behind" if middle > 0 else "ahead of"
    which_one = " One of the two is wrong." if alone else ""
    return f"This machine's clock is {_span(abs(middle))} {which} {who}.{which_one}"


def _span(ms: int) -> str:
    for unit, length in (("days", DAY_MS), ("hours", HOUR_MS), ("minutes", MINUTE_MS)):
        if ms >= 2 * length:
            return f"{round(ms / length)} {unit}"
    return "a minute"


def _day(ms: int) -> str:
    day = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{day.day} {day:%B %Y}"
