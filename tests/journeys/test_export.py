"""Everything taken along as a website, looked at with the network off, and brought back: purged, onto a fresh folder, unnoticed."""

import base64
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import httpcore
import pytest
from tests.support import files_made
from tests.support.browser import PHONE, Screen, chromium
from tests.support.nodes import Person, befriend, people, wait_for

from microsocial.client import doors
from microsocial.client.sync import Client
from microsocial.client.uploads import Uploader

SEA, TOWN = "The sea at six", "Two streets, one dog"


class Pages(Screen):
    """A browser in front of unpacked pages: no node, and no network either."""

    def __init__(self, browser, folder, **how) -> None:
        nobody = SimpleNamespace(node=SimpleNamespace(port=0))
        super().__init__(browser, nobody, **how)
        self.folder = folder
        self.asked = []
        self.context.set_offline(True)
        self.page.on("request", lambda request: self.asked.append(request.url))

    def look_at(self, path):
        self.page.goto((self.folder / path).as_uri())

    def strangers(self):
        """What was asked for that does not lie in the folder."""
        here = self.folder.as_uri()
        return [url for url in self.asked if not url.startswith((here, "data:"))]

    def broken_pictures(self):
        return self.page.evaluate(
            """async () => {
            const all = [...document.images];
            all.forEach(one => { one.loading = 'eager' });
            await Promise.all(all.map(one => one.decode().catch(() => 0)));
            return all.filter(one => !one.naturalWidth).map(one => one.src) }"""
        )

    def links(self):
        """Where the page leads, as files of the folder."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        return sorted(
            {unquote(urlsplit(url).path) for url in found if url.startswith(self.folder.as_uri())}
        )


def says(person, text, to="friends", media=(), **more):
    asked = {"text": text, "audience": {"class": to, **more}, "media": list(media)}
    return person.api.post("/posts", asked)


class Silent:
    def sent(self, count): ...
    def prepared(self, percent): ...


def sent(person, file):
    """A file that is ready to be posted."""
    with closing(Uploader(lambda: Client(*doors.of_folder(person.node.data)))) as uploader:
        return {"id": uploader.bring(file, Silent())["id"]}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Ana, Ben and Cem have lived a little; gives them, Ana's posts, and Ana's export unpacked."""
    folder = tmp_path_factory.mktemp("export")
    photos = {}
    for name, size in (("sea", (1500, 1000)), ("town", (800, 1200)), ("dog", (1200, 900))):
        photos[name] = folder / f"{name}.jpg"
        photos[name].write_bytes(files_made.jpeg(size=size))
    clip = files_made.clip(folder / "street.mp4")
    voice = files_made.voice(folder / "hello.webm")
    with people("ana", "ben", "cem") as (ana, ben, cem):
        befriend(ana, ben)
        befriend(ana, cem)
        about = {"caption": SEA, "alt": "Waves and a red sun"}
        posts = {
            "sea": says(ana, "Look\n\nat *this*", media=[{**sent(ana, photos["sea"]), **about}]),
            "two": says(
                ana, TOWN, "public", media=[sent(ana, photos[name]) for name in ("town", "dog")]
            ),
            "clip": says(ana, "Passing by", media=[sent(ana, clip)]),
            "words": says(ana, "שלום, and good morning to everybody who reads this"),
            "me": says(ana, "Only for me", "me"),
        }
        circle = ana.api.post("/circles", {"name": "Family"})["id"]
        ana.api.put(f"/circles/{circle}/people/{ben.id}")
        posts["family"] = says(ana, "For the family", "circle", circle=circle)
        theirs = says(ben, "Ben's own post")
        wait_for(lambda: ben.api.get(f"/posts/{posts['family']['id']}"))
        wait_for(lambda: cem.api.get(f"/posts/{posts['words']['id']}"))
        under = f"/posts/{posts['sea']['id']}"
        ben.api.post(f"{under}/comments", {"text": "I was there too!"})
        cem.api.post(f"{under}/comments", {"text": "Me **neither**"})
        ben.api.post(f"{under}/reactions", {"emoji": "❤️"})
        wait_for(lambda: ana.api.get(f"/posts/{theirs['id']}"))
        ana.api.post(f"/posts/{theirs['id']}/comments", {"text": "Well said"})
        ana.api.post(f"/messages/{ben.id}", {"text": "Listen", "media": [sent(ana, voice)]})
        photo = [sent(ben, photos["dog"])]
        ben.api.post(f"/messages/{ana.id}", {"text": "A photo", "media": photo})
        wait_for(lambda: len(ana.api.get(f"/messages/{ben.id}")["items"]) == 2)
        wait_for(lambda: len(ana.api.get(f"/posts/{posts['sea']['id']}")["comments"]) == 2)
        wait_for(
            lambda: all(
                media["state"] == "ready"
                for message in ana.api.get(f"/messages/{ben.id}")["items"]
                for media in message["media"]
            )
        )
        done = ana.cli("export", str(folder / "ana.zip"), "--messages")
        assert done["bytes"] == (folder / "ana.zip").stat().st_size
        with zipfile.ZipFile(folder / "ana.zip") as zipped:
            assert zipped.testzip() is None
            zipped.extractall(folder / "ana")
        yield SimpleNamespace(
            ana=ana, ben=ben, cem=cem, posts=posts, zip=folder / "ana.zip", pages=folder / "ana"
        )


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def every_page(told):
    return sorted(str(file.relative_to(told.pages)) for file in told.pages.rglob("*.html"))


