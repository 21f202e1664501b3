"""Photos in a browser: picked, described, cleaned of what they would give away, posted, and looked at full screen by a friend."""

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE
from tests.support.nodes import wait_for

EXIF_GPS, EXIF_CAMERA = 0x8825, 0x0110


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two photos; the first knows where it was taken and with what."""
    folder = tmp_path_factory.mktemp("photos")
    files = []
    for name, size, colour in (("lake", (900, 600), "steelblue"), ("tower", (500, 800), "peru")):
        photo = Image.new("RGB", size, colour)
        ImageDraw.Draw(photo).circle((size[0] / 2, size[1] / 2), 150, fill="white")
        exif = Image.Exif()
        if name == "lake":
            exif[EXIF_CAMERA] = "Camera of Ana"
            exif.get_ifd(EXIF_GPS).update(
                {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
            )
        files.append(folder / f"{name}.jpg")
        photo.save(files[-1], exif=exif)
    return files


def attach(screen, photos):
    with screen.page.expect_file_chooser() as chooser:
        screen.button("Add photos").click()
    chooser.value.set_files(photos)
    expect(screen.page.get_by_text("Ready", exact=True)).to_have_count(len(photos))


def test_photos_are_described_posted_and_looked_at_full_screen(pair, look_at, photos):
    ana, ben = pair
    his = look_at(ben, size=DESKTOP, profile=ben.profile)
    his.go("feed")
    mine = look_at(ana, size=PHONE, profile=ana.profile)
    mine.go("write")
    attach(mine, photos)
    expect(mine.page.get_by_text("See what it was")).to_be_visible()
    mine.is_fine()
    mine.page.get_by_label("What you want to say").fill("two pictures of one day")
    mine.page.get_by_label("Caption").first.fill("the lake at noon")
    mine.page.get_by_label("In words, for those who cannot see it").first.fill(
        "A white disc on blue"
    )
    mine.button("Post to 1 friend").tap()
    expect(mine.post("two pictures of one day")).to_contain_text("has it")

    wait_for(lambda: [post for post in ben.feed() if len(post["media"]) == 2])
    his.go("friends")
    his.go("feed")
    his.page.reload()
    post = his.post("two pictures of one day")
    picture = post.get_by_role("img", name="A white disc on blue")
    expect(picture).to_be_visible()
    wait_for(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 100"))
    his.is_fine()

    picture.click()
    viewer = his.page.get_by_role("dialog")
    expect(viewer.get_by_text("the lake at noon")).to_be_visible()
    his.is_fine()
    his.page.keyboard.press("ArrowRight")
    expect(viewer.get_by_role("button", name="Previous picture")).to_be_visible()
    expect(viewer.get_by_role("button", name="Next picture")).to_be_hidden()
    his.page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    assert "See it full screen" in his.focused(), "the closed viewer gives the focus back"


def test_a_file_that_is_no_photo_is_refused_in_a_sentence_that_names_it(pair, look_at, tmp_path):
    ana, _ = pair
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 this is not a photo")
    screen = look_at(ana, size=PHONE, profile=ana.profile)
    screen.go("write")
    with screen.page.expect_file_chooser() as chooser:
        screen.button("Add photos").click()
    chooser.value.set_files([broken])
    expect(screen.page.get_by_text("broken.jpg").first).to_be_visible()
    screen.is_fine()
    screen.page.get_by_role("button", name="Take number 1 out").tap()
    expect(screen.page.get_by_role("button", name="Take number 1 out")).to_have_count(0)
