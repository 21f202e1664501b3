"""Large files to and from a node, a piece at a time: never in memory whole, and never half a file under the asked-for name."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore

from microsocial.client.calls import Call
from microsocial.client.errors import NotRunning, StrangeAnswer, read_answer
from microsocial.errors import Conflict

PIECE_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 120.0  # between two pieces; a small computer looks through a long clip in less
GOOD = 200

Told = Callable[[int], None]  # hears how many bytes have gone


class BrokenOff(Conflict):
    """The connection broke off before everything had come. Nothing was kept; try again."""


def download(url: str, token: str | None, call: Call[Any], path: Path, told: Told) -> int:
    """Bring what a call gives into a file; give its length. Raises BrokenOff, Refused, NotRunning, OSError."""
    # A name of its own, so that two at once do not take each other's; readable by nobody else: it holds private words.
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    part, length = Path(name), 0
    try:
        with os.fdopen(handle, "wb") as file, _asked(url, token, call, None) as response:
            if response.status != GOOD:
                read_answer(response.status, response.read())
                raise StrangeAnswer
            for piece in _pieces_of(response):
                file.write(piece)
                length += len(piece)
                told(length)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return length


def _pieces_of(response: httpcore.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_stream()
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise BrokenOff from error


def upload(url: str, token: str | None, call: Call[Any], path: Path, told: Told) -> Any:
    """Bring a file to a call; give its answer. Raises Refused, NotRunning, OSError."""
    with path.open("rb") as file:

        def pieces() -> Iterator[bytes]:
            sent = 0
            while piece := file.read(PIECE_BYTES):
                yield piece
                sent += len(piece)
                told(sent)

        length = path.stat().st_size
        with _asked(url, token, call, pieces(), length) as response:
            return read_answer(response.status, response.read())


class _Asked:
    """One request under way, with a connection of its own."""

    def __init__(self, request: Callable[[httpcore.ConnectionPool], Any]) -> None:
        self._pool = httpcore.ConnectionPool()
        self._under_way = request(self._pool)

    def __enter__(self) -> httpcore.Response:
        try:
            response: httpcore.Response = self._under_way.__enter__()
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            self._pool.close()
            raise NotRunning from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            self._pool.close()
            raise StrangeAnswer from error
        return response

    def __exit__(self, *about: object) -> None:
        try:
            self._under_way.__exit__(*about)
        finally:
            self._pool.close()


def _asked(
    url: str,
    token: str | None,
    call: Call[Any],
    content: Iterator[bytes] | None,
    length: int | None = None,
) -> _Asked:
    headers = [("Authorization", f"Bearer {token}")] if token is not None else []
    if length is not None:
        headers += [("Content-Type", "application/zip"), ("Content-Length", str(length))]
    timeouts = {"connect": CONNECT_SECONDS, "read": SILENCE_SECONDS, "write": SILENCE_SECONDS}
    return _Asked(
        lambda pool: pool.stream(
            call.method,
            url.rstrip("/") + call.target,
            headers=headers,
            content=content,
            extensions={"timeout": timeouts},
        )
    )
