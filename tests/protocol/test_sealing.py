import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, CEM
from tests.protocol.test_crypto import flipped

from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import hpke_seal
from microsocial.protocol.limits import MAX_SEALED_BYTES, MAX_UPDATE_BYTES
from microsocial.protocol.refusals import CannotOpen, Malformed, TooLarge
from microsocial.protocol.sealing import (
    _info,
    open_sealed,
    pad,
    seal,
    sealed_prekey_id,
    unpad,
)

LETTER = b"a signed envelope"
SEALED = seal(LETTER, "update", ANA.id, BEN.id, BEN.prekey)


def open_as(
    sealed=SEALED, purpose="update", sender=ANA.id, receiver=BEN.id, private=BEN.private_prekey
):
    return open_sealed(sealed, purpose, sender, receiver, private)


def test_a_letter_opens_for_whom_it_is():
    assert open_as() == LETTER
    assert sealed_prekey_id(SEALED) == BEN.prekey.id
    assert LETTER not in SEALED
    assert seal(LETTER, "update", ANA.id, BEN.id, BEN.prekey) != SEALED


@pytest.mark.parametrize(
    "otherwise",
    [
        {"private": CEM.private_prekey},
        {"private": bytes(32)},
        {"sender": CEM.id},
        {"receiver": CEM.id},
        {"sender": BEN.id, "receiver": ANA.id},
        {"purpose": "reunion"},
        {"sender": "é"},
    ],
)
def test_nothing_opens_with_another_key_or_in_another_place(otherwise):
    with pytest.raises(CannotOpen):
        open_as(**otherwise)


def test_an_unknown_purpose_is_refused():
    with pytest.raises(Malformed):
        open_as(purpose="fun")


@settings(max_examples=60)
@given(st.integers(0))
def test_no_letter_altered_by_one_bit_opens(bit):
    with pytest.raises(PeerBroke):
        open_as(flipped(SEALED, bit))


@pytest.mark.parametrize("sealed", [b"", b"MS1", SEALED[:-1025], b"MS2" + SEALED[3:]])
def test_what_cannot_be_a_letter_is_refused(sealed):
    with pytest.raises(Malformed):
        sealed_prekey_id(sealed)


def test_a_letter_cut_short_does_not_open():
    long = seal(bytes(3000), "update", ANA.id, BEN.id, BEN.prekey)
    with pytest.raises(CannotOpen):
        open_as(long[:-1])


def test_too_large_a_letter_is_neither_made_nor_read():
    with pytest.raises(TooLarge):
        sealed_prekey_id(bytes(MAX_SEALED_BYTES + 1))
    with pytest.raises(ValueError, match="too large"):
        seal(bytes(MAX_UPDATE_BYTES + 1), "update", ANA.id, BEN.id, BEN.prekey)


def test_the_largest_letter_passes():
    largest = seal(bytes(MAX_UPDATE_BYTES), "update", ANA.id, BEN.id, BEN.prekey)
    assert len(open_as(largest)) == MAX_UPDATE_BYTES


@given(st.integers(0, 300_000))
def test_letters_come_in_few_sizes(length):
    padded = pad(b"x" * length)
    assert unpad(padded) == b"x" * length
    size = len(padded)
    assert size in {1024 << n for n in range(7)} or size % 65_536 == 0
    assert length + 4 <= size < max(1025, 2 * (length + 4), length + 65_541)


@pytest.mark.parametrize("content_length", [0, 1020, 1021, 65_532, 65_533, 131_068])
def test_classes_end_where_they_should(content_length):
    classes = {0: 1024, 1020: 1024, 1021: 2048, 65_532: 65_536, 65_533: 131_072, 131_068: 131_072}
    assert len(pad(bytes(content_length))) == classes[content_length]


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(4),
        bytes(1023),
        bytes(1025),
        bytes(3072),
        bytes(98_304),
        (1021).to_bytes(4, "big") + bytes(1020),
        b"\xff" * 1024,
        bytes(1023) + b"\x01",
    ],
)
def test_other_padding_is_refused(padded):
    with pytest.raises(Malformed):
        unpad(padded)
    if len(padded) >= 1024:
        bound_to = _info("update", ANA.id, BEN.id, BEN.prekey.id)
        with pytest.raises(Malformed):
            open_as(b"MS1" + BEN.prekey.id + hpke_seal(BEN.prekey.public, bound_to, padded))


@given(st.binary(max_size=2000))
def test_any_bytes_end_as_a_letter_or_as_a_refusal(content):
    with pytest.raises(PeerBroke):
        open_as(b"MS1" + content)
    with contextlib.suppress(PeerBroke):
        unpad(content)
