"""Everything taken along as a website, looked at with the network off, and brought back: purged, onto a fresh folder, unnoticed."""

import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from tests.support import files_made
from tests.support.browser import PHONE, Screen, chromium
from tests.support.nodes import befriend, people, wait_for

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


def says(person, text, to="friends", **more):
    return person.api.post("/posts", {"text": text, "audience": {"class": to, **more}})


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
        captions = ("--caption", SEA, "--alt", "Waves and a red sun")
        two = ("--photo", str(photos["town"]), "--photo", str(photos["dog"]))
        posts = {
            "sea": ana.cli("post", "Look\n\nat *this*", "--photo", str(photos["sea"]), *captions),
            "two": ana.cli("post", TOWN, *two, "--audience", "public"),
            "clip": ana.cli("post", "Passing by", "--clip", str(clip)),
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
        ana.cli("message", "Ben", "Listen", "--voice", str(voice))
        ben.cli("message", "Ana", "A photo", "--photo", str(photos["dog"]))
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
    kinds = {path.rstrip("-0123456789abcdef.html"): path for path in every_page(told)}
    for path in every_page(told):
        if path in kinds.values():
            pages.look_at(path)
            pages.is_fine()
    pages.close()
