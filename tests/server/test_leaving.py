"""Room, purging, moving and leaving over the owner's API; and what a node that was left does no more."""

import asyncio

import pytest
from tests.server.conftest import PASSWORD

from microsocial.archive.leaving.purge import Purge
from microsocial.delivery.service import Delivery

HOUR_MS = 3_600_000
FOR_ME = {"class": "me"}


async def post(owner, text, **more):
    said = await owner.post("/posts", {"text": text, "audience": FOR_ME, **more})
    assert said.status_code == 201, said.text
    return said.json()


async def texts(owner):
    return [one["text"] for one in (await owner.get("/feed")).json()["items"]]


async def test_what_is_over_is_shown_to_nobody_though_nothing_was_swept_yet(owner, node, clock):
    await node.attic.expiry.stop()  # nobody sweeps by themselves
    over = await post(owner, "for an hour", expires=clock.now() + HOUR_MS)
    await post(owner, "for good")
    assert await texts(owner) == ["for good", "for an hour"]
    clock.advance(HOUR_MS)
    assert (await owner.get(f"/posts/{over['id']}")).status_code == 404
    assert await texts(owner) == ["for good"]
    assert (await owner.get("/search?q=hour")).json()["posts"] == []


@pytest.mark.parametrize("expires", [1, -5, 2**60, "tomorrow"])
async def test_an_end_that_cannot_be_meant_is_refused_by_name(owner, expires):
    asked = {"text": "x", "audience": FOR_ME, "expires": expires}
    refused = await owner.post("/posts", asked)
    assert refused.status_code == 400
    assert "expires" in refused.text


async def test_a_purge_counts_first_and_then_does_it(owner):
    await post(owner, "one")
    await post(owner, "two")
    tried = (await owner.post("/purge", {"what": "posts", "try": True})).json()
    assert tried["count"] == 2
    assert len(await texts(owner)) == 2
    went = (await owner.post("/purge", {"what": "posts"})).json()
    assert went["count"] == 2
    assert await texts(owner) == []
    works = (await owner.get("/work")).json()
    assert [(one["kind"], one["state"]) for one in works] == [("purge", "done")]


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ({"what": "everything"}, "invalid"),
        ({"what": "posts", "friend": "x" * 43}, "only-of-friends"),
        ({"what": "media", "tell": True}, "only-here"),
        ({"what": "posts", "older_than": -1}, "invalid"),
    ],
)
async def test_a_purge_that_cannot_be_meant_is_refused(owner, asked, slug):
    refused = await owner.post("/purge", asked)
    assert refused.status_code == 400
    assert refused.json()["type"].endswith(slug)


async def test_the_ceiling_counts_at_once_and_after_a_restart(owner, node):
    assert (await owner.get("/storage")).json()["ceiling"] == node.settings.media_ceiling_bytes
    changed = await owner.send("PATCH", "/storage", {"ceiling": 12345})
    assert changed.json()["ceiling"] == 12345
    assert node.outside.fetching.ceiling_bytes == 12345
    assert "media_ceiling_bytes" not in (await owner.get("/settings")).json()
    await node.db.write(node._wake_up)
    assert node.outside.fetching.ceiling_bytes == 12345
    assert (await owner.send("PATCH", "/storage", {"ceiling": -1})).status_code == 400


