"""Whoever has moved says so, signed, and nothing else; who hears it goes on at the new address (spec 9.7)."""

import json

import pytest
from tests.support.village import Village

from microsocial.delivery import store
from microsocial.delivery.model import GivenUp, MovedAway, SendUpdate, Wait
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import parse_envelope, sign_envelope
from microsocial.protocol.exchange import read_answer
from microsocial.protocol.limits import MAX_ANSWER_BYTES
from microsocial.protocol.refusals import Status

OLD, NEW = "https://old.example", "https://new.example"


@pytest.fixture
def village():
    village = Village()
    yield village
    village.close()


@pytest.fixture
def friends(village):
    """Ana, who lives at OLD, and Ben, who knows that."""
    ana, ben = village.person("Ana"), village.person("Ben")
    ana.write(lambda conn: ana.log.set_one(conn, "address", {"urls": [OLD], "home": []}))
    village.befriend(ana, ben)
    village.bring()
    return ana, ben


def move(person, address=NEW):
    person.write(lambda conn: person.delivery.residence.move(conn, address))


def urls_at(person, friend):
    return person.read(lambda conn: person.delivery.urls(conn, friend.id))


def letter_to(sender, receiver, *, hello=False):
    return sender.write(lambda conn: sender.delivery.next_outgoing(conn, receiver.id, hello=hello))


def reply_of(receiver, sender, letter):
    return receiver.write(
        lambda conn: receiver.delivery.receive(conn, sender.id, letter.purpose, letter.sealed)
    )


def heard(sender, letter, reply):
    return sender.write(lambda conn: sender.delivery.on_answer(conn, letter, reply))


def test_who_moved_takes_nothing_in_and_says_where_to(village, friends):
    ana, ben = friends
    assert urls_at(ben, ana) == (OLD,)
    move(ana)
    ben.publish("for Ana")
    letter = letter_to(ben, ana)
    reply = reply_of(ana, ben, letter)
    answer = read_answer(parse_envelope(reply, MAX_ANSWER_BYTES))
    assert (answer.says, answer.prekey) == (Status.MOVED, None)
    assert ana.texts() == []
    assert heard(ben, letter, reply) == SendUpdate()
    assert urls_at(ben, ana) == (NEW,)
    again = letter_to(ben, ana)
    assert (again.urls, again.records) == ((NEW,), 1)  # the very same goes there


def test_a_hello_that_met_the_old_machine_is_said_at_the_new_one(village, friends):
    ana, ben = friends
    move(ana)
    letter = letter_to(ben, ana, hello=True)
    assert heard(ben, letter, reply_of(ana, ben, letter)) == SendUpdate(hello=True)


def test_who_moved_sends_nothing(village, friends):
    ana, ben = friends
    ana.publish("said just before")
    move(ana)
    assert letter_to(ana, ben, hello=True) is None
    with pytest.raises(MovedAway, match=r"new\.example"):
        ana.read(ana.delivery.residence.check)


def test_who_is_at_the_told_address_already_waits_instead_of_asking_for_ever(village, friends):
    ana, ben = friends
    move(ana)
    for expected in (SendUpdate, Wait):
        letter = letter_to(ben, ana, hello=True)
        assert isinstance(heard(ben, letter, reply_of(ana, ben, letter)), expected)


def with_address(person, reply, record):
    """The reply with another record in it, signed anew by who gives it."""
    answer = read_answer(parse_envelope(reply, MAX_ANSWER_BYTES))
    return person.me.sign("answer", replace_field(answer.payload(), record)).raw


def replace_field(payload, record):
    return payload | {"address": record}


