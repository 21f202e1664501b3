"""Coming back through the setup link: who may, what is told, and who is let in at its end."""

import asyncio
import json
import logging

import pytest
from tests.node.test_recovering import WORDS, Known, capsule
from tests.server.conftest import PASSWORD
from tests.server.test_door import token_of

from microsocial.identity.recovery import beginning
from microsocial.node.life import RECOVERING
from microsocial.protocol.capsules import Contents
from microsocial.protocol.words import new_words
from microsocial.server import coming_back
from microsocial.server.coming_back import HANDED_OVER_WITHIN_MS, ComingBack

LINK = f"http://127.0.0.1:1/h#{'A' * 43}.{'A' * 32}"
SHEET = new_words(WORDS)


class Slow(Known):
    """A source that says how far it is, and then waits."""

    def __init__(self, *capsules):
        super().__init__(*capsules)
        self.go_on = asyncio.Event()

    async def look(self, place):
        place.progress.at(1, 2, "Half of it")
        await self.go_on.wait()
        return await super().look(place)


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch):
    monkeypatch.setattr(coming_back, "TELL_EVERY_S", 0.01)


@pytest.fixture
def come_from(monkeypatch):
    """Have everything come from this source."""

    def use(source):
        monkeypatch.setattr(ComingBack, "_source", lambda _self, _asked: source)
        return source

    return use


def asked(node, **more):
    return {
        "token": token_of(node),
        "source": "friend",
        "link": LINK,
        "words": SHEET,
        "password": PASSWORD,
        **more,
    }


async def begin(browser, node, **more):
    return await browser.post("/setup/return", asked(node, **more))


async def to_the_end(browser, token):
    """Watch until it is over, as the page does."""
    seen = -1
    while True:
        answer = await browser.post("/setup/return/watch", {"token": token, "seen": seen})
        told = answer.json()
        if answer.status_code != 200 or told["state"] != "working":
            return answer
        seen = told["moves"]


async def test_nothing_happens_without_the_setup_link(node, stranger):
    wrong = "x" * 43
    for path, body in (
        ("/setup/return", asked(node, token=wrong)),
        ("/setup/return/watch", {"token": wrong}),
        ("/setup/return/export", {}),
    ):
        answer = await stranger.post(path, body, X_Setup_Token=wrong)
        assert answer.status_code == 403, path
        assert answer.json()["type"] == "about:microsocial/setup-link-used"
    assert not [*node.settings.data.glob("import-*")]
    assert not (node.settings.data / RECOVERING).exists()


async def test_another_site_cannot_begin_it(node, browsers):
    answer = await browsers().send(
        "POST", "/setup/return", asked(node), Sec_Fetch_Site="cross-site"
    )
    assert answer.status_code == 403
    assert answer.json()["type"] == "about:microsocial/foreign-request"


@pytest.mark.parametrize(
    ("slip", "field"),
    [
        ({"password": "short"}, "password"),
        ({"words": SHEET[:23]}, "words"),
        ({"words": None}, "words"),
        ({"words": [*SHEET[:23], "zzz"]}, "words"),
        ({"link": "https://ben.example/"}, "link"),
        ({"name": " "}, "name"),
        ({"source": "backup", "folder": "disk"}, "folder"),
        ({"source": "backup", "folder": "/a\0b"}, "folder"),
        ({"source": "export"}, "export"),
        ({"source": "luck"}, "source"),
    ],
)
async def test_a_slip_is_named_at_once(node, browsers, slip, field):
    answer = await begin(browsers(), node, **slip)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert node.me is None


async def test_whoever_comes_back_is_let_in_once(node, browsers, come_from, caplog):
    caplog.set_level(logging.DEBUG)
    come_from(Known(capsule(Contents(name="Ana"))))
    browser, token = browsers(), token_of(node)
    answer = await begin(browser, node)
    assert (answer.status_code, answer.json()["state"]) == (202, "working")
    answer = await to_the_end(browser, token)
    told = answer.json()
    assert told["back"] == {
        "id": beginning(WORDS).id,
        "name": "Ana",
        "reason": "planned",
        "friends": 0,
        "answered": 0,
        "sentences": ["One thing more."],
    }
    session = (await browser.get("/session")).json()
    assert (session["state"], session["csrf"]) == ("open", told["csrf"])
    assert (await browser.get("/me")).json()["name"] == "Ana"

    other = browsers("203.0.113.9")
    late = await other.post("/setup/return/watch", {"token": token})
    assert (late.status_code, "set-cookie" in late.headers) == (403, False)
    assert (await begin(other, node, token=token)).status_code == 403
    assert (await other.login()).status_code == 200
    for secret in (token, PASSWORD, " ".join(SHEET), '", "'.join(SHEET), LINK):
        assert secret not in caplog.text
        assert secret.encode() not in node.db.snapshot()


