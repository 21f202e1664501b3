"""A friend's private address opens nothing until the owner has said yes to it, and then only itself, for this friend (spec 9.6)."""

import pytest

from microsocial.delivery.model import CorrespondenceBegan
from microsocial.events import take_emitted
from microsocial.friends import store
from microsocial.friends.model import HomeAsked, NoSuchHome, NotAFriend
from microsocial.friends.places import MAX_NOES

AT_HOME = "192.168.1.20:8000"
LATER = "192.168.1.21:8000"
METADATA = "169.254.169.254:80"


@pytest.fixture
async def friends(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.told.clear()
    return ana, ben


def live_at(ana, ben, *places):
    """Ben's signed record arrives at Ana's, as with any update of his."""
    urls = [f"http://{place}" for place in places]
    ben.write(lambda conn: ben.log.set_one(conn, "address", {"urls": urls, "home": []}))
    record = ben.read(lambda conn: ben.log.get(conn, ben.id, "address")).envelope
    happened = []

    def arrive(conn):
        ana.log.accept(conn, record, ben.id, ana.log.key_logs(conn, [ben.id]))
        happened.extend(take_emitted(conn))

    ana.db.write_sync(arrive)
    return happened


def asked(ana, ben):
    return [home["place"] for home in ana.page(ben)["at_home"]]


def allowed(ana, ben):
    return ana.read(lambda conn: ana.friends.allowed_hosts(conn, ben.id))


def say(ana, ben, place, *, yes):
    verb = ana.friends.at_home if yes else ana.friends.not_at_home
    return ana.write(lambda conn: verb(conn, ben.id, place))


def kept(ana):
    return ana.read(lambda conn: conn.execute(store.homes.select()).all())


async def test_a_private_place_is_asked_about_and_opens_nothing(friends):
    ana, ben = friends
    before = allowed(ana, ben)
    happened = live_at(ana, ben, AT_HOME)
    assert asked(ana, ben) == [AT_HOME]
    assert allowed(ana, ben) == before
    assert HomeAsked(ben.id) in happened
    (changed,) = [one for one in happened if getattr(one, "name", "") == "friend.changed"]
    (home,) = changed.payload["friend"]["at_home"]
    assert home["sentence"].startswith(f"Ben says they are at home at {AT_HOME} now")


async def test_a_yes_opens_exactly_this_place_for_this_friend_and_wakes_delivery(friends, cem):
    ana, ben = friends
    await cem.knocking.accept_invite(ana.invite())
    others = allowed(ana, cem)
    live_at(ana, ben, AT_HOME, "192.168.1.1:80")
    happened = []

    def yes(conn):
        ana.friends.at_home(conn, ben.id, f"http://{AT_HOME}/")  # as a person may type it
        happened.extend(take_emitted(conn))

    ana.db.write_sync(yes)
    assert allowed(ana, ben) == {AT_HOME}  # where Ben no longer lives is closed again
    assert allowed(ana, cem) == others
    assert asked(ana, ben) == ["192.168.1.1:80"]
    assert CorrespondenceBegan(ben.id) in happened
    assert live_at(ana, ben, AT_HOME) and asked(ana, ben) == []


async def test_a_no_is_remembered_and_can_be_thought_over(friends):
    ana, ben = friends
    live_at(ana, ben, AT_HOME)
    say(ana, ben, AT_HOME, yes=False)
    assert asked(ana, ben) == []
    for places in ((LATER,), (AT_HOME,), (AT_HOME, LATER)):
        happened = live_at(ana, ben, *places)
        assert asked(ana, ben) == [place for place in places if place == LATER]
        assert (HomeAsked(ben.id) in happened) is (places == (LATER,) or LATER in places)
    assert not allowed(ana, ben) & {AT_HOME, LATER}
    assert say(ana, ben, AT_HOME, yes=True)["at_home"][0]["place"] == LATER
    assert allowed(ana, ben) == {AT_HOME}
    say(ana, ben, AT_HOME, yes=False)
    assert allowed(ana, ben) == set()


@pytest.mark.parametrize("place", [LATER, "127.0.0.1:6379", METADATA, "", "x y", "http://"])
async def test_only_what_the_friend_signed_can_be_said_yes_or_no_to(friends, place):
    ana, ben = friends
    before = allowed(ana, ben)
    live_at(ana, ben, AT_HOME, METADATA)
    for yes in (True, False):
        with pytest.raises(NoSuchHome):
            say(ana, ben, place, yes=yes)
    assert allowed(ana, ben) == before
    assert asked(ana, ben) == [AT_HOME]


async def test_a_question_is_over_when_they_move_on(friends):
    ana, ben = friends
    live_at(ana, ben, AT_HOME)
    live_at(ana, ben, LATER)
    assert asked(ana, ben) == [LATER]
    live_at(ana, ben, "ben.example")
    assert asked(ana, ben) == []
    with pytest.raises(NoSuchHome):
        say(ana, ben, AT_HOME, yes=True)


async def test_a_restless_friend_fills_nothing(friends):
    ana, ben = friends
    for number in range(3 * MAX_NOES):
        ana.clock.advance(1000)
        places = [f"192.168.{number}.{one}:80" for one in range(1, 9)]
        live_at(ana, ben, *places)
        assert len(asked(ana, ben)) == 8
        for place in places:
            say(ana, ben, place, yes=False)
    assert len(kept(ana)) == MAX_NOES


async def test_nobody_but_a_friend_is_asked_about(friends):
    ana, ben = friends
    live_at(ana, ben, AT_HOME)
    ana.remove(ben)
    assert kept(ana) == []
    assert ana.page(ben)["at_home"] == []
    with pytest.raises(NotAFriend):
        say(ana, ben, AT_HOME, yes=True)


async def test_who_waited_before_is_asked_about_at_the_start(friends):
    ana, ben = friends
    live_at(ana, ben, AT_HOME)
    ana.write(lambda conn: conn.execute(store.homes.delete()))
    ana.write(ana.friends.look_for_homes)
    assert asked(ana, ben) == [AT_HOME]


async def test_who_comes_by_an_invite_with_another_address_is_asked_about(street, ana, ben):
    street.houses[f"http://{AT_HOME}"] = ben
    ben.write(
        lambda conn: ben.log.set_one(conn, "address", {"urls": [f"http://{AT_HOME}"], "home": []})
    )
    street.came_from = "10.9.9.9"
    await ben.knocking.accept_invite(ana.invite())
    assert asked(ana, ben) == [AT_HOME]
    assert allowed(ana, ben) == set()
