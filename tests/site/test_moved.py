"""Visitors of somebody who has moved, or gives up their page, are told so."""

import pytest
from tests.support.village import Village
from tests.support.visitors import Context, visitor

PAGES = (
    "/",
    "/p/AAAAAAAAAAAAAAAAAAAAAA",
    "/feed.atom",
    "/feed.json",
    "/i",
    "/?before=AAAAAAAAAAAAAAAAAAAAAA",
)


@pytest.fixture
def ana():
    village = Village()
    yield village.person("Ana")
    village.close()


def move(person, address):
    person.write(lambda conn: person.delivery.residence.move(conn, address))


async def test_every_page_sends_visitors_on_with_the_path_they_asked_for(ana):
    async with visitor(Context(ana)) as browser:
        ana.publish("seen before", "public")
        assert (await browser.get("/")).status_code == 200
        move(ana, "https://new.example/ana")
        for path in PAGES:
            answer = await browser.get(path)
            assert answer.status_code == 308, path
            assert answer.headers["location"] == f"https://new.example/ana{path}"
            assert answer.headers["cache-control"] == "no-store"  # it may be taken back
            assert "Ana</bdi> has moved" in answer.text
            assert "seen before" not in answer.text
        ana.write(ana.delivery.residence.stay)
        assert (await browser.get("/")).status_code == 200


async def test_to_a_home_network_nobody_is_sent(ana):
    move(ana, "http://192.168.1.7:8080")
    async with visitor(Context(ana)) as browser:
        answer = await browser.get("/")
        assert answer.status_code == 410
        assert "location" not in answer.headers
        assert "http://192.168.1.7:8080" in answer.text


async def test_a_page_that_is_given_up_is_gone_and_says_no_name(ana):
    ana.publish("seen before", "public")
    ana.write(ana.delivery.residence.give_up)
    async with visitor(Context(ana)) as browser:
        for path in PAGES:
            answer = await browser.get(path)
            assert answer.status_code == 410, path
            assert "Ana" not in answer.text
