"""Clips and voice notes: brought or recorded in one browser, seen and heard in the other."""

import pytest
from playwright.sync_api import expect
from tests.browser.files import empty, pick, plays, ready, record, slow_upload
from tests.support.browser import DESKTOP, PHONE
from tests.support.files_made import clip
from tests.support.nodes import wait_for

SIZES = pytest.mark.parametrize("sizes", [(PHONE, DESKTOP), (DESKTOP, PHONE)], ids=["from-phone", "from-desktop"])  # fmt: skip

DAY_MS = 86_400_000


@pytest.fixture
def screens(pair, look_at, sizes):
    """Ana, who brings something, and Ben, who looks at it."""
    return [
        look_at(person, size=size, profile=person.profile)
        for person, size in zip(pair, sizes, strict=True)
    ]


def show_new(screen, text):
    """The newest posts, as somebody sees them who comes back to the feed."""
    screen.go("feed")
    screen.page.reload()
    post = screen.post(text)
    expect(post).to_be_visible()
    return post


@SIZES
def test_a_voice_note_is_recorded_posted_and_heard(screens):
    ana, ben = screens
    empty(ana)
    words = f"hear this on a screen {ana.size['width']} wide"
    ana.page.get_by_label("What you want to say").fill(words)
    record(ana)
    ready(ana, 1)
    ana.is_fine()
    ana.button("Post to 1 friend").click()
    expect(ana.post(words)).to_contain_text("has it")

    post = show_new(ben, words)
    ben.is_fine()
    post.get_by_role("button", name="Play: A voice note").click()
    wait_for(lambda: plays(ben, "audio"))
    expect(post.get_by_role("button", name="Pause: A voice note")).to_be_visible()


@SIZES
def test_a_voice_note_goes_in_a_message_and_is_heard(screens):
    ana, ben = screens
    ana.person.api.post(f"/messages/{ben.person.id}/clear")
    for screen, other in ((ana, ben), (ben, ana)):
        screen.go(f"messages/{other.person.id}")
    record(ana)
    beside = ana.page.get_by_role("list", name="Goes with your message")
    expect(beside.get_by_role("listitem")).to_have_count(1)
    ana.is_fine()
    ana.button("Send").click()
    expect(beside).to_have_count(0)
    heard = ben.page.get_by_role("log").get_by_role("button", name="Play: A voice note")
    expect(heard).to_be_visible()
    heard.click()
    wait_for(lambda: plays(ben, "audio"))
    ana.is_fine()
    ben.is_fine()


@SIZES
def test_a_clip_says_how_far_it_is_and_plays_when_a_friend_taps_it(screens, tmp_path):
    ana, ben = screens
    empty(ana)
    words = f"it moves on a screen {ben.size['width']} wide"
    ana.page.get_by_label("What you want to say").fill(words)
    slow_upload(ana, 60_000)
    pick(ana, "Add a clip", clip(tmp_path / "holiday.mp4", seconds=4))
    progress = ana.page.get_by_role("progressbar", name="How far holiday.mp4 is")
    expect(progress).to_be_visible()
    expect(ana.page.get_by_text("Copying, ")).to_be_visible()
    ana.is_fine()
    slow_upload(ana, 0)
    ready(ana, 1)
    ana.page.get_by_label("Caption").fill("the test card")
    ana.page.get_by_label("In words, for those who cannot see it").fill("Coloured bars")
    ana.is_fine()
    ana.button("Post to 1 friend").click()
    expect(ana.post(words)).to_contain_text("has it")

    post = show_new(ben, words)
    poster = post.get_by_role("img", name="Coloured bars")
    expect(poster).to_be_visible()
    wait_for(lambda: poster.evaluate("one => one.complete && one.naturalWidth > 100"))
    expect(post.locator("video")).to_have_count(0)  # nothing of it is fetched before a tap
    ben.is_fine()
    post.get_by_role("button", name="Play: Coloured bars").click()
    wait_for(lambda: plays(ben, "video"))
    ben.is_fine()


@pytest.mark.parametrize("sizes", [(PHONE, DESKTOP)], ids=["from-phone"])
def test_a_clip_is_handed_over_when_it_is_copied_and_the_page_may_be_closed(screens, tmp_path):
    ana, ben = screens
    empty(ana)
    words = f"goes out by itself, {ana.size['width']}"
    ana.page.get_by_label("What you want to say").fill(words)
    lasts = ana.page.get_by_label("How long it stays")
    lasts.select_option(label="Gone after a week")
    pick(ana, "Add a clip", foreign_clip(tmp_path / "old.mp4"))
    ana.button("Post to 1 friend").click()
    waits = ana.post(words).get_by_role("progressbar", name="How far your machine is")
    expect(waits).to_be_visible()
    ana.is_fine()
    ana.page.reload()
    expect(waits).to_be_visible()
    ana.button("Take it back").click()
    expect(ana.page.get_by_label("What you want to say")).to_have_value(words)
    expect(lasts).to_have_value("7")
    expect(ana.post(words)).to_have_count(0)
    ana.button("Post to 1 friend").click()
    expect(waits).to_be_visible()
    ana.page.goto("about:blank")

    [post] = wait_for(
        lambda: [post for post in ben.person.feed() if post["text"] == words], seconds=60
    )
    assert 6 * DAY_MS < post["expires"] - post["created"] <= 7 * DAY_MS
    ana.open()
    expect(ana.post(words)).to_contain_text("has it")
    expect(ana.post(words)).to_have_count(1)


def foreign_clip(path):
    """One that has to be transcoded, which takes the machine a moment."""
    options = ("-c:v", "mpeg4", "-vf", "scale=1280:720", "-q:v", "2", "-r", "30")
    return clip(path, seconds=16, options=options)
