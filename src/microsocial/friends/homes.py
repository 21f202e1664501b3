"""Which private addresses may be contacted for whom. Pure.

A friend says where they live, so a hostile one could name our router. A private address is allowed for one friend only,
exactly as it stood in an invite or address the owner accepted (protocol §4), or as the very machine that came to our
own door inside the same home.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from microsocial.protocol.texts import is_address
from microsocial.transport.guard import host_and_port, is_home_name, is_public

DEFAULT_PORTS = {"http": 80, "https": 443}
LOCALHOST = "localhost"


def place_of(url: str) -> str | None:
    """Give the `host:port` of an address as the guard writes it; None for what is no address."""
    if not is_address(url):
        return None
    parts = urlsplit(url)
    return host_and_port(parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme])


def is_private(url: str) -> bool:
    """Say whether only this machine or a home network can reach this address (as far as its text tells)."""
    host = urlsplit(url).hostname or ""
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return is_home_name(host)


def accepted_places(url: str) -> frozenset[str]:
    """Give what the owner allows by saying yes to this address: itself, if it is private."""
    place = place_of(url)
    return frozenset({place}) if place is not None and is_private(url) else frozenset()


def housemate_places(urls: Iterable[str], came_from: str | None, my_address: str) -> frozenset[str]:
    """Give those of a newcomer's private addresses that are the machine which just stood at our door.

    Only when our own address is private too: behind a public one the address they came from may be that of a proxy.
    """
    if came_from is None or not is_private(my_address):
        return frozenset()
    here = _address(came_from)
    places = {place_of(url) for url in urls if is_private(url) and _is_at(url, here)}
    return frozenset(place for place in places if place is not None)


def _is_at(url: str, here: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if here is None:
        return False
    host = urlsplit(url).hostname or ""
    named = _address(host)
    if host == LOCALHOST or (named is not None and named.is_loopback):
        return here.is_loopback
    return named == here


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
