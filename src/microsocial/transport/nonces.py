"""Requests seen lately, so that a recorded one is refused. Safety rests on positions, not on this (spec 10.4)."""

from collections import OrderedDict

from microsocial.clock import Clock
from microsocial.protocol.limits import NONCE_MEMORY_S

# 600 seconds at more than 150 verified requests a second; about 15 MB at the very worst.
MAX_NONCES = 100_000


class Nonces:
    """Remembers nonces per sender for ten minutes; forgets the oldest when there are too many."""

    def __init__(self, clock: Clock, max_nonces: int = MAX_NONCES) -> None:
        self._clock = clock
        self._max = max_nonces
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def is_new(self, sender: str, nonce: str) -> bool:
        """Whether this nonce was not seen before; remembers it."""
        now = self._clock.now()
        self._forget(now)
        key = (sender, nonce)
        if key in self._seen:
            return False
        self._seen[key] = now
        return True

    def _forget(self, now: int) -> None:
        while self._seen:
            oldest, seen = next(iter(self._seen.items()))
            if len(self._seen) < self._max and now - seen < NONCE_MEMORY_S * 1000:
                return
            del self._seen[oldest]

    def __len__(self) -> int:
        return len(self._seen)
