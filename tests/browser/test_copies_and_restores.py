"""Two copies of one folder run, or one came back from a backup: the screen says so, and how to go on."""

import contextlib
import shutil

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.nodes import Person, befriend, people, wait_for

PASSPHRASE = "four words are enough"
STOPPED = "Another copy of you was started after this one."
QUIET = "This copy of you has stopped, so nothing new is said here."


@contextlib.contextmanager
def another(person, name="copy"):
    """A machine for the same person; its folder is not there yet."""
    other = Person(name, person.node.data.parent)
    other.id, other.password = person.id, person.password
    try:
        yield other
    finally:
        other.leave()


def say(person, text):
    person.api.post("/posts", {"text": text, "audience": {"class": "friends"}})


def test_of_two_running_copies_one_stops_and_goes_on_in_the_browser(look_at):
    with people("ana", "ben") as (ana, ben), another(ana) as copy:
        befriend(ana, ben)
        ana.stop()
        shutil.copytree(ana.node.data, copy.node.data)
        ana.start()
        on_phone, at_desk = look_at(ana, size=PHONE), look_at(ana, size=DESKTOP)
        for screen in (on_phone, at_desk):
            screen.log_in()
        on_phone.go("write")
        on_phone.page.get_by_label("What you want to say").fill("half a sentence")
        at_desk.go(f"messages/{ben.id}")
        expect(at_desk.page.get_by_label("Write to Ben")).to_be_visible()

        copy.start()
        say(copy, "from the copy")
        wait_for(lambda: "from the copy" in ben.texts())
        say(ana, "from the first")
        # It says so by itself, and takes nothing more that would not arrive.
        expect(on_phone.page.get_by_text(QUIET)).to_be_visible()
        expect(on_phone.page.get_by_label("What you want to say")).to_have_count(0)
        expect(at_desk.page.get_by_text(STOPPED)).to_be_visible()
        expect(at_desk.page.get_by_text(QUIET)).to_be_visible()
        expect(at_desk.page.get_by_label("Write to Ben")).to_have_count(0)
        for screen in (on_phone, at_desk):
            screen.is_fine()
            screen.go("feed")
            expect(screen.page.get_by_text(STOPPED)).to_be_visible()
            expect(screen.page.get_by_role("button", name="What would you like")).to_have_count(0)

        on_phone.page.get_by_role("link", name="What to do").click()
        expect(on_phone.heading("Another copy of you runs")).to_be_visible()
        on_phone.button("Go on here").click()
        expect(on_phone.heading("Another copy of you runs")).to_have_count(0)
        expect(at_desk.page.get_by_text(STOPPED)).to_have_count(0)
        wait_for(lambda: "from the first" in ben.texts())
        on_phone.go("write")
        expect(on_phone.page.get_by_label("What you want to say")).to_have_value("half a sentence")
        on_phone.button("Post to 1 friend").click()
        wait_for(lambda: "half a sentence" in ben.texts())

        # Now it is the other that stops.
        other = look_at(copy, size=PHONE)
        other.log_in()
        say(copy, "as if nothing were")
        expect(other.page.get_by_text(STOPPED)).to_be_visible()


@pytest.mark.soak  # twenty seconds; what it shows is told by tests/journeys/test_backups.py
def test_after_a_restore_the_app_says_so_until_it_is_put_away(look_at, tmp_path):
    with people("ana", "ben") as (ana, ben), another(ana, "elsewhere") as there:
        befriend(ana, ben)
        say(ana, "before the backup")
        disk = str(tmp_path / "disk")
        ana.cli("backup", disk, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
        say(ana, "after the backup")
        wait_for(lambda: len(ben.texts()) == 2)
        ana.stop()
        there.cli("restore", disk, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
        there.start()
        wait_for(lambda: len(there.texts()) == 2)

        on_phone = look_at(there, size=PHONE)
        on_phone.log_in()
        news = news_of(on_phone)
        expect(news).to_be_visible()
        expect(news).to_contain_text("Ben gave back 1 post")
        on_phone.go("friends")
        expect(news).to_be_visible()
        on_phone.is_fine()
        on_phone.button("All right").click()
        expect(news).to_have_count(0)
        on_phone.open()  # anew, from nothing
        expect(on_phone.post("after the backup")).to_be_visible()
        on_phone.go("me/data")
        expect(news).to_have_count(1)  # for a month it is told among what belongs to it
        on_phone.go("feed")
        expect(news).to_have_count(0)

        at_desk = look_at(there, size=DESKTOP)
        at_desk.log_in()
        expect(news_of(at_desk)).to_be_visible()


def news_of(screen):
    return screen.page.get_by_text("Restored from the backup of")
