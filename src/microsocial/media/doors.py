"""Blobs for those who are not the owner: friends at the peer door, and anybody for what is public."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microsocial.context import ApiContext
from microsocial.database import Database
from microsocial.media.model import BlobAway
from microsocial.media.service import Media, extension_of
from microsocial.media.serving import serve
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.refusals import Malformed
from microsocial.transport.errors import NoSuchBlob, NotReachable
from microsocial.transport.http_out import BLOB_CONTENT_TYPE, Destination, HttpOut, Signer

HASH_BYTES = 32
FOR_EVER = "public, max-age=31536000, immutable"
PRIVATE = "no-store"  # sealed, and kept by who fetched it
# A picture of a public post may be shown by others' feed readers; that is what public means.
ANYBODY = {"Cross-Origin-Resource-Policy": "cross-origin"}


class NotHere(NoSuchBlob):
    """There is no such photo or clip here (any more)."""


def read_name(name: str) -> bytes:
    """A blob's hash as it stands in addresses. Raises NotHere."""
    try:
        return unb64u(name, HASH_BYTES)
    except Malformed as error:
        raise NotHere from error


# -- in --


def for_friends(
    db: Database, media: Media
) -> Callable[[Request, str, str], Awaitable[Response | None]]:
    """Make what the peer door asks for a friend's request (spec 11.4): the bytes as they are stored."""

    async def answer(request: Request, person: str, name: str) -> Response | None:
        try:
            hash_ = read_name(name)
        except NotHere:
            return None
        blob = await db.read(lambda conn: media.for_friend(conn, hash_, person))
        if blob is None or not media.files.has(blob.hash):
            return None
        length = media.stored_length(blob)
        return serve(
            request,
            length,
            BLOB_CONTENT_TYPE,
            PRIVATE,
            lambda start, end: media.files.read(blob.hash, start, end - start),
            name,
        )

    return answer


def routes(context: ApiContext) -> list[Route]:
    """What anybody may see: `/media/{hash}.{ext}` of public records of mine."""

    async def public(request: Request) -> Response:
        media = context.room(Media)
        name, _, extension = request.path_params["name"].partition(".")
        hash_ = read_name(name)
        blob = await context.db.read(lambda conn: media.for_anybody(conn, hash_))
        if blob is None or extension != extension_of(blob.type) or not media.files.has(hash_):
            raise NotHere
        response = serve(
            request,
            blob.length,
            blob.type,
            FOR_EVER,
            lambda start, end: media.read_plain(blob, start, end),
            b64u(blob.hash),
        )
        response.headers.update(ANYBODY)
        return response

    return [Route("/media/{name}", public, methods=["GET"])]


# -- out --


def fetch_from(
    carrier: HttpOut,
    signer: Signer,
    db: Database,
    whereabouts: Callable[[Connection, str], Destination],
) -> Callable[[str, str, int, int], Awaitable[bytes]]:
    """Make what asks a friend's node for a piece of a blob."""

    async def fetch(person: str, name: str, start: int, end: int) -> bytes:
        to = await db.read(lambda conn: whereabouts(conn, person))
        response = await carrier.fetch(
            to, f"/peer/v1/media/{name}", signer=signer, start=start, end=end
        )
        if response.status == HTTPStatus.NOT_FOUND:
            raise BlobAway
        if response.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
            raise NotReachable
        if response.content_type != BLOB_CONTENT_TYPE:
            raise NotReachable  # a signed answer: the courier hears the same, and mends what it says
        return response.body

    return fetch
