"""The door: what a stranger can and cannot do with a greeting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microsocial.errors import PeerBroke
from microsocial.friends.greetings import MAX_GREETING_BYTES, KeyBehind, read_introduction
from microsocial.friends.knocks import Knock
from microsocial.protocol.envelope import parse_envelope, sign_envelope
from microsocial.protocol.exchange import read_answer, read_greeting
from microsocial.protocol.keys import rotation, signing_key
from microsocial.protocol.limits import MAX_ANSWER_BYTES
from microsocial.protocol.prekeys import read_prekey
from microsocial.protocol.refusals import BadSignature, Forked, Malformed, Status
from microsocial.protocol.sealing import seal
from microsocial.protocol.signatures import read_request, sign_request


def greeting(sender, to, **changes):
    """A greeting of `sender` to `to` as an envelope; `changes` are made before it is signed."""
    envelope = sender.write(lambda conn: sender.friends.doors.greeting(conn, to.id))
    if not changes:
        return envelope
    payload = read_greeting(envelope).payload() | changes
    return sender.me.sign("greeting", payload)


def bring(sender, to, raw, *, claimed=None, key=None, sealed_for=None):
    """Seal and bring it to the door; give the answer's status, or "greeting"."""
    claimed = claimed or sender
    prekey = read_prekey(to.write(to.delivery.current_prekey), to.me.key_log)
    sealed = seal(raw, "greeting", claimed.id, (sealed_for or to).id, prekey)
    headers = sign_request(
        "POST", "/peer/v1/greetings", "", sealed, to.id, (key or claimed.me).signing_key,
        f"{claimed.id}#0", to.clock.now(), bytes(16),
    )  # fmt: skip
    claims = read_request("POST", "/peer/v1/greetings", "", headers, sealed)
    reply = to.write(lambda conn: to.friends.receive_greeting(conn, claims, sealed, "127.0.0.1"))
    if reply.startswith(b"MS1"):
        return "greeting"
    return read_answer(parse_envelope(reply, MAX_ANSWER_BYTES)).says


def nothing_happened(side):
    return side.lists() == {} and side.told_names() == []


def test_a_good_greeting_waits(ana, ben):
    assert bring(ben, ana, greeting(ben, ana).raw) is Status.WAITING
    assert ana.lists() == {"requests": ["Ben"]}


def test_the_answer_names_what_it_answers_and_says_nothing_else(ana, ben):
    prekey = read_prekey(ana.write(ana.delivery.current_prekey), ana.me.key_log)
    sealed = seal(greeting(ben, ana).raw, "greeting", ben.id, ana.id, prekey)
    headers = sign_request(
        "POST", "/g", "", sealed, ana.id, ben.me.signing_key, f"{ben.id}#0", 0, bytes(16)
    )
    claims = read_request("POST", "/g", "", headers, sealed)
    reply = ana.write(lambda conn: ana.friends.receive_greeting(conn, claims, sealed, None))
    answer = read_answer(parse_envelope(reply, MAX_ANSWER_BYTES))
    assert (answer.sender, answer.receiver) == (ana.id, ben.id)
    assert (answer.position, answer.prekey, answer.refused) == (None, None, ())


def test_a_greeting_for_somebody_else_is_refused(ana, ben, cem):
    with pytest.raises(Malformed):
        bring(ben, ana, greeting(ben, cem).raw)
    assert nothing_happened(ana)


def test_a_greeting_of_somebody_else_is_refused(ana, ben, cem):
    with pytest.raises(Malformed):
        bring(ben, ana, greeting(cem, ana).raw)
    assert nothing_happened(ana)


def test_a_request_signed_by_another_key_is_refused_and_undone(ana, ben, cem):
    with pytest.raises(BadSignature):
        bring(ben, ana, greeting(ben, ana).raw, key=cem.me)
    assert nothing_happened(ana)


def test_a_greeting_under_another_key_is_refused(ana, ben, cem):
    forged = sign_envelope("greeting", greeting(ben, ana).payload, cem.me.signing_key)
    with pytest.raises(BadSignature):
        bring(ben, ana, forged.raw)
    assert nothing_happened(ana)


@pytest.mark.parametrize("name", ["profile", "address", "prekey", "keys"])
def test_somebody_elses_parts_are_refused(ana, ben, cem, name):
    theirs = read_greeting(greeting(cem, ana)).payload()[name]
    with pytest.raises(PeerBroke):
        bring(ben, ana, greeting(ben, ana, **{name: theirs}).raw)
    assert nothing_happened(ana)


