"""Takes a request's body in, no further than the limit and no longer than the deadline."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from microsocial.transport.errors import BodyTooLarge, BodyTooSlow

# A full page over a slow mobile line takes about ten; a sender that trickles is cut off.
BODY_SECONDS = 30.0


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge before a byte beyond the limit is kept, BodyTooSlow after BODY_SECONDS."""
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > max_bytes:
        raise BodyTooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > max_bytes:
                    raise BodyTooLarge
    except (TimeoutError, ClientDisconnect) as error:
        raise BodyTooSlow from error
    return bytes(body)
