import json
from pathlib import Path

import pytest
from tests.transport.test_http_out import Request, node, ok, saying

from microsocial.client import calls, doors
from microsocial.client.aio import AsyncClient
from microsocial.client.errors import NoToken, NotRunning, Refused, StrangeAnswer, read_answer
from microsocial.client.sync import Client


async def test_both_clients_ask_the_same_way() -> None:
    seen: list[Request] = []
    async with (
        node(saying(ok(b'{"items": []}', "application/json")), seen) as url,
        AsyncClient(url, "secret") as client,
    ):
        assert await client.do(calls.feed(limit=3)) == {"items": []}
    assert seen[0].first == "GET /api/v1/feed?limit=3 HTTP/1.1"
    assert seen[0].headers["Authorization"] == "Bearer secret"


async def test_a_refusal_carries_the_nodes_own_words() -> None:
    problem = json.dumps({"type": "about:microsocial/x", "title": "No.", "detail": "Because."})
    said = ok(problem.encode(), "application/problem+json", "409 Conflict")
    async with node(saying(said)) as url, AsyncClient(url) as client:
        with pytest.raises(Refused) as refusal:
            await client.do(calls.status())
    assert str(refusal.value) == "No. Because."
    assert (refusal.value.status, refusal.value.type) == (409, "about:microsocial/x")


def test_a_key_never_shows() -> None:
    assert "secret" not in repr(Client("http://x", "secret"))
    assert "secret" not in repr(AsyncClient("http://x", "secret"))


def test_a_node_that_is_not_there() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(NotRunning):
        client.get("/status")


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_no_node(body: bytes) -> None:
    with pytest.raises(StrangeAnswer):
        read_answer(200, body)


def test_the_node_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        doors.of_folder(tmp_path)
    (tmp_path / "node.json").write_text('{"url": "http://x", "port": 1, "pid": 2, "version": "3"}')
    with pytest.raises(NoToken):
        doors.of_folder(tmp_path)
    (tmp_path / "cli-token").write_text("secret\n")
    assert doors.of_folder(tmp_path) == ("http://x", "secret")


def test_a_damaged_note_is_no_node(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text("{")
    with pytest.raises(NotRunning):
        doors.of_folder(tmp_path)
