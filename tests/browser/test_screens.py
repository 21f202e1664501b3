"""Every screen, closely looked at: no sideways scroll from 320 px on, with large letters, from right to left; nothing that axe minds, light and dark; the focus seen."""

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.nodes import wait_for

LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 4
LONG_NAME = "Maximilian-Alexander von und zu Hohenstein-Rothenburg"
LONG_LINK = "https://example.org/" + "a-rather-long-way-to-say-it/" * 8
RIGHT_TO_LEFT = "صباح الخير يا أصدقاء، البحيرة اليوم هادئة جداً"
PLACES = (
    "feed", "write", "notices", "search", "messages", "friends", "circles",
    "invite", "add", "me", "me/profile", "me/posts", "me/look", "me/delivery", "me/security", "me/sheet",
    "me/machine", "me/keys", "me/blocked", "nowhere", "post/nothing",
)  # fmt: skip


@pytest.fixture(scope="module")
def told(pair):
    """A pair between whom much was said, not all of it short."""
    ana, ben = pair
    ana.api.patch("/me", {"about": f"I swim. {LONG_WORD}"})
    ben.api.patch("/me", {"name": LONG_NAME, "about": RIGHT_TO_LEFT})
    for text in (LONG_WORD, LONG_LINK, RIGHT_TO_LEFT, "**The lake**\n\n- is\n- `warm`\n\n> truly"):
        post = ben.api.post("/posts", {"text": text, "audience": {"class": "friends"}})
    wait_for(lambda: ana.api.get(f"/posts/{post['id']}"))
    for text in (RIGHT_TO_LEFT, LONG_WORD, LONG_LINK):
        ana.api.post(f"/posts/{post['id']}/comments", {"text": text})
        ben.api.post(f"/messages/{ana.id}", {"text": text})
    ana.api.post(f"/posts/{post['id']}/reactions", {"emoji": "❤️"})
    ana.api.post("/posts", {"text": "the lake, for me", "audience": {"class": "me"}})
    if not ana.api.get("/circles"):
        ana.api.post("/circles", {"name": f"Walks with {LONG_WORD}"[:40]})
    wait_for(lambda: len(ana.api.get(f"/messages/{ben.id}")["items"]) >= 3)
    wait_for(lambda: ana.api.get(f"/friends/{ben.id}")["name"] == LONG_NAME)
    yield ana, ben, post["id"]
    ben.api.patch("/me", {"name": "Ben", "about": ""})
    wait_for(lambda: ana.api.get(f"/friends/{ben.id}")["name"] == "Ben")


def check_all(screen, places):
    found = []
    for place in places:
        screen.go(place)
        try:
            screen.is_fine()
            screen.shows_focus()
        except AssertionError as error:
            found.append(str(error).split("\nassert")[0])
    assert found == [], "\n\n".join(found)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_screen_is_fine(told, look_at, size):
    ana, ben, post = told
    screen = look_at(ana, size=size, profile=ana.profile)
    screen.forgive("404")
    screen.open()
    expect(screen.page.get_by_role("article")).not_to_have_count(0)
    check_all(screen, [*PLACES, f"post/{post}", f"messages/{ben.id}", f"friends/{ben.id}"])

    screen.go("search")
    for words, found in (("lake", "the lake, for me"), ("zeppelin", "Nothing with")):
        screen.page.get_by_role("searchbox").fill(words)
        expect(screen.page.get_by_role("main").get_by_text(found).first).to_be_visible()
        screen.is_fine()
    screen.go("messages")
    screen.button("Write to somebody").click()
    names = screen.dialog("Write to somebody").get_by_role("listitem")
    assert names.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    screen.is_fine()


def test_every_screen_is_fine_while_it_is_empty(alone, look_at):
    screen = look_at(alone, size=PHONE)
    screen.log_in()
    check_all(
        screen,
        ["feed", "messages", "friends", "circles", "notices", "me/posts", "me/delivery", "search"],
    )


def test_whoever_steps_through_by_keyboard_always_sees_where_they_are(told, look_at):
    ana, ben, post = told
    screen = look_at(ana, profile=ana.profile)
    unseen = []
    for place in ("feed", f"post/{post}", f"messages/{ben.id}", "me/profile"):
        screen.go(place)
        for _ in range(30):
            screen.page.keyboard.press("Tab")
            if not screen.page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                const sees = x => x && getComputedStyle(x).outlineStyle !== 'none';
                return e === document.body || e.matches('textarea') || s.boxShadow !== 'none'
                  || sees(e) || sees(e.nextElementSibling) || sees(e.closest('label')) }"""
            ):
                unseen.append(f"{place}: {screen.focused()}")
    assert unseen == []
