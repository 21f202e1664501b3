"""Conversations over the owner's API."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from microsocial.errors import MicrosocialError
from microsocial.media.attachments import Attachments
from microsocial.messages.api import router
from microsocial.settings import Settings


class Context:
    """A node of one talker, as the maker of routes sees it."""

    def __init__(self, talker, folder):
        self.settings = Settings(data=folder)
        self.db = talker.villager.db
        self._messages = talker.room

    def room(self, kind):
        return Words(self.db) if kind is Attachments else self._messages


class Words:
    """Where nobody attaches anything, saying is all there is to it."""

    def __init__(self, db):
        self._db = db

    async def say(self, chosen, say, *, public, said):
        assert not chosen
        assert public is False
        return await self._db.write(lambda conn: say(conn, []))


@pytest.fixture
async def http(ana, tmp_path):
    app = FastAPI()
    app.include_router(router(Context(ana, tmp_path)))

    @app.exception_handler(MicrosocialError)
    async def refused(_, error):
        return JSONResponse({"title": str(error)}, status_code=error.status)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://node.test"
    ) as http:
        yield http


async def test_a_conversation_from_the_first_word_to_the_clear(talk, ben, http):
    answer = await http.post(f"/messages/{ben.id}", json={"text": "Hello", "key": "k"})
    assert answer.status_code == 201
    message = answer.json()
    again = await http.post(f"/messages/{ben.id}", json={"text": "Hello", "key": "k"})
    assert again.json()["id"] == message["id"]
    edited = await http.patch(f"/messages/{ben.id}/{message['id']}", json={"text": "Hi"})
    assert edited.json()["text"] == "Hi"
    (conversation,) = (await http.get("/messages")).json()
    assert conversation["last"]["text"] == "Hi"
    assert (await http.post(f"/messages/{ben.id}/read")).status_code == 204
    talk.bring()
    page = (await http.get(f"/messages/{ben.id}", params={"limit": 1})).json()
    assert [item["sentence"] for item in page["items"]] == ["Ben has it."]
    cleared = (await http.post(f"/messages/{ben.id}/clear")).json()
    assert cleared["cleared"] == 1
    assert cleared["sentence"]


async def test_unsending_and_what_cannot_be(talk, ben, http):
    message = (await http.post(f"/messages/{ben.id}", json={"text": "Hello"})).json()
    where = f"/messages/{ben.id}/{message['id']}"
    assert (await http.delete(where)).status_code == 204
    assert (await http.delete(where)).status_code == 404
    assert (await http.post(f"/messages/{ben.id}", json={"text": " "})).status_code == 400
    assert (await http.post(f"/messages/{talk.cem.id}", json={"text": "x"})).status_code == 409
    assert (await http.get(f"/messages/{talk.cem.id}")).status_code == 404
    assert (await http.get(f"/messages/{ben.id}", params={"cursor": "x"})).status_code == 400


async def test_whoever_answers_has_read(talk, ben, http):
    ben.send(talk.ana, "Are you there?")
    talk.bring()
    assert [one["unread"] for one in (await http.get("/messages")).json()] == [True]
    assert (await http.post(f"/messages/{ben.id}", json={"text": "Yes"})).status_code == 201
    assert [one["unread"] for one in (await http.get("/messages")).json()] == [False]
    ben.send(talk.ana, "And now?")
    talk.bring()
    assert [one["unread"] for one in (await http.get("/messages")).json()] == [True]
