"""How long, as people type it: 30m, 12h, 7d, 4w, 1y."""

import re

from microsocial.clock import SystemClock
from microsocial.errors import Invalid

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_TYPED = re.compile(r"([0-9]{1,6})\s*([mhdwy])")


class NoDuration(Invalid):
    """Say how long as a number and a letter: 30m, 12h, 7d, 4w or 1y."""


def milliseconds(typed: str) -> int:
    found = _TYPED.fullmatch(typed.strip().lower())
    if found is None:
        raise NoDuration(f"“{typed}”")
    return int(found[1]) * _SECONDS[found[2]] * 1000


def from_now(typed: str | None) -> int | None:
    """The moment that lies so far ahead."""
    return None if typed is None else SystemClock().now() + milliseconds(typed)


def ago(typed: str | None) -> int | None:
    """The moment that lies so far back."""
    return None if typed is None else SystemClock().now() - milliseconds(typed)
