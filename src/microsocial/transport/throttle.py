"""Strangers' allowance: so many requests per address, refilled over time. Memory is bounded whatever they send."""

import ipaddress
from collections import OrderedDict

from microsocial.clock import Clock

# Addresses remembered at once (about 200 bytes each). Beyond it the one unused for longest is forgotten, which at worst gives a
# stranger with ten thousand addresses a fresh allowance: such a one is stopped by the overall allowance below.
MAX_ADDRESSES = 10_000


def origin(host: str | None) -> str:
    """Whom an address stands for: one IPv4 address, or the /64 that one IPv6 customer owns."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Allowance:
    """A token bucket per key. `take` says whether one more (or what costs as much as several) is within the allowance."""

    def __init__(self, clock: Clock, *, burst: int, per_minute: float) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_ms = per_minute / 60_000
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, cost: int = 1) -> bool:
        now = self._clock.now()
        left, since = self._left.pop(key, (self._burst, now))
        # A clock set back must not lock anybody out: time never runs backwards here.
        left = min(self._burst, left + max(0, now - since) * self._per_ms)
        permitted = left >= cost
        self._left[key] = (left - cost if permitted else left, now)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        return permitted

    def __len__(self) -> int:
        return len(self._left)
