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
    [photo] = person.cli("posts", "show", post)["media"]
    return bool(photo["state"] == "ready")


def said_to(person: Person, friend: Person) -> list[str]:
    return [one["text"] for one in person.api.get(f"/messages/{friend.id}", limit=100)["items"]]


def test_words_and_one_friend_bring_everything_back_and_nobody_is_alarmed(tmp_path):
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        ana.cli("circles", "create", "Family")
        ana.cli("circles", "add", "Family", "Cem")
        picture = tmp_path / "lake.jpg"
        picture.write_bytes(files_made.jpeg(size=(800, 600)))
        post = ana.cli("post", "the lake", "--photo", str(picture), "--caption", "blue")["id"]
        ana.cli("post", "for the family", "--audience", "circle:Family")
        theirs = ben.cli("post", "from Ben")["id"]
        wait_for(lambda: set(cem.texts()) == {"the lake", "for the family"})
        wait_for(lambda: "from Ben" in ana.texts())
        cem.cli("comment", post, "lovely")
        ana.cli("comment", theirs, "well said")
        ana.cli("message", "Ben", "hello Ben")
        ben.cli("message", "Ana", "hello Ana")
        wait_for(lambda: len(said_to(ben, ana)) == 2)
        wait_for(lambda: ana.cli("posts", "show", post)["comments"])
        wait_for(lambda: ben.cli("posts", "show", theirs)["comments"])
        for one, other in ((ana, ben), (ana, cem), (ben, ana), (cem, ana)):
            wait_for(lambda one=one, other=other: has_everything(one, other))

        lose_everything(ana)
        cem.stop()
        back = come_back(ana, "--friend", help_link(ben, "Ana"))
        assert (back["name"], back["key"], back["friends"], back["answered"]) == ("Ana", 1, 2, 1)
        ana.start()

        wait_for(lambda: {"the lake", "from Ben"} <= set(ana.texts()), seconds=30)
        wait_for(lambda: sorted(said_to(ana, ben)) == ["hello Ana", "hello Ben"])
        wait_for(
            lambda: (
                [c["text"] for c in ana.cli("posts", "show", theirs)["comments"]] == ["well said"]
            )
        )
        wait_for(lambda: shown_photo(ana, post), seconds=30)

        # Somebody who was away hears it later, and gives back what only they had.
        cem.start()
        wait_for(lambda: "for the family" in ana.texts(), seconds=30)
        wait_for(
            lambda: [c["text"] for c in ana.cli("posts", "show", post)["comments"]] == ["lovely"]
        )
        [family] = ana.api.get("/circles")
        assert [person["name"] for person in family["people"]] == ["Cem"]

        # Life goes on, for everybody.
        ana.cli("post", "back again")
        for friend in (ben, cem):
            wait_for(lambda friend=friend: "back again" in friend.texts())
            page = friend.api.get(f"/friends/{ana.id}")
            assert page["state"] == "friend"
            assert "renewed their signature once" in page["trust"][1]
            assert "stolen" not in " ".join(page["trust"])
            assert friend.texts().count("the lake") == 1
