"""Pictures of "Your data": what one keeps, takes along, lets go of, and how one comes back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Route, expect
from tests.support.browser import Screen
from tests.support.nodes import Person
from tools.sample_world import Street
from tools.screen_states import Step, press

if TYPE_CHECKING:
    from tools.screenshots import Camera

PASSPHRASE = "four words nobody says"
PAGES = ("data", "backup", "export", "storage", "words", "moving", "leave")
AN_HOUR_MS = 3_600_000


def keeping(camera: "Camera", world: Street) -> None:
    """Every page as it is at first, and what one does there."""
    for page in PAGES:
        camera.at(f"me/{page}", f"34-data-{page}")
    camera.at("me/storage", "35-purge", _count_posts)
    camera.at("me/words", "35-words-few", _type_words(world.ana.words[:5], "Lock the thief out"))
    camera.at("me/words", "35-words-right", _type_words(world.ana.words, "Test it"))
    camera.at("me/moving", "35-move", _ask_to_move)
    ben = f"friends/{world.friends['ben'].id}"
    camera.at(ben, "35-help", _help("Ben"))


def kept(camera: "Camera", world: Street, folder: Path) -> None:
    """After the first backup; and what a theft would show, told by a machine that only says so."""
    world.ana.api.put(
        "/backups", {"folder": str(folder / "backup"), "passphrase": PASSPHRASE, "every": "day"}
    )
    camera.at("me/backup", "36-backup-done", _back_up)
    camera.at("me/data", "36-data-after")
    _tell(camera.screen, "/keys", _stolen(world))
    _tell(camera.screen, "/keys/foreign", _foreign(world))
    camera.at("me/words", "37-words-after-a-theft")
    camera.at("me/theft", "37-is-this-yours")
    camera.screen.page.unroute_all()


def leaving(camera: "Camera", person: Person) -> None:
    """Somebody deletes everything, while a friend's machine is off."""

    def begin(screen: Screen) -> None:
        screen.page.get_by_label("Your password").fill(person.password)
        screen.button("Begin to delete everything").click()
        expect(screen.page.get_by_text("have removed everything of yours")).to_be_visible()

    camera.at("me/leave", "73-leaving", begin)
    camera.at("feed", "73-leaving-feed")


def _count_posts(screen: Screen) -> None:
    screen.page.get_by_label("What may go").select_option("posts")
    screen.page.get_by_label("How old").select_option("0")
    screen.button("Show what would go").click()
    expect(screen.dialog("This would go")).to_be_visible()


def _type_words(words: list[str], button: str) -> Step:
    def type_them(screen: Screen) -> None:
        if button != "Test it":
            screen.page.get_by_label("My machine or key was stolen").check()
        screen.page.get_by_label("The 24 words").fill(" ".join(words))
        screen.button(button).click()
        expect(screen.page.get_by_text("This is your sheet").or_(_few(screen))).to_be_visible()

    return type_them


def _few(screen: Screen) -> Any:
    return screen.page.get_by_text("The sheet has 24.")


def _ask_to_move(screen: Screen) -> None:
    screen.page.get_by_label("The new address").fill("https://ana.example")
    screen.button("Move there").click()
    expect(screen.dialog("Send everybody on?")).to_be_visible()


def _help(name: str) -> Step:
    def ask(screen: Screen) -> None:
        press(f"More about {name}")(screen)
        screen.button(f"Help {name} come back").click()
        screen.button("Make a link").click()
        expect(screen.page.get_by_text("by voice or on paper").first).to_be_visible()

    return ask


def _back_up(screen: Screen) -> None:
    screen.button("Back up now").click()
    expect(screen.page.get_by_text("A restore would work")).to_be_visible()


def _tell(screen: Screen, path: str, answer: Any) -> None:
    def fulfil(route: Route) -> None:
        route.fulfill(json=answer)

    screen.page.route(f"**/api/v1{path}", fulfil)


def _stolen(world: Street) -> dict[str, Any]:
    max_ = world.ana.api.get(f"/friends/{world.friends['max'].id}")
    says = "Your key was renewed as stolen. Some of what friends hold in your name is not known to this machine."
    return {
        "number": 1,
        "events": [
            {"number": 1, "reason": "stolen", "sentence": "Renewed today, because it was stolen."}
        ],
        "theft": {"state": "asking", "waiting": [max_], "sentence": says},
        "stopped": None,
    }


def _foreign(world: Street) -> list[dict[str, Any]]:
    ben, elif_ = (world.ana.api.get(f"/friends/{world.friends[one].id}") for one in ("ben", "elif"))
    posts = world.ana.api.get("/feed")["items"]
    now, photos = posts[0]["created"], next(post["media"] for post in posts if post["media"])
    said = (
        (
            "post",
            "I lost my phone and my bag. Can somebody send 300? Number below.",
            1,
            [ben, elif_],
        ),
        ("message", "Are you there? It is urgent.", 2, [ben]),
        ("profile", "Ana Ferreira (new)", 30, [elif_]),
    )
    return [
        {
            "id": str(number),
            "kind": kind,
            "text": text,
            "html": text,
            "created": now - hours * AN_HOUR_MS,
            "from": holders,
            "replaced": kind == "profile",
            "post": None,
            "media": photos[:2] if kind == "post" else [],
        }
        for number, (kind, text, hours, holders) in enumerate(said)
    ]
