"""Live events through reconnects. `parse` is pure; `watch` keeps asking until the caller stops reading."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpcore
import msgspec

from microsocial.client.errors import NotRunning, StrangeAnswer, read_answer

# The node writes a comment line each 25 s (docs/develop/api.md); twice that in silence means a dead connection.
SILENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
# One event carries at most one post with its thread's newest comments; more is no event.
MAX_LINE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class LiveEvent:
    """One thing that happened on the node."""

    name: str
    payload: Any
    id: str | None = None


def parse(chunks: Iterable[bytes]) -> Iterator[LiveEvent | None]:
    """Read a server-sent event stream. Gives None for a sign of life that is no event."""
    name = "message"
    last_id: str | None = None
    data: list[str] = []
    for line in _lines(chunks):
        if not line:
            if data:
                yield LiveEvent(name, _payload(data), last_id)
            name, data = "message", []
            continue
        if line.startswith(":"):
            yield None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last_id = value


def _payload(data: list[str]) -> Any:
    try:
        return msgspec.json.decode("\n".join(data))
    except (msgspec.DecodeError, RecursionError) as error:
        raise StrangeAnswer from error


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            raise StrangeAnswer
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def watch(
    url: str,
    token: str | None,
    *,
    keep_trying: bool = True,
    on_open: Callable[[], None] = lambda: None,
) -> Iterator[LiveEvent]:
    """Yield events for ever. A node that goes away is waited for, once it has answered a first time.

    Args:
        url: of the node.
        token: that may read.
        keep_trying: wait for a node that went away.
        on_open: called once the node has begun to tell; what happens from then on is not missed.

    Raises:
        NotRunning: the node does not answer the first time (or ends, without `keep_trying`).
        Refused: the node does not let this token watch.
    """
    last_id: str | None = None
    pause = FIRST_PAUSE_SECONDS
    seen_once = False
    with httpcore.ConnectionPool() as pool:
        while True:
            try:
                for event in _listen(pool, url, token, last_id):
                    if not seen_once:
                        on_open()
                    seen_once, pause = True, FIRST_PAUSE_SECONDS
                    if event is not None:
                        last_id = event.id or last_id
                        yield event
            except NotRunning:
                if not (seen_once and keep_trying):
                    raise
            if not keep_trying:
                return
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _listen(
    pool: httpcore.ConnectionPool, url: str, token: str | None, last_id: str | None
) -> Iterator[LiveEvent | None]:
    headers = [("Accept", "text/event-stream")]
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    if last_id is not None:
        headers.append(("Last-Event-ID", last_id))
    timeouts = {"timeout": {"connect": 5.0, "read": SILENCE_SECONDS}}
    try:
        with pool.stream(
            "GET", f"{url.rstrip('/')}/api/v1/events", headers=headers, extensions=timeouts
        ) as response:
            if response.status != 200:
                read_answer(response.status, response.read())
                raise StrangeAnswer
            yield None  # connected: from here on a lost node is waited for
            yield from parse(response.iter_stream())
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise NotRunning from error
