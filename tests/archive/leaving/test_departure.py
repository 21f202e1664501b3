"""Deleting everything: what counts as removed, whom one waits for, and what can still be stopped."""

import pytest

from microsocial.archive.leaving.model import LeavingAlready, NotLeaving, StillTakingBack
from microsocial.delivery.model import GivenUp


def take_back(person, departure):
    while person.write(departure.take_back_some):
        pass


def shape(person, departure):
    person.write(departure.look)
    return person.read(departure.shape)


def test_it_counts_what_machines_have_confirmed(village, friends, departure):
    ana, ben, cem = friends
    ana.publish("to all")
    village.bring()
    leaving = departure(ana)
    ana.write(leaving.begin)
    assert "being taken back" in ana.read(leaving.shape)["sentence"]
    take_back(ana, leaving)
    assert (
        shape(ana, leaving)["removed"] == 0
    )  # nothing has been told yet, whatever has been written down here
    village.bring(ana, ben)
    told = shape(ana, leaving)
    assert (told["state"], told["removed"], told["of"]) == ("telling", 1, 2)
    assert [one["person"]["name"] for one in told["waiting"]] == ["Cem"]
    assert (ben.texts(), cem.texts()) == ([], ["to all"])
    village.bring()
    assert shape(ana, leaving)["state"] == "told"
    assert cem.texts() == []


def test_an_answer_that_was_lost_counts_for_nothing(village, friends, departure):
    ana, ben, _cem = friends
    ana.publish("to all")
    village.bring()
    leaving = departure(ana)
    ana.write(leaving.begin)
    take_back(ana, leaving)
    letter = ana.write(lambda conn: ana.delivery.next_outgoing(conn, ben.id))
    ben.write(lambda conn: ben.delivery.receive(conn, ana.id, letter.purpose, letter.sealed))
    assert ben.texts() == []
    assert shape(ana, leaving)["removed"] == 0


def test_it_can_be_stopped_and_friends_are_friends(village, friends, departure):
    ana, ben, _cem = friends
    leaving = departure(ana)
    ana.publish("gone in any case")
    ana.write(leaving.begin)
    take_back(ana, leaving)
    with pytest.raises(LeavingAlready):
        ana.write(leaving.begin)
    ana.write(leaving.stop)
    assert ana.read(leaving.shape)["state"] == "no"
    ana.write(ana.delivery.residence.check)
    ana.publish("back again")
    village.bring()
    assert ben.texts() == ["back again"]
    with pytest.raises(NotLeaving):
        ana.write(leaving.stop)


def test_at_the_end_friends_hear_that_the_whole_node_goes(village, friends, departure):
    ana, ben, cem = friends
    ana.publish("said")
    leaving = departure(ana)
    with pytest.raises(NotLeaving):
        ana.write(leaving.finish)
    ana.write(leaving.begin)
    with pytest.raises(StillTakingBack):
        ana.write(leaving.finish)
    take_back(ana, leaving)
    ana.write(leaving.finish)
    assert ana.read(leaving.is_erasing)
    village.bring(ana, ben)
    page = ben.read(lambda conn: ben.friends.friend(conn, ana.id))
    assert page["state"] == "former"
    assert page["sentence"].startswith("Ana gave up their page and everything on it")
    assert ana.read(leaving.farewells_left) == 1  # Cem is away
    assert ana.id in cem.read(cem.friends.active)


def test_an_ordinary_farewell_does_not_say_so(village, friends):
    ana, ben, _cem = friends
    ana.write(lambda conn: ana.friends.remove(conn, ben.id))
    village.bring(ana, ben)
    assert "gave up" not in ben.read(lambda conn: ben.friends.friend(conn, ana.id))["sentence"]


def test_who_ends_the_friendship_meanwhile_is_not_waited_for(village, friends, departure):
    ana, ben, _cem = friends
    leaving = departure(ana)
    ana.write(leaving.begin)
    take_back(ana, leaving)
    ben.write(lambda conn: ben.friends.remove(conn, ana.id))
    village.bring(ben, ana)
    told = shape(ana, leaving)
    assert told["of"] == 1
    assert [one["person"]["name"] for one in told["waiting"]] == ["Cem"]


def test_nothing_new_begins_meanwhile(village, friends, departure):
    ana, *_ = friends
    ana.write(departure(ana).begin)
    with pytest.raises(GivenUp):
        ana.read(ana.delivery.residence.check)


def test_the_picture_and_the_words_about_oneself_go_too(village, friends, departure):
    ana, ben, _cem = friends
    assert ben.read(lambda conn: ben.friends.friend(conn, ana.id))["about"]
    ana.write(departure(ana).begin)
    village.bring(ana, ben)
    assert ben.read(lambda conn: ben.friends.friend(conn, ana.id))["about"] == ""
