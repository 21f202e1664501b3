"""Everything is lost but the 24 words: coming back with a friend's link, a backup or an export; friends stay calm."""

import shutil

from tests.support import files_made
from tests.support.nodes import Person, befriend, has_everything, people, wait_for

NEW_PASSWORD = "another battery staple"


def words_and_password(person: Person, *between: str) -> str:
    return "\n".join([" ".join(person.words), *between, NEW_PASSWORD]) + "\n"


def lose_everything(person: Person) -> None:
    """The machine is gone; another one is empty."""
    person.kill()
    shutil.rmtree(person.node.data)
    person.node.data = person.node.data.with_name(f"{person.name}-again")


def come_back(person: Person, *how: str, between: tuple[str, ...] = ()) -> dict[str, object]:
    back = person.cli(
        "recover",
        *how,
        "--words-stdin",
        "--password-stdin",
        stdin=words_and_password(person, *between),
    )
    assert back["id"] == person.id
    person.password = NEW_PASSWORD
    return back


def help_link(helper: Person, name: str) -> str:
    return helper.cli("friends", "help", name)["link"]


def shown_photo(person: Person, post: str) -> bool:
    [photo] = person.api.get(f"/posts/{post}")["media"]
    return bool(photo["state"] == "ready")


def comments(person: Person, post: str) -> list[str]:
    return [one["text"] for one in person.api.get(f"/posts/{post}")["comments"]]


def said_to(person: Person, friend: Person) -> list[str]:
    return [one["text"] for one in person.api.get(f"/messages/{friend.id}", limit=100)["items"]]


def say(person: Person, text: str, audience: dict[str, object] | None = None) -> str:
    said = {"text": text, "audience": audience or {"class": "friends"}}
    return str(person.api.post("/posts", said)["id"])


def comment(person: Person, post: str, text: str) -> None:
    person.api.post(f"/posts/{post}/comments", {"text": text})


def still_coming(person: Person) -> list[str]:
    return list(person.api.get("/status")["coming_back"])


def settled(*pairs: tuple[Person, Person]) -> None:
    """Until nobody has anything left to tell the other."""
    for one, other in pairs:
        wait_for(lambda one=one, other=other: has_everything(one, other))


def complaint(person: Person, *how: str, stdin: str) -> str:
    """Why coming back was refused; nobody lives in the folder afterwards."""
    done = person.run("recover", *how, "--words-stdin", "--password-stdin", stdin=stdin)
    assert done.returncode == 1, done.stdout
    assert not (person.node.data / "recovering").exists()
    return done.stderr


def test_words_and_one_friend_bring_everything_back_and_nobody_is_alarmed(tmp_path):
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, cem)
        family = ana.api.post("/circles", {"name": "Family"})
        ana.api.put(f"/circles/{family['id']}/people/{cem.id}")
        befriend(ana, ben)  # the capsule is renewed with every new friend
        picture = tmp_path / "lake.jpg"
        picture.write_bytes(files_made.jpeg(size=(800, 600)))
        post = ana.cli("post", "the lake", "--photo", str(picture), "--caption", "blue")["id"]
        say(ana, "for the family", {"class": "circle", "circle": family["id"]})
        theirs = say(ben, "from Ben")
        wait_for(lambda: set(cem.texts()) == {"the lake", "for the family"})
        wait_for(lambda: "from Ben" in ana.texts())
        comment(cem, post, "lovely")
        comment(ana, theirs, "well said")
        ana.api.post(f"/messages/{ben.id}", {"text": "hello Ben"})
        ben.api.post(f"/messages/{ana.id}", {"text": "hello Ana"})
        wait_for(lambda: len(said_to(ben, ana)) == 2)
        wait_for(lambda: comments(ana, post) and comments(ben, theirs))
        wait_for(lambda: shown_photo(ben, post))
        settled((ana, ben), (ana, cem), (ben, ana), (cem, ana))

        link = help_link(ben, "Ana")
        lose_everything(ana)
        cem.stop()
        # What is wrong is said, and leaves nothing behind.
        assert "24 words" in complaint(ana, "--friend", link, stdin="one two three\n")
        stranger = "\n".join([" ".join(ben.words), NEW_PASSWORD, ""])
        assert "not the words it was made for" in complaint(ana, "--friend", link, stdin=stranger)
        used_up = link[:-4] + "AAAA"
        assert "does not know this help link" in complaint(
            ana, "--friend", used_up, stdin=words_and_password(ana)
        )

        back = come_back(ana, "--friend", link)
        assert (back["name"], back["key"], back["friends"], back["answered"]) == ("Ana", 1, 2, 1)
        assert "Somebody lives" in complaint(ana, "--friend", link, stdin=words_and_password(ana))
        ana.start()

        wait_for(lambda: {"the lake", "from Ben"} <= set(ana.texts()), seconds=30)
        wait_for(lambda: sorted(said_to(ana, ben)) == ["hello Ana", "hello Ben"])
        wait_for(lambda: comments(ana, theirs) == ["well said"])
        wait_for(lambda: shown_photo(ana, post), seconds=30)

        # Somebody who was away hears it later, and gives back what only they had.
        assert any("Not heard from yet" in one and "Cem" in one for one in still_coming(ana))
        cem.start()
        wait_for(lambda: "for the family" in ana.texts(), seconds=30)
        wait_for(lambda: comments(ana, post) == ["lovely"])
        [again] = ana.api.get("/circles")
        assert (again["name"], [one["name"] for one in again["people"]]) == ("Family", ["Cem"])
        wait_for(lambda: still_coming(ana) == [])
        assert ana.api.get("/me")["about"] == ""

        # Life goes on, for everybody, and nobody is frightened.
        say(ana, "back again")
        for friend in (ben, cem):
            wait_for(lambda friend=friend: "back again" in friend.texts())
            page = friend.api.get(f"/friends/{ana.id}")
            assert page["state"] == "friend"
            assert any("as planned" in sentence for sentence in page["trust"])
            assert "stolen" not in " ".join(page["trust"])
            assert friend.texts().count("the lake") == 1
        comment(ben, post, "welcome back")
        wait_for(lambda: "welcome back" in comments(ana, post))

        # The sheet is still right, and other words are not.
        assert ana.cli("words", "check", "--words-stdin", stdin=" ".join(ana.words))["fine"]
        wrong = ana.run("words", "check", "--words-stdin", stdin=" ".join(ben.words))
        assert wrong.returncode == 1
        assert "another person" in wrong.stdout


