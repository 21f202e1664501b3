"""What screens look like while something is open, wrong, chosen or large: closely looked at in one browser, one state after the other."""

import re

import pytest
from playwright.sync_api import expect
from tests.browser.files import empty, pick
from tests.support.browser import DESKTOP, PHONE
from tests.support.files_made import saved
from tests.support.nodes import wait_for


@pytest.fixture(scope="module")
def said(pair):
    """A post with a comment, a message and a circle: something to open."""
    ana, ben = pair
    post = ana.api.post("/posts", {"text": "for a closer look", "audience": {"class": "friends"}})
    wait_for(lambda: ben.api.get(f"/posts/{post['id']}"))
    ben.api.post(f"/posts/{post['id']}/comments", {"text": "from nearby"})
    wait_for(lambda: ana.api.get(f"/posts/{post['id']}")["comments"])
    message = ana.api.post(f"/messages/{ben.id}", {"text": "a closer look"})
    if not any(circle["name"] == "Lenses" for circle in ana.api.get("/circles")):
        ana.api.post("/circles", {"name": "Lenses"})
    return post["id"], message["id"]


def press(name, exact=False):
    return lambda screen: (
        screen.page.get_by_role("button", name=name, exact=exact).first.click(),
        screen.page.wait_for_timeout(50),
    )


def steps(*doings):
    def do(screen):
        for doing in doings:
            doing(screen)

    return do


def fill(label, words):
    return lambda screen: screen.page.get_by_label(label).first.fill(words)


def choose(name):
    return lambda screen: screen.page.get_by_role("radio", name=name).check(force=True)


def states(ben, post, photo):
    """Where, and what makes the state there."""
    about, look = f"friends/{ben.id}", "Link or address"
    return [
        ("feed", press("What would you like to say?")),
        ("write", choose("Lenses")),
        ("write", choose("Choose people")),
        ("write", fill("What you want to say", "long " * 1100)),
        ("write", steps(fill("What you want to say", "seen?"), press(re.compile("^View as")))),
        ("write", steps(fill("What you want to say", ""), lambda screen: broken(screen, photo))),
        (f"post/{post}", press("More about this post")),
        (f"post/{post}", press("React to your post")),
        (f"post/{post}", press("More about what Ben wrote")),
        (f"post/{post}", steps(press("More about this post"), press("Edit", exact=True))),
        (f"post/{post}", steps(press("More about this post"), press("Delete", exact=True))),
        (about, press("More about Ben")),
        (about, press("Offer earlier posts")),
        (about, press("remove Ben")),
        (f"messages/{ben.id}", press("More about this conversation")),
        (f"messages/{ben.id}", press("Add photos, a clip or a voice note")),
        (f"messages/{ben.id}", press("Unsend “a closer look”")),
        ("messages", press("Write to somebody")),
        ("circles", press("Lenses")),
        ("add", steps(fill(look, "https://ana.example/i#no"), press("See who it is"))),
        ("add", steps(fill(look, "https://ana.example"), press("See who it is"))),
        ("me/keys", press("Make it", exact=True)),
        ("me/keys", steps(fill("What it is for", "Photo script"), press("Make it", exact=True))),
        ("me/keys", press("End the key “Photo script”")),
        ("me/posts?as=anyone", lambda screen: None),
        (f"me/posts?as={ben.id}", lambda screen: None),
        ("me/blocked", lambda screen: None),
        ("me/security", steps(fill("The new one", "short"), press("Change it"))),
        ("me/profile", steps(fill("Name", ""), press("Save"))),
        ("me/words", choose("My machine or key was stolen")),
        ("me/moving", steps(fill("The new address", "https://ana.example"), press("Move there"))),
        ("me/storage", posts_everywhere),
        ("me/leave", press("Begin to delete everything")),
    ]


