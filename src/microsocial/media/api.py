"""Uploads (tus 1.0: core, creation, termination, expiration) and blobs, for the owner."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse

from microsocial.context import ApiContext
from microsocial.errors import Invalid
from microsocial.media.fetching import Fetching
from microsocial.media.intake import Intake
from microsocial.media.model import BlobAway
from microsocial.media.service import Media
from microsocial.media.serving import SANDBOX, serve
from microsocial.protocol.encoding import unb64u
from microsocial.protocol.refusals import Malformed

TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
PIECE_TYPE = "application/offset+octet-stream"


class PieceTypeWrong(Invalid):
    """A piece of a file has to be sent as application/offset+octet-stream."""

    status = 415


class MetadataWrong(Invalid):
    """The file's name could not be read."""


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["media"])

    @routes.post("/uploads", status_code=201)
    async def create(
        upload_length: Annotated[int, Header()],
        upload_metadata: Annotated[str, Header(max_length=4096)] = "",
    ) -> Response:
        named = read_metadata(upload_metadata)
        upload = await context.room(Intake).create(
            named.get("filename", ""), upload_length, keep_credit=named.get("keepcredit") == "yes"
        )
        headers = {**TUS, "Location": f"/api/v1/uploads/{upload.id}", "Upload-Offset": "0"}
        return Response(status_code=201, headers=headers)

    @routes.head("/uploads/{upload_id}")
    async def where(upload_id: str) -> Response:
        intake = context.room(Intake)
        upload = await intake.get(upload_id)
        headers = {
            **TUS,
            "Upload-Offset": str(intake.offset(upload)),
            "Upload-Length": str(upload.length),
        }
        return Response(headers=headers)

    @routes.patch("/uploads/{upload_id}", status_code=204)
    async def append(
        request: Request,
        upload_id: str,
        upload_offset: Annotated[int, Header()],
        content_type: Annotated[str, Header()],
    ) -> Response:
        if content_type != PIECE_TYPE:
            raise PieceTypeWrong
        offset = await context.room(Intake).append(upload_id, upload_offset, request.stream())
        return Response(status_code=204, headers={**TUS, "Upload-Offset": str(offset)})

    @routes.get("/uploads/{upload_id}")
    async def state(upload_id: str) -> dict[str, Any]:
        intake = context.room(Intake)
        return intake.described(await intake.get(upload_id))

    @routes.get("/uploads/{upload_id}/preview")
    async def preview(upload_id: str) -> Response:
        intake = context.room(Intake)
        path, media_type = intake.preview(await intake.get(upload_id))
        return FileResponse(
            path, media_type=media_type, headers={**SANDBOX, "Cache-Control": "no-store"}
        )

    @routes.delete("/uploads/{upload_id}", status_code=204)
    async def remove(upload_id: str) -> Response:
        await context.room(Intake).remove(upload_id)
        return Response(status_code=204, headers=TUS)

    @routes.get("/blobs/{name}")
    async def blob(request: Request, name: str) -> Response:
        media, hash_ = context.room(Media), read_name(name)
        found = await context.db.read(lambda conn: media.readable(conn, hash_))
        if not (found.here and media.files.has(found.hash)):
            await context.room(Fetching).look(found)
        elif not found.mine:
            await context.db.write(lambda conn: media.looked_at(conn, hash_))
        return serve(
            request,
            found.length,
            found.type,
            "private, max-age=31536000, immutable",
            lambda start, end: media.read_plain(found, start, end),
            name,
        )

    return routes


def read_name(name: str) -> bytes:
    """A blob's hash as it stands in addresses. Raises BlobAway."""
    try:
        return unb64u(name, 32)
    except Malformed as error:
        raise BlobAway from error


def read_metadata(header: str) -> dict[str, str]:
    """Read tus' Upload-Metadata: `name base64, name base64`. Raises MetadataWrong."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise MetadataWrong from error
    return found
