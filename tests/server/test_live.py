import asyncio

import pytest
from tests.support import FakeClock

from microsocial.events import EventBus, LiveEvent
from microsocial.identity.model import Caller, Scope, SessionEnded, TokenEnded
from microsocial.server import live
from microsocial.server.live import (
    MAX_LISTENERS,
    MAX_REMEMBERED,
    MAX_WAITING,
    LiveEvents,
    TooManyListeners,
    written,
)

ANA = Caller("session", "laptop", frozenset(Scope))
PHONE = Caller("session", "phone", frozenset(Scope))
SCRIPT = Caller("token", "laptop", frozenset(Scope))


@pytest.fixture
def bus():
    return EventBus()


@pytest.fixture
def events(bus):
    return LiveEvents(bus, FakeClock(1000))


def heard(listener):
    told = []
    while not listener.waiting.empty():
        told.append(listener.waiting.get_nowait())
    return told


def names(listener):
    return [
        None if event is None else event.partition(b"event: ")[2].partition(b"\n")[0].decode()
        for event in heard(listener)
    ]


def post(bus, name="post.arrived"):
    bus.publish(LiveEvent(name, {"id": "x"}))


async def test_everybody_who_listens_hears_it_with_increasing_ids(bus, events):
    one, other = events.listen(ANA, None), events.listen(PHONE, None)
    heard(one)
    post(bus)
    post(bus, "message.arrived")
    assert heard(one) == [
        b'id: 1001\nevent: post.arrived\ndata: {"id":"x"}\n\n',
        b'id: 1002\nevent: message.arrived\ndata: {"id":"x"}\n\n',
    ]
    assert names(other) == ["", "post.arrived", "message.arrived"]


async def test_an_event_is_one_line_whatever_is_in_it():
    assert written("post.arrived", {"text": "a\n\nb\r\u2028"}, 1).count(b"\n") == 4


async def test_who_returns_hears_what_was_missed(bus, events):
    gone = events.listen(ANA, None)
    events.leave(gone)
    post(bus)
    post(bus, "comment.arrived")
    back = events.listen(ANA, "1001")
    assert names(back) == ["", "comment.arrived"]
    assert names(events.listen(ANA, "1002")) == [""]


@pytest.mark.parametrize("last", ["7", "99999", "nonsense", "9" * 50, "-1"])
async def test_who_was_away_too_long_is_told_to_reload(bus, events, last):
    for _ in range(MAX_REMEMBERED + 5):
        post(bus)
    assert names(events.listen(ANA, last)) == ["", "resync"]


async def test_who_returns_after_everything_remembered_fits(bus, events):
    for _ in range(MAX_REMEMBERED + 5):
        post(bus)
    back = events.listen(ANA, "1005")
    assert names(back) == ["", *["post.arrived"] * MAX_REMEMBERED]


async def test_a_slow_listener_is_let_go_and_the_others_hear_on(bus, events):
    slow, quick = events.listen(ANA, None), events.listen(PHONE, None)
    for _ in range(2 * MAX_WAITING):
        post(bus)
        heard(quick)
    assert names(slow) == ["resync", None]
    post(bus)
    assert names(quick) == ["post.arrived"]
    assert names(slow) == []


async def test_a_stream_ends_with_its_session_and_only_with_its_own(bus, events):
    mine, phone, script = (events.listen(who, None) for who in (ANA, PHONE, SCRIPT))
    bus.publish(SessionEnded("laptop"))
    assert names(mine) == ["session.ended", None]
    assert names(phone) == [""]
    bus.publish(TokenEnded("laptop"))
    assert names(script)[-2:] == ["session.ended", None]


async def test_there_are_only_so_many_listeners(events):
    for _ in range(MAX_LISTENERS):
        events.listen(ANA, None)
    with pytest.raises(TooManyListeners):
        events.listen(ANA, None)


async def test_the_stream_has_a_pulse_and_leaves_when_closed(monkeypatch, bus, events):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    listener = events.listen(ANA, None)
    stream = live._stream(events, listener)
    assert (await anext(stream)).startswith(b"retry:")
    assert await anext(stream) == b": still here\n\n"
    events.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert not events._listeners


async def test_over_http_it_is_an_event_stream_that_ends_at_logout(node, owner):
    async def logout_soon():
        await asyncio.sleep(0.05)
        node.bus.publish(LiveEvent("post.arrived", {"id": "x"}))
        await owner.post("/logout")

    waiting = asyncio.create_task(logout_soon())
    answer = await asyncio.wait_for(owner.get("/events"), 5)
    await waiting
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert "event: post.arrived" in answer.text
    assert answer.text.rstrip().endswith("event: session.ended\ndata: {}")
