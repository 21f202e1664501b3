"""What is over is erased at its moment, and before anybody is shown anything (spec 4.13)."""

import asyncio

import pytest
from tests.support import FakeClock
from tests.support.village import Village, Villager

from microsocial.archive.leaving.expiry import RETRY_AFTER_MS, Expiry
from microsocial.database import DiskFull
from microsocial.posts.model import Choice, Draft
from microsocial.protocol.limits import MAX_LIFETIME_S
from microsocial.records import store as records
from microsocial.records.lifetime import EndWrong
from microsocial.records.model import Refused

HOUR_MS = 3_600_000


def publish(person, text, lives_ms, audience="friends"):
    draft = Draft(text, Choice(audience), expires=person.clock.now() + lives_ms)
    return person.write(lambda conn: person.posts.publish(conn, draft))


def sweep(person):
    while person.write(person.log.expire):
        pass


@pytest.fixture
def expiry():
    return lambda person: Expiry(person.db, person.db.bus, person.log, person.clock)


async def test_nothing_is_shown_after_its_time(village, friends, expiry):
    ana, *_ = friends
    sweeper = expiry(ana)
    await sweeper.sweep()
    publish(ana, "for an hour", HOUR_MS)
    ana.publish("for good")
    village.clock.advance(HOUR_MS - 1)
    await sweeper.sweep()
    assert ana.texts() == ["for good", "for an hour"]
    village.clock.advance(1)
    await sweeper.sweep()
    assert ana.texts() == ["for good"]


async def test_looking_costs_no_question_while_nothing_is_due(village, friends, expiry):
    ana, *_ = friends
    sweeper = expiry(ana)
    publish(ana, "for an hour", HOUR_MS)
    await sweeper.sweep()
    ana.db.write = None  # any question would fail
    await sweeper.sweep()


async def test_what_cannot_be_erased_now_is_tried_again_and_keeps_nobody_from_reading(
    village, friends, expiry
):
    ana, *_ = friends
    sweeper = expiry(ana)
    publish(ana, "for an hour", HOUR_MS)
    village.clock.advance(HOUR_MS)
    tries = []

    async def fail(_change):
        tries.append(1)
        raise DiskFull

    write, ana.db.write = ana.db.write, fail
    await sweeper.sweep()
    await sweeper.sweep()
    assert len(tries) == 1
    ana.db.write = write
    village.clock.advance(RETRY_AFTER_MS)
    await sweeper.sweep()
    assert ana.texts() == []


async def test_it_wakes_by_itself_when_something_is_over(expiry):
    class Running(FakeClock):
        def now(self):
            return super().now() + int(asyncio.get_running_loop().time() * 1000)

    village = Village()
    village.clock = Running()
    ana = Villager("Ana", 1, village.clock)
    sweeper = expiry(ana)
    await sweeper.start()
    publish(ana, "for a moment", 200)
    await asyncio.sleep(0.5)
    assert ana.read(lambda conn: records.find_by(conn, kind="post")) == []
    await sweeper.stop()
    ana.db.close()


def test_every_node_erases_by_its_own_clock_with_the_thread(village, friends):
    ana, ben, _cem = friends
    post = publish(ana, "for an hour", HOUR_MS)
    village.bring()
    ben.comment(post, "mine, under it")
    village.bring()
    village.clock.advance(HOUR_MS)
    for person in (ana, ben):
        sweep(person)
        assert person.texts() == []
        assert person.read(lambda conn: records.find_by(conn, thread=post["id"])) == []
    assert village.bring() == 0  # nothing goes over the wire for it


def test_what_arrives_after_its_time_is_never_shown(village, friends):
    ana, ben, _cem = friends
    ben.clock = village.clock.__class__(village.clock.now() + 2 * HOUR_MS)  # ahead by two hours
    ben.log._ground.clock = ben.clock
    publish(ana, "for an hour", HOUR_MS)
    ana.publish("for good")
    village.carry(ana, ben)  # and nothing is swept before anybody looks
    assert ben.texts() == ["for good"]
    assert ana.texts() == ["for good", "for an hour"]


def test_what_is_over_before_it_left_leaves_no_more(village, friends):
    ana, ben, _cem = friends
    publish(ana, "for an hour", HOUR_MS)
    village.clock.advance(HOUR_MS)
    letter = ana.write(lambda conn: ana.delivery.next_outgoing(conn, ben.id, hello=True))
    assert letter.records == 0


def test_an_early_erasure_stays_erased_and_disturbs_nobody(village, friends):
    ana, ben, _cem = friends
    publish(ana, "for an hour", HOUR_MS)
    village.bring()
    right = ben.log._ground.clock
    ben.log._ground.clock = village.clock.__class__(village.clock.now() + 2 * HOUR_MS)
    sweep(ben)
    ben.log._ground.clock = right
    ana.publish("for good")
    village.bring()
    assert ben.texts() == ["for good"]
    assert ana.texts() == ["for good", "for an hour"]


def test_an_edit_keeps_the_end(village, friends):
    ana, ben, _cem = friends
    post = publish(ana, "for an hour", HOUR_MS)
    edited = ana.edit(post, "for an hour, edited")
    assert edited["expires"] == post["expires"]
    village.bring()
    assert ben.feed()[0]["expires"] == post["expires"]


def test_nobody_can_move_the_end_later(village, friends):
    ana, ben, _cem = friends
    post = publish(ana, "for an hour", HOUR_MS)
    village.bring()
    stored = ana.read(lambda conn: ana.log.by_ref(conn, post["id"]))
    for end in (post["expires"] + 1, post["expires"] - 1, None):
        changed = stored.fields | {"expires": end, "revision": stored.revision + 1}
        envelope, keys = ana.me.sign("post", changed), {ana.id: ana.me.key_log}
        with pytest.raises(Refused, match="changed-created"):
            ben.write(lambda conn, it=envelope, by=keys: ben.log.accept(conn, it, ana.id, by))
    assert ben.feed()[0]["expires"] == post["expires"]


def test_messages_are_over_on_both_sides(village, friends):
    ana, ben, _cem = friends
    until = village.clock.now() + HOUR_MS
    ana.write(lambda conn: ana.messages.send(conn, ben.id, "soon gone", expires=until))
    village.bring()
    village.clock.advance(HOUR_MS)
    for person, friend in ((ana, ben), (ben, ana)):
        sweep(person)
        page = person.read(lambda conn, me=person, who=friend: me.messages.page(conn, who.id))
        assert page["items"] == []


@pytest.mark.parametrize("lives_ms", [0, -HOUR_MS, MAX_LIFETIME_S * 1000 + 1])
def test_an_end_in_the_past_or_beyond_ten_years_is_refused(friends, lives_ms):
    ana, ben, _cem = friends
    with pytest.raises(EndWrong):
        publish(ana, "never", lives_ms)
    until = ana.clock.now() + lives_ms
    with pytest.raises(EndWrong):
        ana.write(lambda conn: ana.messages.send(conn, ben.id, "never", expires=until))
