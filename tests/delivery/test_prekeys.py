from tests.support.world import World

from microsocial.delivery import store
from microsocial.protocol.limits import PREKEY_GRACE_S, PREKEY_LIFETIME_S

DAY_MS = 86_400_000


def test_a_prekey_is_replaced_weekly_and_its_private_half_erased_two_weeks_later() -> None:
    world = World.of_friends("ana", "ben")
    ana = world.people[0]
    first = ana.write(ana.delivery.current_prekey)
    assert not ana.write(ana.delivery.tick)
    world.clock.advance(PREKEY_LIFETIME_S * 1000)
    assert ana.write(ana.delivery.tick)
    second = ana.write(ana.delivery.current_prekey)
    assert second != first
    halves = ana.read(lambda conn: conn.execute(store.prekeys.select()).all())
    assert len(halves) == 2
    world.clock.advance(PREKEY_GRACE_S * 1000 - DAY_MS)
    ana.write(ana.delivery.tick)
    assert ana.read(lambda conn: store.private_half(conn, halves[0].id)) is not None
    world.clock.advance(DAY_MS)
    ana.write(ana.delivery.tick)
    old = min(halves, key=lambda half: half.revision)
    assert ana.read(lambda conn: store.private_half(conn, old.id)) is None
    assert bytes(old.private) not in ana.snapshot()


def test_a_letter_to_an_older_prekey_opens_within_the_grace() -> None:
    world = World.of_friends("ana", "ben")
    ana, ben = world.people
    world.clock.advance(PREKEY_LIFETIME_S * 1000)
    ben.write(ben.delivery.tick)
    post = ana.post("hello")
    world.run()
    assert ben.holds(post)
    assert len(world.sent) == 1


def test_a_letter_to_an_erased_prekey_is_sealed_again_to_the_newest() -> None:
    world = World.of_friends("ana", "ben")
    ana, ben = world.people
    world.clock.advance((PREKEY_LIFETIME_S + PREKEY_GRACE_S) * 1000)
    ben.write(ben.delivery.tick)
    world.clock.advance(PREKEY_GRACE_S * 1000)
    ben.write(ben.delivery.tick)
    post = ana.post("hello")
    world.run()
    assert ben.holds(post)
    assert len(world.sent) == 2


def test_a_private_half_never_shows() -> None:
    world = World.of_friends("ana", "ben")
    ana = world.people[0]
    prekeys = ana.read(lambda conn: conn.execute(store.prekeys.select()).all())
    assert all(half.private.hex() not in repr(ana.delivery.prekeys) for half in prekeys)


def test_a_clock_that_ran_a_year_ahead_makes_no_prekey_last_a_year_longer() -> None:
    world = World.of_friends("ana", "ben")
    ana, ben = world.people
    year = 365 * DAY_MS
    world.clock.advance(year)
    ana.write(ana.delivery.tick)  # the old one counts as replaced in a year
    world.clock.advance(-year)
    assert ana.write(ana.delivery.tick), "one made in the future is replaced now"
    assert not ana.write(ana.delivery.tick)
    world.clock.advance(PREKEY_GRACE_S * 1000)
    ana.write(ana.delivery.tick)
    halves = ana.read(lambda conn: conn.execute(store.prekeys.select()).all())
    assert len(halves) == 2, "the newest, and the one that it has just replaced"
    post = ben.post("sealed to one that is gone")
    world.run()
    assert ana.holds(post)


def test_a_friend_back_after_half_a_year_finds_everybody_with_new_prekeys_and_nobody_is_alarmed() -> (
    None
):
    world = World.of_friends("ana", "ben")
    ana, ben = world.people
    before = ben.read(lambda conn: conn.execute(store.prekeys.select()).all())
    ben.is_off = True
    posts = []
    for week in range(26):
        world.clock.advance(7 * DAY_MS)
        ana.write(ana.delivery.tick)
        posts.append(ana.post(f"week {week}"))
    ben.is_off = False
    ben.restart()
    ben.write(ben.delivery.tick)
    back = ben.post("I was away")
    world.settle()
    assert all(ben.holds(post) for post in posts) and ana.holds(back)
    world.check()
    for person, friend in ((ana, ben), (ben, ana)):
        known = person.correspondent(friend)
        assert known.prekey == friend.read(friend.delivery.current_prekey).encoded()
        assert (known.error, person.is_stopped, person.suspects()) == (None, False, [])
        assert not person.refused_by(friend)
    world.clock.advance(PREKEY_GRACE_S * 1000)
    for person in (ana, ben):
        person.write(person.delivery.tick)
        halves = person.read(lambda conn: conn.execute(store.prekeys.select()).all())
        assert len(halves) <= 2, "the newest, and one that somebody may still be writing to"
    for half in before:
        assert bytes(half.private) not in ben.snapshot(), "gone from the file"
