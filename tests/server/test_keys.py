"""Renewing the key over HTTP, and what refuses to; two keys that both claim to be a friend's."""

import pytest
from tests.support import SeededEntropy
from tests.support.village import Villager

from microsocial.friends import store as friends_store
from microsocial.protocol.encoding import b64u
from microsocial.protocol.keys import rotation, signing_key
from microsocial.protocol.words import new_words
from microsocial.records import store as records
from microsocial.records.keys import store as kept
from microsocial.server.keys import STEP

PASSWORD = "correct horse battery"
BENS = 9  # what his entropy begins with


def asked(owner, **other):
    return {"words": owner.words, "reason": "planned", "password": PASSWORD, **other}


async def test_the_words_and_the_password_renew_the_key(owner, node):
    answer = await owner.post("/keys/rotate", asked(owner))
    assert (answer.status_code, answer.json()["number"]) == (200, 1)
    shown = (await owner.get("/keys")).json()
    assert [event["reason"] for event in shown["events"]] == ["planned"]
    assert shown["theft"]["state"] == "none"


@pytest.mark.parametrize(
    ("wrong", "status", "slug"),
    [
        ({"password": "wrong horse battery"}, 401, "wrong-password"),
        ({"words": ["abandon"] * 24}, 400, "words-wrong"),
        ({"words": []}, 400, "words-wrong"),
        ({"words": new_words(b"x" * 32)}, 400, "words-of-another"),
    ],
)
async def test_what_is_wrong_changes_no_key(owner, node, wrong, status, slug):
    answer = await owner.post("/keys/rotate", asked(owner, **wrong))
    assert (answer.status_code, answer.json()["type"]) == (status, f"about:microsocial/{slug}")
    assert node.me.key_number == 0
    assert all(word not in answer.text.split() for word in wrong.get("words", ()))


async def test_nothing_is_decided_about_what_does_not_wait(owner):
    for path, body in (
        ("/keys/foreign/decide", {"mine": ["x" * 43]}),
        ("/keys/taken-back/undo", {"ids": ["x" * 43]}),
    ):
        answer = await owner.post(path, body)
        assert answer.status_code == 404, answer.text
    assert (await owner.get("/keys/foreign")).json() == []
    assert (await owner.get("/keys/taken-back")).json() == []


@pytest.fixture
async def ben(owner, node):
    """A friend of Ana's."""
    rooms = node.rooms
    ben = Villager("Ben", BENS, node.clock)

    def befriend(conn):
        prekey = ben.write(ben.delivery.current_prekey)
        sees_from = rooms.log.tick(conn)
        rooms.delivery.begin(conn, ben.id, sees_from, "", prekey, ben.me.key_log, [])
        friends_store.put(
            conn,
            friends_store.friends,
            person=ben.id,
            state="friend",
            met="took_my_invite",
            since=node.clock.now(),
            sees_from=sees_from,
        )

    await node.db.write(befriend)
    yield ben
    ben.db.close()


def renewed(ben, seed, reason):
    """Ben's second key. Whoever has his words can sign two different steps to it."""
    promised = signing_key(SeededEntropy(BENS)(32), 1)
    after = signing_key(bytes([seed]) * 32, 2).public
    return ben.me.key_log.with_event(rotation(ben.me.key_log, promised, after, reason))


async def test_two_keys_of_a_friend_freeze_the_friendship_until_the_owner_goes_on(owner, node, ben):
    answer = await owner.post(f"/friends/{ben.id}/go-on")
    assert answer.status_code == 409, "there is nothing to settle"
    delivery, log = node.rooms.delivery, node.rooms.log
    one, other = renewed(ben, 1, "planned"), renewed(ben, 2, "stolen")
    await node.db.write(lambda conn: log.keep_key_log(conn, one))
    await node.db.write(lambda conn: delivery.keys.freeze(conn, other))
    assert await node.db.read(lambda conn: log.rings.is_forked(conn, ben.id))
    assert await node.db.write(lambda conn: delivery.draft(conn, ben.id, hello=True)) is None
    shown = (await owner.get(f"/friends/{ben.id}")).json()
    answer = await owner.post(f"/friends/{ben.id}/go-on")
    assert answer.status_code == 200, answer.text
    assert shown["has_two_keys"] and not answer.json()["has_two_keys"]
    assert not await node.db.read(lambda conn: log.rings.is_forked(conn, ben.id))
    assert await node.db.write(lambda conn: delivery.draft(conn, ben.id, hello=True))
    known = await node.db.read(lambda conn: log.key_logs(conn, [ben.id])[ben.id])
    assert known.encoded() == one.encoded(), "the one that was known"
    await node.db.write(lambda conn: delivery.keys.freeze(conn, other))
    assert not await node.db.read(lambda conn: log.rings.is_forked(conn, ben.id)), "asked once"


DAY_MS = 86_400_000


async def held_by_ben(node, ben, count, day=DAY_MS):
    """As many posts in Ana's name, one a day, that only Ben holds: what a recovery after a theft finds."""
    me, started = node.me, 1_700_000_000_000

    def find(conn):
        for number in range(count):
            said = started + number * day
            fields = {"author": me.id, "key": 0, "id": b64u(number.to_bytes(16)), "revision": said}
            fields |= {"created": said, "audience": "friends", "text": f"day {number}"}
            envelope = me.sign("post", fields)
            row = {"hash": envelope.hash, "id": fields["id"], "envelope": envelope.raw}
            kept.add_suspect(conn, ben.id, found=node.clock.now(), **row)

    await node.db.write(find)
    return started


async def test_everything_before_a_day_is_mine_and_everything_after_it_is_not(owner, node, ben):
    days = 2 * STEP + 10
    first = await held_by_ben(node, ben, days)
    theft = first + (days - 5) * DAY_MS
    said = await owner.post("/keys/foreign/decide", {"mine_before": theft})
    assert said.status_code == 200, said.text
    assert (said.json()["mine"], said.json()["left"]) == (days - 5, 5)
    left = sorted((await owner.get("/keys/foreign")).json(), key=lambda one: one["created"])
    assert left[0]["created"] == theft
    named = {"mine": [left[0]["id"]], "not_mine_from": theft + DAY_MS}
    said = (await owner.post("/keys/foreign/decide", named)).json()
    assert (said["mine"], said["not_mine"], said["left"]) == (1, 4, 0)
    assert said["sentence"].startswith("One thing is taken in as yours. 4 things are not yours")
    texts = []
    cursor = ""
    while cursor is not None:
        page = (await owner.get(f"/feed?limit=100{cursor}")).json()
        texts += [one["text"] for one in page["items"]]
        cursor = None if page["end"] else f"&cursor={page['cursor']}"
    assert set(texts) == {f"day {number}" for number in range(days - 4)}
    disowned = await node.db.read(lambda conn: records.find_by(conn, kind="disown"))
    assert [len(one.payload.items) for one in disowned] == [4]
    again = (await owner.post("/keys/foreign/decide", {"mine_before": theft})).json()
    assert again["sentence"] == "There was nothing to decide."


@pytest.mark.parametrize(
    "asked",
    [
        {"mine_before": 10, "not_mine_from": 9},
        {"mine_before": -1},
        {"not_mine_from": "yesterday"},
    ],
)
async def test_days_that_cannot_be_meant_decide_nothing(owner, node, ben, asked):
    await held_by_ben(node, ben, 2)
    assert (await owner.post("/keys/foreign/decide", asked)).status_code == 400
    assert len((await owner.get("/keys/foreign")).json()) == 2
