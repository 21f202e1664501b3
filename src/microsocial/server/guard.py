"""What reaches no endpoint: bodies too large, too deep or too slow, and too many requests at once from one address."""

import asyncio
from collections import Counter

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from microsocial.errors import Invalid, MicrosocialError, TooMuch
from microsocial.server.problems import problem_of

MIB = 1024 * 1024
MAX_BODY_BYTES = (
    1 * MIB
)  # the longest post is 20 kB; everything the owner's API takes fits many times
# Whose rooms read, count and time their bodies themselves: pieces of files, and what other nodes bring (stricter, per purpose).
STREAMED = ("/api/v1/uploads/", "/api/v1/import", "/api/v1/setup/return/export", "/peer/")
MAX_JSON_DEPTH = 32  # our deepest body has 4 levels
BODY_DEADLINE_S = 30.0  # 1 MiB within it needs 35 kB/s; a phone on a bad day manages
BODY_IDLE_S = 10.0  # between two pieces of a body
UPLOADS = "/api/v1/uploads"
UPLOAD_BYTES_PER_S = (
    4 * 1024
)  # on average: a phone at the edge of nowhere; what came is kept anyway
MAX_REQUESTS_PER_ADDRESS = (
    64  # a browser keeps 6 connections; a household behind one address has a few browsers
)
MAX_REQUESTS = 512  # stays well below the usual limit of 1024 open files


class BodyTooLarge(TooMuch):
    """That is larger than this address takes."""

    status = 413


class BodyTooSlow(TooMuch):
    """Your request arrived too slowly. Try again on a better connection."""

    status = 408


class TooManyRequests(TooMuch):
    """Too many requests at once from your address. Try again in a moment."""

    retry_after_seconds = 2


class NodeBusy(TooMuch):
    """This node is busy. Try again in a moment."""

    status = 503
    retry_after_seconds = 2


class NestedTooDeep(Invalid):
    """This JSON is nested deeper than anything here needs."""


class NotJson(Invalid):
    """This is not valid JSON."""


class _Gone(Exception):
    """The client went away while it was sending."""


class Crowd:
    """Caps the requests in flight, per address and in all, before anything is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._here: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else "unknown"
        refusal: MicrosocialError | None = None
        if self._here[address] >= MAX_REQUESTS_PER_ADDRESS:
            refusal = TooManyRequests()
        elif self._here.total() >= MAX_REQUESTS:
            refusal = NodeBusy()
        if refusal:
            await problem_of(refusal)(scope, receive, send)
            return
        self._here[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]


class Bodies:
    """Reads each request's body whole, within size and time, before the application sees the request.

    Uploads and other nodes' letters are the exception: here only their pace is watched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(UPLOADS):
            await self._app(scope, _in_time(receive), send)  # looks at its pieces as they come
            return
        if scope["path"].startswith(STREAMED):
            await self._app(scope, _paced(receive), send)
            return
        try:
            body = await _read(headers, receive)
            if scope["path"].startswith("/api/"):
                _check_depth(body)
        except MicrosocialError as refusal:
            await problem_of(refusal)(scope, receive, send)
        except _Gone:
            return
        else:
            await self._app(scope, _replay(body, receive), send)


async def _read(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    # keep before reading: an oversized body must cost us nothing
    if not announced.isdecimal() or int(announced[:20]) > MAX_BODY_BYTES:
        raise BodyTooLarge
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            size, more = 0, True
            while more:
                message = await asyncio.wait_for(receive(), BODY_IDLE_S)
                if message["type"] == "http.disconnect":
                    raise _Gone
                part = message.get("body", b"")
                size += len(part)
                if size > MAX_BODY_BYTES:
                    raise BodyTooLarge
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise BodyTooSlow from None
    return b"".join(parts)


def _in_time(receive: Receive) -> Receive:
    """A body that is read piece by piece: refused when it stands still or trickles."""
    began = asyncio.get_running_loop().time()
    size = 0

    async def received() -> Message:
        nonlocal size
        try:
            message = await asyncio.wait_for(receive(), BODY_IDLE_S)
        except TimeoutError:
            raise BodyTooSlow from None
        size += len(message.get("body", b""))
        seconds = asyncio.get_running_loop().time() - began
        if seconds > BODY_DEADLINE_S and size < seconds * UPLOAD_BYTES_PER_S:
            raise BodyTooSlow
        return message

    return received


def _paced(receive: Receive) -> Receive:
    async def next_piece() -> Message:
        try:
            return await asyncio.wait_for(receive(), BODY_IDLE_S)
        except TimeoutError:
            raise BodyTooSlow from None

    return next_piece


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _check_depth(body: bytes) -> None:
    # Cheap for everything usual: fewer brackets than levels cannot be too deep.
    if body.count(b"[") + body.count(b"{") <= MAX_JSON_DEPTH:
        return
    try:
        document = msgspec.json.decode(body)
    except RecursionError:
        raise NestedTooDeep from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotJson from None
    level = [document]
    for _ in range(MAX_JSON_DEPTH + 1):
        if not level:
            return
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    raise NestedTooDeep
