"""Takes a picture of every screen and state into screenshots/: `python -m tools.screenshots [WORD …]` (`make screenshots`).

With words, only screens whose names hold one of them; with --readme the README's pictures are made anew. Phone and desktop, each light and dark. Everything runs on this
machine: real nodes in a temporary folder, drawn pictures, no network. To be looked at one by one.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect
from tests.browser.files import empty, slow_upload
from tests.support.browser import DESKTOP, PHONE, Screen, chromium, find_chromium
from tests.support.nodes import PASSWORD, Person
from tools.browser import HOW
from tools.sample_photos import draw_all
from tools.sample_world import Street, ask, fall_asleep, speak_up, street
from tools.screen_states import (
    Step,
    attach,
    attach_broken,
    attach_slowly,
    choose_from,
    direction,
    from_right_to_left,
    look_at_link,
    make_key,
    press,
    record,
    scroll,
    scroll_to,
    search,
    see_as,
    write,
)
from tools.screens_of_data import keeping, kept, leaving

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "screenshots"
SIZES = {"phone": PHONE, "desktop": DESKTOP}
# Pictures on screen are decoded; those elsewhere load when somebody scrolls there.
_PICTURES_SHOWN = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  await document.fonts.ready;
  const isShown = ({top, bottom}) => bottom > 0 && top < innerHeight;
  const shown = [...document.images].filter(one => isShown(one.getBoundingClientRect()));
  await Promise.all(shown.map(one => one.decode().catch(() => 0))) }"""
# For the README: its names, and which pictures they are made from.
README_PICTURES = {
    "feed": "10-feed-new-further-desktop-light",
    "feed-phone": "10-feed-new-further-phone-dark",
}


@dataclass
class Camera:
    """Walks with one screen and takes each picture in these sizes, light and dark."""

    screen: Screen
    wanted: list[str]
    sizes: Iterable[str] = tuple(SIZES)

    def wants(self, name: str) -> bool:
        return not self.wanted or any(word in name for word in self.wanted)

    def take(self, name: str) -> None:
        if not self.wants(name):
            return
        page = self.screen.page
        for size in self.sizes:
            page.set_viewport_size(SIZES[size])
            expect(page.locator(".bones")).to_have_count(0)
            page.evaluate(_PICTURES_SHOWN)
            for mode in ("light", "dark"):
                page.emulate_media(color_scheme=mode)
                page.screenshot(path=PICTURES / f"{name}-{size}-{mode}.png")
            page.emulate_media(color_scheme="light")

    def at(self, place: str, name: str, before: Step | None = None) -> None:
        """Go to a screen, do what makes its state, take it."""
        if self.wants(name):
            self.screen.go("nowhere")  # leaves behind whatever stood open
            self.screen.go(place)
            if before:
                before(self.screen)
            self.take(name)


def main() -> None:
    if find_chromium() is None:
        raise SystemExit(HOW)
    wanted = [word for word in sys.argv[1:] if word != "--readme"]
    if not wanted:
        shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        photos = draw_all(folder)
        first_minute(browser, folder, wanted)
        with street(folder, photos) as world:
            for size, measures in SIZES.items():
                screen = Screen(browser, world.ana, size=measures)
                screen.log_in()
                everyday(Camera(screen, wanted, (size,)), world)
                writing(Camera(screen, wanted, (size,)), world)
                talking(Camera(screen, wanted, (size,)), world)
                keeping(Camera(screen, wanted, (size,)), world)
                screen.close()
            data(browser, world, folder, wanted)
            public(browser, world, wanted)
            strangers(browser, world, wanted)
            clearing(browser, world, wanted)
            fall_asleep(world, "ben")
            news(browser, world, wanted)
            troubles(browser, world, wanted)
            giving_up(browser, world, wanted)
    if "--readme" in sys.argv:
        for name, picture in README_PICTURES.items():
            made = ROOT / f"docs/pictures/{name}.webp"
            made.parent.mkdir(exist_ok=True)
            Image.open(PICTURES / f"{picture}.png").save(made, quality=82, method=6)
    print(f"{len(list(PICTURES.glob('*.png')))} pictures in {PICTURES}")


