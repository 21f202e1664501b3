"""Reads pages of the open web for their author: what a link card is made of.

Rule 1: only public addresses, judged when connecting, also after each redirect (`guard.py`); only http(s), only their own ports.
A private one is asked only when the link itself names it by number and the owner opened its network (`allow_private_addresses`): no page of
somebody else can lead there.
Rule 2: nothing is sent that says who asks: no cookie, no referrer, no key.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore

from microsocial.transport.errors import (
    AddressRefused,
    NotAPage,
    NotReachable,
    TooSlow,
)
from microsocial.transport.guard import Guard, GuardedNetwork, Names, Network

PORTS = frozenset({80, 443})
MAX_REDIRECTS = 4  # to https, to www, to the language, to the page
CONNECT_SECONDS = 3.0
MAX_URL_CHARACTERS = 2_000
HEADERS = [
    ("User-Agent", "Mozilla/5.0 (compatible; Microsocial; link card)"),
    ("Accept-Encoding", "identity"),  # so that the limit is one of bytes in memory too
]
_SCHEMES = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Found:
    """What stands at an address."""

    url: str  # after redirects
    content_type: str
    body: bytes
    is_whole: bool


class Web:
    """Asks strangers' web servers. `close` ends its connections."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        guard: Guard | None = None,
        ports: Collection[int] = PORTS,
        *,
        home: Iterable[Network] = (),
    ) -> None:
        self._names = Names()
        self._ports = ports
        self._home = tuple(home)
        self._pool = self._made_pool(tls, guard or Guard())
        self._home_pool = self._made_pool(tls, Guard(allow_private=self._home))

    def _made_pool(self, tls: ssl.SSLContext, guard: Guard) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_keepalive_connections=0,
            network_backend=GuardedNetwork(guard, self._names),
        )

    async def close(self) -> None:
        self._names.close()
        await self._pool.aclose()
        await self._home_pool.aclose()

    async def read(self, url: str, *, max_bytes: int, seconds: float, accept: str) -> Found:
        """Give at most the first `max_bytes` of what stands there. Raises NotReachable, TooSlow, AddressRefused, NotAPage."""
        is_home = self._is_home(url)
        try:
            async with asyncio.timeout(seconds):
                for _ in range(MAX_REDIRECTS + 1):
                    found = await self._ask(url, max_bytes, accept, is_home)
                    if isinstance(found, Found):
                        return found
                    url = found
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise TooSlow from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            ssl.SSLError,
        ) as error:
            raise NotReachable from error
        raise NotAPage

    async def _ask(self, url: str, max_bytes: int, accept: str, is_home: bool) -> Found | str:
        """Ask once: what stands there, or where it says to go."""
        self._check(url, is_home)
        pool = self._home_pool if is_home else self._pool
        timeouts = {"timeout": {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}}
        headers = [*HEADERS, ("Accept", accept)]
        async with pool.stream("GET", url, headers=headers, extensions=timeouts) as answer:
            said = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
            if 300 <= answer.status < 400 and b"location" in said:
                return urljoin(url, said[b"location"])
            if answer.status != 200:
                raise NotAPage
            body, is_whole = await _beginning(answer, max_bytes)
        content_type = said.get(b"content-type", "").partition(";")[0].strip().lower()
        return Found(url, content_type, body, is_whole)

    def _is_home(self, url: str) -> bool:
        """Whether the link names a machine in a network of the owner's own, by number."""
        try:
            address = ipaddress.ip_address(urlsplit(url).hostname or "")
        except ValueError:
            return False
        return any(
            address.version == network.version and address in network for network in self._home
        )

    def _check(self, url: str, is_home: bool) -> None:
        if len(url) > MAX_URL_CHARACTERS or not _VISIBLE.fullmatch(url):
            raise NotAPage
        try:
            parts = urlsplit(url)
            port = parts.port or _SCHEMES.get(parts.scheme, 0)
        except ValueError as error:
            raise NotAPage from error
        if not parts.hostname or parts.username is not None or parts.scheme not in _SCHEMES:
            raise NotAPage
        if port not in self._ports and not is_home:
            raise AddressRefused


async def _beginning(answer: httpcore.Response, max_bytes: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), False
    return bytes(body), True
