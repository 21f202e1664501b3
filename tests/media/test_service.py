"""Which blobs there are, which record shows them, who may have them, which can go."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.studio import SCREEN, SMALL

from microsocial.media import store
from microsocial.media.model import CHUNK_BYTES, Blob, BlobAway
from microsocial.protocol.encoding import unb64u


def seal(studio, content, *, public=False):
    source = studio.folder / "source"
    source.parent.mkdir(exist_ok=True)
    source.write_bytes(content)
    size = {"role": "small", "type": "image/webp", "width": 4, "height": 3}
    read = studio.person.read
    sealed = read(lambda conn: studio.media.seal(conn, source, size, public=public))
    studio.person.write(lambda conn: studio.media.keep(conn, [sealed]))
    return sealed


def test_the_same_picture_is_stored_once_for_friends_and_once_for_anybody(studios):
    ana, _ = studios
    first, again = seal(ana, SMALL), seal(ana, SMALL)
    assert first.entry == again.entry
    assert len(ana.files()) == 1
    public = seal(ana, SMALL, public=True)
    assert public.entry["key"] is None
    assert len(ana.files()) == 2


def test_what_is_for_friends_lies_sealed_and_what_is_public_lies_plain(studios):
    ana, _ = studios
    sealed, plain = seal(ana, SMALL), seal(ana, SMALL, public=True)
    read = ana.media.files.read
    assert SMALL[:40] not in b"".join(read(sealed.blob.hash))
    assert b"".join(read(plain.blob.hash)) == SMALL


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_range_equals_the_slice(studios, data):
    ana, _ = studios
    length = data.draw(
        st.sampled_from([1, 100, CHUNK_BYTES, CHUNK_BYTES + 1, 20 * CHUNK_BYTES + 7])
    )
    content = (b"%d " % length) * (length // 3 + 1)
    content = content[:length]
    blob = seal(ana, content, public=data.draw(st.booleans())).blob
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    assert b"".join(ana.media.read_plain(blob, start, end)) == content[start:end]


async def test_a_friend_may_have_what_was_offered_and_nobody_else_may(studios):
    ana, ben = studios
    post = await ana.post(ana.prepared("sea.jpg"))
    name = unb64u(post["media"][0]["sizes"][0]["url"].rsplit("/", 1)[-1])
    may = lambda person: ana.person.read(lambda conn: ana.media.for_friend(conn, name, person))  # noqa: E731
    assert may(ben.person.id) is None  # published, but nothing of it has left yet
    ana.village.bring()
    assert may(ben.person.id) is not None
    assert may("x" * 43) is None
    assert ana.person.read(lambda conn: ana.media.for_anybody(conn, name)) is None
    ana.person.delete(post)
    assert may(ben.person.id) is None


async def test_anybody_may_have_what_a_public_post_shows_until_it_is_deleted(studios):
    ana, _ = studios
    post = await ana.post(ana.prepared("sea.jpg"), audience="public")
    name = unb64u(post["media"][0]["sizes"][0]["url"].rsplit("/", 1)[-1])
    assert ana.person.read(lambda conn: ana.media.for_anybody(conn, name)) is not None
    ana.person.delete(post)
    assert ana.person.read(lambda conn: ana.media.for_anybody(conn, name)) is None


async def test_rebuilding_gives_the_same_uses(studios):
    ana, _ = studios
    await ana.post(ana.prepared("sea.jpg"))
    ana.village.bring()
    for studio in studios:
        before = studio.rows()
        studio.person.write(studio.person.log.rebuild)
        assert studio.rows() == before
        assert studio.person.read(lambda conn, me=studio: store.orphans(conn, me.person.id)) == []


async def test_a_friend_who_names_a_blob_of_mine_does_not_keep_it_on_my_disk(studios):
    ana, ben = studios
    post = await ana.post(ana.prepared("sea.jpg"))
    ana.village.bring()
    fields = ana.person.log.by_ref
    item = ana.person.read(lambda conn: fields(conn, post["id"])).fields["media"][0]
    ben.person.publish("Mine now", media=[{**item, "id": "A" * 22}])
    ana.village.bring()
    ana.person.delete(post)
    await ana.keeping.sweep()
    assert ana.files() == []
    assert {(row.mine, row.here) for row in ana.rows().values()} == {(0, 0)}  # to be had from Ben


def blob(number, length=100):
    return Blob(bytes([number]) * 32, length, CHUNK_BYTES, None, "image/webp", False, True, "ben")


def test_the_least_recently_seen_leaves_first_and_what_is_looked_at_stays(studios):
    ana, _ = studios

    def keep(conn):
        for number in range(4):
            store.add_theirs(conn, [(blob(number), False)], seen=number)
        ana.person.clock.advance(10_000)
        ana.media.looked_at(blob(0).hash)

    ana.person.write(keep)
    make_room = ana.media.make_room
    assert ana.person.write(lambda conn: make_room(conn, 250)) == [blob(1).hash, blob(2).hash]
    assert ana.person.write(lambda conn: make_room(conn, 250)) == []
    assert ana.person.write(lambda conn: make_room(conn, 0, blob(3).hash)) == [blob(0).hash]


async def test_a_post_is_described_with_its_sizes_and_whether_they_are_here(studios):
    ana, ben = studios
    sizes = {"poster": SMALL, "screen": SCREEN}
    post = await ana.post(ana.prepared("street.mp4", kind="clip", sizes=sizes))
    [shown] = post["media"]
    assert shown["state"] == "ready"
    assert shown["poster"].startswith("/api/v1/blobs/")
    assert [size["role"] for size in shown["sizes"]] == ["screen"]
    ana.village.bring()
    ben.fetching._rounds.clear()
    assert ben.person.feed()[0]["media"][0]["state"] == "waiting"


def test_a_blob_nobody_speaks_of_is_away(studios):
    with pytest.raises(BlobAway):
        studios[0].person.read(lambda conn: studios[0].media.readable(conn, bytes(32)))
