"""Your data in a browser: backed up, taken along, brought back, made less, moved, taken back; each said in a sentence."""

import zipfile

import pytest
from playwright.sync_api import expect
from tests.support.browser import PHONE
from tests.support.nodes import befriend, people, wait_for

PASSPHRASE = "four words nobody says"
PLACES = (
    "me/data", "me/backup", "me/export", "me/storage", "me/words", "me/theft", "me/moving", "me/leave",
)  # fmt: skip


@pytest.fixture
def two():
    """Two friends whose machines may be given up."""
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        yield ana, ben


def test_a_backup_is_made_and_proved_and_every_screen_of_it_is_fine(two, tmp_path, look_at):
    ana, _ = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    for place in PLACES:
        screen.go(place)
        screen.is_fine()
        screen.shows_focus()
    screen.go("me/backup")
    screen.page.get_by_label("Folder on your machine").fill(str(tmp_path / "backup"))
    screen.page.get_by_label("Passphrase").fill(PASSPHRASE)
    begin = screen.button("Begin, and make the first one now")
    screen.page.get_by_label("The same once more").fill("something else")
    begin.click()
    expect(screen.page.get_by_text("The two are not the same.")).to_be_visible()
    screen.page.get_by_label("The same once more").fill(PASSPHRASE)
    begin.click()
    expect(screen.page.get_by_text("A restore would work: checked today")).to_be_visible()
    expect(screen.heading("Kept backups")).to_be_visible()
    screen.is_fine()
    screen.button("Rehearse a restore").click()
    wait_for(lambda: [work["state"] for work in ana.api.get("/work")] == ["done", "done"])
    screen.go("me/data")
    expect(screen.page.get_by_text("Last backup today").first).to_be_visible()

    [piece, *_] = [file for file in (tmp_path / "backup/objects").rglob("*") if file.is_file()]
    piece.write_bytes(piece.read_bytes()[:-1] + b"?")
    screen.go("me/backup")
    screen.button("Rehearse a restore").click()
    expect(
        screen.page.get_by_text("a restore would not bring everything back").first
    ).to_be_visible()
    screen.is_fine()


def test_everything_is_saved_as_a_website_and_brought_back(two, tmp_path, look_at):
    ana, ben = two
    said = {"text": "The heron left.", "audience": {"class": "friends"}}
    ana.api.post("/posts", said)
    ana.api.post(f"/messages/{ben.id}", {"text": "Only for Ben."})
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go("me/export")
    without = _save(screen, tmp_path / "without.zip")
    screen.page.get_by_label("My messages too").check()
    with_messages = _save(screen, tmp_path / "with.zip")
    assert "The heron left." in without and "Only for Ben." not in without
    assert "Only for Ben." in with_messages

    screen.go("me/storage")
    screen.page.get_by_label("What may go").select_option("posts")
    screen.page.get_by_label("How old").select_option("0")
    screen.button("Show what would go").click()
    sure = screen.dialog("This would go")
    expect(sure.get_by_text("1 post of yours would go")).to_be_visible()
    screen.is_fine()
    sure.get_by_role("button", name="Cancel").click()
    assert len(ana.feed()) == 1, "looking takes nothing away"
    screen.button("Show what would go").click()
    sure.get_by_role("button", name="Let it go").click()
    expect(screen.page.get_by_text("1 post of yours is gone").first).to_be_visible()
    assert ana.feed() == []

    screen.go("me/export")
    screen.page.locator("input[type=file]").set_input_files(tmp_path / "without.zip")
    wait_for(lambda: ana.texts() == ["The heron left."])
    wait_for(lambda: ana.api.get("/work")[0]["state"] == "done")
    job = screen.page.get_by_role("main").get_by_role("status")
    expect(job.filter(has_text=ana.api.get("/work")[0]["sentence"])).to_be_visible()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip at all")
    screen.page.locator("input[type=file]").set_input_files(broken)
    expect(screen.page.get_by_role("alert")).to_be_visible()


def test_a_sheet_is_tested_and_leaves_nothing_behind(two, look_at):
    ana, ben = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go("me/words")
    field = screen.page.get_by_label("The 24 words")
    field.fill(" ".join(f"{number}. {word}" for number, word in enumerate(ana.words, 1)))
    screen.button("Test it").click()
    expect(screen.page.get_by_text("This is your sheet")).to_be_visible()
    expect(field).to_have_value("")
    field.fill(" ".join(ben.words))
    screen.button("Test it").click()
    expect(screen.page.get_by_role("alert")).to_be_visible()
    screen.go("me/data")
    screen.go("me/words")
    expect(field).to_have_value("")
    kept = screen.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert ben.words[0] not in kept and ben.words[1] not in kept


def test_a_stolen_key_is_locked_out_with_the_words(two, look_at):
    ana, ben = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go("me/words")
    screen.page.get_by_label("My machine or key was stolen").check()
    screen.page.get_by_label("The 24 words").fill(" ".join(ana.words))
    screen.page.get_by_label("Your password").fill(ana.password)
    screen.is_fine()
    screen.button("Lock the thief out").click()
    expect(screen.heading("Was this you?")).to_be_visible()
    assert ana.api.get("/keys")["number"] == 1
    screen.is_fine()
    wait_for(lambda: [one for one in ben.api.get("/notices") if one["kind"] == "keys-stolen"])


