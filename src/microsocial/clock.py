"""Time and entropy as parameters: the only module that asks the machine for either."""

import secrets
import time
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, in milliseconds since 1970-01-01T00:00:00Z."""

    def now(self) -> int: ...


class Entropy(Protocol):
    """Gives `length` unpredictable bytes."""

    def __call__(self, length: int) -> bytes: ...


class SystemClock:
    """The machine's clock, shifted by `offset_ms` when a test asks for it."""

    def __init__(self, offset_ms: int = 0) -> None:
        self._offset_ms = offset_ms

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._offset_ms


def steady_ms() -> int:
    """Milliseconds that no setting of the clock changes; a machine that sleeps counts on where the system can tell."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


def system_entropy(length: int) -> bytes:
    return secrets.token_bytes(length)
