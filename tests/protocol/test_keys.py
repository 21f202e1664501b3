import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN
from tests.protocol.test_crypto import flipped

from microsocial.errors import PeerBroke
from microsocial.protocol.encoding import b64u, dump, parse_object
from microsocial.protocol.envelope import sign_envelope
from microsocial.protocol.keys import (
    begin,
    decode_key_log,
    inception,
    merge,
    parse_key_log,
    rotation,
)
from microsocial.protocol.limits import MAX_KEY_EVENTS
from microsocial.protocol.refusals import BadSignature, Forked, Malformed, TooLarge, UnknownKey


def turned(person, steps, reason="planned"):
    """The person's log after so many rotations."""
    log = person.log
    for number in range(1, steps + 1):
        log = log.with_event(
            rotation(log, person.key(number), person.key(number + 1).public, reason)
        )
    return log


def test_a_person_is_the_hash_of_their_beginning():
    assert ANA.log.id == b64u(ANA.log.events[0].hash)
    assert ANA.log.number == 0
    assert ANA.log.current == ANA.key(0).public
    assert set(parse_object(ANA.log.events[0].payload, 1000)) == {"key", "next"}


def test_one_step_always_gives_the_same_bytes():
    assert turned(ANA, 3).raw() == turned(ANA, 3).raw()


def test_a_log_is_read_back_step_by_step():
    log = turned(ANA, 3)
    assert parse_key_log(log.raw()) == decode_key_log(log.encoded()) == log
    assert log.number == 3
    assert log.current == log.key(3) == ANA.key(3).public
    assert log.key(1) == ANA.key(1).public
    assert log.reasons == ("planned",) * 3
    for number in (-1, 4):
        with pytest.raises(UnknownKey):
            log.key(number)


def test_the_longer_log_that_extends_what_is_known_counts():
    short, long = turned(ANA, 1), turned(ANA, 3)
    assert long.extends(short)
    assert not short.extends(long)
    assert merge(short, long) == merge(long, short) == long
    assert merge(long, long) == long


def test_two_valid_rotations_of_one_step_are_a_fork():
    with pytest.raises(Forked):
        merge(turned(ANA, 1, "planned"), turned(ANA, 1, "stolen"))
    with pytest.raises(Forked):
        merge(turned(ANA, 2, "planned"), turned(ANA, 1, "stolen"))


def test_anothers_log_does_not_merge():
    with pytest.raises(Malformed):
        merge(ANA.log, BEN.log)


def test_only_the_promised_key_may_follow():
    log = ANA.log
    with pytest.raises(Malformed, match="not promised"):
        log.with_event(rotation(log, ANA.key(2), ANA.key(3).public))
    with pytest.raises(Malformed, match="not promised"):  # the thief of the machine has key 0
        log.with_event(rotation(log, ANA.key(0), ANA.key(2).public))


def test_a_rotation_needs_the_signature_of_the_key_it_brings():
    event = rotation(ANA.log, ANA.key(1), ANA.key(2).public)
    with pytest.raises(BadSignature):
        ANA.log.with_event(sign_envelope("rotation", event.payload, ANA.key(0)))


def test_an_inception_needs_its_own_signature():
    event = inception(ANA.key(0), ANA.key(1).public)
    with pytest.raises(BadSignature):
        begin(sign_envelope("inception", event.payload, BEN.key(0)))


@pytest.mark.parametrize(
    "change",
    [
        {"id": BEN.id},
        {"number": 2},
        {"number": "1"},
        {"previous": BEN.id},
        {"reason": "bored"},
        {"key": "x"},
        {"key": 5},
        {"next": "x"},
        {"next": None},
        {"more": 1},
    ],
)
def test_a_rotation_that_does_not_follow_exactly_is_refused(change):
    payload = parse_object(rotation(ANA.log, ANA.key(1), ANA.key(2).public).payload, 1000) | change
    with pytest.raises(Malformed):
        ANA.log.with_event(sign_envelope("rotation", dump(payload), ANA.key(1)))


@pytest.mark.parametrize("missing", ["id", "number", "key", "next", "previous", "reason"])
def test_a_rotation_lacks_nothing(missing):
    payload = parse_object(rotation(ANA.log, ANA.key(1), ANA.key(2).public).payload, 1000)
    del payload[missing]
    with pytest.raises(Malformed):
        ANA.log.with_event(sign_envelope("rotation", dump(payload), ANA.key(1)))


def test_a_key_event_has_one_spelling():
    event = inception(ANA.key(0), ANA.key(1).public)
    spaced = event.payload.replace(b'","', b'", "')
    with pytest.raises(Malformed, match="exactly"):
        begin(sign_envelope("inception", spaced, ANA.key(0)))


def test_a_log_begins_with_its_beginning_and_ends_somewhere():
    log = turned(ANA, 1)
    for raws in ([], log.raw()[1:], log.raw()[::-1], [log.raw()[0]] * 2):
        with pytest.raises(Malformed):
            parse_key_log(raws)
    with pytest.raises(TooLarge):
        parse_key_log([log.raw()[0]] * (MAX_KEY_EVENTS + 1))


@settings(max_examples=50)
@given(st.integers(0), st.integers(0, 2))
def test_no_log_altered_by_one_bit_passes(bit, number):
    raws = turned(ANA, 2).raw()
    raws[number] = flipped(raws[number], bit)
    with pytest.raises(PeerBroke):
        parse_key_log(raws)


@given(st.lists(st.binary(max_size=100), max_size=3))
def test_any_bytes_end_as_a_log_or_as_a_refusal(raws):
    with pytest.raises(PeerBroke):
        parse_key_log(raws)
