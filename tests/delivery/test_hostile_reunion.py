"""A friend who answers a reunion with what is not theirs to give, and not theirs to get."""

import pytest
from tests.support.world import Name, Person, World, name_of

from microsocial.delivery import store as delivery_store
from microsocial.delivery.model import Outgoing
from microsocial.protocol.encoding import b64u
from microsocial.protocol.exchange import Held, Holdings
from microsocial.protocol.prekeys import read_prekey
from microsocial.protocol.sealing import seal
from microsocial.records import store
from microsocial.records.model import Stored


@pytest.fixture
def world() -> World:
    return World.of_friends("ana", "ben", "cem")


def lose_the_place(author: Person, friend: Person) -> None:
    """From now on the author does not know what the friend holds, as after a restore."""
    author.write(
        lambda conn: delivery_store.change(
            conn, friend.id, answered="not-a-place", acknowledged=None
        )
    )


def list_for(
    ana: Person,
    ben: Person,
    *,
    holds: tuple[Held, ...] = (),
    brings: tuple[Stored, ...] = (),
    keys: dict[str, tuple[str, ...]] | None = None,
) -> None:
    """Let Ana ask what Ben holds, and Ben answer as he likes."""
    lose_the_place(ana, ben)
    letter = ana.write_letter(ben.id)
    assert letter is not None
    outgoing: Outgoing = letter.outgoing
    assert outgoing.purpose == "reunion"
    told = Holdings(
        sender=ben.id,
        receiver=ana.id,
        key=0,
        your_key=0,
        request=outgoing.hash,
        position="somewhere",
        prekey=ben.read(ben.delivery.current_prekey).encoded(),
        holds=holds,
        records=tuple(b64u(stored.envelope.raw) for stored in brings),
        keys=keys or {},
    )
    prekey = read_prekey(ana.read(ana.delivery.current_prekey), ana.me.key_log)
    signed = ben.me.sign("holdings", told.payload()).raw
    reply = seal(signed, "holdings", ben.id, ana.id, prekey)
    ana.write(lambda conn: ana.delivery.on_answer(conn, outgoing, reply))
    del ana.in_flight[ben.id]


def offered_to(person: Person, friend: Person) -> set[Name]:
    return {
        name_of(stored)
        for stored in person.records()
        if friend.id in person.read(lambda conn, no=stored.no: store.offered_to(conn, no))
    }


def test_what_a_third_person_said_to_others_is_not_taken_from_a_friend(world: World) -> None:
    ana, ben, cem = world.people
    secret = cem.post("not for Ana", "chosen", to=[ben])
    world.settle()
    keys = {cem.id: tuple(cem.me.key_log.encoded())}
    list_for(ana, ben, brings=(ben.stored(secret),), keys=keys)
    assert not ana.holds(secret)


def test_nobody_speaks_for_a_person_whose_keys_are_not_known_here(world: World) -> None:
    ana, ben, _ = world.people
    dan, eve = World("dan", "eve").people
    post = ana.post("hello")
    world.settle()
    seen = ben.stored(post)
    on = {
        "author": ana.id,
        "id": seen.id,
        "revision": seen.revision,
        "hash": b64u(seen.hash),
        "audience": "friends",
    }
    record_id = b64u(bytes(16))
    fields = {"author": dan.id, "key": 0, "id": record_id, "revision": 5, "created": 5}
    forged = eve.me.sign(
        "comment", {**fields, "audience": "friends", "on": on, "text": "I am Dan", "name": "Dan"}
    )
    checked = ana.log.check([forged.raw], {dan.id: eve.me.key_log})[0]
    assert checked.refusal is None, "with Eve's keys for Dan's it would pass"
    list_for(
        ana,
        ben,
        brings=(Stored(0, dan.id, record_id, "comment", 0, 5, 5, "friends", forged),),
        keys={dan.id: tuple(eve.me.key_log.encoded())},
    )
    assert not ana.holds((dan.id, record_id))
    assert ana.read(lambda conn: store.key_logs(conn, [dan.id, eve.id])) == {}


def test_listing_a_third_persons_record_does_not_make_one_its_reader(world: World) -> None:
    ana, ben, cem = world.people
    post = cem.post("for both, at first")
    world.settle()
    cem.remove(ben)
    cem.edit(post, "only for Ana now")
    world.settle()
    assert ana.text(post) == "only for Ana now"
    list_for(ana, ben, holds=(Held(*post, 0, b64u(bytes(32)), "held"),))
    assert post not in offered_to(ana, ben)
    letter = ana.write_letter(ben.id)
    assert letter is None or not letter.outgoing.records
