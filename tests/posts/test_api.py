"""Posts and the feed over HTTP, as docs/develop/api.md says. The door before them is the server's business."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from microsocial.context import NotSetUp
from microsocial.errors import MicrosocialError
from microsocial.feed.api import router as feed_router
from microsocial.posts.api import router as posts_router


class Context:
    """The node as routes see it."""

    def __init__(self, person):
        self.db = person.db
        self._rooms = [person.posts, person.feeds, person.notices]

    def room(self, kind):
        for room in self._rooms:
            if isinstance(room, kind):
                return room
        raise NotSetUp


@pytest.fixture
async def ana(village):
    ana, _ben = village.people_named("Ana", "Ben")
    app = FastAPI()
    for router in (posts_router, feed_router):
        app.include_router(router(Context(ana)))

    @app.exception_handler(MicrosocialError)
    async def problem(_request, error):
        return JSONResponse({"type": error.slug(), "field": error.field}, error.status)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_post_lives_over_http(ana):
    asked = {"text": "Hello", "audience": {"class": "friends"}, "key": "k"}
    said = await ana.post("/posts", json=asked)
    assert said.status_code == 201
    post = said.json()
    assert set(post) == {
        "id", "author", "text", "html", "audience", "created", "received", "expires", "edited",
        "media", "card", "reactions", "commenters", "comments", "delivery", "can_edit", "can_comment",
    }  # fmt: skip
    assert (await ana.post("/posts", json=asked)).json()["id"] == post["id"]
    path = f"/posts/{post['id']}"
    comment = (await ana.post(f"{path}/comments", json={"text": "Hm"})).json()
    assert set(comment) == {
        "id", "post", "author", "text", "html", "created", "edited", "before_edit", "can_delete",
        "can_remove",
    }  # fmt: skip
    reacted = (await ana.post(f"{path}/reactions", json={"emoji": "👍"})).json()
    assert reacted["mine"]
    assert [one["emoji"] for one in reacted["reactions"]] == ["👍"]
    changed = await ana.patch(f"/comments/{comment['id']}", json={"text": "Hmm"})
    assert changed.json()["edited"]
    assert (await ana.patch(path, json={"text": "Hello!"})).json()["text"] == "Hello!"
    assert len((await ana.get(path)).json()["comments"]) == 1
    page = (await ana.get("/feed?limit=5")).json()
    assert set(page) == {"items", "cursor", "end", "read_until"}
    assert (await ana.post("/feed/read", json={"until": 7})).json() == {"read_until": 7}
    assert (await ana.get("/search?q=hello")).json()["posts"][0]["id"] == post["id"]
    person = post["author"]["id"]
    assert len((await ana.get(f"/people/{person}/posts")).json()["items"]) == 1
    assert (await ana.delete(f"/comments/{comment['id']}")).status_code == 204
    assert (await ana.delete(path)).status_code == 204
    assert (await ana.get(path)).status_code == 404
    receipts = (await ana.get(f"{path}/delivery")).json()
    assert receipts["sentence"] == "It had reached nobody."


async def test_drafts_and_notices_live_over_http(ana):
    draft = {"text": "Hal", "audience": {"class": "me"}, "media": []}
    kept = (await ana.put("/drafts/new", json=draft)).json()
    assert (await ana.get("/drafts")).json() == [kept]
    assert (await ana.delete("/drafts/new")).status_code == 204
    [notice] = (await ana.get("/notices")).json()
    assert set(notice) == {"id", "kind", "sentence", "created", "read", "about"}
    assert (await ana.post("/notices/read")).status_code == 204
    assert (await ana.get("/notices")).json()[0]["read"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"text": "x"}, 422),
        ({"text": "x", "audience": {"class": "all"}}, 422),
        ({"text": "x", "audience": {"class": "me"}, "colour": "red"}, 422),
        ({"text": 5, "audience": {"class": "me"}}, 422),
        ({"text": "", "audience": {"class": "me"}}, 400),
        ({"text": "x", "audience": {"class": "chosen", "people": []}}, 400),
        ({"text": "x", "audience": {"class": "circle", "circle": "none"}}, 404),
        ({"text": "x", "audience": {"class": "me"}, "key": ""}, 400),
    ],
)
async def test_what_cannot_be_said_is_refused(ana, asked, status):
    assert (await ana.post("/posts", json=asked)).status_code == status


async def test_numbers_out_of_range_are_refused(ana):
    assert (await ana.get("/feed?limit=0")).status_code == 422
    assert (await ana.get("/feed?limit=1000")).status_code == 422
    assert (await ana.get("/feed?cursor=x")).status_code == 400
    assert (await ana.post("/feed/read", json={"until": 2**80})).status_code == 422
