"""“I have been here before”: a machine is lost, and its person comes back in the browser of an empty one."""

import shutil

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, PHONE, Screen
from tests.support.nodes import Person, befriend, has_everything, people, wait_for

NEW_PASSWORD = "another battery staple"
OVER_PLAIN_HTTP = "Object.defineProperty(window, 'isSecureContext', {value: false})"
PASSPHRASE = "four words nobody says"


@pytest.fixture
def two():
    with people("ana", "ben") as (ana, ben):
        ana.api.post("/circles", {"name": "Family"})
        befriend(ana, ben)  # the capsule is renewed with every new friend
        yield ana, ben


def say(person: Person, text: str, audience=None) -> str:
    said = {"text": text, "audience": audience or {"class": "friends"}}
    return str(person.api.post("/posts", said)["id"])


def said_to(person: Person, friend: Person) -> list[str]:
    return [one["text"] for one in person.api.get(f"/messages/{friend.id}", limit=100)["items"]]


def lose_everything(person: Person) -> None:
    """The machine is gone; a new one runs, and nobody lives in it yet."""
    person.kill()
    shutil.rmtree(person.node.data)
    person.node.data.mkdir()
    person.node.launch()
    person.node.wait_until_ready()
    person.password = NEW_PASSWORD


def numbered(words: list[str]) -> str:
    """As the sheet shows them, in several lines."""
    lines = [f"{number:2}  {word}" for number, word in enumerate(words, 1)]
    return "\n".join("   ".join(lines[at : at + 4]) for at in range(0, 24, 4))


def i_have_been_here_before(screen: Screen) -> None:
    screen.set_up()
    screen.page.get_by_role("link", name="I have been here before").click()
    expect(screen.heading("Welcome back")).to_be_focused()


def fill(screen: Screen, words: list[str], password: str = NEW_PASSWORD) -> None:
    screen.page.get_by_label("The 24 words").fill(numbered(words))
    screen.page.get_by_label("A new password for this machine").fill(password)


def refused(screen: Screen, sentence: str) -> None:
    screen.button("Come back").click()
    expect(screen.page.get_by_text(sentence)).to_be_visible()
    assert screen.person.node.data.joinpath("recovering").exists() is False


def help_link(helper: Screen, friend: Person) -> str:
    """Made by the friend, in their app."""
    helper.go(f"friends/{friend.id}")
    helper.button("More about Ana").click()
    helper.button("Help Ana come back").click()
    dialog = helper.dialog("Help Ana come back")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_text(f"{helper.person.address}/h#").inner_text()
    dialog.get_by_role("button", name="Close").last.click()
    return link


def is_calm(ben: Person, ana: Person) -> None:
    """Ben's machine knows of a planned change of keys, and rings no bell about a theft."""
    page = ben.api.get(f"/friends/{ana.id}")
    assert page["state"] == "friend"
    assert any("as planned" in sentence for sentence in page["trust"])
    assert "stolen" not in " ".join(page["trust"])
    assert "keys-stolen" not in [one["kind"] for one in ben.api.get("/notices")]


