"""From the printed link to a friendship: two people, two machines, two browsers."""

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE, Screen
from tests.support.nodes import PASSWORD, Person


@pytest.fixture
def newcomers(tmp_path):
    here = [Person(name, tmp_path) for name in ("ana", "ben")]
    for person in here:
        person.node.data.mkdir()
        person.node.launch()
    for person in here:
        person.node.wait_until_ready()
    yield here
    for person in here:
        person.leave()


def settle_in(screen: Screen, name: str) -> None:
    """Through the one-time link: a name, a password, 24 words of which two are asked back."""
    screen.set_up()
    expect(screen.heading("This is your own place")).to_be_visible()
    screen.is_fine()
    screen.page.get_by_label("Your name").fill(name)
    screen.page.get_by_label("A password for this machine").fill(PASSWORD)
    screen.button("Make it mine").click()
    expect(screen.heading("This sheet is how you come back")).to_be_visible()
    screen.is_fine()
    words = screen.page.locator(".words li").all_inner_texts()
    assert len(words) == 24
    asked = screen.page.get_by_label("Word ")
    expect(asked).to_have_count(2)
    numbers = [
        int(label.removeprefix("Word "))
        for label in screen.page.locator("form .field label").all_inner_texts()
    ]
    asked.nth(0).fill("certainly")
    asked.nth(1).fill(words[numbers[1] - 1])
    screen.button("That is done").click()
    expect(
        screen.page.get_by_text(f"Not quite. Look at number {numbers[0]} again.")
    ).to_be_visible()
    screen.is_fine()
    asked.nth(0).fill(words[numbers[0] - 1])
    screen.button("That is done").click()
    expect(screen.heading("Now one friend")).to_be_visible()


def test_two_people_settle_in_and_become_friends_by_one_pasted_link(newcomers, look_at):
    ana, ben = (
        look_at(person, size=size) for person, size in zip(newcomers, (PHONE, DESKTOP), strict=True)
    )
    settle_in(ana, "Ana")
    link = ana.page.locator("#invite-link").inner_text()
    ana.is_fine()
    ana.button("Go to my feed").click()
    expect(ana.heading("It is quiet here, and it is yours")).to_be_visible()
    ana.is_fine()

    late = look_at(newcomers[0])
    late.set_up()
    expect(late.heading("Welcome back, Ana")).to_be_visible()  # a setup link works once

    settle_in(ben, "Ben")
    ben.button("Go to my feed").click()
    ben.page.get_by_role("link", name="Open an invite you were given").click()
    ben.page.get_by_label("Link or address").fill(link)
    ben.button("See who it is").click()
    expect(ben.heading("Ana")).to_be_visible()
    ben.is_fine()
    assert ana.person.api.get("/friends")["friends"] == [], "nothing happens before the yes"
    ben.button("Be friends with Ana").click()
    expect(ben.heading("Ana")).to_be_visible()
    expect(ben.page.get_by_text("How we know it is Ana")).to_be_visible()
    ben.is_fine()

    ana.go("friends")
    expect(ana.page.get_by_role("link", name="Ben")).to_be_visible()