def test_only_a_record_that_they_signed_moves_anybody(village, friends):
    ana, ben = friends
    eve = village.person("Eve")
    post = ana.publish("only ever inside an update")
    move(ana)
    letter = letter_to(ben, ana, hello=True)
    reply = reply_of(ana, ben, letter)
    mine = ana.read(lambda conn: ana.log.get(conn, ana.id, "address"))
    elsewhere = mine.fields | {"urls": ["https://evil.example"], "revision": mine.revision + 1}
    forged = {
        "signed by another": sign_envelope("address", elsewhere, eve.me.signing_key).encoded(),
        "somebody else's": eve.write(
            lambda conn: eve.log.set_one(conn, "address", {"urls": [NEW], "home": []})
        ).envelope.encoded(),
        "another kind": ana.read(
            lambda conn: ana.log.get(conn, ana.id, "profile")
        ).envelope.encoded(),
        "a post of theirs": ana.read(
            lambda conn: ana.log.by_ref(conn, post["id"])
        ).envelope.encoded(),
        "nothing": None,
        "no record": b64u(b"x" * 40),
    }
    for name, record in forged.items():
        step = heard(ben, letter, with_address(ana, reply, record))
        assert isinstance(step, Wait), name
        assert urls_at(ben, ana) == (OLD,), name
    assert ben.texts() == []
    assert heard(ben, letter, reply) == SendUpdate(hello=True)  # the true one does


def test_an_old_machine_cannot_take_somebody_back_to_an_older_address(village, friends):
    ana, ben = friends
    move(ana, "https://first.example")
    letter = letter_to(ben, ana, hello=True)
    late = reply_of(ana, ben, letter)
    newer = ana.me.sign(
        "address",
        ana.read(lambda conn: ana.log.get(conn, ana.id, "address")).fields
        | {"urls": [NEW], "revision": village.clock.now() + 10},
    )
    keys = {ana.id: ana.me.key_log}
    ben.write(lambda conn: ben.log.accept(conn, newer, ana.id, keys))
    assert heard(ben, letter, late) == SendUpdate(hello=True)
    assert urls_at(ben, ana) == (NEW,)


def test_it_can_be_taken_back(village, friends):
    ana, ben = friends
    move(ana)
    move(ana, "https://elsewhere.example")
    ana.write(ana.delivery.residence.stay)
    ana.publish("here after all")
    village.bring()
    assert ben.texts() == ["here after all"]
    assert urls_at(ben, ana) == (OLD,)


def test_the_copy_that_starts_at_the_new_address_has_arrived(village, friends):
    ana, ben = friends
    move(ana)
    residence = ana.delivery.residence
    assert not ana.write(lambda conn: residence.arrive(conn, OLD))
    assert ana.read(residence.moved_to) == NEW
    assert ana.write(lambda conn: residence.arrive(conn, NEW))
    assert ana.read(residence.moved_to) is None
    ana.publish("from the new place")
    village.bring()
    assert ben.texts() == ["from the new place"]
    assert urls_at(ben, ana) == (NEW,)


def test_strangers_learn_nothing_from_an_exchange(village, friends):
    ana, _ben = friends
    eve = village.person("Eve")
    village.befriend(eve, ana)
    ana.write(lambda conn: store.change(conn, eve.id, state="ended"))
    move(ana)
    letter = letter_to(eve, ana, hello=True)
    answer = read_answer(parse_envelope(reply_of(ana, eve, letter), MAX_ANSWER_BYTES))
    assert (answer.says, answer.address) == (Status.NOT_FRIENDS, None)


def test_who_gives_up_their_node_still_speaks_to_friends_but_begins_nothing(village, friends):
    ana, ben = friends
    ana.write(ana.delivery.residence.give_up)
    ana.publish("goodbye")
    village.bring()
    assert ben.texts() == ["goodbye"]
    with pytest.raises(GivenUp):
        ana.read(ana.delivery.residence.check)
    ana.write(ana.delivery.residence.keep)
    ana.read(ana.delivery.residence.check)


def test_what_is_remembered_of_a_move_is_two_addresses(village, friends):
    ana, _ben = friends
    move(ana)
    fact = ana.read(lambda conn: store.fact(conn, "moved"))
    assert json.loads(fact) == {"to": NEW, "from": [OLD]}
