"""Stories told in a real browser. Each opens screens with `look_at(person)`; whatever a browser complains about fails it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.support.browser import Screen, chromium, find_chromium
from tests.support.nodes import Person, befriend, people

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "screenshots/failed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(240))
            if find_chromium() is None:
                item.add_marker(
                    pytest.mark.skip("Chromium is not installed; tools/browser.py says how.")
                )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


_FAILED = pytest.StashKey[bool]()


# For this folder, not the session: while it runs, no test with an event loop of its own can.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def look_at(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Screen]]:
    screens: list[Screen] = []

    def look(person: Person, **wishes: Any) -> Screen:
        screens.append(Screen(browser, person, **wishes))
        return screens[-1]

    yield look
    if request.node.stash.get(_FAILED, True):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for number, screen in enumerate(screens):
            screen.page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png")
    complaints = [f"{screen.person.name}: {one}" for screen in screens for one in screen.complaints]
    for screen in screens:
        screen.close()
    assert complaints == []


@pytest.fixture(scope="package")
def pair(browser: Browser) -> Iterator[tuple[Person, Person]]:
    """Two friends, both known to a browser."""
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        for person in (ana, ben):
            screen = Screen(browser, person)
            screen.log_in()
            person.profile = screen.context.storage_state()
            screen.close()
        yield ana, ben


@pytest.fixture(scope="package")
def alone() -> Iterator[Person]:
    """Somebody without friends, who may be guessed at and restarted."""
    with people("cem") as (cem,):
        yield cem