async def test_nobody_is_let_in_with_a_link_that_was_left_lying(node, browsers, clock, come_from):
    come_from(Known(capsule(Contents(name="Ana"))))
    token = token_of(node)
    await begin(browsers(), node)
    await next(one for one in asyncio.all_tasks() if one.get_name() == "coming-back")
    clock.advance(HANDED_OVER_WITHIN_MS + 1)
    late = await browsers().post("/setup/return/watch", {"token": token})
    assert (late.status_code, "set-cookie" in late.headers) == (403, False)


async def test_a_page_that_is_closed_takes_no_session_with_it(node, app, browsers, come_from):
    source = come_from(Slow(capsule(Contents(name="Ana"))))
    browser, token = browsers(), token_of(node)
    moves = (await begin(browser, node)).json()["moves"]
    told = (await browser.post("/setup/return/watch", {"token": token, "seen": moves})).json()
    asked = json.dumps({"token": token, "seen": told["moves"]}).encode()
    comes = iter([{"type": "http.request", "body": asked}, {"type": "http.disconnect"}])
    sent = []

    async def receive():
        return next(comes)

    async def send(message):
        sent.append(message)

    headers = [
        (b"host", b"node.test"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(asked)).encode()),
    ]
    where = {"type": "http", "method": "POST", "path": "/api/v1/setup/return/watch"}
    rest = {"query_string": b"", "headers": headers, "scheme": "http", "http_version": "1.1"}
    await app({**where, **rest, "client": ("127.0.0.1", 5000)}, receive, send)
    assert sent[0]["status"] == 204
    source.go_on.set()
    assert (await to_the_end(browser, token)).json()["csrf"]


async def test_it_is_told_while_it_works_and_runs_once(node, browsers, come_from):
    source = come_from(Slow(capsule(Contents(name="Ana"))))
    browser, token = browsers(), token_of(node)
    assert (await browser.post("/setup/return/watch", {"token": token})).json() == {"state": "none"}
    moves = (await begin(browser, node)).json()["moves"]
    watching = {"token": token, "seen": moves}
    told = (await browser.post("/setup/return/watch", watching)).json()
    assert (told["done"], told["total"], told["sentence"]) == (1, 2, "Half of it")
    again = await begin(browsers(), node)
    assert again.json()["type"] == "about:microsocial/coming-back-now"
    source.go_on.set()
    assert (await to_the_end(browser, token)).json()["state"] == "done"


async def test_what_fails_says_why_and_can_be_tried_again(node, browsers, come_from):
    come_from(Known())
    browser, token = browsers(), token_of(node)
    await begin(browser, node)
    told = (await to_the_end(browser, token)).json()
    assert (told["state"], told["back"]) == ("failed", None)
    assert told["problem"]["type"] == "about:microsocial/name-needed"
    assert told["problem"]["field"] == "name"
    assert (await browser.get("/session")).json()["state"] == "new"
    await begin(browser, node, name="Ana")
    assert (await to_the_end(browser, token)).json()["back"]["name"] == "Ana"


async def test_what_nobody_expected_is_logged_and_told_without_particulars(
    node, browsers, come_from, caplog
):
    come_from(Known(capsule(Contents(name="Ana")), fails=RuntimeError("in /secret/place")))
    browser = browsers()
    await begin(browser, node)
    told = (await to_the_end(browser, token_of(node))).json()
    assert told["problem"]["status"] == 500
    assert "/secret/place" not in str(told)
    assert "Coming back failed" in caplog.text


async def test_an_export_is_taken_in_looked_at_and_forgotten(node, browsers):
    browser, token = browsers(), token_of(node)
    headers = {"X-Setup-Token": token, "Origin": "http://node.test"}
    for content in (b"no zip at all", b"nor this"):
        answer = await browser.http.post(
            "/api/v1/setup/return/export", content=content, headers=headers
        )
        assert answer.status_code == 204
    [kept] = node.settings.data.glob("import-*.zip")
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (b"nor this", 0o600)
    await begin(browser, node, source="export")
    told = (await to_the_end(browser, token)).json()
    assert told["problem"]["field"] == "export"
    assert node.me is None


async def test_a_folder_without_a_backup_is_told_at_its_field(node, browsers, tmp_path):
    browser = browsers()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/lake.jpg").write_bytes(b"blue")
    for place, slug in (("photos", "no-backup-here"), ("nowhere", "folder-away")):
        for more in ({}, {"words": None, "passphrase": "four words nobody says"}):
            folder = str(tmp_path / place)
            await begin(browser, node, source="backup", folder=folder, **more)
            problem = (await to_the_end(browser, token_of(node))).json()["problem"]
            assert (problem["type"], problem["field"]) == (f"about:microsocial/{slug}", "folder")
