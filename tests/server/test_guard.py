import asyncio

import pytest
from starlette.responses import PlainTextResponse

from microsocial.server import guard
from microsocial.server.guard import MAX_BODY_BYTES, MAX_REQUESTS_PER_ADDRESS, Bodies, Crowd


async def send_raw(owner, content, kind="application/json"):
    headers = {
        "X-CSRF-Token": owner.csrf,
        "Origin": "http://node.test",
        "Content-Type": kind,
    }
    return await owner.http.patch("/api/v1/me", content=content, headers=headers)


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("about:microsocial/")


async def test_a_body_too_large_is_refused_by_its_announcement(owner):
    answer = await send_raw(owner, b" " * (MAX_BODY_BYTES + 1))
    assert problem(answer) == (413, "body-too-large")


async def test_a_body_that_grows_beyond_is_refused_without_any_announcement(owner):
    async def endless():
        for _ in range(40):
            yield b" " * 65536

    assert problem(await send_raw(owner, endless())) == (413, "body-too-large")


async def test_deep_json_is_refused(owner):
    deep = b'{"about":' + b"[" * 40 + b"]" * 40 + b"}"
    assert problem(await send_raw(owner, deep)) == (400, "nested-too-deep")
    assert problem(await send_raw(owner, b"[" * 100_000)) == (400, "nested-too-deep")
    assert problem(await send_raw(owner, b"[" * 100_000 + b"]" * 100_000)) == (
        400,
        "nested-too-deep",
    )


async def test_wide_json_is_only_wide(owner):
    wide = b'{"about":[' + b"{}," * 500 + b"{}]}"
    assert problem(await send_raw(owner, wide)) == (400, "invalid")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"nonsense", b'{"about": NaN}', b'{"about": "\\ud800"}']
)
async def test_what_is_not_json_is_refused_in_words(owner, body):
    answer = await send_raw(owner, body)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


async def test_a_form_of_another_site_is_not_json(owner):
    answer = await send_raw(owner, b'{"about": "hacked"}', kind="text/plain")
    assert answer.status_code in (400, 415)
    assert (await owner.get("/me")).json()["about"] == ""


async def test_a_body_that_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr(guard, "BODY_IDLE_S", 0.01)
    sent = []

    async def never():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/login",
        "headers": [(b"content-length", b"10")],
    }
    await Bodies(PlainTextResponse("never reached"))(scope, never, send)
    assert sent[0]["status"] == 408


async def test_a_body_that_drips_is_given_up(monkeypatch):
    monkeypatch.setattr(guard, "BODY_DEADLINE_S", 0.05)
    sent = []

    async def drip():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/login",
        "headers": [(b"content-length", b"100000")],
    }
    await Bodies(PlainTextResponse("never reached"))(scope, drip, send)
    assert sent[0]["status"] == 408


async def test_one_address_cannot_take_all_places_and_gets_them_back():
    release = asyncio.Event()
    answers = []

    async def slow(scope, receive, send):
        await release.wait()
        await PlainTextResponse("done")(scope, receive, send)

    crowd = Crowd(slow)

    async def ask(address):
        status = []

        async def send(message):
            if message["type"] == "http.response.start":
                status.append(message["status"])

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [],
            "client": (address, 1),
        }
        await crowd(scope, None, send)
        answers.append((address, status[0]))

    async with asyncio.TaskGroup() as group:
        for _ in range(MAX_REQUESTS_PER_ADDRESS + 3):
            group.create_task(ask("203.0.113.1"))
        await asyncio.sleep(0)
        group.create_task(ask("198.51.100.1"))
        await asyncio.sleep(0)
        assert answers == [("203.0.113.1", 429)] * 3
        release.set()
    assert ("198.51.100.1", 200) in answers
    assert answers.count(("203.0.113.1", 200)) == MAX_REQUESTS_PER_ADDRESS
    assert not crowd._here


async def test_an_upload_is_not_read_ahead_but_watched_for_its_pace(monkeypatch):
    monkeypatch.setattr(guard, "BODY_IDLE_S", 0.01)
    pieces = []

    async def app(scope, receive, send):
        pieces.append(await receive())
        with pytest.raises(guard.BodyTooSlow):
            await receive()

    waiting = [{"type": "http.request", "body": b"x" * 5_000_000, "more_body": True}]

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop()

    scope = {
        "type": "http",
        "method": "PATCH",
        "path": "/api/v1/uploads/abc",
        "headers": [(b"content-length", b"100000000")],
    }
    await Bodies(app)(scope, receive, None)
    assert len(pieces[0]["body"]) == 5_000_000
