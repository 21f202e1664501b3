import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microsocial.protocol import crypto
from microsocial.protocol.refusals import BadSignature, CannotOpen, Malformed

# RFC 8032 section 7.1, test 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_ed25519_signs_as_its_rfc_says():
    key = crypto.SigningKey(SEED)
    assert key.public.raw == PUBLIC
    assert key.seed == SEED
    assert key.sign(b"\x72") == SIGNATURE
    key.public.verify(SIGNATURE, b"\x72")


def test_a_signature_under_another_key_or_of_another_length_does_not_pass():
    other = crypto.SigningKey(bytes(32)).public
    for key, signature, message in [
        (other, SIGNATURE, b"\x72"),
        (crypto.PublicKey(PUBLIC), SIGNATURE, b"\x73"),
        (crypto.PublicKey(PUBLIC), SIGNATURE[:-1], b"\x72"),
        (crypto.PublicKey(PUBLIC), b"", b"\x72"),
        (crypto.PublicKey(PUBLIC), SIGNATURE + b"\x72", b""),
    ]:
        with pytest.raises(BadSignature):
            key.verify(signature, message)


def test_a_second_spelling_of_a_signature_does_not_pass():
    scalar = int.from_bytes(SIGNATURE[32:], "little") + ORDER
    twin = SIGNATURE[:32] + scalar.to_bytes(32, "little")
    assert not crypto.PublicKey(PUBLIC).verifies(twin, b"\x72")


def test_a_key_of_small_order_signs_nothing():
    assert not crypto.PublicKey(bytes([1]) + bytes(31)).verifies(
        bytes([1]) + bytes(63), b"anything"
    )


def test_hkdf_gives_what_its_rfc_says():  # RFC 5869, test case 3
    assert crypto.hkdf(bytes([0x0B]) * 22, b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_hmac_gives_what_its_rfc_says():  # RFC 4231, test case 2
    assert crypto.hmac(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_a_key_does_not_show_itself():
    key = crypto.SigningKey(SEED)
    assert repr(key) == "SigningKey(of PublicKey(3d4017c3…))"
    assert str(key) == repr(key)


def test_what_is_no_key_is_refused():
    with pytest.raises(Malformed):
        crypto.PublicKey(bytes(31))
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.SigningKey(bytes(31))
    with pytest.raises(Malformed):
        crypto.hpke_seal(bytes(1215), b"", b"")
    _, public = crypto.new_hpke_key(bytes(32))
    with pytest.raises(Malformed, match="cannot be sealed to"):
        crypto.hpke_seal(public[:1184] + bytes(32), b"", b"")


@settings(max_examples=25)
@given(st.binary(max_size=100), st.binary(max_size=30), st.integers(0), st.booleans())
def test_aead_opens_what_was_sealed_and_nothing_altered_by_a_bit(plain, bound, bit, in_bound):
    key, nonce = bytes(range(32)), bytes(12)
    sealed = crypto.aead_seal(key, nonce, plain, bound)
    assert crypto.aead_open(key, nonce, sealed, bound) == plain
    altered = (sealed, flipped(bound, bit)) if in_bound and bound else (flipped(sealed, bit), bound)
    with pytest.raises(CannotOpen):
        crypto.aead_open(key, nonce, *altered)


@settings(max_examples=25)
@given(st.binary(max_size=100), st.integers(0), st.binary(min_size=32, max_size=32))
def test_hpke_opens_with_its_key_alone(plain, bit, other):
    private, public = crypto.new_hpke_key(bytes(range(32)))
    sealed = crypto.hpke_seal(public, b"info", plain)
    assert crypto.hpke_open(private, b"info", sealed) == plain
    for attempt in (
        (other, b"info", sealed),
        (private, b"infa", sealed),
        (private, b"info", flipped(sealed, bit)),
        (private, b"info", sealed[:-1]),
        (private, b"info", b""),
    ):
        if attempt[0] != private or attempt[1:] != (b"info", sealed):
            with pytest.raises(CannotOpen):
                crypto.hpke_open(*attempt)


def test_an_hpke_key_follows_from_its_seed_and_is_fresh_without():
    assert crypto.new_hpke_key(bytes(32)) == crypto.new_hpke_key(bytes(32))
    assert crypto.new_hpke_key() != crypto.new_hpke_key()
    assert len(crypto.new_hpke_key()[1]) == crypto.HPKE_PUBLIC_BYTES


def flipped(content: bytes, bit: int) -> bytes:
    """The same with one bit turned."""
    changed = bytearray(content)
    changed[bit // 8 % len(content)] ^= 1 << bit % 8
    return bytes(changed)
