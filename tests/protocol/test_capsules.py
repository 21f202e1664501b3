import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, drawn
from tests.protocol.examples import ANAS_CAPSULE, WRONG_CAPSULES

from microsocial.protocol.capsules import (
    CapsuleFriend,
    Contents,
    open_capsule,
    read_contents,
    seal_capsule,
)
from microsocial.protocol.crypto import hkdf, new_hpke_key
from microsocial.protocol.encoding import b64u, dump, unb64u
from microsocial.protocol.limits import MAX_CAPSULE_BYTES, MAX_CAPSULE_CONTENT_BYTES
from microsocial.protocol.refusals import CannotOpen, Malformed, TooLarge
from microsocial.protocol.sealing import pad

PRIVATE, PUBLIC = new_hpke_key(hkdf(ANA.entropy, b"microsocial capsule"))


def friends(count: int) -> tuple[CapsuleFriend, ...]:
    return tuple(
        CapsuleFriend(
            id=b64u(drawn(f"friend {number}", 32)),
            sees_from=1_700_000_000_000 + number * 86_399_017,
            name=f"Friend {drawn(str(number), 4).hex()}",
            urls=(f"https://{drawn(str(number), 5).hex()}.example",),
            met="invited_me",
        )
        for number in range(count)
    )


def test_the_words_open_what_was_sealed_for_them():
    sealed = seal_capsule(ANAS_CAPSULE, ANA.id, PUBLIC)
    assert open_capsule(sealed, ANA.id, PRIVATE) == ANAS_CAPSULE


@pytest.mark.parametrize("bit", [8 * 3, 8 * 1100, 8 * 1130])
def test_a_changed_bit_is_noticed(bit):
    raw = bytearray(unb64u(seal_capsule(ANAS_CAPSULE, ANA.id, PUBLIC)))
    raw[bit // 8] ^= 1
    with pytest.raises(CannotOpen):
        open_capsule(b64u(bytes(raw)), ANA.id, PRIVATE)


def test_other_words_and_another_author_open_nothing():
    sealed = seal_capsule(ANAS_CAPSULE, ANA.id, PUBLIC)
    with pytest.raises(CannotOpen):
        open_capsule(sealed, ANA.id, hkdf(BEN.entropy, b"microsocial capsule"))
    with pytest.raises(CannotOpen):
        open_capsule(sealed, BEN.id, PRIVATE)
    with pytest.raises(CannotOpen):
        open_capsule(sealed, "Ana\ud800", PRIVATE)


def test_the_size_tells_a_class_and_not_the_number_of_friends():
    sizes = {
        len(seal_capsule(Contents(name="Ana", friends=friends(n)), ANA.id, PUBLIC))
        for n in (0, 3, 5)
    }
    assert len(sizes) == 1


def test_two_thousand_friends_fit_with_names_and_addresses():
    many = Contents(name="Ana", friends=friends(2000))
    sealed = seal_capsule(many, ANA.id, PUBLIC)
    assert len(unb64u(sealed)) <= MAX_CAPSULE_BYTES
    assert open_capsule(sealed, ANA.id, PRIVATE) == many


def test_more_than_fits_is_not_sealed():
    assert seal_capsule(Contents(name="Ana", friends=friends(3000)), ANA.id, PUBLIC) is None
    long = tuple(
        CapsuleFriend(
            id=one.id, sees_from=0, name="x" * 80, urls=("https://a.example/" + "y" * 270,) * 8
        )
        for one in friends(1000)
    )
    assert seal_capsule(Contents(name="Ana", friends=long), ANA.id, PUBLIC) is None


def test_what_is_larger_than_a_capsule_is_not_opened():
    with pytest.raises(TooLarge):
        open_capsule(b64u(bytes(MAX_CAPSULE_BYTES + 1)), ANA.id, PRIVATE)


@pytest.mark.parametrize(("wrong", "content"), WRONG_CAPSULES)
def test_wrong_contents_are_refused(wrong, content):
    with pytest.raises(Malformed):
        read_contents(pad(zlib.compress(dump(content))))


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"not packed",
        zlib.compress(b'{"name":"Ana"}')[:-3],
        zlib.compress(b'{"name":"Ana"}') + b"x",
        zlib.compress(b" " * (MAX_CAPSULE_CONTENT_BYTES + 1)),
    ],
)
def test_what_does_not_unpack_well_is_refused(packed):
    with pytest.raises(Malformed):
        read_contents(pad(packed))


def test_unknown_fields_are_let_be():
    found = read_contents(pad(zlib.compress(b'{"name":"Ana","later":{"x":1}}')))
    assert found == Contents(name="Ana")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    with pytest.raises(Malformed):
        read_contents(pad(content))
