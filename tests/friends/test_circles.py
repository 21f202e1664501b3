import pytest

from microsocial.friends.circles import fold
from microsocial.friends.model import (
    CircleNameWrong,
    CircleNotFound,
    CircleTaken,
    NotAFriend,
    TooManyCircles,
)


@pytest.fixture
async def friends(ana, ben):
    await ben.knocking.accept_invite(ana.invite())


def make(side, name):
    return side.write(lambda conn: side.friends.circles.create(conn, name))


def put(side, circle, person):
    return side.write(lambda conn: side.friends.circles.put(conn, circle.id, person.id))


def names(side):
    return [circle.name for circle in side.read(side.friends.circles.all)]


async def test_a_circle_holds_friends_and_resolves_to_them(friends, ana, ben):
    family = make(ana, "Family")
    assert put(ana, family, ben).people == (ben.id,)
    assert put(ana, family, ben).people == (ben.id,)  # twice is once
    assert ana.read(lambda conn: ana.friends.circles.people(conn, family.id)) == [ben.id]
    assert ana.page(ben)["circles"][0]["name"] == "Family"
    assert "and what you post to Family" in ana.page(ben)["sees"][0]
    out = ana.write(lambda conn: ana.friends.circles.take_out(conn, family.id, ben.id))
    assert out.people == ()


async def test_only_friends_are_in_circles(ana, ben):
    family = make(ana, "Family")
    with pytest.raises(NotAFriend):
        put(ana, family, ben)


async def test_former_friends_fall_out_of_every_circle(friends, ana, ben):
    family = make(ana, "Family")
    put(ana, family, ben)
    ana.remove(ben)
    assert ana.read(lambda conn: ana.friends.circles.get(conn, family.id)).people == ()


async def test_names_are_told_apart_as_people_do(ana):
    family = make(ana, "  Family ")
    assert names(ana) == ["Family"]
    for same in ("family", "FAMILY", "\uff26amily", "Fam\u200bily"):
        with pytest.raises(CircleTaken):
            make(ana, same)
    for wrong in ("", "   ", "x" * 61, "a\x00b", "\u200b"):
        with pytest.raises(CircleNameWrong):
            make(ana, wrong)
    renamed = ana.write(lambda conn: ana.friends.circles.rename(conn, family.id, "FAMILY"))
    assert renamed.name == "FAMILY"


async def test_a_deleted_circle_is_gone(friends, ana, ben):
    family = make(ana, "Family")
    put(ana, family, ben)
    ana.write(lambda conn: ana.friends.circles.delete(conn, family.id))
    assert names(ana) == []
    with pytest.raises(CircleNotFound):
        ana.read(lambda conn: ana.friends.circles.get(conn, family.id))
    with pytest.raises(CircleNotFound):
        put(ana, family, ben)


async def test_there_is_room_for_a_hundred(ana):
    for number in range(100):
        make(ana, f"Circle {number}")
    with pytest.raises(TooManyCircles):
        make(ana, "One more")


def test_folding_is_stable():
    assert fold(fold("  Große\u200d Familie ")) == fold("Große Familie") == "grosse familie"
