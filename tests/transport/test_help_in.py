"""The door for a friend who has lost everything but the words (spec 9.8), over HTTP."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text
from tests.transport.test_http_in import Pair, pair, signed_answer

from microsocial.protocol.encoding import b64u, dump
from microsocial.protocol.keys import KeyLog, rotation, signing_key
from microsocial.protocol.limits import MAX_HELP_REQUEST_BYTES
from microsocial.transport.reception import Reception
from microsocial.transport.throttle import STRANGER_BURST

HELP = "/peer/v1/help"
GOOD = b64u(b"the link")
REPLY = b"what Ben knows"


def with_help(it: Pair) -> None:
    """Ben gave one link; what makes it good is tested in the friends room."""
    known: Reception = it.ben._reception

    def answer(_conn: Any, person: str, asked: Any, _hash: str) -> bytes | None:
        assert person == it.ana.me.id
        return REPLY if asked.link is None or asked.link.id == GOOD else None

    object.__setattr__(known, "help", answer)


async def ask(it: Pair, link: str | None = None, **changed: Any) -> httpx.Response:
    proof = {"link": {"id": link, "mac": b64u(bytes(32))}} if link else {}
    body = dump({"nonce": b64u(bytes(16))} | proof)
    headers = it.headers(body, path=HELP, **changed) | {"Content-Type": "application/json"}
    return await it.http.post(HELP, content=body, headers=headers)


def turned(it: Pair) -> KeyLog:
    words = b"\1" * 32
    step = rotation(it.ana.me.key_log, signing_key(words, 1), signing_key(words, 2).public)
    return it.ana.me.key_log.with_event(step)


async def test_a_good_link_is_answered_under_any_key_of_the_asker() -> None:
    async with pair() as it:
        with_help(it)
        first = await ask(it, GOOD)
        assert (first.status_code, first.content) == (200, REPLY)
        assert first.headers["content-type"] == "application/microsocial"
        it.ben.write(lambda conn: it.ben.log.keep_key_log(conn, turned(it)))
        assert (await ask(it, GOOD)).content == REPLY


async def test_whatever_is_wrong_with_a_link_is_one_and_the_same_404() -> None:
    async with pair() as it:
        with_help(it)
        unknown = await ask(it, b64u(b"no link!"))
        forged = await ask(it, GOOD, key=signing_key(bytes(32), 0))
        ahead = await ask(it, GOOD, keyid=f"{it.ana.me.id}#1")
        it.ben.friends.clear()
        stranger = await ask(it, GOOD)
        answers = {(one.status_code, one.content) for one in (unknown, forged, ahead, stranger)}
        assert len(answers) == 1
        assert unknown.status_code == 404


async def test_without_a_link_a_friend_under_the_current_key_is_answered_and_others_as_everywhere() -> (
    None
):
    async with pair() as it:
        with_help(it)
        assert (await ask(it)).content == REPLY
        assert signed_answer(it, await ask(it, keyid=f"{it.ana.me.id}#1")).status == "key-unknown"
        longer = turned(it)
        it.ben.write(lambda conn: it.ben.log.keep_key_log(conn, longer))
        behind = signed_answer(it, await ask(it))
        assert (behind.status, list(behind.keys)) == ("key-behind", longer.encoded())
        it.ben.friends.clear()
        assert signed_answer(it, await ask(it)).status == "key-behind"
        new = {"key": signing_key(b"\1" * 32, 1), "keyid": f"{it.ana.me.id}#1"}
        assert signed_answer(it, await ask(it, **new)).status == "not-friends"


async def test_a_wrong_clock_is_told_and_a_request_counts_once() -> None:
    async with pair() as it:
        with_help(it)
        late = await ask(it, GOOD, created=it.clock.now() + 301_000)
        assert late.status_code == 401
        assert signed_answer(it, late).status == "clock-differs"
        nonce = bytes(16)
        assert (await ask(it, GOOD, nonce=nonce)).status_code == 200
        assert (await ask(it, GOOD, nonce=nonce)).status_code == 409


async def test_who_asks_again_and_again_is_slowed_down() -> None:
    async with pair() as it:
        with_help(it)
        tries = [(await ask(it, b64u(b"no link!"))).status_code for _ in range(STRANGER_BURST + 1)]
        assert tries[-1] == 429
        assert set(tries[:-1]) == {404}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 400),
        (b"[]", "application/json", 400),
        (b" " * (MAX_HELP_REQUEST_BYTES + 1), "application/json", 413),
        (b"{}", "text/plain", 415),
    ],
)
async def test_garbage_gets_a_refusal(body: bytes, content_type: str, status: int) -> None:
    async with pair() as it:
        with_help(it)
        headers = it.headers(body, path=HELP) | {"Content-Type": content_type}
        response = await it.http.post(HELP, content=body, headers=headers)
        assert response.status_code == status


async def test_who_is_awaited_is_asked_to_wait_at_every_door() -> None:
    """They would end the friendship on their side, which has not begun again on ours (after coming back)."""
    async with pair() as it:
        it.ben.friends.clear()
        body = dump({"keys": it.ana.me.key_log.encoded()})
        json = {"Content-Type": "application/json"}
        letter = it.ana.letter(it.ben)

        async def told() -> set[str]:
            keys = it.headers(body, path="/peer/v1/keys") | json
            answers = (
                await it.send(letter.sealed),
                await it.http.post("/peer/v1/keys", content=body, headers=keys),
                await ask(it),
            )
            return {signed_answer(it, one).status for one in answers}

        assert await told() == {"not-friends"}
        came: list[str] = []
        object.__setattr__(it.ben._reception, "awaited", lambda _conn, _person: True)
        object.__setattr__(it.ben._reception, "came", came.append)
        assert await told() == {"busy"}
        assert came == [it.ana.me.id] * 3
        came.clear()
        assert signed_answer(it, await ask(it, key=signing_key(bytes(32), 0))).status == (
            "key-unknown"
        )
        assert came == []  # who only says so does not make us look for them


async def test_who_somebody_is_is_asked_in_one_read() -> None:
    """Between two, a greeting that comes back makes a friend of who was awaited: they would hear `not-friends` and end it."""
    async with pair() as it:
        it.ben.friends.clear()
        moments = []
        answers = {"kept": it.ana.me.key_log, "is_friend": False, "ended_it": False}
        for name in ("kept", "is_friend", "ended_it", "awaited"):

            def asked(conn: Connection, _person: str, name: str = name) -> object:
                conn.execute(text("SELECT 1"))
                moments.append(conn.get_transaction())
                return answers.get(name)

            object.__setattr__(it.ben._reception, name, asked)
        await it.send(it.ana.letter(it.ben).sealed)
        assert len(moments) == 4
        assert all(moment is not None and moment is moments[0] for moment in moments)
