"""Open screens are told after the commit; where none is open, nothing is read, and who comes back reloads."""

import asyncio

import pytest

from microsocial.identity.model import Caller, Scope
from microsocial.server import telling
from microsocial.server.live import LINGER_MS, LiveEvents
from microsocial.server.telling import Telling

PHONE = Caller("session", "phone", frozenset(Scope))


@pytest.fixture
async def events(node, owner):
    events = LiveEvents(node.bus, node.clock)
    told = Telling(node, events)
    events.telling = told
    yield events
    told.close()


async def said(events, owner, text="Hello"):
    answer = await owner.post("/posts", {"text": text, "audience": {"class": "me"}})
    assert answer.status_code == 201
    if events.telling._telling:
        await events.telling._telling


def heard(listener):
    told = []
    while not listener.waiting.empty():
        told.append(listener.waiting.get_nowait())
    return told


async def test_a_screen_hears_what_was_posted(events, owner):
    screen = events.listen(PHONE, None)
    await said(events, owner)
    assert b"event: post.arrived" in heard(screen)[-1]


async def test_without_a_screen_nothing_is_shown_and_who_comes_back_reloads(events, owner, clock):
    screen = events.listen(PHONE, None)
    await said(events, owner)
    last = heard(screen)[-1].partition(b"id: ")[2].partition(b"\n")[0].decode()
    events.leave(screen)
    await said(events, owner, "While it was in a tunnel")
    back = events.listen(PHONE, last)
    assert b"While it was in a tunnel" in heard(back)[-1]
    events.leave(back)
    clock.advance(LINGER_MS)
    events.telling._shown = None  # would break if it were asked
    await said(events, owner, "Long after")
    assert b"event: resync" in heard(events.listen(PHONE, last))[-1]


async def test_a_burst_is_told_in_order_in_several_steps(events, owner, node, monkeypatch):
    monkeypatch.setattr(telling, "SHOWN_AT_ONCE", 3)
    monkeypatch.setattr(telling, "SHOWN_IN_THE_LOOP", 1)
    screen = events.listen(PHONE, None)
    await asyncio.gather(*(said(events, owner, f"<{number}>") for number in range(7)))
    while events.telling._telling and not events.telling._telling.done():
        await events.telling._telling
    told = [one for one in heard(screen) if b"post.arrived" in one]
    assert len(told) == 7
    assert [f"<{number}>".encode() in one for number, one in enumerate(told)] == [True] * 7


async def test_what_cannot_be_shown_makes_screens_reload_and_is_no_end(events, owner, node):
    screen = events.listen(PHONE, None)
    shown = node.rooms.live.shown

    def broken(_conn, _happened):
        raise ValueError("broken")

    node.rooms.live.shown = broken
    await said(events, owner)
    node.rooms.live.shown = shown
    await said(events, owner, "Again")
    names = [one for one in heard(screen) if b"post.arrived" in one or b"resync" in one]
    assert b"resync" in names[0]
    assert b"Again" in names[1]
