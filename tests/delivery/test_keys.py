"""What a node does about keys that are older than those it knows (R5, R6); whole histories are in test_thefts.py."""

from functools import cache

import pytest
from tests.support.world import Person, World

from microsocial.delivery.model import LongerKeyLog, Stop, Wait
from microsocial.identity.me import Me
from microsocial.protocol.envelope import parse_envelope
from microsocial.protocol.exchange import Update, read_answer
from microsocial.protocol.keys import rotation, signing_key
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Status
from microsocial.protocol.sealing import seal


@cache
def rotated(person_name: str, me: Me) -> Me:
    """The same person one key further."""
    entropy = person_name.encode().ljust(32, b"\0")
    key = signing_key(entropy, 1)
    event = rotation(me.key_log, key, signing_key(entropy, 2).public)
    return Me(key, me.key_log.with_event(event))


@pytest.fixture
def world() -> World:
    return World.of_friends("ana", "ben")


def knows_newer_key(friend: Person, person: Person) -> None:
    newer = rotated(person.name, person.me)
    friend.write(lambda conn: friend.log.keep_key_log(conn, newer.key_log))


def test_an_update_under_an_old_key_is_answered_with_the_longer_log_and_stops_its_sender(
    world: World,
) -> None:
    ana, ben = world.people
    knows_newer_key(ben, ana)
    post = ana.post("from before the rotation")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    reply = ben.receive(letter)
    assert reply is not None and reply.reply is not None
    answer = read_answer(parse_envelope(reply.reply, 1_000_000))
    assert answer.says is Status.KEY_BEHIND
    assert not ben.holds(post)
    step = ana.hear_answer(reply)
    assert step == Stop(LongerKeyLog.sentence())
    assert ana.is_stopped
    with pytest.raises(LongerKeyLog):
        ana.go_on_here()  # only the words help


def test_nobody_writes_to_a_prekey_of_an_older_key(world: World) -> None:
    ana, ben = world.people
    knows_newer_key(ben, ana)
    ben.wants_hello.add(ana.id)
    letter = ben.write_letter(ana.id)
    assert letter is not None and letter.outgoing.purpose == "keys"  # which asks for a new prekey


def test_a_letter_that_carries_my_longer_log_stops_me(world: World) -> None:
    ana, ben = world.people
    prekey = ben.correspondent(ana).prekey
    letter = Update(
        sender=ben.id,
        receiver=ana.id,
        key=0,
        your_key=1,
        since=ana.correspondent(ben).position,
        upto="anywhere",
        more=False,
        have="",
        hello=False,
        prekey=ben.write(ben.delivery.current_prekey).encoded(),
        records=(),
        keys={ana.id: tuple(rotated("ana", ana.me).key_log.encoded())},
    )
    sealed = seal(
        ben.me.sign("update", letter.payload()).raw,
        "update",
        ben.id,
        ana.id,
        decode_prekey(prekey, ana.me.key_log),
    )
    reply = ana.write(lambda conn: ana.delivery.receive(conn, ben.id, "update", sealed))
    assert read_answer(parse_envelope(reply, 1_000_000)).says is Status.BUSY
    assert ana.is_stopped


def test_an_answer_under_an_old_key_does_nothing(world: World) -> None:
    ana, ben = world.people
    ana.post("hello")
    letter = ana.write_letter(ben.id)
    assert letter is not None
    reply = ben.receive(letter)
    assert reply is not None
    knows_newer_key(ana, ben)
    assert isinstance(ana.hear_answer(reply), Wait)
    assert ana.correspondent(ben).acknowledged == 0


def test_a_shorter_or_false_log_of_mine_does_not_stop_me(world: World) -> None:
    ana, ben = world.people
    ben.wants_hello.add(ana.id)
    letter = ben.write_letter(ana.id)
    assert letter is not None
    ana.receive(letter)
    assert not ana.is_stopped


def test_a_letter_opened_before_a_rotation_does_not_undo_it(world: World) -> None:
    ana, ben = world.people
    letter = ana.post("just before") and ana.write_letter(ben.id)
    assert letter is not None
    sealed = letter.outgoing.sealed
    opened = ben.read(lambda conn: ben.delivery.open_incoming(conn, ana.id, "update", sealed))
    knows_newer_key(ben, ana)
    ben.write(lambda conn: ben.delivery.apply(conn, opened))
    assert ben.read(lambda conn: ben.log.key_logs(conn, [ana.id])[ana.id].number) == 1


def test_who_knows_nothing_of_me_any_more_is_shown_my_first_key_and_says_that_we_are_no_friends() -> (
    None
):
    """Spec 10.6: Ben's folder is from before he met Ana, so nothing at his door proves that it is her."""
    world = World("ana", "ben")
    ana, ben = world.people
    before = ben.snapshot()
    world.befriend(ana, ben)
    world.settle()
    ben.restore(before)
    ana.post("are you there?")
    world.run()
    assert ana.friends() == []
    assert ben.read(lambda conn: ben.log.key_logs(conn, [ana.id])) == {}


def test_whoever_went_back_to_before_a_friends_new_key_reads_the_friends_list_at_once(
    world: World,
) -> None:
    """Perhaps the friend writes to where they were before, and can tell the new key in no other way."""
    ana, ben = world.people
    before = ana.snapshot()
    lost = ana.post("lost")
    ben.rotate()
    world.run()
    ana.restore(before)
    ana.wants_hello.add(ben.id)
    while (letter := ana.write_letter(ben.id)) is not None:
        reply = ben.receive(letter)
        assert reply is not None
        step = ana.hear_answer(reply)
        assert not isinstance(step, Wait), step
        if ana.holds(lost):
            break
    assert ana.holds(lost)
    known = ana.read(lambda conn: ana.log.key_logs(conn, [ben.id]))
    assert known[ben.id].number == 1
    world.settle()
    world.check()
