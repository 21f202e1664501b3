"""Keys that change: planned, and because a copy of the folder runs in other hands, with a friend who sleeps through all of it."""

import shutil
import sqlite3

from tests.support.nodes import Person, befriend, people, wait_for


def sheet(person: Person) -> str:
    """The 24 words and the password, as a command reads them."""
    return f"{' '.join(person.words)}\n{person.password}\n"


def seed_of(person: Person) -> bytes:
    with sqlite3.connect(person.node.data / "microsocial.db") as folder:
        (seed,) = folder.execute("SELECT seed FROM identity").fetchone()
    return bytes(seed)


def stands_in_files(person: Person, secret: bytes) -> bool:
    files = (file for file in person.node.data.rglob("*") if file.is_file())
    return any(secret in file.read_bytes() for file in files)


def notices(person: Person) -> list[str]:
    return [notice["sentence"] for notice in person.api.get("/notices")]


def test_a_planned_change_is_calm_for_everybody():
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        old = seed_of(ana)
        assert stands_in_files(ana, old)
        refused = ana.run("rotate", "--words-stdin", stdin=sheet(ben))
        assert refused.returncode == 1 and "another person" in refused.stderr
        said = ana.cli("rotate", "--words-stdin", stdin=sheet(ana))
        assert said["number"] == 1
        ana.cli("post", "after")
        ben.wait_for(lambda: ben.texts() == ["after"])
        ben.cli("message", "Ana", "still you?")
        ana.wait_for(lambda: ana.api.get(f"/messages/{ben.id}")["items"])
        assert "Ana changed keys, as planned." in notices(ben)
        assert any(
            "as planned" in sentence for sentence in ben.api.get(f"/friends/{ana.id}")["trust"]
        )
        wait_for(lambda: not stands_in_files(ana, old))
        ana.restart()
        ana.cli("post", "after a restart")
        ben.wait_for(lambda: len(ben.texts()) == 2)


def test_after_a_theft_everything_is_as_the_owner_says():
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        post = ana.cli("post", "hello")["id"]
        for friend in (ben, cem):
            friend.wait_for(lambda friend=friend: friend.texts() == ["hello"])
        cem.stop()
        ana.stop()
        thief = Person("thief", ana.node.data.parent)
        shutil.copytree(ana.node.data, thief.node.data)
        ana.start()
        thief.start()
        try:
            _be_ana(ana, ben, cem, thief, post)
        finally:
            thief.leave()


def _be_ana(ana: Person, ben: Person, cem: Person, thief: Person, post: str) -> None:
    thief.api.patch(f"/posts/{post}", {"text": "a thief's words"})
    thief.cli("post", "buy this")
    ben.wait_for(lambda: ben.texts() == ["buy this", "a thief's words"])

    ana.cli("rotate", "--stolen", "--words-stdin", stdin=sheet(ana))
    ana.wait_for(lambda: len(ana.api.get("/keys/foreign")) == 2)
    foreign = ana.cli("keys", "foreign")
    assert {one["text"] for one in foreign} == {"a thief's words", "buy this"}
    assert {person["id"] for one in foreign for person in one["from"]} == {ben.id}
    assert ana.texts() == ["hello"]
    keys = ana.api.get("/keys")
    assert keys["theft"]["state"] == "asking"
    assert [person["id"] for person in keys["theft"]["waiting"]] == [cem.id]

    ana.cli("keys", "not-mine", "all")
    ben.wait_for(lambda: ben.texts() == ["hello"])
    said = " ".join(ben.api.get(f"/friends/{ana.id}")["trust"])
    assert "Ana's key was stolen" in said and "2 things that were not Ana's were taken out" in said

    thief.cli("post", "still me")
    thief.wait_for(lambda: thief.api.get("/keys")["stopped"])
    assert ben.texts() == ["hello"]

    cem.start()
    ana.cli("post", "all is well")
    for friend in (ben, cem):
        friend.wait_for(lambda friend=friend: friend.texts() == ["all is well", "hello"])
    ana.wait_for(lambda: ana.api.get("/keys")["theft"]["state"] == "over")
