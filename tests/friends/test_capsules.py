import pytest
from tests.protocol.test_capsules import friends as many_friends

from microsocial.friends.capsules import HOUR_MS, seal_what_fits
from microsocial.identity.recovery import capsule_key, keep_public_halves, public_halves
from microsocial.protocol.capsules import CapsuleCircle, Contents, open_capsule
from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.limits import MAX_CAPSULE_BYTES


def knows_words(person):
    halves = public_halves(person.words)
    person.write(lambda conn: keep_public_halves(conn, halves))


@pytest.fixture
def ana(street):
    ana = street.person("Ana")
    knows_words(ana)
    return ana


def capsule_of(person, at=None):
    """What the newest capsule of `person` says, as `at` (or they themselves) hold it."""
    stored = (at or person).read(lambda conn: (at or person).log.find(conn, person.id, "capsule"))
    if stored is None:
        return None
    return open_capsule(stored.fields["sealed"], person.id, capsule_key(person.words))


def renew(person, **how):
    return person.write(lambda conn: person.friends.capsules.renew(conn, **how))


async def test_a_new_friendship_is_in_the_capsule_at_once(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    said = capsule_of(ana)
    [friend] = said.friends
    assert (said.name, said.hue, said.urls) == ("Ana", 200, (ana.url,))
    assert (friend.id, friend.name, friend.urls) == (ben.id, "Ben", (ben.url,))
    tie = ana.read(lambda conn: ana.friends.friend(conn, ben.id))
    assert friend.sees_from == tie["sees_from"]
    assert friend.met == "took_my_invite"


async def test_circles_and_blocks_are_in_it(street, ana, ben, cem):
    await ben.knocking.accept_invite(ana.invite())
    await cem.knocking.accept_invite(ana.invite())
    family = ana.write(lambda conn: ana.friends.circles.create(conn, "Family"))
    ana.write(lambda conn: ana.friends.circles.put(conn, family.id, cem.id))
    ana.write(lambda conn: ana.friends.block(conn, ben.id))
    street.clock.advance(HOUR_MS)
    assert renew(ana)
    said = capsule_of(ana)
    assert [friend.id for friend in said.friends] == [cem.id]
    assert said.circles == (CapsuleCircle(name="Family", people=(0,)),)
    assert said.blocked == (ben.id,)


async def test_a_folder_that_never_saw_its_words_makes_none(street, ben, cem):
    await cem.knocking.accept_invite(ben.invite())
    assert not renew(ben)
    assert capsule_of(ben) is None


def test_somebody_without_friends_needs_none(ana):
    assert not renew(ana)


async def test_it_is_said_anew_only_when_it_changed_and_at_most_once_an_hour(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    street.clock.advance(2 * HOUR_MS)
    assert not renew(ana)
    ana.write(lambda conn: ana.friends.circles.create(conn, "Family"))
    assert renew(ana)
    ana.write(lambda conn: ana.friends.circles.create(conn, "Choir"))
    street.clock.advance(HOUR_MS - 1)
    assert not renew(ana)
    street.clock.advance(1)
    assert renew(ana)
    assert {circle.name for circle in capsule_of(ana).circles} == {"Family", "Choir"}


async def test_a_clock_set_back_holds_it_up_for_nothing(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.write(lambda conn: ana.friends.circles.create(conn, "Family"))
    street.clock.advance(-5 * HOUR_MS)
    assert renew(ana)


async def test_other_words_get_a_capsule_of_their_own(street, ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.words = bytes(32)
    knows_words(ana)
    street.clock.advance(HOUR_MS)
    assert renew(ana)
    assert capsule_of(ana).name == "Ana"


def contents(count):
    friends = many_friends(count)
    return Contents(
        name="Ana",
        about="I am",
        urls=("https://ana.example",),
        friends=friends,
        circles=(CapsuleCircle(name="Family", people=(0, count - 1)),),
        blocked=(b64u(bytes(32)),),
    )


def fitted(count):
    public = public_halves(bytes(32)).capsule
    sealed = seal_what_fits(contents(count), "ana", public)
    assert len(unb64u(sealed)) <= MAX_CAPSULE_BYTES
    return open_capsule(sealed, "ana", capsule_key(bytes(32)))


def test_what_fits_is_whole():
    assert fitted(2000) == contents(2000)


def test_of_some_more_friends_all_are_found_again_though_without_names():
    said = fitted(2400)
    assert [friend.id for friend in said.friends] == [friend.id for friend in many_friends(2400)]
    assert all(friend.urls for friend in said.friends)
    assert said.about == "" == said.friends[0].name
    assert said.circles
    assert said.blocked


def test_of_too_many_friends_those_of_longest_standing_stay():
    said = fitted(5000)
    assert 1500 < len(said.friends) < 5000
    assert said.friends[0].id == many_friends(1)[0].id
    assert said.circles == ()
    assert said.blocked == ()
