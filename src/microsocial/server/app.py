"""What is joined where. Owner routers of the rooms behind the door; everything else is a plain route with its own manners."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from microsocial import __version__, site
from microsocial.archive import api as archive
from microsocial.context import ApiContext
from microsocial.feed import api as feed
from microsocial.friends import api as friends
from microsocial.identity import api as identity
from microsocial.media import api as media
from microsocial.media import doors as media_doors
from microsocial.messages import api as messages
from microsocial.node import Node
from microsocial.posts import api as posts
from microsocial.server import delivery, keys, live, person, problems, status, webapp
from microsocial.server.coming_back import ComingBack
from microsocial.server.door import Door
from microsocial.server.guard import Bodies, Crowd
from microsocial.server.headers import SecurityHeaders
from microsocial.server.lifetimes import Lifetimes
from microsocial.server.owner import API, owner_check
from microsocial.server.problems import LastResort
from microsocial.server.proxies import TrustedProxies
from microsocial.server.telling import Telling
from microsocial.transport import http_in as transport

OWNERS_ROOMS: tuple[Callable[[ApiContext], APIRouter], ...] = (
    identity.router,
    friends.router,
    posts.router,
    messages.router,
    media.router,
    feed.router,
    archive.router,
)

# FastAPI would report requests and errors, bodies included, to wherever the environment says.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(node: Node) -> FastAPI:
    app = FastAPI(
        title="Microsocial, the owner's API",
        version=__version__,
        openapi_url=None,  # served to the owner below
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        middleware=_layers(node),
    )
    problems.register(app)
    app.state.not_found = site.not_found(node)
    owner = owner_check(node)
    events = live.LiveEvents(node.bus, node.clock)
    telling = Telling(node, events)
    door = Door(node)
    coming_back = ComingBack(node, door)

    def close() -> None:
        coming_back.close()
        telling.close()
        events.close()

    app.state.close = close
    app.include_router(door.router(owner), prefix=API)
    app.include_router(coming_back.router(), prefix=API)
    behind_door = [Depends(owner)]
    for router in (
        *(make(node) for make in OWNERS_ROOMS),
        person.router(node),
        status.router(node),
        delivery.router(node),
        keys.router(node),
        live.router(events),
        _description(app),
    ):
        app.include_router(router, prefix=API, dependencies=behind_door)
    app.routes.extend(_plain_routes(node))
    return app


def _layers(node: Node) -> list[Middleware]:
    """From the outside in: what fails is told, who asks is known, crowds wait, bodies are whole, what is over is gone."""
    return [
        Middleware(SecurityHeaders),
        Middleware(LastResort),
        Middleware(TrustedProxies, trusted=node.settings.trusted_proxies),
        Middleware(Crowd),
        Middleware(Bodies),
        Middleware(Lifetimes, node=node),
    ]


def _plain_routes(node: Node) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        await node.db.read(lambda conn: conn.exec_driver_sql("SELECT 1"))
        return Response("ok\n", headers={"Cache-Control": "no-store"}, media_type="text/plain")

    return [
        Route("/healthz", healthz),
        *webapp.routes(),
        *transport.peer_routes(node),
        *media_doors.routes(node),
        *site.routes(node),
    ]


def _description(app: FastAPI) -> APIRouter:
    routes = APIRouter(tags=["description"])

    @routes.get("/openapi.json")
    async def openapi() -> Any:
        """Describe this API in full (OpenAPI)."""
        return JSONResponse(app.openapi())

    return routes
