"""Pictures in messages, in the order one wants, from the clipboard and the camera; and looked at with a finger."""

import pytest
from playwright.sync_api import expect
from tests.browser.files import empty, paste_picture, pick, ready, swipe
from tests.support.browser import DESKTOP, PHONE
from tests.support.files_made import jpeg, saved
from tests.support.nodes import wait_for

BOTH = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(NAMES):
        (folder / f"{name}.png").write_bytes(saved("PNG", (400, 260 + 90 * number)))
    return [folder / f"{name}.png" for name in NAMES]


@BOTH
def test_pictures_go_both_ways_in_messages_and_clearing_takes_them_away(
    pair, look_at, photos, size
):
    ana, ben = pair
    ana.api.post(f"/messages/{ben.id}/clear")
    before = [files_of(person) for person in pair]
    mine = look_at(ana, size=size, profile=ana.profile)
    his = look_at(ben, size=PHONE if size == DESKTOP else DESKTOP, profile=ben.profile)
    mine.go(f"messages/{ben.id}")
    his.go(f"messages/{ana.id}")

    pick(mine, "Add photos", photos[:2])
    mine.page.get_by_label("Write to Ben").fill("from the top")
    mine.button("Send").click()
    expect(pictures(his)).to_have_count(2)
    expect(his.page.get_by_role("log").get_by_text("from the top")).to_be_visible()
    pick(his, "Add photos", photos[2:])
    expect(his.page.get_by_role("list", name="Goes with your message")).to_be_visible()
    his.is_fine()
    his.button("Send").click()
    for screen in (mine, his):
        expect(pictures(screen)).to_have_count(3)
        loaded(screen, 3)
        screen.is_fine()
    assert all(files_of(person) - there for person, there in zip(pair, before, strict=True))

    mine.page.get_by_role("button", name="More about this conversation").click()
    mine.button("Clear this conversation").click()
    mine.dialog("Clear this conversation?").get_by_role(
        "button", name="Clear on both sides"
    ).click()
    for screen in (mine, his):
        expect(pictures(screen)).to_have_count(0)
    for person, there in zip(pair, before, strict=True):
        wait_for(lambda p=person, t=there: files_of(p) <= t)


def pictures(screen):
    return screen.page.get_by_role("log").get_by_role("button", name="See it full screen")


def loaded(screen, count):
    wait_for(
        lambda: screen.page.locator("[role=log] img").evaluate_all(
            "(all, count) => all.filter(one => one.complete && one.naturalWidth > 100).length >= count",
            count,
        )
    )


def files_of(person):
    """What lies in the folder for pictures."""
    return {file.name for file in (person.node.data / "media/blobs").rglob("*") if file.is_file()}


@BOTH
def test_a_picture_is_pasted_into_a_post_and_into_a_message(pair, look_at, size):
    ana, ben = pair
    screen = look_at(ana, size=size, profile=ana.profile)
    empty(screen)
    screen.page.get_by_label("What you want to say").focus()
    paste_picture(screen)
    ready(screen, 1)
    expect(screen.page.locator(".uploads img").first).to_be_visible()
    empty(screen)

    screen.go(f"messages/{ben.id}")
    screen.page.get_by_label("Write to Ben").focus()
    paste_picture(screen)
    beside = screen.page.get_by_role("list", name="Goes with your message")
    expect(beside.get_by_role("listitem")).to_have_count(1)
    screen.button("Take number 1 out").click()
    expect(beside).to_have_count(0)


def test_the_camera_of_a_phone_opens_for_one_picture(pair, look_at, photos):
    ana, _ = pair
    screen = look_at(ana, size=PHONE, profile=ana.profile)
    empty(screen)
    field = pick(screen, "Take a photo", photos[0])
    assert field.get_attribute("capture") == "environment"
    assert field.get_attribute("accept") == "image/*"
    ready(screen, 1)
    empty(screen)
    desk = look_at(ana, size=DESKTOP, profile=ana.profile)
    desk.go("write")
    expect(desk.button("Add photos")).to_be_visible()
    expect(desk.button("Take a photo")).to_have_count(0)


@BOTH
def test_pictures_are_put_in_order_by_hand_by_keys_and_by_menu(pair, look_at, photos, size):
    ana, _ = pair
    screen = look_at(ana, size=size, profile=ana.profile)
    empty(screen)
    pick(screen, "Add photos", photos)
    ready(screen, 3)
    for number, name in enumerate(NAMES):
        screen.page.get_by_label("Caption").nth(number).fill(name)
    assert order(screen) == ["one", "two", "three"]

    drag(screen, 1, to=3)
    wait_for(lambda: order(screen) == ["two", "three", "one"])
    grip = screen.page.get_by_role("button", name="Move number 3")
    grip.focus()
    screen.page.keyboard.press("ArrowUp")
    wait_for(lambda: order(screen) == ["two", "one", "three"])
    assert screen.focused() == "Move number 2", "the focus goes along with what was moved"
    screen.page.get_by_role("button", name="Move number 1").click()
    screen.is_fine()
    screen.button("Later").click()
    wait_for(lambda: order(screen) == ["one", "two", "three"])
    empty(screen)


def order(screen):
    return screen.page.get_by_label("Caption").evaluate_all("all => all.map(one => one.value)")