def test_a_move_stands_on_every_screen_and_is_taken_back(two, look_at):
    ana, ben = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go("me/moving")
    password = screen.page.get_by_label("Your password")
    password.fill(ana.password)
    screen.page.get_by_label("The new address").fill("nowhere at all")
    screen.button("Move there").click()
    sure = screen.dialog("Send everybody on?")
    screen.forgive("40[01]")
    sure.get_by_role("button", name="Move there").click()
    expect(screen.page.get_by_text("That is no address others could use.")).to_be_visible()
    screen.page.get_by_label("The new address").fill("https://ana.example")
    password.fill("certainly wrong")
    screen.button("Move there").click()
    sure.get_by_role("button", name="Move there").click()
    expect(password).to_have_attribute("aria-invalid", "true")
    password.fill(ana.password)
    screen.button("Move there").click()
    sure.get_by_role("button", name="Move there").click()
    expect(screen.page.get_by_text("You live at https://ana.example now.")).to_be_visible()
    for place in ("feed", "messages"):
        screen.go(place)
        expect(screen.page.get_by_text("You live at https://ana.example now.")).to_be_visible()
    # Nothing is offered to write in; it says why, and leads to where one lives.
    for place, line in (("write", "What you want to say"), (f"messages/{ben.id}", "Write to Ben")):
        screen.go(place)
        expect(screen.page.get_by_text("You moved away from this machine")).to_be_visible()
        expect(screen.page.get_by_label(line)).to_have_count(0)
        there = screen.page.get_by_role("link", name="Go on at https://ana.example")
        expect(there).to_have_attribute("href", "https://ana.example/app/")
        screen.is_fine()
    screen.go("me/moving")
    screen.button("I live here after all").click()
    expect(screen.page.get_by_label("The new address")).to_be_visible()
    screen.go("feed")
    expect(screen.page.get_by_text("You live at https://ana.example now.")).to_have_count(0)
    screen.go("write")
    expect(screen.page.get_by_label("What you want to say")).to_be_visible()


def test_a_friend_is_helped_to_come_back(two, look_at):
    ana, ben = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go(f"friends/{ben.id}")
    screen.button("More about Ben").click()
    screen.button("Help Ben come back").click()
    dialog = screen.dialog("Help Ben come back")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_text(f"{ana.address}/h#")).to_be_visible()
    expect(dialog.get_by_text("Give it to Ben alone")).to_be_visible()
    screen.is_fine()


def test_everything_is_deleted_and_said_to_be_gone(two, look_at):
    ana, ben = two
    ana.api.post("/posts", {"text": "The heron left.", "audience": {"class": "friends"}})
    wait_for(lambda: "The heron left." in ben.texts())
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.forgive(
        "401", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE"
    )
    screen.go("me/leave")
    password = screen.page.get_by_label("Your password")
    password.fill("certainly wrong")
    screen.button("Begin to delete everything").click()
    expect(password).to_have_attribute("aria-invalid", "true")
    password.fill(ana.password)
    screen.button("Begin to delete everything").click()
    expect(screen.page.get_by_text("removed everything of yours. You can finish.")).to_be_visible()
    assert "The heron left." not in ben.texts()
    screen.is_fine()
    screen.go("feed")
    expect(screen.page.get_by_text("You are deleting everything.")).to_be_visible()
    screen.go("write")
    expect(screen.page.get_by_text("so nothing new is said here")).to_be_visible()
    expect(screen.page.get_by_label("What you want to say")).to_have_count(0)
    screen.go("me/leave")
    screen.button("Stop, I stay").click()
    expect(screen.button("Begin to delete everything")).to_be_visible()
    for step in ("Begin to delete everything", "Erase it all and end"):
        expect(screen.button(step)).to_be_visible()
        password.fill(ana.password)
        screen.button(step).click()
    expect(screen.page.get_by_text("It is all gone.")).to_be_visible(timeout=40_000)
    wait_for(lambda: not [*ana.node.data.rglob("*.db*")])
    expect(screen.page.get_by_text("Your machine is not answering.")).to_have_count(0)


def _save(screen, to):
    """Save the zip; give all the pages in it."""
    with screen.page.expect_download() as told:
        screen.page.get_by_role("link", name="Save the zip").click()
    told.value.save_as(to)
    with zipfile.ZipFile(to) as pages:
        assert pages.testzip() is None
        return "".join(
            pages.read(name).decode() for name in pages.namelist() if name.endswith(".html")
        )


def test_what_is_said_for_a_day_says_when_it_goes(two, look_at):
    ana, ben = two
    screen = look_at(ana, size=PHONE)
    screen.log_in()
    screen.go("write")
    screen.page.get_by_label("What you want to say").fill("Keys are under the stone.")
    screen.page.get_by_label("How long it stays").select_option(label="Gone after a day")
    screen.is_fine()
    screen.button("Post to 1 friend").click()
    expect(screen.post("Keys are under the stone.")).to_contain_text("gone tomorrow at")
    wait_for(lambda: [post["expires"] for post in ben.feed()] == [ana.feed()[0]["expires"]])
    assert ana.feed()[0]["expires"] is not None

    screen.go(f"messages/{ben.id}")
    screen.page.get_by_label("How long it stays").select_option(label="Gone after a day")
    screen.page.get_by_label("Write to Ben").fill("The red door.")
    screen.button("Send").click()
    said = screen.page.get_by_role("log").get_by_role("listitem").filter(has_text="The red door.")
    expect(said).to_contain_text("gone tomorrow at")
    screen.is_fine()