async def test_on_a_node_one_moved_away_from_one_may_look_and_not_speak(owner):
    mine = await post(owner, "said before")
    moved = await owner.post("/move", {"address": "https://new.example", "password": PASSWORD})
    assert moved.json()["state"] == "moved"
    for method, path, asked in (
        ("POST", "/posts", {"text": "x", "audience": FOR_ME}),
        ("DELETE", f"/posts/{mine['id']}", None),
        ("POST", "/invites", None),
        ("PATCH", "/me", {"about": "x"}),
    ):
        refused = await owner.send(method, path, asked)
        assert refused.status_code == 409, path
        assert refused.json()["type"] == "about:microsocial/moved-away"
    me = (await owner.get("/me")).json()["id"]
    assert (await owner.post(f"/messages/{me}/read")).json()["type"] != refused.json()["type"]
    assert await texts(owner) == ["said before"]
    assert (await owner.get("/status")).json()["moved"] == "https://new.example"
    assert (await owner.send("DELETE", "/move")).json()["state"] == "here"
    await post(owner, "said after")


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/move", {"address": "https://new.example"}),
        ("/purge", {"what": "posts", "tell": True}),
    ],
)
async def test_what_friends_would_follow_asks_for_the_password(owner, path, asked):
    """A screen that somebody left open must not be enough."""
    await post(owner, "still there")
    without = await owner.post(path, asked)
    assert (without.status_code, without.json()["field"]) == (400, "password")
    wrong = await owner.post(path, {**asked, "password": "a guess that is wrong"})
    assert (wrong.status_code, wrong.json()["type"]) == (401, "about:microsocial/wrong-password")
    assert (await owner.get("/move")).json()["state"] == "here"
    assert await texts(owner) == ["still there"]
    for _ in range(12):
        refused = await owner.post(path, {**asked, "password": "a guess that is wrong"})
    assert refused.status_code == 429


async def test_counting_what_would_go_everywhere_needs_no_password(owner):
    await post(owner, "one")
    asked = {"what": "posts", "tell": True}
    assert (await owner.post("/purge", {**asked, "try": True})).json()["count"] == 1
    went = await owner.post("/purge", {**asked, "password": PASSWORD})
    assert went.json()["count"] == 1
    assert await texts(owner) == []


async def test_leaving_asks_for_the_password_each_time_and_can_be_stopped(owner, node):
    await post(owner, "gone")
    for path in ("/leaving", "/leaving/finish"):
        assert (await owner.post(path, {"password": "wrong, quite wrong"})).status_code == 401
    begun = await owner.post("/leaving", {"password": PASSWORD})
    assert begun.json()["of"] == 0
    refused = await owner.post("/posts", {"text": "x", "audience": FOR_ME})
    assert refused.json()["type"] == "about:microsocial/given-up"
    async with asyncio.timeout(5):
        while await texts(owner):  # noqa: ASYNC110 - as a screen would look
            await asyncio.sleep(0.01)
    assert (await owner.get("/leaving")).json()["state"] == "told"
    assert (await owner.send("DELETE", "/leaving")).json()["state"] == "no"
    await post(owner, "staying")
    assert node.last_words is None


async def test_finishing_ends_the_node_with_a_sentence(owner, node):
    await owner.post("/leaving", {"password": PASSWORD})
    done = await owner.post("/leaving/finish", {"password": PASSWORD})
    assert done.status_code == 200
    async with asyncio.timeout(5):
        await node.over.wait()
    assert "Goodbye" in node.last_words


async def test_nobody_is_told_to_stay_in_a_folder_that_is_being_emptied(owner, node):
    await owner.post("/leaving", {"password": PASSWORD})
    await node.db.write(node.attic.departure.finish)  # the farewells are on their way
    late = await owner.send("DELETE", "/leaving")
    assert (late.status_code, late.json()["type"]) == (409, "about:microsocial/too-late-to-stay")
    assert await node.db.read(node.attic.departure.is_erasing)


async def test_a_node_that_was_stopped_while_it_ended_goes_on_ending(owner, node):
    await owner.post("/leaving", {"password": PASSWORD})
    await node.db.write(node.attic.departure.finish)
    await node.attic.going.start()
    async with asyncio.timeout(5):
        await node.over.wait()


async def test_a_copy_that_stopped_is_continued_and_says_so(owner, node):
    delivery = node.room(Delivery)
    await node.db.write(lambda conn: delivery._standing.stop_for_copy(conn, 10**15))
    stopped = (await owner.get("/status")).json()["stopped"]
    assert stopped.startswith("Another copy of you")
    assert (await owner.post("/copies/continue")).status_code == 200
    assert (await owner.get("/status")).json()["stopped"] is None


async def test_a_purge_that_breaks_is_not_told_as_done(owner, monkeypatch):
    def break_off(*_):
        raise RuntimeError("nobody expected this")

    await post(owner, "one")
    monkeypatch.setattr(Purge, "step", break_off)
    broke = await owner.post("/purge", {"what": "posts"})
    assert broke.status_code == 500
    assert await texts(owner) == ["one"]
