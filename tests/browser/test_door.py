"""The owner's door: who is let in, who has to wait, and that nothing private stays behind when it closes."""

import json

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE

SECRETS = ("a word among friends", "half a secret", "Cem")


@pytest.fixture(scope="module")
def cem(alone):
    """Somebody alone, whose node may be guessed at and restarted."""
    alone.api.post("/posts", {"text": SECRETS[0], "audience": {"class": "friends"}})
    alone.api.post("/posts", {"text": "a word for anyone", "audience": {"class": "public"}})
    return alone


def test_a_wrong_password_says_so_and_the_right_one_opens(cem, look_at):
    screen = look_at(cem, size=PHONE)
    screen.forgive("401")
    screen.open()
    expect(screen.heading("Welcome back, Cem")).to_be_visible()
    screen.page.get_by_label("Password").fill("certainly wrong")
    screen.button("Open").tap()
    expect(screen.page.get_by_text("That is not the password.")).to_be_visible()
    screen.is_fine()
    screen.log_in()
    expect(screen.post(SECRETS[0])).to_be_visible()


def test_who_guesses_has_to_wait_and_the_owners_own_browser_does_not(cem, look_at):
    owner = look_at(cem)
    owner.log_in()
    owner.go("me")
    owner.button("Log out").click()
    expect(owner.heading("Welcome back, Cem")).to_be_visible()

    stranger = look_at(cem)
    stranger.forgive("401", "429")
    stranger.open()
    for number in range(6):
        stranger.page.get_by_label("Password").fill(f"guess number {number}")
        with stranger.page.expect_response("**/api/v1/login") as told:
            stranger.button("Open").click()
    assert told.value.status == 429
    expect(stranger.page.get_by_text("Too many tries. Wait ")).to_be_visible()
    stranger.is_fine()

    owner.log_in()


def test_a_session_that_is_ended_elsewhere_closes_at_once(cem, look_at):
    here = look_at(cem)
    here.log_in()
    there = look_at(cem, size=PHONE, profile=here.context.storage_state())
    there.forgive("401")
    there.open()
    expect(there.post(SECRETS[0])).to_be_visible()
    other = look_at(cem)
    other.log_in()
    other.go("me/security")
    other.is_fine()
    ending = other.page.get_by_role("button", name="Log out")
    while (left := ending.count()) > 0:
        ending.first.click()
        expect(ending).to_have_count(left - 1)
    here.forgive("401")
    for screen in (here, there):
        expect(screen.heading("Welcome back, Cem")).to_be_visible()
        expect(screen.post(SECRETS[0])).to_have_count(0)


def test_logging_out_closes_everything_private(cem, look_at):
    screen = look_at(cem, size=DESKTOP)
    screen.log_in()
    expect(screen.post(SECRETS[0])).to_be_visible()
    screen.go("write")
    screen.page.get_by_label("What you want to say").fill(SECRETS[1])
    expect(screen.page.get_by_text("Draft saved")).to_be_visible()
    screen.go("friends")
    screen.go("me")
    screen.is_fine()
    screen.button("Log out").click()
    expect(screen.heading("Welcome back, Cem")).to_be_visible()

    screen.forgive("401")
    for path in ("/feed", "/me", "/friends", "/messages", "/drafts", "/events"):
        status = screen.page.evaluate("path => fetch('/api/v1' + path).then(r => r.status)", path)
        assert status == 401, path
    for _ in range(3):
        screen.page.go_back(wait_until="load")
        expect(screen.page.get_by_label("Password")).to_be_visible()
        expect(screen.page.locator("article")).to_have_count(0)
    kept = screen.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert [secret for secret in SECRETS if secret in kept] == []
    assert set(json.loads(kept)[0]) <= {"microsocial-look"} and json.loads(kept)[1] == {}
    assert screen.page.evaluate("caches.keys()") == []
    assert screen.page.evaluate("indexedDB.databases().then(all => all.length)") == 0


def test_after_a_restart_of_the_node_life_goes_on_by_itself(cem, look_at):
    screen = look_at(cem)
    screen.forgive("ERR_", "Failed to load", "interrupted")
    screen.log_in()
    expect(screen.post(SECRETS[0])).to_be_visible()
    cem.kill()
    expect(screen.page.get_by_text("Your machine is not answering.")).to_be_visible()
    screen.is_fine()
    cem.start()
    cem.api.post("/posts", {"text": "back again", "audience": {"class": "me"}})
    expect(screen.post("back again")).to_be_visible()
    expect(screen.page.get_by_text("Your machine is not answering.")).to_have_count(0)


def test_the_public_page_needs_no_scripts_and_shows_only_what_is_for_anyone(cem, look_at):
    reader = look_at(cem, has_scripts=False)
    answer = reader.page.goto(reader.base + "/")
    assert answer.status == 200
    expect(reader.post("a word for anyone")).to_be_visible()
    expect(reader.page.get_by_text(SECRETS[0])).to_have_count(0)
    reader.post("a word for anyone").get_by_role("link").first.click()
    reader.page.wait_for_url("**/p/*")
    expect(reader.post("a word for anyone")).to_be_visible()
    assert reader.context.cookies() == []


@pytest.mark.parametrize("path", ["/", "/i", "/p/nothing-like-it"])
def test_the_public_pages_are_fine(cem, look_at, path):
    reader = look_at(cem, size=PHONE)
    reader.forgive("404")
    reader.open(path)
    reader.is_fine()