def test_words_and_a_friends_link_bring_ana_back_on_her_phone(two, look_at):
    ana, ben = two
    say(ana, "The heron is back.")
    say(ana, "For Ben alone.", {"class": "chosen", "people": [ben.id]})
    say(ben, "Ben says hello.")
    ana.api.post(f"/messages/{ben.id}", {"text": "The red door."})
    wait_for(lambda: len(ben.texts()) == 3 and len(ana.texts()) == 3)
    for one, other in ((ana, ben), (ben, ana)):
        wait_for(lambda one=one, other=other: has_everything(one, other))
    helper = look_at(ben, size=DESKTOP)
    helper.log_in()
    link = help_link(helper, ana)

    lose_everything(ana)
    screen = look_at(ana, size=PHONE)
    i_have_been_here_before(screen)
    screen.is_fine()
    screen.shows_focus()
    field = screen.page.get_by_label("The link")

    # What is wrong is said at its place, and what was typed stays.
    screen.button("Come back").click()
    expect(screen.page.get_by_text("Paste your friend")).to_be_visible()
    expect(field).to_be_focused()
    expect(screen.page.get_by_text("There are no words yet.")).to_be_visible()
    screen.is_fine()
    screen.forgive("400")
    field.fill("https://ben.example/")
    fill(screen, ana.words)
    refused(screen, "This is not a help link.")
    field.fill(link)
    screen.page.get_by_label("The 24 words").fill(numbered([*ana.words[:23], "zzz"]))
    refused(screen, "Word 24, “zzz”, is not a word of the list.")
    screen.page.get_by_label("The 24 words").fill(numbered(ben.words))
    refused(screen, "these are not the words it was made for")
    expect(field).to_have_value(link)
    expect(screen.page.get_by_label("A new password")).to_have_value(NEW_PASSWORD)
    field.fill(link[:-4] + "AAAA")
    screen.page.get_by_label("The 24 words").fill(numbered(ana.words))
    refused(screen, "Your friend's machine does not know this help link")
    assert not any(secret in screen.page.url for secret in (link, ana.words[0], NEW_PASSWORD))

    field.fill(link)
    screen.button("Come back").click()
    expect(screen.heading("You are back, Ana")).to_be_focused()
    expect(screen.page.get_by_text("machine has answered already.")).to_be_visible()
    assert "setup" not in screen.page.url
    screen.is_fine()
    assert ana.api.get("/me")["id"] == ana.id
    kept = screen.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert ana.words[0] not in kept and link not in kept

    screen.button("Go to my feed").click()
    expect(screen.post("The heron is back.")).to_be_visible()  # by itself
    wait_for(lambda: len(ana.texts()) == 3)
    screen.page.reload()
    for text in ("The heron is back.", "For Ben alone.", "Ben says hello."):
        expect(screen.post(text)).to_be_visible()
    screen.go("friends")
    expect(screen.page.get_by_role("link", name="Ben").first).to_be_visible()
    assert [circle["name"] for circle in ana.api.get("/circles")] == ["Family"]
    wait_for(lambda: said_to(ana, ben) == ["The red door."])
    say(ana, "And so am I.")
    wait_for(lambda: "And so am I." in ben.texts())
    is_calm(ben, ana)
    screen.page.reload()
    expect(screen.heading("Feed").or_(screen.heading("Friends")).first).to_be_visible()


