"""Blobs over HTTP: whole or in one range (RFC 9110 §14), opened as they are sent."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# What a browser may do with such a file on its own page: show it, and nothing else.
SANDBOX = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Accept-Ranges": "bytes",
}


def wanted_range(header: str | None, length: int) -> tuple[int, int] | None:
    """Read a Range header: [start, end), or None for the whole. Several ranges, or none that fit, are the whole.

    Raises ValueError when one range is asked that lies outside (416).
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(0, length - int(match[2])), length
    else:
        start = int(match[1])
        end = min(length, int(match[2]) + 1) if match[2] else length
    if start >= end:
        raise ValueError("a range outside of the blob")
    return start, end


def serve(
    request: Request,
    length: int,
    media_type: str,
    cache: str,
    open_range: Callable[[int, int], Iterator[bytes]],
    etag: str,
) -> Response:
    """Answer with the bytes that were asked for. `open_range(start, end)` yields them and may block."""
    headers = {**SANDBOX, "Cache-Control": cache, "ETag": f'"{etag}"'}
    if request.headers.get("if-none-match") == f'"{etag}"':
        return Response(status_code=304, headers=headers)
    try:
        asked = wanted_range(request.headers.get("range"), length)
    except ValueError:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{length}"})
    start, end = asked or (0, length)
    headers["Content-Length"] = str(end - start)
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    if request.method == "HEAD":
        return Response(status_code=206 if asked else 200, headers=headers, media_type=media_type)
    return StreamingResponse(
        _off_the_loop(open_range(start, end)),
        status_code=206 if asked else 200,
        headers=headers,
        media_type=media_type,
    )


async def _off_the_loop(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
