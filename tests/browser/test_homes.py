"""A friend moves to a private address: their page asks, and what is answered holds."""

from playwright.sync_api import expect
from tests.support.nodes import befriend, people, wait_for

from microsocial.cli.children import free_port

ASKING = {"MICROSOCIAL_ALLOW_PRIVATE_ADDRESSES": "", "MICROSOCIAL_BACKOFF_BASE_MS": "200"}


def lives_at(person, place):
    person.node.env["MICROSOCIAL_ADDRESS"] = f"http://{place}"
    person.restart()


def places(ana, ben):
    return [home["place"] for home in ana.api.get(f"/friends/{ben.id}")["at_home"]]


def test_the_page_of_a_friend_asks_where_they_are_at_home(look_at):
    with people("ana", "ben", settings=ASKING) as (ana, ben):
        befriend(ana, ben)
        screen = look_at(ana)
        screen.log_in()
        screen.go(f"friends/{ben.id}")
        question = screen.page.get_by_role("region", name="Where Ben is at home")
        expect(question).to_have_count(0)

        nowhere = f"127.0.0.1:{free_port()}"
        lives_at(ben, nowhere)
        expect(question).to_contain_text(f"Ben says they are at home at {nowhere} now")
        screen.is_fine()
        no = question.get_by_role("button", name="No", exact=True)
        no.focus()
        screen.shows_focus()
        screen.page.keyboard.press("Enter")
        expect(question).to_have_count(0)
        expect(screen.heading("Ben")).to_be_focused()
        assert places(ana, ben) == []

        ana.api.post("/posts", {"text": "for Ben at home", "audience": {"class": "friends"}})
        ben.node.port = free_port()
        home = f"127.0.0.1:{ben.node.port}"
        lives_at(ben, home)
        screen.go("notices")
        screen.page.get_by_role("link", name=f"Ben says they are at home at {home} now").click()
        assert "for Ben at home" not in ben.texts()
        question.get_by_role("button", name="Yes, that is so").click()
        expect(question).to_have_count(0)
        wait_for(lambda: "for Ben at home" in ben.texts())
        screen.is_fine()
