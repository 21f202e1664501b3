"""Renewing the key over HTTP, and what refuses to; two keys that both claim to be a friend's."""

import pytest
from tests.support import SeededEntropy
from tests.support.village import Villager

from microsocial.friends import store as friends_store
from microsocial.protocol.keys import rotation, signing_key
from microsocial.protocol.words import new_words

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