def test_the_two_records_cannot_be_swapped(ana, ben):
    said = read_greeting(greeting(ben, ana)).payload()
    swapped = {"profile": said["address"], "address": said["profile"]}
    with pytest.raises(Malformed):
        bring(ben, ana, greeting(ben, ana, **swapped).raw)


def test_a_greeting_that_is_too_large_is_refused(ana, ben):
    with pytest.raises(Malformed):
        bring(ben, ana, greeting(ben, ana, padding="x" * MAX_GREETING_BYTES).raw)
    assert nothing_happened(ana)


def test_what_was_sealed_for_somebody_else_asks_for_a_fresh_key(ana, ben, cem):
    assert bring(ben, ana, greeting(ben, ana).raw, sealed_for=cem) is Status.STALE_PREKEY
    assert nothing_happened(ana)


def test_an_older_key_of_a_known_person_is_told_so(ana, ben):
    renewed = _renewed(ben)
    raw = greeting(ben, ana).raw
    ana.write(lambda conn: ana.log.keep_key_log(conn, renewed))
    assert bring(ben, ana, raw) is Status.KEY_BEHIND
    with pytest.raises(KeyBehind):
        read_introduction(raw, ben.id, ana.id, renewed)
    assert nothing_happened(ana)


def test_two_logs_that_contradict_each_other_stop_everything(ana, ben):
    one, other = _renewed(ben), _renewed(ben, "stolen")
    ana.write(lambda conn: ana.log.keep_key_log(conn, one))
    keys = [event.encoded() for event in other.events]
    with pytest.raises(Forked):
        bring(ben, ana, greeting(ben, ana, keys=keys).raw)


async def test_a_second_log_of_a_friend_freezes_the_friendship_whoever_greets_with_it(ana, ben):
    """Spec 3.4."""
    await ben.knocking.accept_invite(ana.invite())
    one, other = _renewed(ben), _renewed(ben, "stolen")
    ana.write(lambda conn: ana.log.keep_key_log(conn, one))
    keys = [event.encoded() for event in other.events]
    known = ana.read(lambda conn: ana.log.key_logs(conn, [ben.id])[ben.id])
    assert bring(ben, ana, greeting(ben, ana, keys=keys).raw) is Status.BUSY
    assert ana.read(lambda conn: ana.log.rings.is_forked(conn, ben.id))
    assert ana.read(lambda conn: ana.log.key_logs(conn, [ben.id])[ben.id]) == known
    assert bring(ben, ana, greeting(ben, ana).raw) is Status.BUSY


def test_a_stopped_copy_asks_to_come_later(ana, ben, monkeypatch):
    monkeypatch.setattr(ana.delivery, "stopped", lambda _: "Another copy runs.")
    assert bring(ben, ana, greeting(ben, ana).raw) is Status.BUSY
    assert nothing_happened(ana)


async def test_a_friend_who_lost_the_reply_gets_it_again(ana, ben):
    await ben.knocking.accept_invite(ana.invite())
    ana.told.clear()
    assert bring(ben, ana, greeting(ben, ana).raw) == "greeting"
    assert ana.told == []


async def test_a_yes_counts_only_from_the_one_i_asked(ana, ben, cem):
    await ben.knocking.request(ana.url)
    row = ben.read(lambda conn: ben.friends.is_awaited(conn, ana.id))
    assert row
    prekey = read_prekey(ben.write(ben.delivery.current_prekey), ben.me.key_log)
    forged = seal(greeting(cem, ben).raw, "greeting", ana.id, ben.id, prekey)
    ana_prekey = read_prekey(ana.write(ana.delivery.current_prekey), ana.me.key_log)
    knock = Knock(ana.id, (ana.url,), ana.me.key_log, ana_prekey, "i_asked")
    with pytest.raises(PeerBroke):
        ben.write(lambda conn: ben.friends.doors.welcome(conn, knock, forged))
    assert not ben.is_friend_of(ana)


def test_any_damage_to_a_greeting_is_refused(street, ana, ben):
    raw = greeting(ben, ana).raw

    @given(st.integers(0, len(raw) - 1), st.integers(1, 255))
    @settings(max_examples=60, deadline=None)
    def damaged(at, by):
        broken = raw[:at] + bytes([raw[at] ^ by]) + raw[at + 1 :]
        with pytest.raises(PeerBroke):
            read_introduction(broken, ben.id, ana.id, None)

    damaged()


def _renewed(side, reason="planned"):
    """The key log one step on."""
    words = side.words
    step = rotation(side.me.key_log, signing_key(words, 1), signing_key(words, 2).public, reason)
    return side.me.key_log.with_event(step)