def first_minute(browser: Browser, folder: Path, wanted: list[str]) -> None:
    """Somebody new, and every screen while there is nothing on it."""
    kit = Person("kit", folder)
    kit.node.data.mkdir()
    kit.node.start()
    try:
        screen = Screen(browser, kit)
        camera = Camera(screen, wanted)
        screen.open()
        camera.take("01-closed")
        screen.set_up()
        camera.take("02-name")
        screen.page.get_by_role("link", name="I have been here before").click()
        expect(screen.heading("Welcome back")).to_be_visible()
        camera.take("02-been-here-link")
        screen.page.get_by_label("A backup", exact=True).check()
        screen.button("Come back").click()
        camera.take("02-been-here-backup-missing")
        screen.page.go_back()
        screen.button("Make it mine").click()
        camera.take("03-name-missing")
        screen.page.get_by_label("Your name").fill("Kit Marlowe")
        screen.page.get_by_label("A password for this machine").fill(PASSWORD)
        screen.button("Make it mine").click()
        expect(screen.page.get_by_label("Word ")).to_have_count(2)
        camera.take("04-sheet")
        screen.button("That is done").click()
        screen.button("That is done").scroll_into_view_if_needed()
        camera.take("05-sheet-words-missing")
        screen.button("Do this later").click()
        expect(screen.page.locator("#invite-link")).to_be_visible()
        camera.take("06-first-invite")
        screen.button("Go to my feed").click()
        camera.take("07-empty-feed")
        for place in ("messages", "friends", "circles", "notices", "search", "me"):
            camera.at(place, f"08-empty-{place}")
        for place in ("posts", "delivery", "sheet"):
            camera.at(f"me/{place}", f"08-empty-me-{place}")
        screen.close()
    finally:
        kit.leave()


def everyday(camera: Camera, world: Street) -> None:
    """What one reads, and where one looks things up."""
    ids = {name: friend.id for name, friend in world.friends.items()}
    camera.at("feed", "10-feed")
    camera.at("feed", "10-feed-further", lambda screen: scroll(screen, world, "flower"))
    camera.at("feed", "10-feed-yesterday", lambda screen: scroll(screen, world, "lake"))
    camera.at("feed", "11-feed-end", lambda screen: scroll_to(screen, "10000"))
    camera.at("feed", "12-feed-rtl", from_right_to_left)
    direction(camera.screen, "ltr")
    for key in ("flower", "walk", "lake", "sky", "word", "hum", "knot"):
        camera.at(f"post/{world.posts[key]}", f"13-post-{key}")
    camera.at(f"post/{world.posts['lake']}", "14-post-menu", press("More about this post"))
    camera.at(f"post/{world.posts['flower']}", "14-post-reactions", press("React to Elif"))
    walk = f"post/{world.posts['walk']}"
    camera.at(walk, "14-cinema", press(re.compile("See it full screen")))
    camera.at("post/nothing", "15-post-gone")
    camera.at("nowhere-at-all", "15-lost")
    camera.at("notices", "16-notices")
    camera.at("search", "17-search", search("lake", re.compile("^Posts$")))
    camera.at("search", "17-search-none", search("zeppelin", "Nothing with"))
    camera.at("friends", "20-friends")
    for name in ("elif", "layla", "max"):
        camera.at(f"friends/{ids[name]}", f"21-friend-{name}")
    camera.at(f"friends/{ids['elif']}", "22-friend-remove", press("remove Elif"))
    camera.at(f"friends/{ids['elif']}", "22-friend-offer", press("Offer earlier posts"))
    camera.at(f"friends/{ids['ben']}", "22-friend-menu", press("More about Ben"))
    camera.at(f"friends/{world.nora.id}", "22-friend-of-a-friend")
    camera.at("circles", "23-circles", press("Family"))
    camera.at("invite", "24-invite", lambda screen: screen.page.locator("#invite-link").wait_for())
    camera.at("add", "25-add")
    camera.at("add", "25-add-wrong", look_at_link("https://ana.example/i#nonsense"))
    camera.at("add", "25-add-look", look_at_link(world.friends["max"].api.post("/invites")["link"]))
    camera.at("add", "25-add-address", look_at_link("https://kit.example"))
    camera.at("me", "30-me")
    for place in (
        "profile", "posts", "look", "delivery", "security", "keys", "blocked", "sheet", "machine",
    ):  # fmt: skip
        camera.at(f"me/{place}", f"31-me-{place}")
    camera.at(f"me/posts?as={ids['layla']}", "32-as-a-friend")
    camera.at("me/posts?as=anyone", "32-as-anyone")
    camera.at("me/keys", "33-key-made", make_key)
    camera.at("me/keys", "33-key-end", press("End the key “Photo script”"))