def test_every_page_opens_with_the_network_off(told, browser):
    pages = Pages(browser, told.pages, size=PHONE)
    seen = set()
    for path in every_page(told):
        pages.look_at(path)
        assert pages.broken_pictures() == [], path
        seen |= set(pages.links())
    assert pages.strangers() == []
    assert pages.complaints == []
    assert [link for link in seen if not Path(link).is_file()] == []
    reached = {str(told.pages / path) for path in every_page(told)}
    assert reached <= seen, "a page to which nothing leads"
    pages.close()


def test_pages_read_well_on_a_phone_and_for_everybody(told, browser):
    pages = Pages(browser, told.pages, size=PHONE)
    thread = next(path for path in every_page(told) if "look-at-this" in path)
    talk = next(path for path in every_page(told) if path.startswith("conversations/"))
    month = thread.rsplit("/", 1)[0] + ".html"
    for path in ("index.html", month, thread, talk, "friends.html"):
        pages.look_at(path)
        pages.is_fine()
    pages.close()


def rows_of(person, query, *values):
    """What stands in a node's database."""
    with closing(sqlite3.connect(person.node.data / "microsocial.db")) as database:
        return database.execute(query, values).fetchall()


def envelopes(person):
    """What an export holds of what is here, byte for byte, by name."""
    query = "SELECT author, id, envelope FROM records WHERE ?1 IN (author, thread_author) OR kind = 'message'"
    return {(author, name): raw for author, name, raw in rows_of(person, query, person.id)}


def said(person):
    """The same without what a node says by itself: its profile, address and capsule."""
    return {name: raw for name, raw in envelopes(person).items() if len(name[1]) == 22}


def blobs_in(person):
    folder = person.node.data / "media" / "blobs"
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_no_secret_of_the_machine_is_in_it(told):
    [(seed, password)] = rows_of(told.ana, "SELECT seed, password FROM identity")
    secrets = [
        seed,
        password.encode(),
        *(raw for (raw,) in rows_of(told.ana, "SELECT private FROM prekeys")),
        *(
            raw
            for (raw,) in rows_of(
                told.ana, "SELECT value FROM facts WHERE name = 'position-secret'"
            )
        ),
        *(raw for (raw,) in rows_of(told.ana, "SELECT secret FROM invites")),
        *(raw for (raw,) in rows_of(told.ana, "SELECT secret FROM sessions")),
        (told.ana.node.data / "cli-token").read_bytes().strip(),
        *(word.encode() for word in (" ".join(told.ana.words), told.ana.password)),
    ]
    assert len(secrets) >= 8
    everything = b"".join(
        file.name.encode() + file.read_bytes() for file in told.pages.rglob("*") if file.is_file()
    )
    for secret in secrets:
        for form in (bytes, bytes.hex, base64.b64encode, base64.urlsafe_b64encode):
            spelled = form(secret)
            written = spelled.encode() if isinstance(spelled, str) else spelled
            assert written.rstrip(b"=") not in everything


