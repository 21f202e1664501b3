"""A friend who answers a reunion with what is not theirs to give, and not theirs to get."""

import pytest
from tests.support.world import Name, Person, World, name_of

from microsocial.delivery import quotas
from microsocial.delivery import store as delivery_store
from microsocial.delivery.model import OVER_QUOTA, Outgoing, SendUpdate, Wait
from microsocial.protocol.encoding import b64u
from microsocial.protocol.exchange import Held, Holdings
from microsocial.protocol.prekeys import read_prekey
from microsocial.protocol.sealing import seal
from microsocial.records import store
from microsocial.records.model import Stored
from microsocial.records.service import Log


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
    outgoing, reply = answer_with(ana, ben, ben, holds=holds, brings=brings, keys=keys)
    ana.write(lambda conn: ana.delivery.on_answer(conn, outgoing, reply))
    del ana.in_flight[ben.id]


def answer_with(
    ana: Person,
    ben: Person,
    signer: Person,
    *,
    holds: tuple[Held, ...] = (),
    brings: tuple[Stored, ...] = (),
    keys: dict[str, tuple[str, ...]] | None = None,
) -> tuple[Outgoing, bytes]:
    """Let Ana ask; give her letter, and what `signer` says in Ben's place."""
    ana.waits.clear()
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
    signed = signer.me.sign("holdings", told.payload()).raw
    return outgoing, seal(signed, "holdings", ben.id, ana.id, prekey)


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


def test_a_list_that_somebody_else_signed_counts_for_nothing(world: World) -> None:
    ana, ben, cem = world.people
    post = ana.post("hello")
    world.settle()
    outgoing, reply = answer_with(ana, ben, cem, holds=(Held(*post, 0, None, "gone"),))
    assert ana.read(lambda conn: ana.delivery.open_answer(conn, outgoing, reply)) is None
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, outgoing, reply))
    assert isinstance(step, Wait)


def test_the_signatures_of_a_list_are_checked_before_anything_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, _ = world.people
    post = ana.post("hello")
    world.settle()
    outgoing, reply = answer_with(ana, ben, ben, brings=(ben.stored(post),))
    listed = ana.read(lambda conn: ana.delivery.open_answer(conn, outgoing, reply))
    assert listed is not None and [one.id for one in listed.brought] == [post[1]]
    monkeypatch.setattr(Log, "check", lambda *_: pytest.fail("checked in the transaction"))
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, outgoing, reply, listed))
    assert isinstance(step, SendUpdate)


def test_what_was_verified_under_a_key_that_was_renewed_meanwhile_is_verified_again(
    world: World,
) -> None:
    ana, ben, _ = world.people
    outgoing, reply = answer_with(ana, ben, ben)
    listed = ana.read(lambda conn: ana.delivery.open_answer(conn, outgoing, reply))
    ben.rotate()
    ana.write(lambda conn: ana.log.keep_key_log(conn, ben.me.key_log))
    step = ana.write(lambda conn: ana.delivery.on_answer(conn, outgoing, reply, listed))
    assert isinstance(step, Wait)


def test_a_long_list_costs_its_bytes_and_no_quota_of_records(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, _ = world.people
    names = [(ben.id, b64u(bytes([0] * 15 + [no]))) for no in range(9)]
    holds = tuple(Held(*name, 0, None, "gone") for name in names)
    monkeypatch.setattr(quotas, "MAX_RECORDS_A_DAY", 1)
    with monkeypatch.context() as small:
        small.setattr(quotas, "MAX_BYTES_A_DAY", 9 * 43)
        list_for(ana, ben, holds=holds)
        assert ana.correspondent(ben).error == OVER_QUOTA
    list_for(ana, ben, holds=holds)
    friend = ana.correspondent(ben)
    assert (friend.error, friend.quota_records) == (None, 0)
    assert friend.quota_bytes > 9 * 43
