"""A copy of one's folder runs in other hands: the thief is locked out with the words, and what was not oneself is taken back."""

import contextlib
import shutil

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.faults import WallClock
from tests.support.files_made import saved
from tests.support.nodes import Person, befriend, people, wait_for

DAY = 86_400
TWO = "2 things that were not Ana's were taken out"


@contextlib.contextmanager
def thief_of(person: Person, clock=None):
    """The same folder on a machine of somebody who should not have it. `person` is stopped, and starts again."""
    person.stop()
    thief = Person("thief", person.node.data.parent)
    shutil.copytree(person.node.data, thief.node.data)
    if clock is not None:
        clock(thief)
    thief.start()
    try:
        yield thief
    finally:
        thief.leave()


def lock_out(screen, ana):
    """Under Me, Your data: the words, and that the key was stolen."""
    screen.go("me/data")
    screen.page.get_by_role("link", name="Your words and keys").click()
    screen.page.get_by_label("My machine or key was stolen").check()
    screen.page.get_by_label("The 24 words").fill(" ".join(ana.words))
    screen.page.get_by_label("Your password").fill(ana.password)
    screen.button("Lock the thief out").click()
    expect(screen.heading("Was this you?")).to_be_visible()


def card(screen, text):
    return screen.page.get_by_role("main").get_by_role("listitem").filter(has_text=text)


def decide(screen, text, answer):
    card(screen, text).get_by_role("button", name=answer, exact=True).click()
    expect(card(screen, text)).to_have_count(0)


def test_what_a_thief_said_is_shown_to_the_owner_and_gone_at_friends(look_at, tmp_path):
    photo = tmp_path / "bait.png"
    photo.write_bytes(saved("PNG"))
    with people("ana", "ben", through_proxy=("ben",)) as (ana, ben):
        befriend(ana, ben)
        post = ana.cli("post", "hello")["id"]
        ben.wait_for(lambda: ben.texts() == ["hello"])
        with thief_of(ana) as thief:
            thief.api.patch(f"/posts/{post}", {"text": "a thief's words"})
            thief.cli("post", "buy **this**", "--photo", str(photo), "--caption", "cheap")
            thief.cli("post", "from Ana's other machine")
            ben.wait_for(lambda: len(ben.texts()) == 3)
            bens = look_at(ben, size=DESKTOP)
            bens.log_in()
            expect(bens.post("buy this")).to_be_visible()
            expect(bens.post("a thief's words")).to_be_visible()

            ben.proxy.go_dark()
            ana.start()
            on_phone = look_at(ana, size=PHONE)
            on_phone.log_in()
            lock_out(on_phone, ana)
            expect(on_phone.page.get_by_text("Not heard from yet: Ben.")).to_be_visible()
            ben.proxy.come_back()
            # What he holds appears by itself.
            bait = card(on_phone, "buy this")
            expect(bait).to_contain_text("A post with a photo")
            expect(bait).to_contain_text("held by Ben")
            expect(bait).to_contain_text("cheap")
            sight = bait.locator("img")
            wait_for(lambda: sight.evaluate("one => one.complete && one.naturalWidth > 100"))
            expect(card(on_phone, "a thief's words")).to_contain_text("It took the place of")
            on_phone.is_fine()
            on_phone.shows_focus()
            decide(on_phone, "buy this", "Not mine")
            expect(bens.post("buy this")).to_have_count(0)

            # She goes on at her desk.
            at_desk = look_at(ana, size=DESKTOP)
            at_desk.log_in()
            at_desk.go("me/theft")
            at_desk.is_fine()
            decide(at_desk, "a thief's words", "Not mine")
            decide(at_desk, "from Ana's other machine", "Mine")
            expect(at_desk.page.get_by_text("you have looked through everything")).to_be_visible()
            at_desk.go("feed")
            expect(at_desk.post("from Ana's other machine")).to_be_visible()
            expect(at_desk.post("hello")).to_be_visible()

            bens.page.get_by_role("button", name="1 new post, from Ana").click()
            expect(bens.post("hello")).to_be_visible()
            expect(bens.post("a thief's words")).to_have_count(0)
            expect(bens.post("from Ana's other machine")).to_be_visible()
            bens.go("notices")
            expect(bens.page.get_by_text("Ana's key was stolen").first).to_be_visible()
            bens.go(f"friends/{ana.id}")
            expect(bens.page.get_by_text(TWO)).to_be_visible()

            thief.cli("post", "still me")
            thief.wait_for(lambda: thief.api.get("/keys")["stopped"])
            assert "still me" not in ben.texts()


@pytest.mark.soak  # twenty seconds; the same without a browser is in tests/journeys/test_keys.py
def test_what_was_taken_back_before_anybody_noticed_is_undone(look_at, tmp_path):
    photo = tmp_path / "bait.png"
    photo.write_bytes(saved("PNG"))
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        with thief_of(ana) as thief:
            thief.cli("post", "buy this", "--photo", str(photo), "--alt", "A watch")
            ben.wait_for(lambda: ben.texts() == ["buy this"])
            thief.stop()
            ana.start()
            ben.cli("post", "what is it you sell?")
            ana.wait_for(lambda: "buy this" in ana.texts())
            screen = look_at(ana, size=DESKTOP)
            screen.log_in()
            lock_out(screen, ana)
            expect(screen.heading("What came back from friends")).to_be_visible()
            expect(card(screen, "buy this").get_by_role("img", name="A watch")).to_be_visible()
            screen.is_fine()
            decide(screen, "buy this", "Not mine")
            wait_for(lambda: "buy this" not in ben.texts() + ana.texts())
            screen.go("feed")
            expect(screen.post("what is it you sell?")).to_be_visible()
            expect(screen.post("buy this")).to_have_count(0)


@pytest.mark.soak  # clocks are set while nodes run
def test_much_is_decided_at_once_by_the_day_it_was_said(look_at, tmp_path):
    clocks = {}

    def give_a_clock(person):
        if person.name != "ben":
            clocks[person.name] = WallClock(person, tmp_path)
            clocks[person.name].set(-3 * DAY)

    with people("ana", "ben", folder=tmp_path, through_proxy=("ben",), before=give_a_clock) as (
        ana,
        ben,
    ):
        befriend(ana, ben)
        with thief_of(ana, clock=give_a_clock) as thief:
            for number in range(3):
                thief.cli("post", f"before {number}")
            clocks["thief"].set(0)
            for number in range(2):
                thief.cli("post", f"since {number}")
            ben.wait_for(lambda: len(ben.texts()) == 5)
            clocks["ana"].set(0)
            ben.proxy.go_dark()
            ana.start()
            screen = look_at(ana, size=PHONE)
            screen.log_in()
            lock_out(screen, ana)
            ben.proxy.come_back()
            expect(card(screen, "since 0")).to_be_visible()
            today = screen.page.evaluate("new Date().toLocaleDateString('sv')")
            screen.page.get_by_label("From which day on").fill(today)
            screen.is_fine()
            screen.page.get_by_role("button", name="None of the 2 from").click()
            expect(card(screen, "since")).to_have_count(0)
            wait_for(lambda: len(ben.texts()) == 3)
            # What is left lies on one day.
            screen.button("All 3 are mine").click()
            expect(screen.page.get_by_text("you have looked through everything")).to_be_visible()
            wait_for(lambda: sorted(ana.texts()) == [f"before {number}" for number in range(3)])
            assert sorted(ben.texts()) == sorted(ana.texts())
