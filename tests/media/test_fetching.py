"""Friends' pictures: small ones at once, the rest when somebody looks; checked before they count; within the ceiling."""

import asyncio
from dataclasses import replace

import pytest
from tests.support.studio import SCREEN, SMALL

from microsocial.events import LiveEvent
from microsocial.media import fetching as module
from microsocial.media import service
from microsocial.media.model import BlobAway
from microsocial.protocol.encoding import unb64u
from microsocial.records import store as records


async def settled(studio):
    """Until nothing is being fetched."""
    while studio.fetching._rounds or studio.fetching._looks:
        await asyncio.gather(
            *studio.fetching._rounds.values(),
            *studio.fetching._looks.values(),
            return_exceptions=True,
        )
        await asyncio.sleep(0)


async def arrive(ana, ben):
    """Letters are carried, and Ben's node asks for what it wants."""
    ana.village.bring()
    await ben.fetching.start()
    await settled(ben)


def shown(studio):
    return studio.person.feed()[0]["media"][0]


def known(studio, size):
    name = unb64u(size["url"].rsplit("/", 1)[-1])
    return studio.person.read(lambda conn: studio.media.readable(conn, name))


async def test_a_post_brings_its_small_picture_with_one_request_and_the_rest_when_looked_at(
    studios,
):
    ana, ben = studios
    told = []
    ben.person.db.bus.subscribe(LiveEvent, told.append)
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    small, screen = shown(ben)["sizes"]
    assert shown(ben)["state"] == "ready"
    assert ben.asked == [small["url"].rsplit("/", 1)[-1]]
    assert [event.payload for event in told if event.name == "blob.arrived"] == [
        {"hash": ben.asked[0]}
    ]
    assert ben.plain(small) == SMALL
    assert not known(ben, screen).here
    await ben.fetching.look(known(ben, screen))
    assert ben.plain(screen) == SCREEN


async def test_several_who_look_at_once_cost_one_request(studios):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    screen = known(ben, shown(ben)["sizes"][1])
    ben.asked.clear()
    await asyncio.gather(*(ben.fetching.look(screen) for _ in range(5)))
    assert len(ben.asked) == 1


async def test_a_large_file_comes_in_pieces(studios, monkeypatch):
    monkeypatch.setattr(module, "PIECE_BYTES", 1000)
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg", sizes={"small": SMALL * 8}))
    await arrive(ana, ben)
    assert len(ben.asked) > 5
    assert ben.plain(shown(ben)["sizes"][0]) == SMALL * 8


async def test_what_only_claims_to_be_small_waits_until_somebody_looks(studios, monkeypatch):
    monkeypatch.setattr(service, "MAX_ON_ARRIVAL_BYTES", len(SMALL) - 1)
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    assert ben.asked == []
    small = shown(ben)["sizes"][0]
    await ben.fetching.look(known(ben, small))
    assert ben.plain(small) == SMALL


async def test_what_a_friend_who_is_away_has_comes_when_they_are_heard_from(studios):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    ana.is_asleep = True
    await arrive(ana, ben)
    assert shown(ben)["state"] == "waiting"
    with pytest.raises(BlobAway):
        await ben.fetching.look(known(ben, shown(ben)["sizes"][1]))
    ana.is_asleep = False
    ben.fetching.heard(ana.person.id)
    await settled(ben)
    assert shown(ben)["state"] == "ready"
    assert ben.plain(shown(ben)["sizes"][1]) == SCREEN  # somebody had looked, so it is wanted


async def test_a_friend_heard_from_of_whom_nothing_is_wanted_costs_nothing(studios):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    ben.asked.clear()
    ben.fetching.heard(ana.person.id)
    await settled(ben)
    assert ben.asked == []


@pytest.mark.parametrize("wrong", [b"", b"x" * 10, b"cut", b"longer"])
async def test_what_is_not_what_was_promised_never_counts_and_is_not_asked_for_again(
    studios, wrong
):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))

    async def other_bytes(_person, name, start, end):
        ben.asked.append(name)
        length = end - start
        return {b"cut": b"x" * (length - 1), b"longer": b"x" * (length + 1)}.get(
            wrong, wrong[:1] * length
        )

    ben.fetching._fetch = other_bytes
    await arrive(ana, ben)
    assert ben.files() == []
    assert not list((ben.folder / "blobs").glob("new-*"))
    assert shown(ben)["state"] == "waiting"
    ben.asked.clear()
    ben.fetching.heard(ana.person.id)
    await settled(ben)
    assert ben.asked == []


async def test_a_friend_who_names_anothers_blob_with_a_wrong_key_cannot_spoil_it(studios):
    ana, ben = studios
    eve = ana.village.person("Eve")
    ana.village.befriend(ben.person, eve)
    post = await ana.post(ana.prepared("sea.jpg", sizes={"small": SMALL}))
    stored = ana.person.read(lambda conn: ana.person.log.by_ref(conn, post["id"]))
    [item] = stored.fields["media"]
    spoiled = {**item, "id": "A" * 22, "sizes": [{**item["sizes"][0], "key": "A" * 43}]}
    eve.publish("Mine is first", media=[spoiled])
    ana.village.bring(eve, ben.person)
    ben.friends[eve.id] = ana  # she serves the very bytes, which she saw as a friend of Ana's
    await arrive(ana, ben)
    [media] = next(one["media"] for one in ben.person.feed() if one["text"] == "Look")
    assert media["state"] == "ready"
    assert ben.plain(media["sizes"][0]) == SMALL


