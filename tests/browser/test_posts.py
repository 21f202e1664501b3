"""Saying something: it arrives without a reload, is answered, changed, taken back, and reaches only whom it should."""

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.nodes import wait_for


@pytest.fixture
def screens(pair, look_at):
    """Ana on her phone, Ben at his desk."""
    ana, ben = pair
    mine = look_at(ana, size=PHONE, profile=ana.profile)
    his = look_at(ben, size=DESKTOP, profile=ben.profile)
    for screen in (mine, his):
        screen.open()
        expect(screen.heading("Feed")).to_be_visible()
    return mine, his


def say(person, text, **audience):
    return person.api.post("/posts", {"text": text, "audience": audience or {"class": "friends"}})


def arrived(person, post):
    return wait_for(lambda: person.api.get(f"/posts/{post['id']}"))


def test_posts_wait_behind_a_pill_until_they_are_asked_for(screens):
    ana, ben = screens
    say(ben.person, "something to begin with")
    ben.page.reload()
    expect(ben.post("something to begin with")).to_be_visible()
    ana.go("write")
    for number, text in enumerate(("first of three", "second of three", "third of three"), 1):
        ana.go("write")
        ana.page.get_by_label("What you want to say").fill(text)
        ana.button("Post to 1 friend").click()
        expect(ana.post(text)).to_be_visible()
        expect(ana.post(text)).to_contain_text("has it")
        expect(ben.page.get_by_role("button", name=f"{number} new")).to_be_visible()
    expect(ben.post("of three")).to_have_count(0)
    ben.page.get_by_role("button", name="3 new").click()
    expect(ben.post("of three")).to_have_count(3)
    expect(ben.page.get_by_role("article").first).to_contain_text("third of three")
    expect(ben.page.get_by_role("button", name="new")).to_have_count(0)


def test_a_thread_and_its_reactions_are_seen_on_both_sides_as_they_happen(screens):
    ana, ben = screens
    post = say(ana.person, "the lake is warm")
    arrived(ben.person, post)
    for screen in screens:
        screen.go(f"post/{post['id']}")
    mine, his = ana.post("the lake is warm"), ben.post("the lake is warm")

    his.get_by_role("textbox", name="Write back to Ana").fill("How warm?")
    his.get_by_role("textbox", name="Write back to Ana").press("Enter")
    expect(mine.get_by_text("How warm?")).to_be_visible()
    mine.get_by_role("textbox", name="Write back").fill("**Twenty-one!**")
    mine.get_by_role("button", name="Send").tap()
    expect(his.get_by_text("Twenty-one!")).to_be_visible()

    his.get_by_role("button", name="React to Ana").click()
    his.get_by_role("button", name="React with ❤️").click()
    expect(mine.get_by_text("Ben: ❤️")).to_be_visible()
    ana.is_fine()
    ben.is_fine()
    his.get_by_role("button", name="React to Ana").click()
    his.get_by_role("button", name="Take back ❤️").click()
    expect(mine.get_by_text("Ben: ❤️")).to_have_count(0)

    ben.go("feed")
    ben.page.reload()
    expect(ben.post("the lake is warm")).to_contain_text("Twenty-one!")
    expect(ben.post("the lake is warm")).not_to_contain_text("**")
    ben.go(f"post/{post['id']}")

    mine.get_by_role("button", name="More about what Ben wrote").tap()
    mine.get_by_role("button", name="Remove from your post").tap()
    ana.dialog("Remove what Ben wrote?").get_by_role("button", name="Remove it").tap()
    expect(mine.get_by_text("How warm?")).to_have_count(0)
    expect(his.get_by_text("How warm?")).to_have_count(0)


def test_edited_words_change_and_deleted_ones_go_where_they_are_being_read(screens):
    ana, ben = screens
    post = say(ana.person, "tomatos for everybody")
    arrived(ben.person, post)
    for screen in screens:
        screen.page.reload()
    mine = ana.post("for everybody")
    mine.get_by_role("button", name="More about this post").tap()
    mine.get_by_role("button", name="Edit").tap()
    ana.page.get_by_role("textbox", name="Edit your post").fill("tomatoes for everybody")
    ana.button("Save").tap()
    expect(ben.post("tomatoes for everybody")).to_contain_text("edited")

    mine.get_by_role("button", name="More about this post").tap()
    mine.get_by_role("button", name="Delete").tap()
    dialog = ana.dialog("Delete this post?")
    expect(dialog).to_contain_text("machine is asked to remove it")
    dialog.get_by_role("button", name="Delete it").tap()
    expect(ana.post("tomatoes")).to_have_count(0)
    expect(ben.post("tomatoes")).to_have_count(0)


