"""Brings bytes to other nodes over HTTP/1.1, kept alive between requests.

Rule 1: every connection goes through `guard.py`. Rule 2: no redirect is followed. Rule 3: answers are read in pieces and never beyond
the limit the caller names. Rule 4: each attempt is signed anew, since a nonce counts once (spec 10.4).
"""

import ssl
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from microsocial.clock import Clock, Entropy
from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import PublicKey, SigningKey
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import read_answer
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_CLOCK_DIFFERENCE_S, MAX_SEALED_BYTES
from microsocial.protocol.refusals import Status
from microsocial.protocol.signatures import NONCE_BYTES, sign_request
from microsocial.transport.connections import (
    ATTEMPT_SECONDS,
    BLOB_CONTENT_TYPE,
    PEER_CONTENT_TYPE,
    READ_SECONDS,
    Connections,
    Response,
    again_when_stale,
)
from microsocial.transport.errors import AddressRefused, NoAddress, NotMicrosocial
from microsocial.transport.guard import Network

__all__ = [
    "BLOB_CONTENT_TYPE",
    "PEER_CONTENT_TYPE",
    "Destination",
    "HttpOut",
    "Response",
    "Signer",
]

MAX_REMEMBERED = 10_000  # friends whose clock offset or best address is remembered

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
        self._connections = Connections(allow_private, tls, read_seconds, attempt_seconds)
        self._offsets: OrderedDict[str, int] = OrderedDict()
        self._worked: OrderedDict[str, str] = OrderedDict()

    async def close(self) -> None:
        await self._connections.close()

    def clocks(self) -> dict[str, int]:
        """How far the clocks of those spoken to since the start are ahead, as far as it is too much (spec 10.3); else 0."""
        limit = MAX_CLOCK_DIFFERENCE_S * 1000
        offsets = {person: self._offsets.get(person, 0) for person in self._worked}
        return {person: ms if abs(ms) > limit else 0 for person, ms in offsets.items()}

    async def post(
        self,
        to: Destination,
        path: str,
        body: bytes,
        *,
        signer: Signer,
        purpose: str,
        max_bytes: int = MAX_SEALED_BYTES,
        content_type: str = PEER_CONTENT_TYPE,
    ) -> Response:
        """Sign and send `body`, trying the person's addresses in order.

        A clock that differs is corrected once (spec 10.3).

        Raises:
            NoAddress, NotReachable, TooSlow, AddressRefused, CertificateWrong, Moved, NotMicrosocial, AnswerTooLarge.
        """
        headers = {"Microsocial-Purpose": purpose, "Content-Type": content_type}
        return await self._carry(to, _Errand("POST", path, body, signer, headers), max_bytes)

    async def fetch(
        self, to: Destination, path: str, *, signer: Signer, start: int, end: int
    ) -> Response:
        """Sign and ask for the bytes [start, end) of a blob (spec 10.1, 11.5). Raises as `post` does."""
        headers = {"Range": f"bytes={start}-{end - 1}"}
        most = max(end - start, MAX_ANSWER_BYTES)  # a signed answer may come instead
        return await self._carry(to, _Errand("GET", path, b"", signer, headers), most)

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
        given = dict(headers or {})
        return await again_when_stale(
            lambda: self._connections.ask(
                frozenset(allowed), "GET", base, path, given, None, max_bytes
            )
        )

    async def _carry(self, to: Destination, errand: "_Errand", max_bytes: int) -> Response:
        await self._connections.trim()
        response = await self._somewhere(to, errand, max_bytes)
        offset = self._clock_of(to, response)
        if offset is None:
            return response
        _remember(self._offsets, to.person, offset)
        return await self._somewhere(to, errand, max_bytes)

    async def _somewhere(self, to: Destination, errand: "_Errand", max_bytes: int) -> Response:
        failure: PeerBroke | AddressRefused | NoAddress = NoAddress()
        for base in self._in_order(to):
            try:
                response = await self._at(to, base, errand, max_bytes)
            except (PeerBroke, AddressRefused) as error:
                failure = error
                continue
            if _is_from_a_node(response):
                _remember(self._worked, to.person, base)
                return response
            failure = NotMicrosocial()
        raise failure

    async def _at(self, to: Destination, base: str, errand: "_Errand", max_bytes: int) -> Response:
        def attempt() -> Awaitable[Response]:
            headers = {**self._sign(to.person, base, errand), **errand.headers}
            body = errand.body or None
            return self._connections.ask(
                to.allowed, errand.method, base, errand.path, headers, body, max_bytes
            )

        return await again_when_stale(attempt)

    def _in_order(self, to: Destination) -> Sequence[str]:
        """The person's addresses, the one that worked last time first."""
        worked = self._worked.get(to.person)
        bases = [url.rstrip("/") for url in to.urls if urlsplit(url).scheme in ("http", "https")]
        return sorted(bases, key=lambda base: base != worked)

    def _sign(self, person: str, base: str, errand: "_Errand") -> dict[str, str]:
        signer = errand.signer
        return sign_request(
            errand.method,
            urlsplit(base).path + errand.path,
            "",
            errand.body,
            person,
            signer.signing_key,
            f"{signer.id}#{signer.key_number}",
            self._clock.now() + self._offsets.get(person, 0),
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


@dataclass(frozen=True)
class _Errand:
    """One request to one person, wherever they are, signed anew for each attempt."""

    method: str
    path: str
    body: bytes
    signer: Signer
    headers: Mapping[str, str]


def _is_from_a_node(response: Response) -> bool:
    """Whether a node spoke, be it a refusal, and not a parked domain or a router's login page."""
    return response.content_type in (
        PEER_CONTENT_TYPE,
        BLOB_CONTENT_TYPE,
        "application/problem+json",
    )


def _remember(memory: OrderedDict[str, T], person: str, value: T) -> None:
    """Keep one value per person, for so many people as fit; who was not spoken to for longest is forgotten."""
    memory[person] = value
    memory.move_to_end(person)
    if len(memory) > MAX_REMEMBERED:
        memory.popitem(last=False)
