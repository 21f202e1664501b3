"""Connections to other machines: opened through the guard, kept alive, read within limits, and what went wrong with them in words."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from microsocial.errors import PeerBroke
from microsocial.transport.errors import (
    AnswerTooLarge,
    CertificateWrong,
    Moved,
    NotMicrosocial,
    NotReachable,
    TooSlow,
)
from microsocial.transport.guard import Guard, GuardedNetwork, Names, Network, tls_context

CONNECT_SECONDS = 5.0  # a round trip to the far side of the world takes a third of one
# Silence of this kind means a dead or hostile machine. A page of 1 MiB is opened and stored well within it on a slow one.
READ_SECONDS = 20.0
# One attempt from the first byte to the last, also when a byte trickles in now and then.
ATTEMPT_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 10.0  # shorter than what servers and proxies commonly close after; ours: 15
MAX_KEPT_CONNECTIONS = 100  # file descriptors on a small machine: 1,024
_STALE_CONNECTIONS = 3  # kept ones that may turn out closed before a new one is opened
MAX_POOLS = 64  # friends at private addresses with a pool of their own at once
PEER_CONTENT_TYPE = "application/microsocial"
BLOB_CONTENT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Response:
    """What came back, whole."""

    status: int
    content_type: str
    body: bytes
    url: str  # the base address that answered

    @property
    def is_protocol(self) -> bool:
        """Whether this is an object of the protocol and no problem document."""
        return self.status == 200 and self.content_type == PEER_CONTENT_TYPE


class Connections:
    """All connections of one node. What one friend may reach is never lent to another."""

    def __init__(
        self,
        allow_private: Iterable[Network],
        tls: ssl.SSLContext | None,
        read_seconds: float,
        attempt_seconds: float,
    ) -> None:
        self._allow_private = tuple(allow_private)
        self._tls = tls or tls_context()
        self._read_seconds = read_seconds
        self._attempt_seconds = attempt_seconds
        self._names = Names()
        self._pools: OrderedDict[frozenset[str], httpcore.AsyncConnectionPool] = OrderedDict()

    async def close(self) -> None:
        self._names.close()
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _pool(self, allowed: frozenset[str]) -> httpcore.AsyncConnectionPool:
        """The connections for one set of exceptions: what one friend may reach is never reused for another."""
        pool = self._pools.pop(allowed, None)
        if pool is None:
            pool = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=None,  # the courier bounds what is in flight
                max_keepalive_connections=MAX_KEPT_CONNECTIONS if not allowed else 2,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
                network_backend=GuardedNetwork(
                    Guard(allowed, allow_private=self._allow_private), self._names
                ),
            )
        self._pools[allowed] = pool
        return pool

    async def trim(self) -> None:
        """Close the pools used longest ago, when there are too many and nothing is in flight on them."""
        surplus = len(self._pools) - MAX_POOLS
        idle = [
            allowed
            for allowed, pool in self._pools.items()
            if all(connection.is_idle() for connection in pool.connections)
        ]
        for allowed in idle[: max(0, surplus)]:
            await self._pools.pop(allowed).aclose()

    async def ask(
        self,
        allowed: frozenset[str],
        method: str,
        base: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        max_bytes: int,
    ) -> Response:
        """One request, answered whole.

        Raises:
            NotReachable, TooSlow, AddressRefused, CertificateWrong, Moved, NotMicrosocial, AnswerTooLarge: in words.
            Stale: a kept connection had been closed; ask again.
        """
        timeouts = {
            "connect": CONNECT_SECONDS,
            "read": self._read_seconds,
            "write": self._read_seconds,
            "pool": CONNECT_SECONDS,
        }
        freshness = _Freshness()
        try:
            async with (
                asyncio.timeout(self._attempt_seconds),
                self._pool(allowed).stream(
                    method,
                    base + path,
                    headers=list(headers.items()),
                    content=body,
                    extensions={"timeout": timeouts, "trace": freshness},
                ) as answer,
            ):
                return Response(
                    answer.status,
                    _content_type(answer.headers),
                    await _read(answer, max_bytes),
                    base,
                )
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise TooSlow from error
        except httpcore.ConnectError as error:
            wrong = isinstance(error.__context__, ssl.SSLError)
            raise (CertificateWrong if wrong else NotReachable) from error
        except (httpcore.NetworkError, httpcore.RemoteProtocolError) as error:
            raise _broken_off(error, is_fresh=freshness.is_fresh) from error
        except (
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            UnicodeError,
            ValueError,
        ) as error:
            raise NotMicrosocial from error


class Stale(PeerBroke):
    """A kept connection had been closed by the other side before the answer."""


async def again_when_stale(attempt: Callable[[], Awaitable[Response]]) -> Response:
    """A kept connection that turns out to be closed costs another attempt, not a failure."""
    for _ in range(_STALE_CONNECTIONS):
        try:
            return await attempt()
        except Stale:
            continue
    raise NotReachable


def _broken_off(error: Exception, *, is_fresh: bool) -> PeerBroke:
    """What a connection that ended before a whole answer means."""
    if not is_fresh:
        return Stale()
    # httpcore has one class for "closed without an answer" and "answered with something that is no HTTP".
    is_garbage = isinstance(error, httpcore.RemoteProtocolError) and "disconnected" not in str(
        error
    )
    return NotMicrosocial() if is_garbage else NotReachable()


class _Freshness:
    """Notices whether a request opened a connection of its own (httpcore's trace)."""

    def __init__(self) -> None:
        self.is_fresh = False

    async def __call__(self, event: str, _about: Any) -> None:
        if event == "connection.connect_tcp.started":
            self.is_fresh = True


async def _read(answer: httpcore.Response, max_bytes: int) -> bytes:
    if 300 <= answer.status < 400 and answer.status != 304:
        raise Moved
    body = bytearray()
    async for piece in answer.aiter_stream():
        body += piece
        if len(body) > max_bytes:
            raise AnswerTooLarge
    return bytes(body)


def _content_type(headers: Sequence[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name.lower() == b"content-type":
            return value.decode("latin-1").partition(";")[0].strip().lower()
    return ""
