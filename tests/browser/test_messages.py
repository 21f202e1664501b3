"""Two people writing to each other, in two browsers."""

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.nodes import wait_for


@pytest.fixture
def talk(pair, look_at):
    """Ana on her phone and Ben at his desk, in their conversation, in which nothing was said."""
    ana, ben = pair
    ana.api.post(f"/messages/{ben.id}/clear")
    screens = []
    for person, other, size in ((ana, ben, PHONE), (ben, ana, DESKTOP)):
        wait_for(lambda p=person, o=other: p.api.get(f"/messages/{o.id}")["items"] == [])
        screens.append(look_at(person, size=size, profile=person.profile))
        screens[-1].go(f"messages/{other.id}")
    return screens


def write(screen, name, text):
    screen.page.get_by_label(f"Write to {name}").fill(text)
    screen.button("Send").click()


def bubble(screen, text):
    return screen.page.get_by_role("log").get_by_role("listitem").filter(has_text=text)


def test_words_go_both_ways_and_say_how_far_they_came(talk):
    ana, ben = talk
    write(ana, "Ben", "Are you coming?")
    expect(bubble(ben, "Are you coming?")).to_be_visible()
    expect(bubble(ana, "Are you coming?")).to_contain_text("Ben has it.")
    expect(ana.page.locator("header .state")).to_have_text("Ben has it.")
    write(ben, "Ana", "On my way, with bread")
    expect(bubble(ana, "On my way, with bread")).to_be_visible()
    for screen in talk:
        screen.is_fine()
        expect(screen.page.get_by_text("Only your machine and")).to_be_visible()


def test_a_message_that_comes_while_one_is_elsewhere_shows_as_a_dot_and_an_open_one_does_not(talk):
    ana, ben = talk
    ana.go("feed")
    write(ben, "Ana", "where did you go?")
    tab = ana.page.get_by_role("navigation", name="Main").get_by_role("link", name="Messages")
    expect(tab).to_contain_text("something new")
    tab.tap()
    ana.page.get_by_role("link", name="where did you go?").tap()
    expect(bubble(ana, "where did you go?")).to_be_visible()
    ana.page.get_by_role("link", name="All messages").tap()
    expect(tab).not_to_contain_text("something new")


def test_what_was_unsent_disappears_from_both_screens(talk):
    ana, ben = talk
    write(ben, "Ana", "that was too quick")
    expect(bubble(ana, "that was too quick")).to_be_visible()
    ben.page.get_by_role("button", name="Unsend “that was too quick”").click()
    ben.button("Unsend").click()
    dialog = ben.dialog("Unsend this message?")
    expect(dialog).to_contain_text("Ana may have read it already.")
    dialog.get_by_role("button", name="Unsend").click()
    for screen in talk:
        expect(bubble(screen, "that was too quick")).to_have_count(0)


def test_clearing_says_what_happens_on_both_sides_and_then_it_happens(talk):
    ana, ben = talk
    write(ana, "Ben", "the key is under the geranium")
    expect(bubble(ben, "geranium")).to_be_visible()
    write(ben, "Ana", "understood, geranium")
    expect(bubble(ana, "understood")).to_be_visible()
    ben.page.get_by_role("button", name="More about this conversation").click()
    ben.is_fine()
    ben.button("Clear this conversation").click()
    dialog = ben.dialog("Clear this conversation?")
    expect(dialog).to_contain_text("goes from your machine now")
    expect(dialog).to_contain_text("machine clears it too")
    ben.is_fine()
    dialog.get_by_role("button", name="Keep it").click()
    expect(bubble(ben, "geranium").first).to_be_visible()

    ben.page.get_by_role("button", name="More about this conversation").click()
    ben.button("Clear this conversation").click()
    ben.dialog("Clear this conversation?").get_by_role("button", name="Clear on both sides").click()
    for screen in talk:
        expect(bubble(screen, "geranium")).to_have_count(0)
    expect(ana.page.get_by_role("log").get_by_text("Ben cleared")).to_be_visible()
    expect(ben.page.get_by_role("log").get_by_text("You cleared")).to_be_visible()
    for screen in talk:
        screen.is_fine()


def test_an_unfinished_message_is_there_again_after_a_reload(talk):
    _, ben = talk
    ben.page.get_by_label("Write to Ana").fill("what I wanted to say is")
    ben.page.reload()
    expect(ben.page.get_by_label("Write to Ana")).to_have_value("what I wanted to say is")
