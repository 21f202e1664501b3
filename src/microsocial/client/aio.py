"""The client for programs with an event loop: the same calls, awaited."""

from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpcore
from typing_extensions import override

from microsocial.client.calls import Call
from microsocial.client.errors import NotRunning, StrangeAnswer, read_answer
from microsocial.client.sync import ANSWER_SECONDS, CONNECT_SECONDS, request_parts

T = TypeVar("T")


class AsyncClient:
    """Asks one node, many calls at a time."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._pool = httpcore.AsyncConnectionPool(keepalive_expiry=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @override
    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"

    async def close(self) -> None:
        await self._pool.aclose()

    async def do(self, call: Call[T]) -> T:
        """Carry one call. Raises Refused, NotRunning or StrangeAnswer."""
        status, body = await self.request(call.method, call.target, call.body)
        return cast("T", read_answer(status, body))

    async def request(self, method: str, target: str, body: Any = None) -> tuple[int, bytes]:
        headers, content = request_parts(self._token, body)
        try:
            response = await self._pool.request(
                method,
                self.url + target,
                headers=headers,
                content=content,
                extensions={"timeout": {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS}},
            )
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise NotRunning from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise StrangeAnswer from error
        return response.status, response.content
