"""The door of a node whose person has moved, or gives it up (spec 9.7)."""

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.transport.test_http_in import Pair, pair, signed_answer

from microsocial.protocol.encoding import unb64u
from microsocial.protocol.envelope import parse_envelope
from microsocial.protocol.exchange import read_well_known
from microsocial.protocol.limits import MAX_RECORD_BYTES
from microsocial.protocol.payloads import Address, read_signed_record

NEW = "https://new.example"


@pytest.fixture
async def moved():
    async with pair() as it:
        it.ben.write(lambda conn: it.ben.delivery.residence.move(conn, NEW))
        yield it


def address_in(it: Pair, response: httpx.Response) -> tuple[str, ...]:
    """What a signed `moved` says, its record checked."""
    answer = signed_answer(it, response)
    assert answer.status == "moved"
    record = parse_envelope(unb64u(answer.address or ""), MAX_RECORD_BYTES)
    found = read_signed_record(record, it.ben.me.key_log)
    assert isinstance(found, Address)
    return found.urls


async def test_a_friends_letter_is_answered_with_the_signed_address_and_leaves_no_trace(moved):
    before = moved.ben.db.snapshot()
    response = await moved.send(moved.ana.letter(moved.ben).sealed)
    assert address_in(moved, response) == (NEW,)
    assert moved.ben.db.snapshot() == before


async def test_a_friend_who_asks_for_a_photo_hears_the_same(moved):
    async def blob(_request: Request, _person: str, _name: str) -> Response | None:
        raise AssertionError("nobody looks for it here")

    object.__setattr__(moved.ben._reception, "blob", blob)
    path = f"/peer/v1/media/{'A' * 43}"
    headers: dict[str, Any] = moved.headers(b"", method="GET", path=path)
    assert address_in(moved, await moved.http.get(path, headers=headers)) == (NEW,)


async def test_a_stranger_learns_nothing_signed(moved):
    letter = moved.ana.letter(moved.ben)
    moved.ben.friends.clear()
    answer = signed_answer(moved, await moved.send(letter.sealed))
    assert (answer.status, answer.address) == ("not-friends", None)


async def test_the_document_says_that_nobody_lives_here(moved):
    document = read_well_known((await moved.http.get("/.well-known/microsocial")).content)
    assert document.moved
    assert document.address.urls == (NEW,)


async def test_the_public_log_is_gone(moved):
    gone = await moved.http.get("/peer/v1/public")
    assert gone.status_code == 410
    assert gone.json()["type"] == "lives-elsewhere"


async def test_of_a_node_that_is_given_up_nothing_public_is_left():
    async with pair() as it:
        it.ben.write(it.ben.delivery.residence.give_up)
        for path in ("/.well-known/microsocial", "/peer/v1/public"):
            gone = await it.http.get(path)
            assert gone.status_code == 410, path
            assert gone.json()["type"] == "leaves-for-good"
        it.ana.post("still heard")  # friends are, until the end
        assert signed_answer(it, await it.send(it.ana.letter(it.ben).sealed)).status == "applied"