def test_words_and_a_backup_bring_more_and_friends_made_since(tmp_path):
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        say(ana, "only for me", {"class": "me"})
        say(ana, "before the backup")
        passphrase = "a long passphrase"
        disk = tmp_path / "disk"
        ana.cli("backup", str(disk), "--passphrase-stdin", stdin=passphrase + "\n")
        befriend(ana, cem)
        say(ana, "after the backup")
        wait_for(lambda: len(ben.texts()) == 2 and cem.texts() == ["after the backup"])
        settled((ana, ben), (ana, cem), (ben, ana), (cem, ana))
        lose_everything(ana)

        # The words of somebody else do not open it; and without any friend nobody knows whether it has the newest keys.
        stranger = "\n".join([" ".join(ben.words), NEW_PASSWORD, ""])
        assert complaint(ana, "--backup", str(disk), stdin=stranger)
        ben.stop()
        assert "answers" in complaint(ana, "--backup", str(disk), stdin=words_and_password(ana))
        ben.start()
        back = come_back(ana, "--backup", str(disk))
        assert (back["key"], back["friends"], back["answered"]) == (1, 2, 2)
        ana.start()
        everything = {"only for me", "before the backup", "after the backup"}
        wait_for(lambda: set(ana.texts()) == everything, seconds=30)
        friends = {one["name"] for one in ana.api.get("/friends")["friends"]}
        assert friends == {"Ben", "Cem"}
        say(ana, "back again")
        for friend in (ben, cem):
            wait_for(lambda friend=friend: "back again" in friend.texts())


def test_words_and_an_export_after_a_theft_and_the_thief_is_shut_out(tmp_path):
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        say(ana, "before the export")
        zipped = tmp_path / "ana.zip"
        ana.run("export", str(zipped))
        settled((ana, ben), (ben, ana))
        ana.kill()
        stolen = ana.node.data
        ana.node.data = stolen.with_name("ana-again")
        back = come_back(ana, "--export", str(zipped), "--stolen")
        assert (back["name"], back["key"], back["answered"]) == ("Ana", 1, 1)
        ana.start()
        assert "before the export" in ana.texts()
        say(ana, "it is me")
        wait_for(lambda: "it is me" in ben.texts(), seconds=30)
        page = ben.api.get(f"/friends/{ana.id}")
        assert page["state"] == "friend"
        assert "stolen" in " ".join(page["trust"])
        ana.stop()

        # The thief starts what was stolen: Ben's machine takes nothing from it any more.
        ana.node.data = stolen
        ana.start()
        say(ana, "the thief was here")
        wait_for(lambda: ana.api.get("/status")["stopped"], seconds=30)
        assert "the thief was here" not in ben.texts()
