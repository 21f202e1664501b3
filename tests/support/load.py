"""Somebody who posts, writes and shows photos without a pause, through every crash of their node, and remembers what was acknowledged.

Every item has a key of its own and is asked for again until it is acknowledged, as every client of ours does it.
"""

import hashlib
import io
import itertools
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from tests.support.nodes import Person, wait_for

from microsocial.client import calls, doors
from microsocial.client.errors import NotRunning, Refused, StrangeAnswer
from microsocial.client.sync import Client

PATIENCE_SECONDS = 90.0
FRIENDS = {"class": "friends"}


@dataclass
class Load:
    """What one person says. `start`, crash the node as you like, `join`; then `acknowledged` has {words: id}."""

    person: Person
    friend: Person
    posts: int
    messages: int
    photos: int
    acknowledged: dict[str, str] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [
            threading.Thread(target=self._say_all, args=(many, say), daemon=True)
            for many, say in (
                (self.posts, self._post),
                (self.messages, self._write),
                (self.photos, self._show),
            )
        ]
        for thread in self._threads:
            thread.start()

    @property
    def count(self) -> int:
        return len(self.acknowledged)

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def join(self, seconds: float = 300.0) -> None:
        for thread in self._threads:
            thread.join(seconds)
        assert self.is_over
        assert not self.failures, self.failures

    def _say_all(self, many: int, say: Callable[["Speaker", int], tuple[str, str]]) -> None:
        speaker = Speaker(self.person)
        try:
            for number in range(many):
                words, found = say(speaker, number)
                self.acknowledged[words] = found
        except BaseException as error:  # noqa: BLE001 - told in join
            self.failures.append(error)
        finally:
            speaker.close()

    def _post(self, speaker: "Speaker", number: int) -> tuple[str, str]:
        words = f"post {number} of {self.person.name}"
        said = {"text": words, "audience": FRIENDS, "key": words}
        return words, speaker.insist(lambda api: api.post("/posts", said))["id"]

    def _write(self, speaker: "Speaker", number: int) -> tuple[str, str]:
        words = f"message {number} of {self.person.name}"
        said = {"text": words, "key": words}
        path = f"/messages/{self.friend.id}"
        return words, speaker.insist(lambda api: api.post(path, said))["id"]

    def _show(self, speaker: "Speaker", number: int) -> tuple[str, str]:
        words = f"photo {number} of {self.person.name}"
        upload = speaker.bring(photo(number), f"{number}.jpg")
        said = {"text": words, "audience": FRIENDS, "key": words, "media": [{"id": upload}]}
        return words, speaker.insist(lambda api: api.post("/posts", said))["id"]


class Speaker:
    """Asks one person's node until it answers: it may be down, starting, or have a new key."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._api: Client | None = None

    def insist(self, ask: Callable[[Client], Any]) -> Any:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._api = self._api or Client(*doors.of_folder(self._person.node.data))
                return ask(self._api)
            except (NotRunning, StrangeAnswer, OSError) as error:
                reason: Exception = error
            except Refused as error:
                if error.status not in {401, 429} and error.status < 500:
                    raise
                reason = error
            self.close()
            assert time.monotonic() < end, f"never answered: {reason}"
            time.sleep(0.05)

    def close(self) -> None:
        if self._api is not None:
            self._api.close()
        self._api = None

    def bring(self, content: bytes, name: str) -> str:
        """Upload and wait until it is prepared; the id."""
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(content)),
            "Upload-Metadata": "",
        }
        made = self.insist(lambda api: api.send("POST", "/api/v1/uploads", headers))
        upload = made["location"].rsplit("/", 1)[-1]
        while (state := self._state(upload))["state"] != "ready":
            assert state["state"] != "refused", state["sentence"]
            if state["state"] == "receiving" and state["offset"] < len(content):
                self.insist(lambda api, at=state["offset"]: self._send(api, upload, at, content))
            time.sleep(0.02)
        return upload

    def _state(self, upload: str) -> Any:
        return self.insist(lambda api: api.do(calls.upload(upload)))

    def _send(self, api: Client, upload: str, offset: int, content: bytes) -> None:
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        try:
            api.send("PATCH", f"/api/v1/uploads/{upload}", headers, content[offset:])
        except Refused as refusal:
            if refusal.status != 409:  # it has come further than we knew
                raise


def photo(number: int) -> bytes:
    """Small, and no two alike."""
    out = io.BytesIO()
    chance = random.Random(number)
    colour = tuple(chance.randrange(256) for _ in range(3))
    picture = Image.new("RGB", (160, 120), colour)
    picture.putpixel((number % 160, 60), (255, 255, 255))
    picture.save(out, "JPEG")
    return out.getvalue()


# -- what is there afterwards --


def said_by(author: Person, person: Person, other: Person) -> Counter[str]:
    """The words of every post and message of `author`'s that `person`, who writes with `other`, can see, counted."""
    posts = [post["text"] for post in person.feed() if post["author"]["id"] == author.id]
    is_mine = person is author
    written = [
        message["text"] for message in conversation(person, other) if message["from_me"] is is_mine
    ]
    return Counter(posts + written)


def conversation(person: Person, other: Person) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = person.api.get(f"/messages/{other.id}", limit=100, cursor=cursor)
        found += page["items"]
        cursor = page["cursor"]
        if page["end"]:
            return found


def assert_once_each(load: Load, seconds: float = 60.0) -> None:
    """Everything acknowledged is at its author's and at the friend's, once, under the id that was given."""
    wanted = Counter(dict.fromkeys(load.acknowledged, 1))
    person, friend = load.person, load.friend
    assert said_by(person, person, friend) == wanted
    wait_for(lambda: len(said_by(person, friend, person)) >= len(wanted), seconds)
    assert said_by(person, friend, person) == wanted
    ids = {post["text"]: post["id"] for post in person.feed()}
    ids |= {message["text"]: message["id"] for message in conversation(person, friend)}
    assert {words: ids[words] for words in load.acknowledged} == load.acknowledged


def assert_pictures_are_whole(*people: Person) -> None:
    """Every photo of every post can be shown, and every file in the folder is what its name says."""
    for person in people:
        wait_for(
            lambda person=person: all(_is_shown(person, post) for post in _with_media(person)), 60
        )
        for file in blobs(person):
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name


def _with_media(person: Person) -> list[Any]:
    return [post for post in person.feed() if post["media"]]


def _is_shown(person: Person, post: Any) -> bool:
    sizes = itertools.chain.from_iterable(one["sizes"] for one in post["media"])
    return all(person.api.request("GET", size["url"])[0] == 200 for size in sizes)


def blobs(person: Person) -> list[Any]:
    folder = person.node.data / "media" / "blobs"
    return [file for file in folder.rglob("*") if file.is_file() and len(file.name) == 64]


def assert_sound(*people: Person) -> None:
    """Of stopped nodes: whole databases, and nothing that drifted from the signed records."""
    for person in people:
        with closing(sqlite3.connect(person.node.data / "microsocial.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert person.cli("rebuild")["same"]
