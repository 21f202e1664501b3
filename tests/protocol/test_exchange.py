import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN
from tests.protocol.examples import (
    PAIR,
    POST,
    TRUE_LETTERS,
    WELL_KNOWN,
    WRONG_LETTERS,
    WRONG_WELL_KNOWN,
)
from tests.protocol.test_encoding import VALUES

from microsocial.errors import PeerBroke
from microsocial.protocol import exchange
from microsocial.protocol.encoding import dump
from microsocial.protocol.keys import decode_key_log
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Malformed, Status

READERS = {kind: getattr(exchange, f"read_{kind}") for kind in TRUE_LETTERS}


def read(kind, payload):
    return READERS[kind](ANA.says(kind, payload))


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_a_true_letter_is_read_and_said_again(kind):
    letter = read(kind, TRUE_LETTERS[kind])
    assert dump(letter.payload()) == dump(TRUE_LETTERS[kind])
    assert (letter.sender, letter.receiver) == (ANA.id, BEN.id)
    assert read(kind, TRUE_LETTERS[kind] | {"later": 1}) == letter


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_a_letter_of_another_kind_is_refused(kind):
    with pytest.raises(Malformed, match="belongs"):
        READERS[kind](ANA.says("post", TRUE_LETTERS[kind]))


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_nobody_writes_to_oneself(kind):
    with pytest.raises(Malformed, match="oneself"):
        read(kind, TRUE_LETTERS[kind] | {"to": ANA.id})


def test_what_is_inside_can_be_taken_out():
    update = read("update", TRUE_LETTERS["update"])
    assert update.raws == [POST.raw]
    assert decode_key_log(update.keys[BEN.id]) == BEN.log
    assert decode_prekey(update.prekey, ANA.log) == ANA.prekey
    assert read("holdings", TRUE_LETTERS["holdings"]).raws == [POST.raw]


def test_an_answer_speaks_in_known_words_or_is_let_be():
    assert read("answer", TRUE_LETTERS["answer"]).says is Status.APPLIED
    assert read("answer", TRUE_LETTERS["answer"] | {"status": "from-the-future"}).says is None


def test_a_bare_answer_will_do():
    bare = read("answer", PAIR | {"status": "not-friends", "now": 0})
    assert (bare.update, bare.position, bare.prekey, bare.refused) == (None, None, None, ())


@pytest.mark.parametrize(("section", "wrong", "kind", "change"), WRONG_LETTERS)
def test_what_breaks_a_rule_of_its_letter_is_refused(section, wrong, kind, change):
    with pytest.raises(Malformed):
        read(kind, TRUE_LETTERS[kind] | change)


def test_the_document_of_a_node_is_read():
    document = exchange.read_well_known(dump(WELL_KNOWN | {"later": 1}))
    assert dump(document.payload()) == dump(WELL_KNOWN)
    assert decode_key_log(document.keys).id == document.id


@pytest.mark.parametrize(("section", "wrong", "change"), WRONG_WELL_KNOWN)
def test_another_document_is_refused(section, wrong, change):
    with pytest.raises(Malformed):
        exchange.read_well_known(dump(WELL_KNOWN | change))


def test_a_key_log_can_come_alone():
    assert decode_key_log(exchange.read_keys(dump({"keys": ANA.log.encoded()}))) == ANA.log
    with pytest.raises(Malformed):
        exchange.read_keys(b'{"keys":[]}')


@settings(max_examples=300)
@given(st.sampled_from(sorted(TRUE_LETTERS)), st.data())
def test_any_field_with_any_value_ends_as_a_letter_or_as_a_refusal(kind, data):
    payload = dict(TRUE_LETTERS[kind])
    for name in data.draw(st.sets(st.sampled_from(sorted(payload)), max_size=2)):
        payload[name] = data.draw(VALUES)
    with contextlib.suppress(PeerBroke):
        read(kind, payload)


@given(st.binary(max_size=80))
def test_any_bytes_end_as_a_letter_or_as_a_refusal(payload):
    for kind in READERS:
        with contextlib.suppress(PeerBroke):
            read(kind, payload)
    for reader in (exchange.read_well_known, exchange.read_keys):
        with contextlib.suppress(PeerBroke):
            reader(payload)
