import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.client import watching
from microsocial.client.errors import NotRunning, Refused, StrangeAnswer
from microsocial.client.watching import LiveEvent, parse, watch

STREAM = (
    b": hello\n\n"
    b'event: post.arrived\nid: 1\ndata: {"post": {"text": "gr\xc3\xbc\xc3\x9fe"}}\n\n'
    b'event: post.deleted\r\nid: 2\r\ndata: {"id":\r\ndata: "x"}\r\n\r\n'
    b"event: unfinished\ndata: {}"
)
EVENTS = [
    LiveEvent("post.arrived", {"post": {"text": "grüße"}}, "1"),
    LiveEvent("post.deleted", {"id": "x"}, "2"),
]


def test_events_are_read_and_signs_of_life_are_none() -> None:
    found = list(parse([STREAM]))
    assert found[0] is None
    assert [one for one in found if one is not None] == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_it_does_not_matter_where_the_network_cuts(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert [one for one in parse(chunks) if one is not None] == EVENTS


def test_an_event_that_is_no_json_is_no_node() -> None:
    with pytest.raises(StrangeAnswer):
        list(parse([b"data: {\n\n"]))


def test_a_line_without_end_is_no_node() -> None:
    with pytest.raises(StrangeAnswer):
        list(parse(b"x" * 65536 for _ in range(100)))


class Node:
    """Tells two events per connection and hangs up."""

    def __init__(self) -> None:
        self.last_ids: list[str | None] = []
        self.status = 200
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                node.last_ids.append(self.headers.get("Last-Event-ID"))
                if node.status != 200:
                    body = json.dumps({"title": "Log in first."}).encode()
                    self.send_response(node.status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.send_response(200)
                self.end_headers()
                number = len(node.last_ids)
                said = f'event: post.arrived\nid: {number}\ndata: {{"n": {number}}}\n\n'
                self.wfile.write(said.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._handler = Handler
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    yield node
    node.stop()


def test_watching_survives_a_node_that_goes_and_comes_back(node: Node) -> None:
    events = watch(node.url, "token")
    assert next(events).payload == {"n": 1}
    node.stop()
    threading.Timer(0.6, node.start).start()
    assert next(events).payload == {"n": 2}
    assert node.last_ids == [None, "1"]
    events.close()


def test_a_node_that_was_never_there_is_said_at_once() -> None:
    begin = time.monotonic()
    with pytest.raises(NotRunning):
        next(watch("http://127.0.0.1:1", None))
    assert time.monotonic() - begin < 5


def test_a_token_that_may_not_watch_is_refused_for_good(node: Node) -> None:
    node.status = 401
    with pytest.raises(Refused, match="Log in first"):
        next(watch(node.url, "wrong"))


def test_without_trying_again_it_ends_with_the_connection(node: Node) -> None:
    opened: list[bool] = []
    heard = list(watch(node.url, None, keep_trying=False, on_open=lambda: opened.append(True)))
    assert [event.payload for event in heard] == [{"n": 1}]
    assert opened == [True]
    assert watching.SILENCE_SECONDS > 25
