"""What a capsule brings back, and looking for friends whose machines sleep."""

import json

import pytest
from tests.support import SeededEntropy

from microsocial.delivery.backoff import Backoff
from microsocial.friends import store
from microsocial.friends.residents import read_resident
from microsocial.friends.returning import Returning
from microsocial.protocol.capsules import CapsuleCircle, CapsuleFriend, Contents


def friend(person, **more):
    known = {"name": person.name, "urls": (person.url,), "sees_from": 5, "met": "asked_me"}
    return CapsuleFriend(id=person.id, **(known | more))


def contents(*friends, **more):
    return Contents(name="Ana", friends=friends, **more)


@pytest.fixture
def returning(street, ana):
    return Returning(
        ana.db,
        street,
        ana.friends,
        ana.log,
        ana.delivery,
        ana.clock,
        SeededEntropy(9),
        Backoff(1000),
    )


def take_in(returning, ana, said, found=None):
    return ana.write(lambda conn: returning.take_in(conn, said, found or {}))


def sought(ana):
    rows = ana.read(lambda conn: conn.execute(store.sought.select()).all())
    return {row.person: row for row in rows}


def circles(ana):
    return {circle.name: circle.people for circle in ana.read(ana.friends.circles.all)}


def state(ana, person):
    return ana.page(person)["state"]


def test_a_friend_is_one_from_the_first_moment_though_not_found_yet(returning, ana, ben):
    said = contents(friend(ben, allowed=("192.168.0.8:80",)))
    assert take_in(returning, ana, said) == [ben.id]
    page = ana.page(ben)
    assert (page["state"], page["name"], page["sees_from"]) == ("friend", "Ben", 5)
    assert ana.read(lambda conn: ana.friends.allowed_hosts(conn, ben.id)) == {"192.168.0.8:80"}
    assert json.loads(sought(ana)[ben.id].urls) == [ben.url]
    # What comes from them is asked to wait: "not-friends" would end it on their side.
    assert ana.read(lambda conn: ana.friends.is_awaited(conn, ben.id))


def test_how_we_met_is_said_again_or_that_i_came_back(returning, ana, ben, cem):
    take_in(returning, ana, contents(friend(ben), friend(cem, met="somewhere")))
    assert "asked to be your friend" in ana.page(ben)["trust"][0]
    assert "came back" in ana.page(cem)["trust"][0]


def test_circles_and_blocks_come_back_beside_what_is_there(returning, ana, ben, cem, street):
    dan = street.person("Dan")
    ana.write(lambda conn: ana.friends.circles.create(conn, "family"))
    said = contents(
        friend(ben),
        friend(cem),
        circles=(
            CapsuleCircle(name="Family", people=(0,)),
            CapsuleCircle(name="Choir", people=(0, 1)),
        ),
        blocked=(dan.id,),
    )
    take_in(returning, ana, said)
    assert circles(ana) == {"family": (ben.id,), "Choir": tuple(sorted((ben.id, cem.id)))}
    assert state(ana, dan) == "blocked"
    before = circles(ana)
    assert take_in(returning, ana, said) == []
    assert circles(ana) == before


async def test_whom_i_know_here_i_know_better(returning, ana, ben, cem):
    await ben.knocking.accept_invite(ana.invite())
    ana.remove(ben)
    take_in(returning, ana, contents(friend(ben), friend(cem), blocked=(cem.id,)))
    assert state(ana, ben) == "former"
    assert state(ana, cem) == "blocked"


async def test_who_was_found_already_is_written_to_at_once(returning, ana, ben, street):
    url = f"{ben.url}/.well-known/microsocial"
    resident = read_resident(ben.url, await street.get(url, max_bytes=0))
    take_in(returning, ana, contents(friend(ben)), {ben.id: resident})
    assert sought(ana) == {}
    assert ana.read(ana.delivery.active) == [ben.id]
    assert ana.read(ana.delivery.due) == [ben.id]  # a reunion, since no position is known


async def test_who_sleeps_is_looked_for_ever_less_often_until_found(returning, ana, ben, street):
    take_in(returning, ana, contents(friend(ben)))
    ben.is_asleep = True
    pauses = []
    for _ in range(4):
        await returning.try_due()
        pauses.append(sought(ana)[ben.id].next_try - street.clock.now())
        street.clock.advance(pauses[-1])
    assert pauses == sorted(pauses)
    assert pauses[0] < 2000 < pauses[-1]
    assert "does not answer" in sought(ana)[ben.id].error
    ben.is_asleep = False
    await returning.try_due()
    assert sought(ana) == {}
    assert ana.read(ana.delivery.active) == [ben.id]


async def test_who_knocks_while_sought_is_looked_for_at_once(returning, ana, ben, cem, street):
    take_in(returning, ana, contents(friend(ben)))
    ben.is_asleep = True
    await returning.try_due()
    ben.is_asleep = False
    returning.came(cem.id)  # somebody else who is awaited: nothing happens
    await returning.try_due()
    assert ben.id in sought(ana)
    returning.came(ben.id)
    await returning.try_due()
    assert ana.read(ana.delivery.active) == [ben.id]


async def test_somebody_else_at_the_address_is_not_taken_for_the_friend(returning, ana, ben, cem):
    take_in(returning, ana, contents(friend(ben, urls=(cem.url,))))
    await returning.try_due()
    assert ana.read(ana.delivery.active) == []
    assert ben.id in sought(ana)


async def test_a_friendship_that_ended_meanwhile_does_not_begin(returning, ana, ben):
    take_in(returning, ana, contents(friend(ben)))
    ana.remove(ben)
    await returning.try_due()
    assert sought(ana) == {}
    assert ana.read(ana.delivery.active) == []
