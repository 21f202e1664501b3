"""Which private addresses may be contacted for whom. Pure.

A friend says where they live, so a hostile one could name our router. A private address is allowed for one friend only,
exactly as it stood in an invite or address the owner accepted (protocol §4), as the very machine that came to our own
door inside the same home, or as a place about which the owner was asked and said yes.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from microsocial.protocol.texts import is_address
from microsocial.transport.guard import Guard, Network, host_and_port, is_home_name, is_public

DEFAULT_PORTS = {"http": 80, "https": 443}
LOCALHOST = "localhost"
# "2130706433" and "0x7f000001" have the look of a name, but machines read 127.0.0.1: nobody is asked to say yes to a riddle.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)


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


def places_to_accept(urls: Iterable[str]) -> frozenset[str]:
    """Give those of a friend's private addresses that a yes of the owner would open: whatever the guard refuses even then is not among them."""
    return frozenset(place for url in urls if (place := _acceptable(url)) is not None)


def places_to_ask_about(
    urls: Iterable[str], my_address: str, opened: Iterable[Network] = ()
) -> frozenset[str]:
    """Give those of them that are worth a question.

    Not what the owner has `opened` for everybody; and not "this very machine", unless I live at such an address too: it is
    what a node says that was told no address, and here it would be something of mine.
    """
    free = Guard(allow_private=opened)
    return places_to_accept(
        url
        for url in urls
        if not _is_open(url, free) and (not is_this_machine(url) or is_this_machine(my_address))
    )


def is_this_machine(url: str) -> bool:
    """Say whether this address means the machine on which it is read."""
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return (
        host == LOCALHOST or host.endswith(f".{LOCALHOST}") or bool(address and address.is_loopback)
    )


def _acceptable(url: str) -> str | None:
    place = place_of(url)
    if place is None or not is_private(url):
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None if _NUMBER.fullmatch(host.rstrip(".")) else place
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return place if Guard((place,)).permits(host, port, address) else None


def _is_open(url: str, free: Guard) -> bool:
    host = urlsplit(url).hostname or ""
    address = _address("127.0.0.1" if host == LOCALHOST else host)
    return address is not None and free.permits(host, 0, address)


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
