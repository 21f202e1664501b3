"""Uploads (tus 1.0: core, creation, termination, expiration) and blobs, for the owner."""

import base64
import binascii
from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse

from microsocial.context import ApiContext
from microsocial.errors import Invalid
from microsocial.media.doors import read_name
from microsocial.media.fetching import Fetching
from microsocial.media.intake import Intake
from microsocial.media.model import MAX_UPLOAD_BYTES, Upload, UploadShape
from microsocial.media.service import Media
from microsocial.media.serving import SANDBOX, serve

TUS = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
PIECE_TYPE = "application/offset+octet-stream"


class PieceTypeWrong(Invalid):
    """A piece of a file has to be sent as application/offset+octet-stream."""

    status = 415


class MetadataWrong(Invalid):
    """The file's name could not be read."""


def router(context: ApiContext) -> APIRouter:
    routes = APIRouter(tags=["media"])
    _add_uploads(routes, context)
    _add_blobs(routes, context)
    return routes


def _add_uploads(routes: APIRouter, context: ApiContext) -> None:
    def intake() -> Intake:
        return context.room(Intake)

    @routes.options("/uploads", status_code=204)
    async def abilities() -> Response:
        """What of tus is spoken here."""
        headers = {**TUS, "Tus-Version": "1.0.0", "Tus-Extension": EXTENSIONS}
        headers["Tus-Max-Size"] = str(max(MAX_UPLOAD_BYTES.values()))
        return Response(status_code=204, headers=headers)

    @routes.post("/uploads", status_code=201)
    async def create(
        request: Request,
        upload_length: Annotated[int, Header()],
        upload_metadata: Annotated[str, Header(max_length=4096)] = "",
        content_type: Annotated[str, Header()] = "",
    ) -> Response:
        """Announce a file; its first piece may come along."""
        named = read_metadata(upload_metadata)
        upload = await intake().create(
            named.get("filename", ""), upload_length, keep_credit=named.get("keepcredit") == "yes"
        )
        offset = 0
        if content_type == PIECE_TYPE:
            offset = await intake().append(upload.id, 0, request.stream())
        headers = {**_stands(upload, offset), "Location": f"/api/v1/uploads/{upload.id}"}
        return Response(status_code=201, headers=headers)

    @routes.head("/uploads/{upload_id}")
    async def where(upload_id: str) -> Response:
        """How much of it is here."""
        upload = await intake().get(upload_id)
        headers = {**_stands(upload, intake().offset(upload)), "Upload-Length": str(upload.length)}
        return Response(headers=headers)

    @routes.patch("/uploads/{upload_id}", status_code=204)
    async def append(
        request: Request,
        upload_id: str,
        upload_offset: Annotated[int, Header()],
        content_type: Annotated[str, Header()],
    ) -> Response:
        """Take the next piece."""
        if content_type != PIECE_TYPE:
            raise PieceTypeWrong
        offset = await intake().append(upload_id, upload_offset, request.stream())
        return Response(status_code=204, headers={**TUS, "Upload-Offset": str(offset)})

    @routes.get("/uploads")
    async def uploads() -> list[UploadShape]:
        """Every file on its way into a post, oldest first."""
        return [intake().described(upload) for upload in await intake().all()]

    @routes.get("/uploads/{upload_id}")
    async def state(upload_id: str) -> UploadShape:
        """How far it is, and what it would have given away."""
        return intake().described(await intake().get(upload_id))

    @routes.get("/uploads/{upload_id}/preview")
    async def preview(upload_id: str) -> Response:
        """The cleaned small picture."""
        path, media_type = intake().preview(await intake().get(upload_id))
        headers = {**SANDBOX, "Cache-Control": "no-store"}
        return FileResponse(path, media_type=media_type, headers=headers)

    @routes.delete("/uploads/{upload_id}", status_code=204)
    async def remove(upload_id: str) -> Response:
        """Leave it out after all."""
        await intake().remove(upload_id)
        return Response(status_code=204, headers=TUS)

    def _stands(upload: Upload, offset: int) -> dict[str, str]:
        expires = formatdate(intake().expires(upload) / 1000, usegmt=True)
        return {**TUS, "Upload-Offset": str(offset), "Upload-Expires": expires}


def _add_blobs(routes: APIRouter, context: ApiContext) -> None:
    @routes.get("/blobs/{name}")
    async def blob(request: Request, name: str) -> Response:
        """A photo, clip or voice note, whole or in part; of a friend's what is not here is fetched meanwhile."""
        media, hash_ = context.room(Media), read_name(name)
        found = await context.db.read(lambda conn: media.readable(conn, hash_))
        if not (found.here and media.files.has(found.hash)):
            await context.room(Fetching).look(found)
            found = await context.db.read(lambda conn: media.readable(conn, hash_))
        elif not found.mine:
            context.room(Fetching).looked_at(hash_)
        return serve(
            request,
            found.length,
            found.type,
            "private, max-age=31536000, immutable",
            lambda start, end: media.read_plain(found, start, end),
            name,
        )


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
