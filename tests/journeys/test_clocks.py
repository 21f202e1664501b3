"""The system's clock is wrong, by a day or by years, and jumps while the node runs: friends talk, nothing gets stuck, the doctor says so."""

import sqlite3
from contextlib import closing
from itertools import pairwise

import httpx
import pytest
from tests.support.faults import WallClock
from tests.support.load import FRIENDS, conversation
from tests.support.nodes import PASSWORD, befriend, people, wait_for

DAY = 86_400
YEAR = 365 * DAY
JUMPS = (DAY, -DAY, YEAR, -YEAR, 0)


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """Ana, whose clock can be set, and Ben, whose clock is right; and a browser in which Ana has logged in."""
    clocks = []
    folder = tmp_path_factory.mktemp("clocks")

    def give_a_clock(person):
        if person.name == "ana":
            clocks.append(WallClock(person, folder))

    with (
        people("ana", "ben", folder=folder, before=give_a_clock, through_proxy=("ben",)) as (
            ana,
            ben,
        ),
        httpx.Client(base_url=ana.node.url, headers={"Origin": ana.node.url}) as browser,
    ):
        befriend(ana, ben)
        browser.post("/api/v1/login", json={"password": PASSWORD}).raise_for_status()
        assert is_logged_in(browser)
        yield ana, ben, clocks[0], browser


def is_logged_in(browser):
    return browser.get("/api/v1/feed").status_code == 200


def talk(ana, ben, when):
    """Each posts and writes to the other, and each has it from the other."""
    for one, other in ((ana, ben), (ben, ana)):
        words = f"{one.name} {when}"
        one.api.post("/posts", {"text": words, "audience": FRIENDS})
        one.api.post(f"/messages/{other.id}", {"text": words})
    for one, other in ((ana, ben), (ben, ana)):
        words = f"{other.name} {when}"
        wait_for(lambda one=one, words=words: words in one.texts())
        wait_for(
            lambda one=one, other=other, words=words: (
                words in [message["text"] for message in conversation(one, other)]
            )
        )


def said_at(person):
    """The signed times of everything the person said, in the order in which they said it."""
    query = (
        "SELECT created FROM records WHERE author = ? AND kind IN ('post', 'message') ORDER BY no"
    )
    with closing(sqlite3.connect(person.node.data / "microsocial.db")) as database:
        return [row[0] for row in database.execute(query, [person.id])]


def doctor(person):
    return person.run("doctor").stdout


def test_a_clock_that_jumps_by_days_and_years_stops_nobody(village):
    ana, ben, clock, browser = village
    for seconds in JUMPS:
        clock.set(seconds)
        talk(ana, ben, f"at {seconds}")
        assert is_logged_in(browser), seconds
        if abs(seconds) == YEAR:
            found = doctor(ana)
            side = "ahead of" if seconds > 0 else "behind"
            assert f"This machine's clock is 365 days {side} Ben's" in found, found
    moments = said_at(ana)
    assert len(moments) == 2 * len(JUMPS)
    assert all(one < two for one, two in pairwise(moments))
    assert sorted(ana.texts()) == sorted(ben.texts())


def test_nothing_waits_a_year_because_the_clock_was_a_year_ahead(village):
    ana, ben, clock, _ = village
    ben.proxy.go_dark()
    clock.set(YEAR)
    ana.api.post("/posts", {"text": "said in the future", "audience": FRIENDS})
    wait_for(lambda: ana.api.get("/delivery")["friends"][0]["error"])
    clock.set(0)
    ben.proxy.come_back()
    wait_for(lambda: "said in the future" in ben.texts(), seconds=30)


def test_started_in_another_year_and_started_again_in_the_right_one_prekeys_are_no_dead_end(
    village,
):
    ana, ben, clock, _ = village
    for seconds, when in ((YEAR, "ahead"), (-YEAR, "behind"), (0, "right")):
        ana.stop()
        clock.set(seconds)
        ana.start()
        talk(ana, ben, when)
    assert "This machine's clock" not in doctor(ana), "it is right now"
