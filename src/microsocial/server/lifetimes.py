"""Nothing that is over is shown or given to anybody (spec 4.13): before a request is looked at, what is due is erased."""

from starlette.types import ASGIApp, Receive, Scope, Send

from microsocial.archive.leaving.expiry import Expiry
from microsocial.node import Node


class Lifetimes:
    """While nothing is due this costs one comparison."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self._app = app
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._node.attic is not None:
            await self._node.room(Expiry).sweep()
        await self._app(scope, receive, send)