def test_a_post_for_a_circle_or_for_nobody_stays_there(screens):
    ana, ben = screens
    ana.go("circles")
    ana.page.get_by_label("Name of a new circle").fill("Walks")
    ana.button("Make it").tap()
    ana.page.get_by_role("group", name="Who is in Walks").get_by_role("button", name="Ben").tap()
    ana.is_fine()

    ana.go("write")
    ana.page.get_by_label("What you want to say").fill("to the walkers")
    ana.page.get_by_role("radio", name="Walks").check(force=True)
    expect(ana.page.get_by_text("Only Ben. Not on your public page.")).to_be_visible()
    ana.button("Post to Walks").tap()
    expect(ben.page.get_by_role("button", name="new")).to_be_visible()

    ana.go("write")
    ana.page.get_by_label("What you want to say").fill("to myself")
    ana.page.get_by_role("radio", name="Only me").check(force=True)
    ana.button("Keep for me").tap()
    expect(ana.post("to myself")).to_contain_text("Only me")
    marker = say(ana.person, "a later word for friends")
    arrived(ben.person, marker)
    ben.page.reload()
    expect(ben.post("to the walkers")).to_be_visible()
    # How a circle is called is its owner's business.
    expect(ben.post("to the walkers")).not_to_contain_text("Walks")
    expect(ben.post("to myself")).to_have_count(0)
    assert not ben.person.said_in_files("to myself")


def test_somebody_with_a_keyboard_alone_writes_and_posts(screens):
    ana, ben = screens
    keys = ben.page.keyboard

    def step_to(name):
        for _ in range(60):
            if name in ben.focused():
                return
            keys.press("Tab")
        pytest.fail(f"the Tab key does not lead to {name}")

    say(ben.person, "so that the feed is not empty")
    ben.page.reload()
    expect(ben.post("so that the feed is not empty")).to_be_visible()
    step_to("Go to the content")
    keys.press("Enter")
    step_to("What would you like to say?")
    keys.press("Enter")
    expect(ben.page.get_by_label("What you want to say")).to_be_focused()
    ben.is_fine()
    keys.type("written without a mouse")
    keys.press("Shift+Tab")
    assert ben.focused() == "View as Ana"
    keys.press("Shift+Tab")
    assert ben.focused().startswith("Friends")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    step_to("What you want to say")
    keys.press("Control+Enter")
    expect(ben.post("written without a mouse")).to_contain_text("Friends")
    arrived(ana.person, ben.person.feed()[0])

    step_to("More about this post")
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Escape")
    assert ben.focused().startswith("More about this post"), "a closed menu gives the focus back"


def test_a_draft_outlives_a_reload_and_moves_to_the_machine(screens):
    ana, _ = screens
    ana.go("write")
    ana.page.get_by_label("What you want to say").fill("half a thought")
    expect(ana.page.get_by_text("Draft saved")).to_be_visible()
    ana.page.reload()
    expect(ana.page.get_by_label("What you want to say")).to_have_value("half a thought")
    assert [draft["text"] for draft in ana.person.api.get("/drafts")] == ["half a thought"]
    ana.page.get_by_label("What you want to say").fill("")
    wait_for(lambda: ana.person.api.get("/drafts") == [])


def test_what_could_not_be_posted_is_kept_and_posted_later(screens):
    ana, ben = screens
    ana.forgive("ERR_FAILED")
    ana.page.route("**/api/v1/posts", lambda route: route.abort())
    ana.go("write")
    ana.page.get_by_label("What you want to say").fill("through thick and thin")
    ana.button("Post to 1 friend").tap()
    expect(
        ana.page.get_by_text("Your machine is not answering. Check that it is on")
    ).to_be_visible()
    ana.is_fine()
    ana.page.unroute("**/api/v1/posts")
    ana.button("Try again").tap()
    expect(ana.post("through thick and thin")).to_contain_text("has it")
    assert ben.person.texts().count("through thick and thin") == 1