async def test_others_files_stay_below_the_ceiling_and_come_again_when_looked_at(studios):
    ana, ben = studios
    ben.fetching.ceiling_bytes = 2500
    for number in range(5):
        small = b"%d" % number * 1000
        await ana.post(ana.prepared(f"{number}.jpg", sizes={"small": small}), text=f"{number}")
        await arrive(ana, ben)
        ben.person.clock.advance(1000)
    assert len(ben.files()) == 2
    oldest = ben.person.feed()[-1]["media"][0]
    assert oldest["state"] == "waiting"
    await ben.fetching.look(known(ben, oldest["sizes"][0]))
    assert ben.plain(oldest["sizes"][0]) == b"0" * 1000
    assert len(ben.files()) == 2


async def test_a_lower_ceiling_is_kept_from_the_next_start_on(studios):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    assert ben.files()
    ben.fetching.ceiling_bytes = 0
    await ben.fetching.start()
    await settled(ben)
    assert ben.files() == []


async def test_a_post_deleted_while_its_picture_was_on_the_way_leaves_no_file(studios):
    ana, ben = studios
    post = await ana.post(ana.prepared("sea.jpg"))
    ana.village.bring()
    fetch = ben._fetch

    async def deleted_meanwhile(*asked):
        content = await fetch(*asked)
        ana.person.delete(post)
        ana.village.bring()
        await ben.keeping.sweep()
        return content

    ben.fetching._fetch = deleted_meanwhile
    await ben.fetching.start()
    await settled(ben)
    assert ben.files() == []


async def test_deleting_takes_the_files_away_on_both_sides(studios):
    ana, ben = studios
    post = await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    assert ana.files()
    assert ben.files()
    ana.person.delete(post)
    ana.village.bring()
    for studio in studios:
        await studio.keeping.sweep()
        assert studio.files() == []


async def test_a_friend_who_shows_too_much_takes_a_days_worth_and_the_rest_comes_tomorrow(
    studios, monkeypatch
):
    monkeypatch.setattr(module, "DAY_BYTES", 2 * len(SMALL))
    ana, ben = studios
    for number in range(4):
        await ana.post(ana.prepared(f"{number}.jpg", sizes={"small": b"%d" % number + SMALL[1:]}))
    await arrive(ana, ben)
    assert len(ben.asked) == 2
    ben.fetching.heard(ana.person.id)  # they are there all day
    ben.fetching.next_day()
    await settled(ben)
    assert len(ben.asked) == 2
    media = [post["media"][0] for post in ben.person.feed()]
    waits = next(one for one in media if one["state"] == "waiting")
    await ben.fetching.look(known(ben, waits["sizes"][0]))  # looking is not rationed
    assert len(ben.asked) == 3
    ben.person.clock.advance(module.DAY_MS)
    ben.fetching.next_day()
    await settled(ben)
    assert [post["media"][0]["state"] for post in ben.person.feed()] == ["ready"] * 4
    assert len(ben.asked) == 4


async def test_what_was_looked_at_is_written_down_later_and_all_at_once(studios, monkeypatch):
    monkeypatch.setattr(module, "MARK_SECONDS", 0.05)
    ana, ben = studios
    for number in range(3):
        await ana.post(ana.prepared(f"{number}.jpg", sizes={"small": b"%d" % number + SMALL[1:]}))
    await arrive(ana, ben)
    ben.person.clock.advance(5000)
    now = ben.person.clock.now()
    writes = []
    real = ben.fetching._db.write

    async def counted(change):
        writes.append(change)
        return await real(change)

    monkeypatch.setattr(ben.fetching._db, "write", counted)
    for name in ben.rows():
        ben.fetching.looked_at(name)
    assert writes == []
    await asyncio.sleep(0.15)
    assert len(writes) == 1
    assert {row.seen for row in ben.rows().values()} == {now}
    ben.person.clock.advance(5000)
    ben.fetching.looked_at(next(iter(ben.rows())))
    await ben.fetching.stop()  # what is not written down yet is not lost
    assert sorted(row.seen for row in ben.rows().values()) == [now, now, now + 5000]


async def test_a_picture_that_nobody_said_is_theirs_is_looked_at_and_not_kept(studios, monkeypatch):
    ana, ben = studios
    await ana.post(ana.prepared("sea.jpg"))
    await arrive(ana, ben)
    screen = shown(ben)["sizes"][1]
    name = unb64u(screen["url"].rsplit("/", 1)[-1])
    [stored] = ben.person.read(lambda conn: records.find_by(conn, kind="post"))
    claims = service.claims_of(stored, name, [ana.person.id])
    assert await ben.fetching.peek(claims) == SCREEN
    assert not known(ben, screen).here
    assert service.claims_of(stored, b"x" * 32, [ana.person.id]) == []
    for nothing in ([], [replace(claims[0], hash=b"x" * 32)]):
        with pytest.raises(BlobAway):
            await ben.fetching.peek(nothing)
    monkeypatch.setattr(module, "PIECE_BYTES", 10)
    with pytest.raises(BlobAway):
        await ben.fetching.peek(claims)
