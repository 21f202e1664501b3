"""Posts and messages that wait for their files: kept, said by themselves, and given back when they cannot be said."""

import asyncio

import pytest
from tests.server.test_media import PHOTO, begin, send
from tests.support import FakeClock, SeededEntropy

from microsocial.events import LiveEvent
from microsocial.media.model import UPLOAD_LIFETIME_MS
from microsocial.media.workshop import FileRefused
from microsocial.node import Node


@pytest.fixture
def told(node):
    heard = []
    node.bus.subscribe(LiveEvent, heard.append)
    return heard


class Gate:
    """Holds the child process back until it is opened; `refuse` makes it say no."""

    def __init__(self, node):
        self._workshop = node.darkroom.intake._workshop
        self._prepare = self._workshop.prepare
        self._open = asyncio.Event()
        self.refuses = False
        self._workshop.prepare = self.prepare

    async def prepare(self, job, progress):
        progress(40)
        await self._open.wait()
        if self.refuses:
            raise FileRefused(f"{job.name}: It lasts longer than a minute.")
        return await self._prepare(job, progress)

    async def open(self, node):
        self._open.set()
        await calm(node)


async def calm(node):
    """Let everything that runs by itself come to its end."""
    intake, waiting = node.darkroom.intake, node.darkroom.waiting
    while intake._at_work or (waiting._looking and not waiting._looking.done()):
        await asyncio.gather(
            *intake._at_work.values(), *filter(None, [waiting._looking]), return_exceptions=True
        )


@pytest.fixture
def gate(node, owner):
    return Gate(node)


async def working(owner, name="wave.jpg"):
    path = await begin(owner, name)
    assert (await send(owner, path, 0, PHOTO)).status_code == 204
    return path.rsplit("/", 1)[-1]


def said_with(*uploads, text="A wave", key="k1", audience="friends"):
    media = [{"id": one, "caption": "The sea"} for one in uploads]
    return {"text": text, "audience": {"class": audience}, "media": media, "key": key}


async def test_a_post_goes_out_by_itself_when_its_file_is_ready(node, owner, gate, told):
    upload = await working(owner)
    answer = await owner.post("/posts", said_with(upload))
    assert answer.status_code == 202
    waits = answer.json()
    assert (waits["kind"], waits["key"], waits["state"], waits["progress"]) == (
        "post", "k1", "working", 40,
    )  # fmt: skip
    assert waits["sentence"].startswith("It goes out by itself when wave.jpg is ready.")
    assert (waits["text"], waits["audience"]["class"]) == ("A wave", "friends")
    assert (waits["media"][0]["caption"], waits["media"][0]["upload"]["id"]) == ("The sea", upload)
    assert (await owner.get("/posts/waiting")).json() == [waits]
    assert (await owner.get("/feed")).json()["items"] == []
    assert (await owner.post("/posts", said_with(upload))).status_code == 202  # the same again
    await gate.open(node)
    [post] = (await owner.get("/feed")).json()["items"]
    assert (post["text"], post["media"][0]["caption"]) == ("A wave", "The sea")
    assert (await owner.get("/posts/waiting")).json() == []
    again = await owner.post("/posts", said_with(upload))
    assert (again.status_code, again.json()["id"]) == (201, post["id"])
    ended = [event.payload for event in told if event.name == "waiting.ended"]
    assert ended == [{"kind": "post", "key": "k1", "friend": None, "id": post["id"]}]


async def test_what_waits_survives_the_end_of_the_program(node, owner, gate, tmp_path):
    upload = await working(owner)
    await owner.post("/posts", said_with(upload))
    await node.stop()
    clock = FakeClock(node.clock.now() + 2 * UPLOAD_LIFETIME_MS)  # its file is not swept meanwhile
    later = Node(node.settings, clock, SeededEntropy(8))
    await later.start()
    await calm(later)
    feed = await later.db.read(lambda conn: later.rooms.feed.page(conn, 10))
    await later.stop()
    assert [post["text"] for post in feed["items"]] == ["A wave"]
    assert feed["items"][0]["media"][0]["state"] == "ready"


async def test_a_refused_file_makes_it_a_draft_again_with_a_sentence(node, owner, gate, told):
    gate.refuses = True
    upload = await working(owner)
    await owner.post("/posts", said_with(upload))
    await gate.open(node)
    [waits] = (await owner.get("/posts/waiting")).json()
    assert (waits["state"], waits["text"]) == ("refused", "A wave")
    assert waits["sentence"] == "wave.jpg: It lasts longer than a minute."
    assert [event.payload["waiting"]["state"] for event in told if event.name == "waiting.changed"] == [
        "working", "refused",
    ]  # fmt: skip
    assert (await owner.get("/feed")).json()["items"] == []
    # Said anew under the same key, without the file, it takes the draft's place.
    answer = await owner.post("/posts", {**said_with(), "text": "Only words"})
    assert answer.status_code == 201
    assert (await owner.get("/posts/waiting")).json() == []


async def test_a_file_that_is_taken_away_gives_the_post_back(node, owner, gate):
    first, second = await working(owner), await working(owner, "dune.jpg")
    await owner.post("/posts", said_with(first, second))
    await owner.send("DELETE", f"/uploads/{first}")
    await gate.open(node)
    [waits] = (await owner.get("/posts/waiting")).json()
    assert waits["state"] == "refused"
    assert [one["upload"] and one["upload"]["name"] for one in waits["media"]] == [None, "dune.jpg"]


async def test_what_waits_is_taken_back(node, owner, gate, told):
    upload = await working(owner)
    await owner.post("/posts", said_with(upload))
    assert (await owner.send("DELETE", "/posts/waiting/k1")).status_code == 204
    assert (await owner.send("DELETE", "/posts/waiting/k1")).status_code == 404
    await gate.open(node)
    assert (await owner.get("/feed")).json()["items"] == []
    assert [one["id"] for one in (await owner.get("/uploads")).json()] == [upload]
    assert told[-1].name == "media.changed"
    assert [event.payload["id"] for event in told if event.name == "waiting.ended"] == [None]


async def test_what_could_not_be_said_is_refused_before_it_waits(node, owner, gate):
    upload, again = await working(owner), await working(owner, "dune.jpg")
    for wrong, status in (
        ({**said_with(upload), "text": "x" * 5001}, 400),
        ({**said_with(upload), "audience": {"class": "chosen", "people": ["x" * 43]}}, 400),
        ({**said_with(upload), "key": ""}, 400),
        (said_with(upload, upload), 400),
        (said_with(upload, "nothing"), 404),
    ):
        assert (await owner.post("/posts", wrong)).status_code == status
    half = (await begin(owner, "half.jpg")).rsplit("/", 1)[-1]
    answer = await owner.post("/posts", said_with(upload, again, half))
    assert (answer.status_code, answer.json()["type"]) == (409, "about:microsocial/not-ready-yet")
    assert (
        await owner.post(f"/messages/{'x' * 43}", {"media": [{"id": upload}]})
    ).status_code == 409
    assert (await owner.get("/posts/waiting")).json() == []
