"""The capsule follows soon after what it holds has changed, and not at every click."""

import asyncio
import contextlib

import pytest
from tests.friends.test_capsules import ana, capsule_of  # noqa: F401 - a fixture

from microsocial.friends import renewing
from microsocial.friends.capsules import HOUR_MS
from microsocial.friends.renewing import Renewing

QUIET_S = 0.05


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(renewing, "QUIET_S", QUIET_S)
    monkeypatch.setattr(renewing, "LONGEST_S", 4 * QUIET_S)


@contextlib.asynccontextmanager
async def renewed(person):
    """Somebody whose node runs; and how often a capsule was said since."""
    room = Renewing(person.db, person.friends.capsules, person.id)
    said = []
    renew = person.friends.capsules.renew

    def counted(conn):
        said.append(renew(conn))
        return said[-1]

    person.friends.capsules.renew = counted
    running = asyncio.create_task(room.run())
    await asyncio.sleep(QUIET_S)  # what had changed before
    said.clear()
    yield said
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def circles_in(person):
    return {circle.name for circle in capsule_of(person).circles}


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def change(person, verb):
    return person.db.write_sync(verb)


async def test_a_circle_is_in_it_soon_and_once(street, ana, ben, quick):  # noqa: F811 - the fixture
    await ben.knocking.accept_invite(ana.invite())
    street.clock.advance(HOUR_MS)
    async with renewed(ana) as said:
        family = change(ana, lambda conn: ana.friends.circles.create(conn, "Family"))
        await asyncio.sleep(QUIET_S / 2)
        change(ana, lambda conn: ana.friends.circles.put(conn, family.id, ben.id))
        assert said == []
        await until(lambda: said)
        [circle] = capsule_of(ana).circles
        assert (circle.name, circle.people) == ("Family", (0,))
        await asyncio.sleep(2 * QUIET_S)
        assert said == [True], "nothing polls"


async def test_who_goes_on_changing_is_not_waited_for_for_ever(street, ana, ben, quick):  # noqa: F811
    await ben.knocking.accept_invite(ana.invite())
    street.clock.advance(HOUR_MS)
    async with renewed(ana) as said:
        for number in range(12):
            change(ana, lambda conn, n=number: ana.friends.circles.create(conn, f"Circle {n}"))
            await asyncio.sleep(QUIET_S / 2)
        assert said[:1] == [True]
        assert 0 < len(circles_in(ana)) < 12


async def test_what_comes_within_the_hour_is_said_at_its_end(street, ana, ben, quick, monkeypatch):  # noqa: F811
    await ben.knocking.accept_invite(ana.invite())
    waited = []

    async def sleep(seconds):
        waited.append(seconds)
        street.clock.advance(int(seconds * 1000))

    async with renewed(ana) as said:
        street.clock.advance(10 * 60_000)
        monkeypatch.setattr(
            renewing.asyncio, "sleep", lambda s: REAL_SLEEP(s) if s < 60 else sleep(s)
        )
        change(ana, lambda conn: ana.friends.circles.create(conn, "Family"))
        await until(lambda: said)
    assert said == [True]
    assert waited == [pytest.approx(50 * 60)]
    assert circles_in(ana) == {"Family"}


REAL_SLEEP = asyncio.sleep


async def test_a_new_name_a_block_and_its_end_are_in_it(street, ana, ben, quick):  # noqa: F811
    await ben.knocking.accept_invite(ana.invite())
    async with renewed(ana) as said:
        for verb, is_said in (
            (
                lambda conn: ana.log.set_one(conn, "profile", {"name": "Anna"}),
                lambda: capsule_of(ana).name == "Anna",
            ),
            (
                lambda conn: ana.friends.block(conn, "A" * 43),
                lambda: capsule_of(ana).blocked == ("A" * 43,),
            ),
            (
                lambda conn: ana.friends.unblock(conn, "A" * 43),
                lambda: capsule_of(ana).blocked == (),
            ),
        ):
            street.clock.advance(HOUR_MS)
            change(ana, verb)
            await until(is_said)
    assert said == [True, True, True]
