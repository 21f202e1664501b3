"""Brings bytes to other nodes over HTTP/1.1, kept alive between requests.

Rule 1: every connection goes through `guard.py`. Rule 2: no redirect is followed. Rule 3: answers are read in pieces and never beyond
the limit the caller names. Rule 4: each attempt is signed anew, since a nonce counts once (spec 10.4).
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpcore

from microsocial.clock import Clock, Entropy
from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import PublicKey, SigningKey
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import read_answer
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_SEALED_BYTES
from microsocial.protocol.refusals import Status
from microsocial.protocol.signatures import NONCE_BYTES, sign_request
from microsocial.transport.errors import (
    AddressRefused,
    AnswerTooLarge,
    CertificateWrong,
    Moved,
    NoAddress,
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
MAX_REMEMBERED = 10_000  # friends whose clock offset or best address is remembered
PEER_CONTENT_TYPE = "application/microsocial"

T = TypeVar("T")


class Signer(Protocol):
    """Who signs requests: `identity.Me`."""

    @property
    def id(self) -> str: ...
    @property
    def key_number(self) -> int: ...
    @property
    def signing_key(self) -> SigningKey: ...


@dataclass(frozen=True)
class Destination:
    """Whose node, and where it may be.

    Args:
        person: the receiver's id.
        urls: base addresses, in order of preference.
        allowed: the private `host:port` that the owner accepted for this person, exactly.
        key: the person's current key when it is known, to believe what their clock says.
    """

    person: str
    urls: tuple[str, ...]
    allowed: frozenset[str] = frozenset()
    key: PublicKey | None = None


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


class HttpOut:
    """Carries signed requests. One object per node; `close` ends its connections."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        *,
        allow_private: Iterable[Network] = (),
        tls: ssl.SSLContext | None = None,
        read_seconds: float = READ_SECONDS,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._clock = clock
        self._entropy = entropy
        self._allow_private = tuple(allow_private)
        self._tls = tls or tls_context()
        self._read_seconds = read_seconds
        self._attempt_seconds = attempt_seconds
        self._names = Names()
        self._pools: OrderedDict[frozenset[str], httpcore.AsyncConnectionPool] = OrderedDict()
        self._offsets: OrderedDict[str, int] = OrderedDict()
        self._worked: OrderedDict[str, str] = OrderedDict()

    async def close(self) -> None:
        self._names.close()
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def post(
        self,
        to: Destination,
        path: str,
        body: bytes,
        *,
        signer: Signer,
        purpose: str,
        max_bytes: int = MAX_SEALED_BYTES,
    ) -> Response:
        """Sign and send `body`, trying the person's addresses in order.

        A clock that differs is corrected once (spec 10.3).

        Raises:
            NoAddress, NotReachable, TooSlow, AddressRefused, CertificateWrong, Moved, NotMicrosocial, AnswerTooLarge.
        """
        await self._trim()
        response = await self._post_somewhere(to, path, body, signer, purpose, max_bytes)
        offset = self._clock_of(to, response)
        if offset is None:
            return response
        _remember(self._offsets, to.person, offset)
        return await self._post_somewhere(to, path, body, signer, purpose, max_bytes)

    async def get(
        self,
        url: str,
        *,
        allowed: Iterable[str] = (),
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Fetch what anyone may read, such as /.well-known/microsocial. Raises as `post` does."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        pool = self._pool(frozenset(allowed))
        return await _again_when_stale(
            lambda: self._attempt(pool, "GET", base, path, dict(headers or {}), None, max_bytes)
        )

    async def _post_somewhere(
        self, to: Destination, path: str, body: bytes, signer: Signer, purpose: str, max_bytes: int
    ) -> Response:
        pool = self._pool(to.allowed)
        failure: PeerBroke | AddressRefused | NoAddress = NoAddress()
        for base in self._in_order(to):
            request = _Request(to.person, base, path, body, signer, purpose)
            try:
                response = await self._post_at(pool, request, max_bytes)
            except (PeerBroke, AddressRefused) as error:
                failure = error
                continue
            if _is_from_a_node(response):
                _remember(self._worked, to.person, base)
                return response
            failure = NotMicrosocial()
        raise failure

    async def _post_at(
        self, pool: httpcore.AsyncConnectionPool, request: "_Request", max_bytes: int
    ) -> Response:
        return await _again_when_stale(lambda: self._send(pool, request, max_bytes))

    async def _send(
        self, pool: httpcore.AsyncConnectionPool, request: "_Request", max_bytes: int
    ) -> Response:
        headers = self._sign(request)
        headers["Microsocial-Purpose"] = request.purpose
        headers["Content-Type"] = PEER_CONTENT_TYPE
        return await self._attempt(
            pool, "POST", request.base, request.path, headers, request.body, max_bytes
        )

    def _in_order(self, to: Destination) -> Sequence[str]:
        """The person's addresses, the one that worked last time first."""
        worked = self._worked.get(to.person)
        bases = [url.rstrip("/") for url in to.urls if urlsplit(url).scheme in ("http", "https")]
        return sorted(bases, key=lambda base: base != worked)

    def _sign(self, request: "_Request") -> dict[str, str]:
        signer = request.signer
        return sign_request(
            "POST",
            urlsplit(request.base).path + request.path,
            "",
            request.body,
            request.person,
            signer.signing_key,
            f"{signer.id}#{signer.key_number}",
            self._clock.now() + self._offsets.get(request.person, 0),
            self._entropy(NONCE_BYTES),
        )

    def _clock_of(self, to: Destination, response: Response) -> int | None:
        """How far their clock is ahead, when a signed answer says that this was the trouble (spec 10.3)."""
        if response.status != 401 or response.content_type != PEER_CONTENT_TYPE:
            return None
        try:
            envelope = parse_envelope(response.body, MAX_ANSWER_BYTES)
            if to.key is not None:
                verify_envelope(envelope, to.key)
            answer = read_answer(envelope)
        except PeerBroke:
            return None
        if answer.says is not Status.CLOCK_DIFFERS or answer.sender != to.person:
            return None
        return answer.now - self._clock.now()

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

    async def _trim(self) -> None:
        """Close the pools used longest ago, when there are too many and nothing is in flight on them."""
        surplus = len(self._pools) - MAX_POOLS
        idle = [
            allowed
            for allowed, pool in self._pools.items()
            if all(connection.is_idle() for connection in pool.connections)
        ]
        for allowed in idle[: max(0, surplus)]:
            await self._pools.pop(allowed).aclose()

    async def _attempt(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        base: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        max_bytes: int,
    ) -> Response:
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
                pool.stream(
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


@dataclass(frozen=True)
class _Request:
    """One request at one base address, to be signed when it is sent."""

    person: str
    base: str
    path: str
    body: bytes
    signer: Signer
    purpose: str


class _Stale(PeerBroke):
    """A kept connection had been closed by the other side before the answer."""


async def _again_when_stale(attempt: Callable[[], Awaitable[Response]]) -> Response:
    """A kept connection that turns out to be closed costs another attempt, not a failure."""
    for _ in range(_STALE_CONNECTIONS):
        try:
            return await attempt()
        except _Stale:
            continue
    raise NotReachable


def _broken_off(error: Exception, *, is_fresh: bool) -> PeerBroke:
    """What a connection that ended before a whole answer means."""
    if not is_fresh:
        return _Stale()
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


def _is_from_a_node(response: Response) -> bool:
    """Whether a node spoke, be it a refusal, and not a parked domain or a router's login page."""
    return response.content_type in (PEER_CONTENT_TYPE, "application/problem+json")


def _remember(memory: OrderedDict[str, T], person: str, value: T) -> None:
    """Keep one value per person, for so many people as fit; who was not spoken to for longest is forgotten."""
    memory[person] = value
    memory.move_to_end(person)
    if len(memory) > MAX_REMEMBERED:
        memory.popitem(last=False)