def writing(camera: Camera, world: Street) -> None:
    """The composer and what one can do to what one said."""
    words = "Tomorrow we look at the **old mill** from the other side."
    camera.at("write", "40-write")
    camera.at("write", "41-write-friends", write(words))
    camera.at("write", "41-write-anyone", write(words, "Anyone"))
    camera.at("write", "41-write-circle", write(words, "Family"))
    camera.at("write", "41-write-chosen", write(words, "Choose people"))
    camera.at("write", "41-write-as", see_as(words))
    camera.at("write", "42-write-too-long", write("One more word. " * 340))
    photos = [world.photos["coffee"], world.photos["hills"]]
    camera.at("write", "43-write-photos", attach(words, photos))
    _clear_draft(camera, "43-write-photos")
    camera.at("write", "43-write-broken", attach_broken(world.broken))
    _clear_draft(camera, "43-write-broken")
    camera.at("write", "43-write-voice", attach("", [world.photos["hello"]]))
    _clear_draft(camera, "43-write-voice")
    camera.at("write", "43-write-recording", record)
    camera.at("write", "43-write-sending", attach_slowly(world.photos["drifting"]))
    _clear_draft(camera, "43-write-sending")
    camera.at("feed", "44-write-in-place", press("What would you like to say?"))
    for name, item in (("45-edit", "Edit"), ("46-delete", "Delete")):
        camera.at(f"post/{world.posts['poppies']}", name, choose_from("More about this post", item))


def talking(camera: Camera, world: Street) -> None:
    """Messages."""
    camera.at("messages", "50-messages")
    camera.at("messages", "50-messages-new", press("Write to somebody"))
    for name in ("ben", "layla", "max"):
        camera.at(f"messages/{world.friends[name].id}", f"51-talk-{name}")
    ben = f"messages/{world.friends['ben'].id}"
    camera.at(ben, "52-talk-menu", press("More about this conversation"))
    clear = choose_from("More about this conversation", "Clear this conversation")
    camera.at(ben, "53-clear", clear)
    camera.at(ben, "54-talk-rtl", lambda screen: direction(screen, "rtl"))
    direction(camera.screen, "ltr")


def data(browser: Browser, world: Street, folder: Path, wanted: list[str]) -> None:
    """What one's data looks like when it is backed up, and when a key was stolen."""
    screen = Screen(browser, world.ana)
    screen.log_in()
    kept(Camera(screen, wanted), world, folder)
    screen.close()


def giving_up(browser: Browser, world: Street, wanted: list[str]) -> None:
    """Elif deletes everything; Ana's machine and Ben's are off."""
    screen = Screen(browser, world.friends["elif"])
    screen.log_in()
    leaving(Camera(screen, wanted), world.friends["elif"])
    screen.close()


def public(browser: Browser, world: Street, wanted: list[str]) -> None:
    """What anybody sees."""
    screen = Screen(browser, world.ana)
    camera = Camera(screen, wanted)
    for path, name in (
        ("/", "60-public"),
        (f"/p/{world.posts['lake']}", "61-public-post"),
        ("/p/nothing", "62-public-nothing"),
        ("/i", "63-public-invitation"),
    ):
        screen.open(path)
        camera.take(name)
    screen.close()


