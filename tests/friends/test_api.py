"""The owner's API of both rooms' shapes, through FastAPI, between neighbours without a network."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from microsocial.errors import MicrosocialError
from microsocial.friends.api import router
from microsocial.friends.knocking import Knocking
from microsocial.friends.service import Friends
from microsocial.settings import Settings


class Context:
    """A node of one neighbour, as the maker of routes sees it."""

    def __init__(self, neighbour, folder):
        self.settings = Settings(data=folder, address=neighbour.url)
        self.db = neighbour.db
        self._rooms = {Friends: neighbour.friends, Knocking: neighbour.knocking}

    def room(self, kind):
        return self._rooms[kind]


def client(neighbour, folder):
    app = FastAPI()
    app.include_router(router(Context(neighbour, folder)))

    @app.exception_handler(MicrosocialError)
    async def refused(_, error):
        return JSONResponse({"title": str(error)}, status_code=error.status)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node.test")


@pytest.fixture
async def anas(ana, tmp_path):
    async with client(ana, tmp_path) as http:
        yield http


@pytest.fixture
async def bens(ben, tmp_path):
    async with client(ben, tmp_path) as http:
        yield http


async def test_inviting_looking_and_saying_yes(ana, ben, anas, bens):
    invite = (await anas.post("/invites")).json()
    assert set(invite) >= {"link", "id", "expires", "reachable", "note"}
    look = (await bens.post("/invites/look", json={"link": invite["link"]})).json()
    assert look["person"]["name"] == "Ana"
    answer = await bens.post("/friends", json={"link": invite["link"]})
    assert answer.status_code == 201
    assert answer.json()["friend"]["state"] == "friend"
    (listed,) = (await anas.get("/invites")).json()
    assert listed["taken_by"] == ben.id
    (friend,) = (await anas.get("/friends")).json()["friends"]
    assert friend["name"] == "Ben"
    assert (await anas.get(f"/friends/{ben.id}")).json() == friend


async def test_asking_declining_and_circles(ana, ben, anas, bens):
    asked = await bens.post("/friends", json={"address": ana.url, "note": "choir"})
    assert asked.json()["friend"]["state"] == "asked"
    (request,) = (await anas.get("/friends")).json()["requests"]
    assert (request["state"], request["note"]) == ("asks", "choir")
    assert (await anas.post(f"/friends/{ben.id}/decline")).status_code == 204
    assert (await anas.post(f"/friends/{ben.id}/decline")).status_code == 404
    assert (await anas.post(f"/friends/{ben.id}/accept")).status_code == 404
    circle = (await anas.post("/circles", json={"name": "Family"})).json()
    refused = await anas.put(f"/circles/{circle['id']}/people/{ben.id}")
    assert refused.status_code == 409
    assert (await anas.delete(f"/circles/{circle['id']}")).status_code == 204
    assert (await anas.get("/circles")).json() == []


async def test_removing_and_blocking(ana, ben, anas):
    await ben.knocking.accept_invite(ana.invite())
    circle = (await anas.post("/circles", json={"name": "Family"})).json()
    put = (await anas.put(f"/circles/{circle['id']}/people/{ben.id}")).json()
    assert [person["name"] for person in put["people"]] == ["Ben"]
    renamed = await anas.patch(f"/circles/{circle['id']}", json={"name": "Kin"})
    assert renamed.json()["name"] == "Kin"
    assert (await anas.post(f"/friends/{ben.id}/remove")).status_code == 204
    assert (await anas.post(f"/friends/{ben.id}/block")).status_code == 204
    (blocked,) = (await anas.get("/blocks")).json()
    assert blocked["name"] == "Ben"
    assert (await anas.post(f"/friends/{ben.id}/unblock")).status_code == 204
    assert (await anas.get("/blocks")).json() == []


async def test_what_cannot_be_is_said_in_words(anas):
    nobody = await anas.get(f"/friends/{'x' * 43}")
    assert nobody.status_code == 404
    assert "You know nobody" in nobody.json()["title"]
    assert (await anas.post("/friends", json={})).status_code == 400
    assert (await anas.post("/friends", json={"link": "x", "more": 1})).status_code == 422
    assert (await anas.delete("/invites/nothing")).status_code == 404


async def test_saying_yes_and_no_to_a_new_home(ana, ben, anas):
    await ben.knocking.accept_invite(ana.invite())
    urls = ["http://192.168.1.20:8000", "http://[fd00::5]:8000"]
    ben.write(lambda conn: ben.log.set_one(conn, "address", {"urls": urls, "home": []}))
    record = ben.read(lambda conn: ben.log.get(conn, ben.id, "address")).envelope
    keys = ana.read(lambda conn: ana.log.key_logs(conn, [ben.id]))
    ana.write(lambda conn: ana.log.accept(conn, record, ben.id, keys))
    where = f"/friends/{ben.id}/home"
    assert len((await anas.get(f"/friends/{ben.id}")).json()["at_home"]) == 2
    no = await anas.delete(where, params={"place": "[fd00::5]:8000"})
    assert [one["place"] for one in no.json()["at_home"]] == ["192.168.1.20:8000"]
    yes = await anas.post(where, json={"place": "192.168.1.20:8000"})
    assert yes.json()["at_home"] == []
    assert (await anas.post(where, json={"place": "192.168.1.1:80"})).status_code == 404
    assert (await anas.delete(where, params={"place": "192.168.1.1:80"})).status_code == 404
    assert (await anas.post(f"/friends/{ana.id}/home", json={"place": "a"})).status_code == 409
