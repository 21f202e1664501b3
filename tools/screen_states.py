"""What somebody does on a screen before its picture is taken: press, write, attach, look further down."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from tests.browser.files import pick, slow_upload
from tests.support.browser import Screen
from tools.sample_world import Street

Step = Callable[[Screen], object]


def press(name: str | re.Pattern[str]) -> Step:
    return lambda screen: screen.page.get_by_role("button", name=name).first.click()


def choose_from(name: str, item: str) -> Step:
    def choose(screen: Screen) -> None:
        press(name)(screen)
        screen.button(item).click()

    return choose


def write(words: str, audience: str = "Friends") -> Step:
    def write(screen: Screen) -> None:
        screen.page.get_by_role("radio", name=audience).check(force=True)
        screen.page.get_by_label("What you want to say").fill(words)

    return write


def look_at_link(link: str) -> Step:
    def look(screen: Screen) -> None:
        screen.page.get_by_label("Link or address").fill(link)
        screen.button("See who it is").click()
        expect(screen.button("See who it is").or_(screen.button("Not now"))).to_be_enabled()
        screen.page.wait_for_function("!document.querySelector('main [aria-disabled=true]')")

    return look


def search(words: str, found: str | re.Pattern[str]) -> Step:
    def search(screen: Screen) -> None:
        screen.page.get_by_role("searchbox").fill(words)
        expect(screen.page.locator("main h2, main p").filter(has_text=found).first).to_be_visible()

    return search


def attach(words: str, files: list[Path]) -> Step:
    def attach(screen: Screen) -> None:
        write(words)(screen)
        pick(screen, "Add photos", files)
        expect(screen.page.get_by_text("Ready", exact=True)).to_have_count(len(files))

    return attach


def attach_broken(file: Path) -> Step:
    def attach(screen: Screen) -> None:
        pick(screen, "Add photos", file)
        expect(screen.page.locator(".uploads [role=alert]")).to_be_visible()

    return attach


def attach_slowly(clip: Path) -> Step:
    def attach(screen: Screen) -> None:
        slow_upload(screen, 30_000)
        pick(screen, "Add a clip", clip)
        expect(screen.page.get_by_text("Copying, ")).to_be_visible()
        screen.page.get_by_label("What you want to say").fill("It moves, slowly.")
        screen.button(re.compile("^Post to")).click()
        expect(screen.button("Not yet")).to_be_visible()

    return attach


def record(screen: Screen) -> None:
    screen.button("Record a voice note").click()
    expect(screen.page.get_by_role("timer")).to_have_text("0:02")


def see_as(words: str) -> Step:
    def see(screen: Screen) -> None:
        write(words, "Family")(screen)
        screen.button(re.compile("^View as")).click()
        screen.dialog("How others see it").get_by_label("See it as").select_option(
            label="Ben Ohlsson"
        )

    return see


def make_key(screen: Screen) -> None:
    screen.page.get_by_label("What it is for").fill("Photo script")
    screen.page.get_by_label("write").check()
    screen.button("Make it").click()
    expect(screen.heading("The key for “Photo script”")).to_be_visible()


def from_right_to_left(screen: Screen) -> None:
    direction(screen, "rtl")
    scroll_to(screen, "0")


def scroll(screen: Screen, world: Street, key: str, above: int = 12) -> None:
    link = screen.page.locator(f"article a[href='#/post/{world.posts[key]}']").first
    link.evaluate(
        """(link, above) =>
          scrollTo(0, link.closest('article').getBoundingClientRect().top + scrollY - above)""",
        above,
    )


def scroll_to(screen: Screen, top: str) -> None:
    screen.page.evaluate(f"scrollTo(0, {top})")


def direction(screen: Screen, way: str) -> None:
    screen.page.evaluate("way => document.documentElement.dir = way", way)
