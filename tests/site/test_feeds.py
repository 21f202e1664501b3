"""Atom and JSON Feed."""

import json
import re
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from tests.support.visitors import photo

from microsocial.site.feeds import atom, json_feed
from microsocial.site.model import Owner, PublicPost

NS = {"a": "http://www.w3.org/2005/Atom"}
BASE = "https://ana.example"


async def test_the_feeds_hold_the_newest_public_posts(page, ana):
    for n in range(22):
        ana.publish(f"Thought *{n}*", "public")
        ana.clock.advance(1_000)
    feed = ET.fromstring((await page.get("/feed.atom")).content)
    titles = [entry.findtext("a:title", namespaces=NS) for entry in feed.findall("a:entry", NS)]
    assert titles == [f"Thought {n}" for n in range(21, 1, -1)]
    first = feed.find("a:entry", NS)
    assert first.findtext("a:content", namespaces=NS) == '<p dir="auto">Thought <em>21</em></p>'
    items = (await page.get("/feed.json")).json()["items"]
    assert [item["content_text"] for item in items] == titles
    assert items[0]["url"] == first.find("a:link", NS).get("href")


async def test_an_edit_keeps_the_id_and_moves_the_date(page, ana):
    post = ana.publish("One", "public")
    [before] = (await page.get("/feed.json")).json()["items"]
    ana.clock.advance(60_000)
    ana.edit(post, "Two")
    [after] = (await page.get("/feed.json")).json()["items"]
    assert after["id"] == before["id"]
    assert after["date_published"] == before["date_published"]
    assert after["date_modified"] > before["date_modified"]


async def test_pictures_stand_in_the_page_and_in_the_feeds(page, ana):
    flower = photo("Phlox <divaricata>", 'A "purple" flower', 600, 800)
    post = ana.publish("Flowers", "public", media=[flower])
    shown = (await page.get("/")).text
    [srcset] = re.findall(r'srcset="([^"]+)"', shown)
    small, large = (one.split(" ")[0] for one in srcset.split(", "))
    assert srcset == f"{small} 300w, {large} 600w"
    assert small.startswith("/media/")
    assert 'width="600" height="800"' in shown
    assert 'alt="A &#34;purple&#34; flower"' in shown
    assert "Phlox &lt;divaricata&gt;" in shown
    assert ".r750{--ar:0.75}" in shown
    assert "words" not in shown
    [item] = (await page.get("/feed.json")).json()["items"]
    assert item["image"] == f"http://ana.example{large}"
    assert f'src="http://ana.example{large}"' in item["content_html"]
    one = (await page.get(f"/p/{post['id']}")).text
    assert f'<meta property="og:image" content="http://ana.example{large}">' in one


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=50), st.text(max_size=50), st.integers(-(2**60), 2**60))
def test_whatever_people_write_the_feeds_can_be_read(name, text, moment):
    owner = Owner("A" * 43, name, text, 1)
    post = PublicPost("B" * 22, Markup.escape(text), text, moment, moment)
    feed = ET.fromstring(atom(owner, [post], BASE))
    assert feed.find("a:entry", NS) is not None
    assert json.loads(json_feed(owner, [post], BASE))["title"] == name
