"""My own files after everything was lost: friends who hold what shows them give them back (spec 11.4)."""

import shutil

from tests.media.test_fetching import arrive, known, settled, shown
from tests.support.studio import SCREEN, SMALL

from microsocial.media import fetching as module
from microsocial.protocol.encoding import unb64u


def lose_files(studio):
    shutil.rmtree(studio.folder / "blobs")


async def start(studio):
    await studio.keeping.start()
    await studio.fetching.start()
    await settled(studio)


async def post_with_picture(ana, ben):
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)


async def test_what_a_friend_kept_comes_back_by_itself(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    lose_files(ana)
    await start(ana)
    small, screen = shown(ana)["sizes"]
    assert ana.plain(small) == SMALL
    assert known(ana, small).mine
    assert not known(ana, screen).here  # Ben never looked at it, so nobody has it


async def test_nothing_is_asked_for_while_nothing_is_missing(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    await start(ana)
    ana.fetching.heard(ben.person.id)
    await settled(ana)
    assert ana.asked == []


async def test_a_large_size_comes_back_too_when_a_friend_looked_at_it(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    await ben.fetching.look(known(ben, shown(ben)["sizes"][1]))
    lose_files(ana)
    await start(ana)
    assert ana.plain(shown(ana)["sizes"][1]) == SCREEN


async def test_a_friend_who_sleeps_is_asked_when_heard_from(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    lose_files(ana)
    ben.is_asleep = True
    await start(ana)
    assert shown(ana)["state"] == "waiting"
    ben.is_asleep = False
    ana.fetching.heard(ben.person.id)
    await settled(ana)
    assert shown(ana)["state"] == "ready"


async def test_who_does_not_have_it_is_not_asked_again(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    lose_files(ana)
    lose_files(ben)
    await start(ana)
    asked = len(ana.asked)
    assert asked == 2
    for _ in range(3):
        ana.fetching.next_day()
        ana.fetching.heard(ben.person.id)
        await settled(ana)
    assert len(ana.asked) == asked


async def test_looking_asks_whoever_may_have_it(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    lose_files(ana)
    await ana.keeping.start()
    await ana.fetching.look(known(ana, shown(ana)["sizes"][0]))
    assert ana.plain(shown(ana)["sizes"][0]) == SMALL


async def test_a_day_brings_only_a_days_worth(studios, monkeypatch):
    monkeypatch.setattr(module, "DAY_BYTES", 1)
    ana, ben = studios
    await post_with_picture(ana, ben)
    await ana.post(ana.prepared("lake.jpg", sizes={"small": b"a lake" * 500}))
    await arrive(ana, ben)
    await ben.fetching.look(known(ben, shown(ben)["sizes"][0]))
    lose_files(ana)
    await start(ana)
    assert len(ana.asked) == 1
    ana.person.clock.advance(module.DAY_MS)
    ana.fetching.next_day()
    await settled(ana)
    assert len(ana.asked) == 2


async def test_only_its_author_and_nobody_else_gets_it_from_a_friend(studios):
    ana, ben = studios
    await post_with_picture(ana, ben)
    name = unb64u(shown(ana)["sizes"][0]["url"].rsplit("/", 1)[-1])

    def given(person):
        return ben.person.read(lambda conn: ben.media.for_friend(conn, name, person))

    assert given(ana.person.id) is not None
    assert given("A" * 43) is None
    [post] = ana.person.feed()
    ana.person.write(lambda conn: ana.person.posts.delete(conn, post["id"]))
    ana.village.bring()
    assert given(ana.person.id) is None  # deleted: nobody gets it any more
