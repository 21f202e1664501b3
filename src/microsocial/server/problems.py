"""Errors in words: one table from what went wrong to the problem document (RFC 9457) that is sent. Never a stack trace."""

import html
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from microsocial.database import MachineFault
from microsocial.database.failures import meaning_of
from microsocial.errors import MicrosocialError, WeBroke

log = logging.getLogger(__name__)

_PROGRAM_PATHS = ("/api/", "/peer/", "/.well-known/")

# What Starlette and FastAPI say themselves, in our words: status → (slug, title).
_TITLES: dict[int, tuple[str, str]] = {
    400: ("invalid", "That cannot be used as it is."),
    401: ("not-logged-in", "Only the owner can see this. Log in first."),
    403: ("not-allowed", "That is not open to you."),
    404: ("not-found", "There is nothing like that here."),
    405: ("method-not-allowed", "That address does not take this kind of request."),
    406: ("not-acceptable", "That cannot be given in the form you asked for."),
    415: ("unsupported-media-type", "Send this as JSON (Content-Type: application/json)."),
    416: ("range-not-satisfiable", "The file is shorter than that."),
}


def problem(
    status: int,
    slug: str,
    title: str,
    *,
    detail: str | None = None,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    document: dict[str, Any] = {
        "type": f"about:microsocial/{slug}",
        "title": title,
        "status": status,
    }
    if detail:
        document["detail"] = detail
    if field:
        document["field"] = field
    body = msgspec.json.encode(document)
    told = {"Cache-Control": "no-store", **(headers or {})}
    return Response(body, status, told, media_type="application/problem+json")


def problem_of(error: MicrosocialError) -> Response:
    headers: dict[str, str] = {}
    if seconds := getattr(error, "retry_after_seconds", None):
        headers["Retry-After"] = str(seconds)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = (
            "Bearer"  # RFC 9110 15.5.2; no browser asks for a password because of it
        )
    # What broke on our side stays in our log: its detail may hold paths or data.
    detail = None if isinstance(error, WeBroke) else error.detail
    return problem(
        error.status,
        error.slug(),
        error.sentence(),
        detail=detail,
        field=error.field,
        headers=headers,
    )


def register(app: FastAPI) -> None:
    app.add_exception_handler(MicrosocialError, _on_ours)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, MicrosocialError)
    if isinstance(error, WeBroke):
        # Of what the machine does to us where it happened says nothing, and a full disk needs no traces.
        trace = None if isinstance(error, MachineFault) else error
        log.error("%s %s: %s", request.method, request.url.path, error, exc_info=trace)
    return for_reader(request.scope, problem_of(error), error.sentence())


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND and wants_page(request.scope):
        page: Response = await request.app.state.not_found(request)
        return page
    slug, title = _TITLES.get(
        error.status_code, (f"http-{error.status_code}", _phrase(error.status_code))
    )
    document = problem(error.status_code, slug, title, headers=error.headers)
    return for_reader(request.scope, document, title)


async def _on_validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first: dict[str, Any] = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem(400, "not-json", "This is not valid JSON.")
    # The first element only says where it stood (body, query, path).
    field = ".".join(str(part) for part in first["loc"][1:])
    return problem(
        400,
        "invalid",
        "That cannot be used as it is.",
        detail=f"{field}: {first['msg']}" if field else first["msg"],
        field=field or None,
    )


def for_reader(scope: Scope, document: Response, sentence: str) -> Response:
    """A person who follows a link gets a page, a program gets the document."""
    if not wants_page(scope):
        return document
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Microsocial</title>'
        f"<p>{html.escape(sentence)}</p></html>"
    )
    kept = {
        k: v for k, v in document.headers.items() if k not in {"content-type", "content-length"}
    }
    return Response(page, document.status_code, kept, media_type="text/html")


def wants_page(scope: Scope) -> bool:
    accept = next((v for k, v in scope["headers"] if k == b"accept"), b"")
    return b"text/html" in accept and not scope["path"].startswith(_PROGRAM_PATHS)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "That did not work."


def _in_words(error: Exception) -> MicrosocialError:
    return (meaning_of(error) or WeBroke)()


class LastResort:
    """Outermost: whatever nobody expected is logged in full and told as "something went wrong here"."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if not started:
                ours = error if isinstance(error, MicrosocialError) else _in_words(error)
                answer = for_reader(scope, problem_of(ours), ours.sentence())
                await answer(scope, receive, send)