def posts_everywhere(screen):
    screen.page.get_by_label("What may go").select_option("posts")
    screen.page.get_by_label("How old").select_option("0")
    screen.page.get_by_label("On my friends").check()
    screen.button("Show what would go").click()
    expect(screen.page.get_by_role("dialog").get_by_label("Your password")).to_be_visible()


def broken(screen, photo):
    pick(screen, "Add photos", photo)
    expect(screen.page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize(
    "size",
    # Wide screens, in their plain state, are scanned in test_screens.py every time.
    [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desktop", marks=pytest.mark.soak)],
)
def test_every_state_is_fine_and_shows_where_the_focus_is(pair, said, look_at, tmp_path, size):
    ana, ben = pair
    photo = tmp_path / "torn.png"
    photo.write_bytes(saved("PNG")[:300])
    screen = look_at(ana, size=size, profile=ana.profile)
    screen.forgive("40[0-9]", "422")
    empty(screen)
    found = []
    for place, make in states(ben, said[0], photo):
        screen.go("nowhere")
        screen.go(place)
        try:
            make(screen)
            screen.settle()
            screen.is_fine()
            if not screen.page.locator("[aria-expanded=true]").count():
                screen.shows_focus()
        except AssertionError as error:
            found.append(f"{place}: {str(error).split(chr(10) + 'assert')[0]}")
    screen.go("write")
    empty(screen)
    for key in ana.api.get("/tokens"):
        ana.api.delete(f"/tokens/{key['id']}")
    assert found == [], "\n\n".join(found)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_what_closes_gives_the_focus_back(pair, said, look_at, size):
    ana, ben = pair
    screen = look_at(ana, size=size, profile=ana.profile)
    keys = screen.page.keyboard
    for place, opener in (
        (f"post/{said[0]}", "More about this post"),
        (f"post/{said[0]}", "React to your post"),
        (f"friends/{ben.id}", "More about Ben"),
        (f"friends/{ben.id}", "Offer earlier posts"),
        (f"friends/{ben.id}", "remove Ben"),
        (f"messages/{ben.id}", "More about this conversation"),
        (f"messages/{ben.id}", "Add photos, a clip or a voice note"),
        ("messages", "Write to somebody"),
        ("write", "View as Ben"),
    ):
        screen.go(place)
        button = screen.page.get_by_role("button", name=opener).first
        button.focus()
        keys.press("Enter")
        expect(
            screen.page.locator("dialog[open], [aria-expanded=true]").first, opener
        ).to_be_attached()
        keys.press("Tab")
        keys.press("Escape")
        expect(screen.page.locator("dialog[open], [aria-expanded=true]")).to_have_count(0)
        expect(button).to_be_focused()


def test_nothing_moves_for_longer_than_a_fifth_of_a_second(pair, said, look_at):
    ana, ben = pair
    screen = look_at(ana, profile=ana.profile)
    screen.page.emulate_media(reduced_motion="no-preference")
    slow = """() => [...document.querySelectorAll('*')].filter(one =>
      getComputedStyle(one).transitionDuration.split(',').some(time => parseFloat(time) > 0.2))
      .map(one => one.outerHTML.slice(0, 120))"""
    for place in ("feed", f"post/{said[0]}", f"messages/{ben.id}", "write", "me"):
        screen.go(place)
        assert screen.page.evaluate(slow) == []


def test_a_first_visit_costs_little(alone, look_at):
    """Of JavaScript, as it goes over the wire when packed: 120 kB at most, said to everybody and held here."""
    screen = look_at(alone)
    arrived = {}
    screen.page.on("response", lambda answer: arrived.setdefault(answer.url, answer))
    screen.log_in()
    scripts = [answer for url, answer in arrived.items() if url.endswith(".js")]
    assert scripts
    packed = sum(int(one.headers.get("content-length", 0)) for one in scripts)
    assert 20_000 < packed <= 120 * 1024
    assert {one.headers.get("content-encoding") for one in scripts} <= {"gzip", "br", "zstd"}
