"""Link cards: what pages say about themselves, and every way in which there is no card."""

import pytest
from tests.support import files_made

from microsocial.media.cards import Cards
from microsocial.media.pages import read
from microsocial.transport.errors import AddressRefused, NotReachable, TooSlow
from microsocial.transport.web import Found

PAGE = b"""<!doctype html><html><head><meta charset=utf-8><title>  A  page
about tea </title><meta property="og:description" content="How to &lt;b&gt;brew&lt;/b&gt; it\x07">
<meta property="og:image" content="/tea.jpg"></head><body>"""


class Web:
    """The open web: what stands at which address."""

    def __init__(self, **pages):
        self.pages = pages
        self.asked = []

    async def read(self, url, *, max_bytes, seconds, accept):
        self.asked.append(url)
        found = self.pages.get(url.rsplit("/", 1)[-1])
        if found is None:
            raise NotReachable
        if isinstance(found, Exception):
            raise found
        content_type, body = found
        return Found(url, content_type, body[:max_bytes], is_whole=len(body) <= max_bytes)


@pytest.fixture
def cards(studios):
    ana, _ = studios

    def make(web, *, wanted=True):
        return Cards(ana.person.db, web, ana.folder / "cards", lambda _conn: wanted)

    return make


async def look(cards, url="https://tea.example/page"):
    async with cards.look(url) as card:
        return card


async def test_a_card_says_what_the_page_says_and_its_picture_is_cleaned(studios, cards):
    ana, _ = studios
    photo = files_made.jpeg(size=(800, 400))
    web = Web(page=("text/html", PAGE), **{"tea.jpg": ("image/jpeg", photo)})
    async with cards(web).look("https://tea.example/page") as card:
        assert card.link["title"] == "A page about tea"
        assert card.link["description"] == "How to <b>brew</b> it"  # words, never HTML
        shown = await ana.attachments.say(
            [], lambda _conn, shown: shown, public=True, said=lambda _conn: None, card=card
        )
    [link] = shown.links
    [size] = link["picture"]["sizes"]
    assert (size["role"], size["key"]) == ("small", None)
    [kept] = ana.files()
    content = b"".join(ana.media.files.read(kept))
    assert not [secret for secret in files_made.SECRETS if secret in content]
    assert not list((ana.folder / "cards").iterdir())


async def test_a_page_whose_picture_is_none_of_ours_has_a_card_without_one(cards):
    for picture in (
        None,
        TooSlow(),
        AddressRefused(),
        ("image/svg+xml", b"<svg/>"),
        ("image/jpeg", b"\xff\xd8\xff" + b"x" * 900),
    ):
        pages = {"page": ("text/html", PAGE), "tea.jpg": picture}
        card = await look(cards(Web(**{name: one for name, one in pages.items() if one})))
        assert card.link["title"] == "A page about tea"
        assert card.picture is None


@pytest.mark.parametrize(
    "page",
    [None, TooSlow(), AddressRefused(), ("application/pdf", b"%PDF"), ("image/png", b"\x89PNG")],
)
async def test_where_no_page_is_there_is_no_card(cards, page):
    assert await look(cards(Web(**({"page": page} if page else {})))) is None


async def test_who_wants_no_cards_asks_nobody(cards):
    web = Web(page=("text/html", PAGE))
    assert await look(cards(web, wanted=False)) is None
    assert web.asked == []


async def test_a_page_without_words_is_called_by_its_host(cards):
    card = await look(cards(Web(page=("text/html", b"<p>"))))
    assert card.link["title"] == "tea.example"


async def test_a_hostile_page_costs_a_card_and_nothing_else(cards):
    for page in (
        b"<!" * 250_000,
        b"<meta " * 80_000,
        b"\xff\xfe" * 1000,
        b"<title>" + b"x" * 500_000,
    ):
        card = await look(cards(Web(page=("text/html", page))))
        assert card is None or len(card.link["title"]) <= 300


def test_the_words_of_a_page_in_another_charset_are_read(tmp_path):
    source = tmp_path / "page"
    source.write_bytes('<meta charset="iso-8859-9"><title>Çay</title>'.encode("iso-8859-9"))
    assert read(source)["title"] == "Çay"