def drag(screen, number, to):
    """The grip of one picture, drawn below another with a finger or the mouse."""
    screen.page.evaluate("scrollTo(0, 0)")
    grip = screen.page.get_by_role("button", name=f"Move number {number}").bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    below = screen.page.locator(".uploads > li").nth(to - 1).bounding_box()
    end = below["y"] + below["height"] - 8
    steps = [(x, y + (end - y) * step / 24) for step in range(1, 25)]
    if screen.size == PHONE:
        swipe(screen, (x, y), steps)
        return
    screen.page.mouse.move(x, y)
    screen.page.mouse.down()
    for x, y in steps:
        screen.page.mouse.move(x, y)
    screen.page.mouse.up()


@BOTH
def test_who_made_a_picture_stays_under_it_only_when_asked(pair, look_at, tmp_path, size):
    ana, ben = pair
    photo = tmp_path / "credited.jpg"
    photo.write_bytes(jpeg(size=(800, 500)))
    screen = look_at(ana, size=size, profile=ana.profile)
    empty(screen)
    words = f"taken by somebody, {size['width']}"
    screen.page.get_by_label("What you want to say").fill(words)
    pick(screen, "Add photos", photo)
    ready(screen, 1)
    screen.page.get_by_text("See what it was").click()
    expect(screen.page.get_by_text("Nokia 3310").first).to_be_visible()
    screen.is_fine()
    screen.page.get_by_label("Keep who made it, under the picture").check()
    expect(screen.page.get_by_label("Keep who made it, under the picture")).to_be_checked()
    ready(screen, 1)
    screen.button("Post to 1 friend").click()
    expect(screen.post(words)).to_contain_text("has it")
    [media] = wait_for(lambda: [post for post in ben.feed() if post["text"] == words])[0]["media"]
    assert "Ana's phone" in media["caption"]
    expect(screen.post(words)).to_contain_text("Ana's phone")


@BOTH
def test_the_viewer_turns_by_finger_and_by_keys(pair, look_at, photos, size):
    ana, ben = pair
    words = f"three to turn, {size['width']}"
    screen = look_at(ana, size=size, profile=ana.profile)
    empty(screen)
    screen.page.get_by_label("What you want to say").fill(words)
    pick(screen, "Add photos", photos)
    ready(screen, 3)
    for number, name in enumerate(NAMES):
        screen.page.get_by_label("Caption").nth(number).fill(f"number {name}")
    screen.button("Post to 1 friend").click()
    expect(screen.post(words)).to_contain_text("has it")

    his = look_at(ben, size=size, profile=ben.profile)
    his.go("feed")
    his.post(words).get_by_role("button", name="number one. See it full screen").click()
    viewer = his.page.get_by_role("dialog")
    expect(viewer.get_by_text("number one", exact=True)).to_be_in_viewport()
    if size == PHONE:
        to_left, to_right = [[(x, 400 + x / 50) for x in way] for way in (range(320, 40, -20), range(60, 340, 20))]  # fmt: skip
        swipe(his, (340, 400), to_left)
        expect(viewer.get_by_text("number two", exact=True)).to_be_in_viewport(ratio=0.9)
        swipe(his, (340, 400), to_left)
        expect(viewer.get_by_text("number three", exact=True)).to_be_in_viewport(ratio=0.9)
        swipe(his, (40, 400), to_right)
        expect(viewer.get_by_text("number two", exact=True)).to_be_in_viewport(ratio=0.9)
        his.is_fine()
        his.page.go_back()  # as a phone's own way back
    else:
        for key, name in (
            ("ArrowRight", "two"), ("ArrowRight", "three"), ("ArrowRight", "three"), ("ArrowLeft", "two"),
            ("Home", "one"), ("End", "three"), ("ArrowLeft", "two"),
        ):  # fmt: skip
            his.page.keyboard.press(key)
            expect(viewer.get_by_text(f"number {name}", exact=True)).to_be_in_viewport(ratio=0.9)
        his.is_fine()
        his.page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(his.post(words)).to_be_visible()
    assert his.focused() == "number one. See it full screen", "the focus comes back"


@BOTH
def test_a_draft_keeps_its_pictures_and_their_words_across_a_reload(pair, look_at, photos, size):
    ana, _ = pair
    screen = look_at(ana, size=size, profile=ana.profile)
    empty(screen)
    screen.page.get_by_label("What you want to say").fill("two of them, later")
    pick(screen, "Add photos", photos[:2])
    ready(screen, 2)
    screen.page.get_by_label("Caption").first.fill("the first one")
    screen.page.get_by_label("In words, for those who cannot see it").nth(1).fill("Crossed lines")
    expect(screen.page.get_by_text("Draft saved")).to_be_visible()
    screen.page.reload()
    ready(screen, 2)
    expect(screen.page.get_by_label("What you want to say")).to_have_value("two of them, later")
    expect(screen.page.get_by_label("Caption").first).to_have_value("the first one")
    expect(screen.page.get_by_label("In words").nth(1)).to_have_value("Crossed lines")
    wait_for(lambda: [len(one["media"]) for one in ana.api.get("/drafts")] == [2])

    elsewhere = look_at(ana, size=DESKTOP if size == PHONE else PHONE, profile=ana.profile)
    elsewhere.go("write")
    ready(elsewhere, 2)
    expect(elsewhere.page.get_by_label("Caption").first).to_have_value("the first one")
    empty(screen)
