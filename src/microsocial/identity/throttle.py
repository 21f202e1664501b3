"""Slows down guessing of the password without ever keeping the owner's known browser out.

Rule 1: a try is counted before the password is looked at, so that a thousand at once do not all pass.
Rule 2: a browser that has logged in before has a bucket of its own and does not see the others.
Buckets live in memory: strangers must not be able to make the node write to disk.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address

from microsocial.clock import Clock
from microsocial.identity.model import TooManyTries

FORGET_AFTER_MS = 24 * 60 * 60 * 1000  # a day without a try clears a bucket
MAX_BUCKETS = 10_000  # about 2 MB; the longest untouched goes first
GLOBAL = "everybody"


@dataclass(frozen=True)
class Pace:
    """`free` tries at once, then a wait that doubles from one second up to `longest_ms`."""

    free: int
    longest_ms: int

    def wait_ms(self, tries: int) -> int:
        return 0 if tries < self.free else min(1000 << min(tries - self.free, 30), self.longest_ms)


ADDRESS_PACE = Pace(free=5, longest_ms=15 * 60_000)
GLOBAL_PACE = Pace(
    free=30, longest_ms=60_000
)  # many addresses together: one guess a minute at worst
KNOWN_PACE = Pace(free=10, longest_ms=30_000)  # a stolen device cookie must not guess freely either


@dataclass(frozen=True)
class _Bucket:
    tries: int = 0
    last_try: int = 0
    next_try: int = 0


class Throttle:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def claim(self, address: str, known: str | None) -> None:
        """Count one try from this address, or from the known browser or session named `known`.

        Raises:
            TooManyTries: with the seconds to wait; this try is then not counted.
        """
        now = self._clock.now()
        paces = _paces(address, known)
        wait_ms = max(self._bucket(name, now).next_try - now for name in paces)
        if wait_ms > 0:
            raise TooManyTries(-(-wait_ms // 1000))
        for name, pace in paces.items():
            bucket = self._bucket(name, now)
            tries = bucket.tries + 1
            self._keep(
                name, replace(bucket, tries=tries, last_try=now, next_try=now + pace.wait_ms(tries))
            )

    def succeeded(self, address: str, known: str | None) -> None:
        """Forget the tries of who turned out to be the owner; everybody else's still count."""
        for name in _paces(address, known):
            if name != GLOBAL:
                self._buckets.pop(name, None)
            elif bucket := self._buckets.get(GLOBAL):
                self._buckets[GLOBAL] = replace(bucket, tries=max(bucket.tries - 1, 0))

    def _bucket(self, name: str, now: int) -> _Bucket:
        bucket = self._buckets.get(name, _Bucket())
        # A clock set back must not lengthen a wait: then the bucket starts anew.
        stale = not bucket.last_try <= now < bucket.last_try + FORGET_AFTER_MS
        return _Bucket() if stale else bucket

    def _keep(self, name: str, bucket: _Bucket) -> None:
        self._buckets[name] = bucket
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_BUCKETS:
            oldest = next(key for key in self._buckets if key != GLOBAL)
            del self._buckets[oldest]


def _paces(address: str, known: str | None) -> dict[str, Pace]:
    if known:
        return {f"known {known}": KNOWN_PACE}
    return {f"address {_neighbourhood(address)}": ADDRESS_PACE, GLOBAL: GLOBAL_PACE}


def _neighbourhood(address: str) -> str:
    """An IPv6 customer holds a whole /64: it counts as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