def strangers(browser: Browser, world: Street, wanted: list[str]) -> None:
    """Somebody asks, is looked at, and is blocked."""
    screen = Screen(browser, world.ana)
    screen.log_in()
    camera = Camera(screen, wanted)
    ask(world)
    camera.at("friends", "26-friends-asked")
    camera.at(f"friends/{world.nora.id}", "26-friend-asks")
    world.ana.api.post(f"/friends/{world.nora.id}/block")
    camera.at("me/blocked", "31-me-blocked-one")
    camera.at(f"friends/{world.nora.id}", "26-friend-blocked")
    screen.close()


def clearing(browser: Browser, world: Street, wanted: list[str]) -> None:
    """A conversation after it was cleared, on both sides."""
    elif_ = world.friends["elif"]
    world.ana.api.post(f"/messages/{elif_.id}/clear")
    for person, other, name in (
        (world.ana, elif_, "55-cleared"),
        (elif_, world.ana, "55-cleared-by"),
    ):
        screen = Screen(browser, person)
        screen.log_in()
        Camera(screen, wanted).at(f"messages/{other.id}", name)
        screen.close()


def news(browser: Browser, world: Street, wanted: list[str]) -> None:
    """What arrives while one looks waits behind a pill."""
    screens = [Screen(browser, world.ana, size=size, is_sharp=True) for size in SIZES.values()]
    for screen in screens:
        screen.log_in()
        expect(screen.post("Soup on Thursday")).to_be_visible()
    speak_up(world)
    for screen, size in zip(screens, SIZES, strict=True):
        expect(screen.button(re.compile("3 new"), exact=False)).to_be_visible()
        camera = Camera(screen, wanted, (size,))
        camera.take("10-feed-new")
        scroll(screen, world, "cat", 72)
        camera.take("10-feed-new-further")
        screen.close()


def troubles(browser: Browser, world: Street, wanted: list[str]) -> None:
    """Somebody asleep, wrong passwords, a machine that does not answer."""
    screen = Screen(browser, world.ana)
    camera = Camera(screen, wanted)
    screen.open()
    camera.take("70-login")
    screen.page.get_by_label("Password").fill("certainly wrong")
    screen.button("Open").click()
    expect(screen.page.get_by_text("That is not the password.")).to_be_visible()
    camera.take("70-login-wrong")
    screen.log_in()
    ben = world.friends["ben"].id
    camera.at("feed", "71-asleep-feed")
    camera.at("me/delivery", "71-asleep-delivery")
    camera.at(f"messages/{ben}", "71-asleep-talk")
    camera.at(f"friends/{ben}", "71-asleep-friend")
    guessing(browser, world, wanted)
    world.ana.kill()
    offline = screen.page.get_by_text("Your machine is not answering.")
    screen.go("feed")
    expect(offline).to_be_visible()
    camera.take("72-offline-feed")
    camera.at("me/security", "72-offline-security")
    camera.at(f"friends/{world.friends['max'].id}", "72-offline-friend")
    screen.close()


def guessing(browser: Browser, world: Street, wanted: list[str]) -> None:
    """Somebody who tries too often has to wait."""
    screen = Screen(browser, world.ana)
    screen.open()
    for number in range(6):
        screen.page.get_by_label("Password").fill(f"guess number {number}")
        with screen.page.expect_response("**/api/v1/login"):
            screen.button("Open").click()
    expect(screen.page.get_by_text("Too many tries.")).to_be_visible()
    Camera(screen, wanted).take("70-login-wait")
    screen.close()


def _clear_draft(camera: Camera, name: str) -> None:
    if camera.wants(name):
        waits = camera.screen.button("Not yet")
        if waits.count():
            waits.click()
        slow_upload(camera.screen, 0)
        empty(camera.screen)


if __name__ == "__main__":
    main()
