"""Strangers' allowance: so many requests per address, refilled over time. Memory is bounded whatever they send.

Rule 1: the narrowest allowance is asked first, so that one household, then one provider's street, is slowed down before anybody
else feels it.
"""

import ipaddress
from collections import OrderedDict

from microsocial.clock import Clock

# Addresses remembered at once (about 200 bytes each). Beyond it the one unused for longest is forgotten, which at worst gives a
# stranger with ten thousand addresses a fresh allowance: such a one is stopped by the overall allowance below.
MAX_ADDRESSES = 10_000


# Per address of strangers, pretenders and former friends: a person who tries several addresses of ours needs a handful.
STRANGER_BURST, STRANGERS_PER_MINUTE = 30, 10.0
# Per neighbourhood: a few households behind the same provider at the same moment, and a tenth of what all may have.
NEIGHBOURS_BURST, NEIGHBOURS_PER_MINUTE = 60, 60.0
# All strangers together: a signature each, so this bounds what they can make one core do to about a hundredth.
ALL_STRANGERS_BURST, ALL_STRANGERS_PER_MINUTE = 300, 600.0


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


def neighbourhood(host: str | None) -> str:
    """Whom one gets many addresses from at once: the /24 of an IPv4 address, the /48 of an IPv6 one."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 48), strict=False))
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24), strict=False))


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


class Strangers:
    """What strangers may ask: each address, each neighbourhood, and all of them together."""

    def __init__(self, clock: Clock) -> None:
        self._one = Allowance(clock, burst=STRANGER_BURST, per_minute=STRANGERS_PER_MINUTE)
        self._neighbours = Allowance(
            clock, burst=NEIGHBOURS_BURST, per_minute=NEIGHBOURS_PER_MINUTE
        )
        self._all = Allowance(clock, burst=ALL_STRANGERS_BURST, per_minute=ALL_STRANGERS_PER_MINUTE)

    def take(self, host: str | None, cost: int = 1) -> bool:
        """Say whether one more request from there (or what costs as much as several) is within the allowances."""
        return (
            self._one.take(origin(host), cost)
            and self._neighbours.take(neighbourhood(host), cost)
            and self._all.take("", cost)
        )
