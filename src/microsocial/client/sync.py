"""The client for scripts and the command line: waits for each answer."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpcore
import msgspec
from typing_extensions import override

from microsocial.client.calls import Call, Params
from microsocial.client.errors import NotRunning, StrangeAnswer, read_answer

# A local node answers in milliseconds; making an invite look at a friend's node may take the friend's time-out.
ANSWER_SECONDS = 60.0
CONNECT_SECONDS = 5.0

T = TypeVar("T")


def request_parts(token: str | None, body: Any) -> tuple[list[tuple[str, str]], bytes | None]:
    """The headers and bytes of one call."""
    headers = [("Accept", "application/json")]
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    if body is None:
        return headers, None
    return [*headers, ("Content-Type", "application/json")], msgspec.json.encode(body)


class Client:
    """Asks one node. Safe to keep: the connection is kept alive between calls."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._pool = httpcore.ConnectionPool(keepalive_expiry=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @override
    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def close(self) -> None:
        self._pool.close()

    def do(self, call: Call[T]) -> T:
        """Carry one call. Raises Refused, NotRunning or StrangeAnswer."""
        status, body = self.request(call.method, call.target, call.body)
        return cast("T", read_answer(status, body))

    def request(self, method: str, target: str, body: Any = None) -> tuple[int, bytes]:
        """Ask for any path of this node; give the status and the bytes as they came."""
        headers, content = request_parts(self._token, body)
        response = self._ask(method, target, headers, content)
        return response.status, response.content

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes = b""
    ) -> dict[str, str]:
        """Send bytes as they are; give the answer's headers, names in lower case. Raises as `do` does."""
        common, _ = request_parts(self._token, None)
        response = self._ask(method, target, [*common, *headers.items()], content)
        read_answer(response.status, response.content)
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }

    def _ask(
        self, method: str, target: str, headers: list[tuple[str, str]], content: bytes | None
    ) -> httpcore.Response:
        try:
            return self._pool.request(
                method,
                self.url + target,
                headers=headers,
                content=content,
                extensions={"timeout": {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS}},
            )
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise NotRunning from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            # A node that stops in the middle of an answer looks the same as one that was never ours.
            if "disconnected" in str(error):
                raise NotRunning from error
            raise StrangeAnswer from error

    def get(self, path: str, **params: str | int | None) -> Any:
        return self.do(_call("GET", path, params))

    def post(self, path: str, body: Any = None) -> Any:
        return self.do(_call("POST", path, body=body))

    def patch(self, path: str, body: Any) -> Any:
        return self.do(_call("PATCH", path, body=body))

    def put(self, path: str, body: Any = None) -> Any:
        return self.do(_call("PUT", path, body=body))

    def delete(self, path: str) -> Any:
        return self.do(_call("DELETE", path))


def _call(method: str, path: str, params: Params | None = None, body: Any = None) -> Call[Any]:
    return Call(method, path, params or {}, body)
