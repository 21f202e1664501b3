"""What goes: at its time, because the owner lets it go, and altogether."""

import time

import httpx
import pytest
from tests.support import files_made
from tests.support.nodes import CommandFailed, befriend, people, wait_for

from microsocial.client.errors import Refused

SECRET = "the spare key is under the geranium"
OTHERS = "what Ben would rather say aloud"


def texts_with(person, friend):
    return [one["text"] for one in person.api.get(f"/messages/{friend.id}")["items"]]


def status_of(address, path, **headers):
    return httpx.get(address + path, timeout=10, headers=headers).status_code


def post(person, text, audience="friends"):
    return person.api.post("/posts", {"text": text, "audience": {"class": audience}})


def leaving(person):
    return person.api.get("/leaving")


def test_deleting_everything_counts_whose_machine_confirmed_and_ends_the_node():
    with people("ana", "ben", "cem", through_proxy=("cem",)) as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        post(ana, SECRET)
        everyone = post(ana, "for everyone", "public")
        said_by_ben = post(ben, OTHERS)
        wait_for(lambda: OTHERS in ana.texts())
        ana.api.post(f"/posts/{said_by_ben['id']}/comments", {"text": "a comment of mine"})
        ana.api.post(f"/messages/{ben.id}", {"text": "a message of mine"})
        wait_for(lambda: "a message of mine" in texts_with(ben, ana))
        wait_for(lambda: SECRET in cem.texts() and SECRET in ben.texts())
        (ana.node.data / "notes.txt").write_text("not Microsocial's")
        cem.proxy.go_dark()

        with pytest.raises(CommandFailed, match="password"):
            ana.cli("leave", "--password-stdin", stdin="a guess that is wrong\n")
        assert leaving(ana)["state"] == "no"
        ana.cli("leave", "--password-stdin", stdin=ana.password + "\n")
        wait_for(lambda: leaving(ana)["removed"] == 1)
        half = ana.cli("leave", "--status")
        assert (half["state"], half["of"]) == ("telling", 2)
        assert [one["person"]["name"] for one in half["waiting"]] == ["Cem"]
        assert half["sentence"].startswith("1 of 2 have removed everything")
        assert ben.texts() == [OTHERS]
        assert ben.api.get(f"/posts/{said_by_ben['id']}")["comments"] == []
        assert texts_with(ben, ana) == []
        assert SECRET in cem.texts()
        for path in ("/", "/i", f"/p/{everyone['id']}", "/.well-known/microsocial"):
            assert status_of(ana.address, path) == 410
        with pytest.raises(Refused, match="deleting everything"):
            ana.api.post("/posts", {"text": "after all", "audience": {"class": "friends"}})

        ana.cli("leave", "--stop")
        assert status_of(ana.address, "/") == 200
        assert len(ana.api.get("/friends")["friends"]) == 2
        ana.cli("leave", "--password-stdin", stdin=ana.password + "\n")
        cem.proxy.come_back()
        wait_for(lambda: leaving(ana)["state"] == "told")
        assert leaving(ana)["sentence"].startswith("All 2 friends")
        assert cem.texts() == []
        wait_for(lambda: not cem.said_in_files(SECRET))

        ana.cli("leave", "--finish", "--password-stdin", stdin=ana.password + "\n")
        assert ana.node.process.wait(20) == 0
        assert [file.name for file in ana.node.data.iterdir()] == ["notes.txt"]
        assert "Goodbye" in ana.node.log_file.read_text()
        for friend in (ben, cem):
            page = friend.api.get(f"/friends/{ana.id}")
            assert page["state"] == "former"
            assert "gave up their page" in page["sentence"]


def test_what_is_purged_is_gone_from_the_files_here_or_everywhere_as_the_owner_says(tmp_path):
    (tmp_path / "lake.jpg").write_bytes(files_made.jpeg())
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        kept = ana.cli("post", SECRET, "--photo", str(tmp_path / "lake.jpg"))
        post(ben, OTHERS)
        ben.api.post(f"/messages/{ana.id}", {"text": f"{SECRET}, in a message"})
        wait_for(lambda: OTHERS in ana.texts())
        wait_for(lambda: texts_with(ana, ben))
        wait_for(lambda: all(one["state"] == "ready" for one in _media(ben, kept)))
        assert ana.said_in_files(SECRET)

        counted = ana.cli("purge", "posts")
        assert counted["count"] == 1
        assert counted["bytes"] > 10_000
        assert ana.texts() == [OTHERS, SECRET]
        everywhere = ("purge", "messages", "--friend", "Ben", "--everywhere", "--yes")
        with pytest.raises(CommandFailed, match="password"):
            ana.cli(*everywhere, "--password-stdin", stdin="a guess that is wrong\n")
        cleared = ana.cli(*everywhere, "--password-stdin", stdin=ana.password + "\n")
        assert cleared["count"] == 1
        assert ana.cli("purge", "posts", "--yes")["count"] == 1
        assert ana.cli("purge", "friends-posts", "--friend", "Ben", "--yes")["count"] == 1
        assert ana.texts() == []
        assert not ana.said_in_files(SECRET)
        assert not ana.said_in_files(OTHERS)
        assert not [file for file in (ana.node.data / "media/blobs").rglob("*") if file.is_file()]
        wait_for(lambda: texts_with(ben, ana) == [])
        assert ben.texts() == [OTHERS, SECRET]  # friends keep theirs

        ben.api.post(f"/posts/{kept['id']}/comments", {"text": "still lovely"})
        ana.restart()
        assert ana.texts() == []  # nothing brings it back

        room = ben.cli("storage")
        assert room["friends"] > 0
        assert ben.cli("storage", "--ceiling", "0")["friends"] == 0
        assert _media(ben, kept)[0]["state"] == "waiting"


def _media(person, post):
    return person.api.get(f"/posts/{post['id']}")["media"]


def test_what_is_said_for_a_while_is_gone_everywhere_at_its_time_and_for_a_clock_that_is_ahead_before():
    with people("ana", "ben", "cem", through_proxy=("cem",)) as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        cem.proxy.go_dark()
        ana.cli("post", "for a week", "--expires", "7d")
        soon = _now() + 4_000
        said = {"text": SECRET, "audience": {"class": "public"}, "expires": soon}
        shown = ana.api.post("/posts", said)
        ana.api.post(f"/messages/{ben.id}", {"text": f"{SECRET}!", "expires": soon})
        wait_for(lambda: SECRET in ben.texts() and texts_with(ben, ana))
        assert ben.feed()[0]["expires"] == soon
        assert status_of(ana.address, f"/p/{shown['id']}") == 200

        time.sleep(max(0, (soon - _now()) / 1000) + 0.01)
        assert status_of(ana.address, f"/p/{shown['id']}") == 404
        for person in (ana, ben):
            assert person.texts() == ["for a week"]
            wait_for(lambda person=person: not person.said_in_files(SECRET))
        assert texts_with(ben, ana) == []
        cem.proxy.come_back()
        wait_for(lambda: cem.texts() == ["for a week"])
        assert not cem.said_in_files(SECRET)

        ben.stop()
        ben.node.env = {**ben.node.env, "MICROSOCIAL_CLOCK_OFFSET_MS": str(8 * 86_400_000)}
        ben.start()
        assert ben.texts() == []
        assert ana.texts() == ["for a week"]
        post(ana, "this one stays")
        wait_for(lambda: ben.texts() == ["this one stays"])  # the clock keeps nothing else away


def _now():
    return time.time_ns() // 1_000_000