def test_a_backup_brings_ana_back_with_the_words_or_as_it_was(two, tmp_path, look_at):
    ana, ben = two
    say(ana, "Only for me.", {"class": "me"})
    disk, photos = tmp_path / "disk", tmp_path / "photos"
    ana.cli("backup", str(disk), "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    photos.mkdir()
    (photos / "lake.jpg").write_bytes(b"blue")
    say(ana, "After the backup.")
    wait_for(lambda: "After the backup." in ben.texts())

    lose_everything(ana)
    screen = look_at(ana, size=DESKTOP)
    i_have_been_here_before(screen)
    screen.page.get_by_label("A backup").check()
    folder = screen.page.get_by_label("Folder of the backup")
    fill(screen, ana.words)
    screen.is_fine()
    screen.forgive("400")
    for wrong, sentence in (
        ("disk", "Give the whole path of the backup folder"),
        (str(tmp_path / "nowhere"), "The backup folder is not there."),
        (str(photos), "There is no Microsocial backup in this folder"),
    ):
        folder.fill(wrong)
        refused(screen, sentence)
        expect(folder).to_be_focused()
    folder.fill(str(disk))
    fill(screen, ben.words)
    refused(screen, "These words do not open the backup")
    expect(screen.page.get_by_label("Passphrase of the backup")).to_be_visible()
    fill(screen, ana.words)
    screen.button("Come back").click()
    expect(screen.heading("You are back, Ana")).to_be_visible()
    screen.button("Go to my feed").click()
    wait_for(lambda: len(ana.texts()) == 2)
    screen.page.reload()
    for text in ("Only for me.", "After the backup."):
        expect(screen.post(text)).to_be_visible()
    is_calm(ben, ana)

    # The same disk with its passphrase, on one more machine: everything as it was, under the key of then.
    screen.page.goto("about:blank")
    lose_everything(ana)
    again = look_at(ana, size=PHONE)
    i_have_been_here_before(again)
    again.page.get_by_label("A backup").check()
    again.page.get_by_label("Its passphrase").check()
    expect(again.page.get_by_label("The 24 words")).to_have_count(0)
    again.page.get_by_label("Folder of the backup").fill(str(disk))
    again.page.get_by_label("Passphrase of the backup").fill("not what it was")
    again.page.get_by_label("A new password").fill(NEW_PASSWORD)
    refused(again, "This passphrase does not open the backup.")
    again.page.get_by_label("Passphrase of the backup").fill(PASSPHRASE)
    again.button("Come back").click()
    expect(again.heading("You are back, Ana")).to_be_visible()
    expect(again.page.get_by_text("Everything is as it was on")).to_be_visible()
    again.is_fine()
    late = look_at(ana)
    late.log_in(NEW_PASSWORD)


@pytest.mark.soak  # the same way as the two before; exports are in tests/journeys/test_recovery.py
def test_an_export_brings_ana_back_after_a_theft(two, tmp_path, look_at):
    ana, ben = two
    say(ana, "The heron is back.")
    wait_for(lambda: "The heron is back." in ben.texts())
    zipped = tmp_path / "ana.zip"
    assert ana.run("export", str(zipped)).returncode == 0
    lose_everything(ana)
    screen = look_at(ana, size=PHONE)
    i_have_been_here_before(screen)
    screen.page.get_by_label("An export").check()
    (tmp_path / "other.zip").write_bytes(b"no zip at all")
    screen.page.get_by_label("Choose the zip").set_input_files(tmp_path / "other.zip")
    screen.page.get_by_label("Somebody else may have it").check()
    fill(screen, ana.words)
    refused(screen, "not an export")
    screen.page.get_by_label("Choose the zip").set_input_files(zipped)

    # Nobody knows whether the key is the newest while no friend answers; unless the person says to go on.
    ben.stop()
    refused(screen, "machines answers, so nobody knows")
    expect(screen.page.get_by_label("None of them will ever answer again.")).to_be_visible()
    screen.is_fine()
    ben.start()
    screen.button("Come back").click()
    expect(screen.heading("You are back, Ana")).to_be_visible()
    screen.page.get_by_role("link", name="Look through it").click()
    expect(screen.heading("Was this you?")).to_be_visible()
    assert "The heron is back." in ana.texts()
    wait_for(lambda: "stolen" in " ".join(ben.api.get(f"/friends/{ana.id}")["trust"]))


def test_whoever_closes_the_page_finds_it_again_and_a_killed_machine_begins_anew(
    two, tmp_path, look_at
):
    ana, _ = two
    say(ana, "The heron is back.")
    disk = tmp_path / "disk"
    ana.cli("backup", str(disk), "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    lose_everything(ana)
    ana.kill()
    (ana.node.data / "recovering").mkdir()
    (ana.node.data / "recovering/microsocial.db").write_bytes(b"half of it")
    ana.node.launch()
    ana.node.wait_until_ready()
    screen = look_at(ana, size=PHONE)
    screen.context.add_init_script(OVER_PLAIN_HTTP)
    i_have_been_here_before(screen)
    expect(screen.page.get_by_text("travels unencrypted to your machine")).to_be_visible()
    screen.page.go_back()
    expect(screen.heading("This is your own place")).to_be_visible()
    screen.page.go_forward()
    screen.page.get_by_label("A backup").check()
    screen.page.get_by_label("Folder of the backup").fill(str(disk))
    fill(screen, ana.words)
    screen.button("Come back").click()
    expect(
        screen.heading("You are coming back").or_(screen.heading("You are back, Ana"))
    ).to_be_visible()
    screen.page.reload()
    home = (
        screen.heading("You are back, Ana")
        .or_(screen.heading("Feed"))
        .or_(screen.heading("Welcome back, Ana"))
    )
    expect(home.first).to_be_visible()
    assert ana.api.get("/me")["id"] == ana.id
    wait_for(lambda: "The heron is back." in ana.texts())
