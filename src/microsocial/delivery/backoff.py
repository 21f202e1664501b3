"""How long to wait before trying again. Pure.

Doubling from a minute to six hours, never given up: a friend's machine that was off for a month is found within a morning of its
return (and says hello by itself before that). The jitter keeps the friends of a machine that comes back from arriving all at once.
"""

from dataclasses import dataclass

MINUTE_MS = 60_000
LONGEST_IN_BASES = 360  # six hours, when the base is a minute
JITTER = 0.25  # a quarter more or less


@dataclass(frozen=True)
class Backoff:
    """Waiting times, from the first (`base_ms`) to the longest. Tests shorten the base."""

    base_ms: int = MINUTE_MS

    def wait_ms(self, attempts: int, chance: float) -> int:
        """The pause after so many failures in a row (1 or more); `chance` between 0 and 1 spreads it."""
        doublings = min(max(attempts, 1) - 1, 16)  # beyond it the ceiling has long been reached
        plain = min(self.base_ms << doublings, self.base_ms * LONGEST_IN_BASES)
        return round(plain * (1 - JITTER + 2 * JITTER * chance))
