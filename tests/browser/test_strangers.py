"""Two who do not know each other yet, and whose machines may be restarted while their screens are open."""

import http.server
import threading

import pytest
from playwright.sync_api import expect
from tests.browser.files import pick, ready, slow_upload
from tests.support.browser import DESKTOP, PHONE
from tests.support.files_made import clip, saved
from tests.support.nodes import befriend, people, wait_for


@pytest.fixture(scope="module", params=[(PHONE, DESKTOP), (DESKTOP, PHONE)], ids=["phone", "desktop"])  # fmt: skip
def sizes(request):
    return request.param


@pytest.fixture(scope="module")
def strangers(sizes):
    with people("dora", "emil") as both:
        yield both


def test_who_is_asked_by_address_hears_of_it_and_says_yes(strangers, look_at, sizes):
    dora, emil = strangers
    hers, his = (look_at(person, size=size) for person, size in zip(strangers, sizes, strict=True))
    for screen in (hers, his):
        screen.log_in()
    hers.go("add")
    hers.page.get_by_label("Link or address").fill(emil.address)
    hers.button("See who it is").click()
    hers.page.get_by_label("A word with it").fill("We met at the lake.")
    hers.is_fine()
    hers.button("Ask to be friends").click()
    expect(hers.heading("Friends")).to_be_visible()
    asked = hers.page.get_by_role("region", name="You asked")
    expect(asked.get_by_role("button", name="Take back what you asked Emil")).to_be_visible()
    hers.is_fine()

    his.go("friends")
    expect(his.page.get_by_text("We met at the lake.")).to_be_visible()
    his.is_fine()
    his.page.get_by_role("link", name="Dora").click()
    expect(his.heading("Dora")).to_be_visible()
    his.is_fine()
    assert emil.api.get("/friends")["friends"] == [], "nothing happens before the yes"
    his.button("Say yes").click()
    expect(his.page.get_by_role("link", name="Write to Dora")).to_be_visible()
    wait_for(lambda: [one["name"] for one in dora.api.get("/friends")["friends"]] == ["Emil"])
    hers.page.get_by_role("link", name="Emil").click()
    expect(hers.page.get_by_role("link", name="Write to Emil")).to_be_visible()
    hers.is_fine()


def test_what_lies_behind_a_link_is_shown_to_both_and_fetched_by_neither_reader(
    strangers, look_at, sizes, site
):
    dora, emil = strangers
    make_friends(dora, emil)
    hers, his = (look_at(person, size=size) for person, size in zip(strangers, sizes, strict=True))
    for screen in (hers, his):
        screen.log_in()
    hers.go("write")
    hers.page.get_by_label("What you want to say").fill(f"Look at this: {site.url}/boats")
    hers.button("Post to 1 friend").click()
    card = hers.post("Look at this").get_by_role("link", name="Boats on the lake")
    expect(card).to_be_visible()
    asked = list(site.asked)
    assert asked[0] == "/boats", "the author's machine looked"

    his.go("feed")
    his.page.reload()
    card = his.post("Look at this").get_by_role("link", name="Boats on the lake")
    expect(card).to_contain_text("How they are built.")
    picture = card.locator("img")
    wait_for(lambda: picture.evaluate("one => one.complete && one.naturalWidth > 50"))
    for screen in (hers, his):
        screen.is_fine()
    assert site.asked == asked, "nobody else asked the site, and no picture came from it"
    assert card.get_attribute("rel").split()[:2] == ["noopener", "noreferrer"]


@pytest.fixture
def friends():
    with people("dora", "emil") as (dora, emil):
        befriend(dora, emil)
        yield dora, emil


def test_an_upload_goes_on_when_the_machine_comes_back_and_everything_works_after(
    friends, look_at, tmp_path
):
    dora, emil = friends
    hers = look_at(dora, size=PHONE)
    hers.forgive("ERR_", "Failed to load", "interrupted")
    hers.log_in()
    hers.go("write")
    hers.page.get_by_label("What you want to say").fill("in spite of everything")
    slow_upload(hers, 40_000)
    pick(hers, "Add a clip", clip(tmp_path / "long.mp4", seconds=8))
    expect(hers.page.get_by_text("Copying, ")).to_be_visible()
    dora.kill()
    expect(hers.page.get_by_text("The connection broke. It goes on by itself")).to_be_visible()
    expect(hers.page.get_by_text("Your machine is not answering.")).to_be_visible()
    hers.is_fine()
    slow_upload(hers, 0)
    dora.start()
    ready(hers, 1)
    expect(hers.page.get_by_text("Your machine is not answering.")).to_have_count(0)
    hers.button("Post to 1 friend").click()
    expect(hers.post("in spite of everything")).to_contain_text("has it")

    post = emil.api.post("/posts", {"text": "welcome back", "audience": {"class": "friends"}})
    wait_for(lambda: dora.api.get(f"/posts/{post['id']}"))
    hers.page.get_by_role("button", name="1 new").click()
    expect(hers.post("welcome back")).to_be_visible()


def make_friends(one, other):
    """Unless an earlier story did."""
    if not one.api.get("/friends")["friends"]:
        befriend(one, other)


class Site(http.server.ThreadingHTTPServer):
    """A web site somewhere else, that remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


PAGE = b"""<!doctype html><html><head><title>Boats</title>
<meta property="og:title" content="Boats on the lake">
<meta property="og:description" content="How they are built.">
<meta property="og:image" content="/boat.png"></head><body>Boats</body></html>"""
PAGES = {
    "/boats": ("text/html; charset=utf-8", PAGE),
    "/boat.png": ("image/png", saved("PNG", (600, 320))),
}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        kind, content = PAGES.get(self.path, ("text/plain", b""))
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """It is quiet."""


@pytest.fixture
def site():
    server = Site()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