def test_what_was_purged_comes_back_and_nobody_notices(told):
    ana, friends = told.ana, (told.ben, told.cem)
    before, files = envelopes(ana), blobs_in(ana)
    watchers = [friend.watch() for friend in friends]
    for what in ("posts", "comments", "messages"):
        ana.api.post("/purge", {"what": what, "tell": False, "try": False})
    wait_for(lambda: not [name for name in files if name in blobs_in(ana)])
    assert ana.texts() == ["Ben's own post"]
    heads = [friend.api.get("/status")["head"] for friend in friends]
    told_bytes = {friend.id: envelopes(friend) for friend in friends}
    done = ana.cli("import", str(told.zip))
    assert done["state"] == "done"
    assert "came back" in done["sentence"]
    assert envelopes(ana) == before
    assert blobs_in(ana) == files
    shown = ana.api.get(f"/posts/{told.posts['sea']['id']}")
    assert [comment["text"] for comment in shown["comments"]] == [
        "I was there too!",
        "Me **neither**",
    ]
    assert shown["media"][0]["state"] == "ready"
    time.sleep(0.5)  # as long as a post takes to be everywhere, several times over
    assert [watcher.events for watcher in watchers] == [[], []]
    assert [friend.api.get("/status")["head"] for friend in friends] == heads
    assert {friend.id: envelopes(friend) for friend in friends} == told_bytes
    # Nothing is left of the upload, and doing it again changes nothing.
    assert ana.cli("import", str(told.zip))["sentence"] == "Everything in it is here already."
    assert not list(ana.node.data.glob("import-*"))
    # And the thread goes on as if nothing had been.
    told.ben.api.post(f"/posts/{told.posts['sea']['id']}/comments", {"text": "Still here"})
    wait_for(lambda: len(ana.api.get(f"/posts/{told.posts['sea']['id']}")["comments"]) == 3)
    wait_for(lambda: len(told.cem.api.get(f"/posts/{told.posts['sea']['id']}")["comments"]) == 3)


def test_a_download_that_breaks_off_leaves_nothing(told):
    ana, before = told.ana, sorted(told.ana.node.data.rglob("*"))
    key = {"Authorization": f"Bearer {ana.api._token}"}
    with (
        httpcore.ConnectionPool() as pool,
        pool.stream("GET", f"{ana.api.url}/api/v1/export", headers=list(key.items())) as answer,
    ):
        assert answer.status == 200
        next(answer.iter_stream())
    again = wait_for(lambda: ana.api.request("GET", "/api/v1/export")[0] == 200)
    assert again
    assert sorted(ana.node.data.rglob("*")) == before


def test_hostile_files_are_refused_in_a_sentence_and_harm_nothing(told, tmp_path):
    whole = told.zip.read_bytes()
    for name, content, sentence in (
        ("cut.zip", whole[: len(whole) // 2], "cut off"),
        ("photo.zip", b"\xff\xd8" * 5000, "not a zip"),
        (
            "changed.zip",
            whole.replace(b"records/stamp.envelope", b"records/stamp.envelopX"),
            "missing",
        ),
    ):
        (tmp_path / name).write_bytes(content)
        before = envelopes(told.ana)
        refused = told.ana.run("import", str(tmp_path / name))
        assert refused.returncode == 1
        assert sentence in refused.stderr
        assert envelopes(told.ana) == before
        assert not list(told.ana.node.data.glob("import-*"))
    bens = told.ben.run("import", str(told.zip))
    assert bens.returncode == 1
    assert "It is Ana’s, and you are Ben" in bens.stderr  # noqa: RUF001


def test_a_fresh_folder_and_the_words_bring_everything_back(told, tmp_path):
    """Last, since it ends the machine of before: only the zip and the 24 words are left."""
    before, files = said(told.ana), blobs_in(told.ana)
    told.ana.stop()
    home = Person("ana", tmp_path)
    home.node.data.mkdir(parents=True)
    typed = " ".join(told.ana.words) + "\nanother horse battery\n"
    came = home.run(
        "recover", "--words-stdin", "--password-stdin", "--export", str(told.zip), stdin=typed
    )
    assert came.returncode == 0, came.stderr
    home.start()
    home.id = told.ana.id
    try:
        wait_for(lambda: said(home).items() >= before.items())
        assert blobs_in(home).items() >= files.items()
        assert {friend["name"] for friend in home.api.get("/friends")["friends"]} == {"Ben", "Cem"}
        shown = home.api.get(f"/posts/{told.posts['family']['id']}")
        assert shown["audience"]["label"] == "Family"
    finally:
        home.leave()
