"""Moving house with a friend away meanwhile; and two copies of one folder."""

import contextlib
import shutil
from pathlib import Path

import httpx
import pytest
from tests.support.nodes import Person, befriend, people, wait_for

from microsocial.client.errors import Refused


@contextlib.contextmanager
def copy_of(person):
    """The same folder on another machine; not started yet."""
    other = Person(f"{person.name}-copy", Path(person.node.data).parent)
    shutil.copytree(person.node.data, other.node.data)
    other.id, other.password = person.id, person.password
    try:
        yield other
    finally:
        other.leave()


def asked(address, path):
    return httpx.get(address + path, timeout=10)


def test_a_move_with_a_friend_away_loses_nobody_and_nothing():
    with people("ana", "ben", "cem", "dan", through_proxy=("cem",)) as (ana, ben, cem, dan):
        befriend(ana, ben)
        befriend(ana, cem)
        _post(ana, "from the old place", "public")
        wait_for(lambda: cem.texts() == ["from the old place"])
        link = ana.api.post("/invites")["link"]
        cem.proxy.go_dark()  # nobody reaches Cem; Cem reaches whom they know

        ana.stop()
        with copy_of(ana) as new:
            # The node does not run: the folder is told itself.
            moved = ana.cli("move", new.address)
            assert (moved["state"], moved["address"]) == ("moved", new.address)
            ana.start()
            new.start()

            # The new machine tells whom it reaches.
            wait_for(lambda: _address_at(ben, ana) == [new.address])
            _post(ben, "to the new place")
            wait_for(lambda: "to the new place" in new.texts())
            # The old one tells who comes.
            assert _address_at(cem, ana) == [ana.address]
            cem.api.post(f"/messages/{ana.id}", {"text": "are you there?"})
            wait_for(lambda: _said(new, cem))
            wait_for(lambda: _address_at(cem, ana) == [new.address])
            assert _said(ana, cem) == []

            # To a private address, as this one, nobody is sent; it is only named.
            page = asked(ana.address, "/")
            assert page.status_code == 410
            assert new.address in page.text
            assert "from the old place" not in page.text
            assert asked(ana.address, "/peer/v1/public").status_code == 410
            document = asked(ana.address, "/.well-known/microsocial").json()
            assert document["moved"] is True
            assert document["address"]["urls"] == [new.address]
            with pytest.raises(Refused, match="moved"):
                ana.api.post(
                    "/posts", {"text": "from the wrong place", "audience": {"class": "me"}}
                )
            assert ana.api.get("/status")["moved"] == new.address
            # An invite made at the old place leads to the new one.
            assert dan.api.post("/friends", {"link": link})["friend"]["id"] == ana.id
            wait_for(lambda: dan.id in [one["id"] for one in new.api.get("/friends")["friends"]])

            ana.stop()
            cem.proxy.come_back()
            _post(new, "all is well")
            for friend in (ben, cem, dan):
                wait_for(lambda friend=friend: "all is well" in friend.texts())


def _post(person, text, audience="friends"):
    person.api.post("/posts", {"text": text, "audience": {"class": audience}})


def _said(person, friend):
    return person.api.get(f"/messages/{friend.id}")["items"]


def _address_at(person, friend):
    return person.api.get(f"/friends/{friend.id}")["address"]


def test_a_move_can_be_taken_back_while_nothing_runs_at_the_new_place():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        password = ana.password + "\n"
        ana.cli("move", "https://nobody-is-there.example", "--password-stdin", stdin=password)
        _post(ben, "while Ana had moved")
        wait_for(lambda: _address_at(ben, ana) == ["https://nobody-is-there.example"])
        assert ana.texts() == []
        ana.restart()
        assert ana.cli("move")["state"] == "moved"
        ana.cli("move", "--back")
        _post(ana, "here after all")
        wait_for(lambda: "here after all" in ben.texts())
        wait_for(lambda: "while Ana had moved" in ana.texts())
        assert _address_at(ben, ana) == [ana.address]


def test_of_two_copies_one_stops_and_says_so_and_the_owner_decides():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        _post(ana, "before the copy")
        ana.stop()
        with copy_of(ana) as copy:
            ana.start()
            screen = ana.watch()
            copy.start()
            _post(copy, "from the copy")
            wait_for(lambda: "from the copy" in ben.texts())
            _post(ana, "from the first")
            said = screen.wait_for("copy.stopped")["sentence"]
            assert said.startswith("Another copy of you was started after this one")
            assert ana.cli("status")["stopped"] == said
            assert copy.api.get("/status")["stopped"] is None

            ana.run("continue")
            assert ana.api.get("/status")["stopped"] is None
            wait_for(lambda: "from the first" in ben.texts())
            _post(copy, "the copy goes on as if nothing were")
            wait_for(lambda: copy.api.get("/status")["stopped"])
            copy.stop()
            everything = {"before the copy", "from the copy", "from the first"}
            wait_for(lambda: everything <= set(ana.texts()))
            wait_for(lambda: set(ana.texts()) == set(ben.texts()))
            # The copy had told friends its own address.
            wait_for(lambda: _address_at(ben, ana) == [ana.address])
            _post(ben, "to the one that goes on")
            wait_for(lambda: "to the one that goes on" in ana.texts())
