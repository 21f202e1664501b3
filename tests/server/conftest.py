"""A real node in a folder of its own, its application called in process, and the owner's browser."""

import shutil
from dataclasses import dataclass

import httpx
import pytest
from argon2 import PasswordHasher
from tests.support import FakeClock, SeededEntropy

from microsocial.identity import passwords
from microsocial.node import Node
from microsocial.server import create_app
from microsocial.settings import Settings

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Slow hashes are for guessers; here nobody guesses."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory):
    """A data folder as the first start leaves it, made once."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    node = Node(Settings(data=folder))
    node.open()
    node.close()
    return folder


@pytest.fixture
async def node(tmp_path, clock, empty_folder):
    shutil.copytree(empty_folder, tmp_path / "data")
    node = Node(Settings(data=tmp_path / "data"), clock, SeededEntropy(7))
    node.open()
    yield node
    await node.stop()


@pytest.fixture
async def app(node):
    app = create_app(node)
    yield app
    app.state.close()


@dataclass
class Browser:
    """A client with a cookie jar that sends what a browser would."""

    http: httpx.AsyncClient
    csrf: str | None = None
    words: tuple[str, ...] = ()
    asked: tuple[int, ...] = ()

    async def send(self, method, path, json=None, **headers):
        told = {"Origin": "http://node.test"} if method not in ("GET", "HEAD") else {}
        if self.csrf and method not in ("GET", "HEAD"):
            told["X-CSRF-Token"] = self.csrf
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, f"/api/v1{path}", json=json, headers=told)

    async def get(self, path, **headers):
        return await self.send("GET", path, **headers)

    async def post(self, path, json=None, **headers):
        return await self.send("POST", path, json, **headers)

    async def login(self, password=PASSWORD):
        answer = await self.post("/login", {"password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer


@pytest.fixture
async def browsers(app):
    """Make browsers; each may sit at another address."""
    open_ones = []

    def make(address="127.0.0.1", agent=FIREFOX):
        door = httpx.ASGITransport(app, client=(address, 5000), raise_app_exceptions=False)
        http = httpx.AsyncClient(
            transport=door, base_url="http://node.test", headers={"User-Agent": agent}
        )
        open_ones.append(http)
        return Browser(http)

    yield make
    for http in open_ones:
        await http.aclose()


@pytest.fixture
async def stranger(browsers):
    return browsers("203.0.113.9")


@pytest.fixture
async def owner(node, browsers):
    """Ana, who has just set up her node in this browser."""
    browser = browsers()
    token = node.setup_link.link("").partition("#setup=")[2]
    answer = await browser.post("/setup", {"token": token, "name": "Ana", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    new = answer.json()
    browser.csrf, browser.words, browser.asked = new["csrf"], new["words"], new["asked"]
    return browser
