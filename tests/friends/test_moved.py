"""Going to the door of somebody who has moved, or gives up their node; and going out oneself when one has."""

import pytest
from tests.friends.street import Neighbour

from microsocial.database import Database
from microsocial.delivery.model import GivenUp, MovedAway
from microsocial.friends.model import InviteUnknown, NoReplyYet

DAY = 24 * 3600 * 1000
ELSEWHERE = "http://localhost:9090"


def move(street, person, address=ELSEWHERE):
    """The person's node runs at `address` from now on; what is left at the old one only says so."""
    person.write(lambda conn: person.delivery.residence.move(conn, address))
    old = Neighbour(street, person.name, person.url, person.seed)
    old.db.close()
    old.db = Database.from_snapshot(person.db.snapshot())
    person.write(lambda conn: person.delivery.residence.arrive(conn, address))
    street.houses[person.url], street.houses[address] = old, person


async def test_an_invite_from_the_old_address_leads_to_the_new_one(street, ana, ben):
    link = ana.invite()
    move(street, ana)
    page = await ben.knocking.accept_invite(link)
    assert page["state"] == "friend"
    assert page["address"] == [ELSEWHERE]
    assert ana.is_friend_of(ben)


async def test_the_owner_has_said_yes_to_the_old_private_address_only(street, ana, ben):
    link = ana.invite()
    move(street, ana)
    street.allowed.clear()
    await ben.knocking.accept_invite(link)
    assert street.allowed[:2] == [frozenset({"localhost:8081"}), frozenset()]
    assert ben.read(lambda conn: ben.friends.allowed_hosts(conn, ana.id)) == set()


async def test_a_request_that_waits_follows_who_moves_meanwhile(street, ana, ben):
    await ben.knocking.request(ana.url)
    move(street, ana)
    street.posted.clear()
    street.clock.advance(2 * DAY)
    await ben.knocking.try_due()
    assert len(street.posted) == 2  # the old door, then the new one
    await ana.knocking.accept(ben.id)
    assert ben.is_friend_of(ana)


async def test_a_door_that_only_says_moved_is_not_asked_for_ever(street, ana, ben):
    link = ana.invite()
    ana.write(lambda conn: ana.delivery.residence.move(conn, ana.url))  # to where nobody else is
    with pytest.raises(NoReplyYet):
        await ben.knocking.accept_invite(link)
    assert len(street.posted) == 1


async def test_who_gives_up_their_node_lets_nobody_in(street, ana, ben, cem):
    link = ana.invite()
    ana.write(ana.delivery.residence.give_up)
    with pytest.raises(InviteUnknown):
        await ben.knocking.accept_invite(link)
    await cem.knocking.request(ana.url)
    assert ana.lists() == {}


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        (lambda residence, conn: residence.move(conn, ELSEWHERE), MovedAway),
        (lambda residence, conn: residence.give_up(conn), GivenUp),
    ],
)
async def test_who_has_left_greets_nobody_from_there(street, ana, ben, verb, error):
    link = ana.invite()
    await ben.knocking.request(ana.url)
    ben.write(lambda conn: verb(ben.delivery.residence, conn))
    with pytest.raises(error):
        await ben.knocking.accept_invite(link)
    street.posted.clear()
    street.clock.advance(2 * DAY)
    await ben.knocking.try_due()
    assert street.posted == []
