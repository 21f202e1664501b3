import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN
from tests.protocol.test_encoding import VALUES

from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import hpke_open, hpke_seal
from microsocial.protocol.encoding import dump, parse_object
from microsocial.protocol.keys import rotation
from microsocial.protocol.prekeys import decode_prekey, new_prekey, read_prekey
from microsocial.protocol.refusals import BadSignature, Malformed, UnknownKey

PAYLOAD = parse_object(ANA.prekey.envelope.payload, 10_000)


def test_a_prekey_is_read_and_its_private_half_opens():
    prekey = decode_prekey(ANA.prekey.envelope.encoded(), ANA.log)
    assert (prekey.author, prekey.key_number, prekey.revision) == (ANA.id, 0, 1)
    assert len(prekey.id) == 8
    assert hpke_open(ANA.private_prekey, b"", hpke_seal(prekey.public, b"", b"hello")) == b"hello"


def test_without_a_seed_every_prekey_is_another():
    one, other = (new_prekey(ANA.id, 0, ANA.key(), bytes(8), 1) for _ in range(2))
    assert one[1] != other[1]
    with pytest.raises(ValueError, match="8 bytes"):
        new_prekey(ANA.id, 0, ANA.key(), bytes(7), 1)


def test_anothers_prekey_is_refused():
    with pytest.raises(Malformed, match="somebody else"):
        read_prekey(ANA.prekey.envelope, BEN.log)
    with pytest.raises(BadSignature):
        read_prekey(BEN.says("prekey", PAYLOAD), ANA.log)


def test_a_rotation_ends_older_prekeys():
    turned = ANA.log.with_event(rotation(ANA.log, ANA.key(1), ANA.key(2).public))
    with pytest.raises(UnknownKey):
        read_prekey(ANA.prekey.envelope, turned)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"public": "x"},
        {"public": "-" * 1621 + "B"},
        {"revision": -1},
        {"key": 256},
        {"author": 1},
    ],
)
def test_a_prekey_of_another_shape_is_refused(change):
    with pytest.raises(Malformed):
        read_prekey(ANA.says("prekey", PAYLOAD | change), ANA.log)


def test_another_object_is_no_prekey():
    with pytest.raises(Malformed, match="belongs"):
        read_prekey(ANA.says("post", PAYLOAD), ANA.log)


@given(st.sampled_from(sorted(PAYLOAD)), VALUES)
def test_any_field_with_any_value_ends_as_a_prekey_or_as_a_refusal(name, value):
    with contextlib.suppress(PeerBroke):
        read_prekey(ANA.says("prekey", dump(PAYLOAD | {name: value})), ANA.log)
