import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN
from tests.protocol.test_crypto import flipped

from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import sha256
from microsocial.protocol.envelope import (
    parse_envelope,
    sign_envelope,
    signed_bytes,
    verify_envelope,
    verify_many,
)
from microsocial.protocol.refusals import BadSignature, Malformed, TooLarge

PLENTY = 100_000


def test_the_signed_bytes_are_those_of_dsse():
    assert signed_bytes("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_an_envelope_is_laid_out_as_written():
    envelope = ANA.says("post", b'{"any":"bytes"}')
    assert envelope.raw[:19] == b"\x12microsocial/1/post"
    assert envelope.raw[19:23] == (15).to_bytes(4, "big")
    assert envelope.raw[23:38] == b'{"any":"bytes"}'
    assert envelope.raw[38:] == envelope.signature
    assert envelope.hash == sha256(envelope.raw)
    assert envelope.kind == "post"


@given(st.binary(max_size=200), st.sampled_from(["post", "my-own-kind"]))
def test_what_was_signed_is_what_is_kept(payload, kind):
    envelope = sign_envelope(kind, payload, ANA.key())
    again = parse_envelope(envelope.raw, PLENTY)
    assert again == envelope
    assert (again.type, again.payload, again.signature) == (
        envelope.type,
        payload,
        envelope.signature,
    )
    verify_envelope(again, ANA.key().public)
    with pytest.raises(BadSignature):
        verify_envelope(again, BEN.key().public)


@given(st.integers(0))
def test_nothing_altered_by_one_bit_passes(bit):
    envelope = ANA.says("post", b'{"text":"hello"}')
    with pytest.raises((Malformed, BadSignature)):
        verify_envelope(parse_envelope(flipped(envelope.raw, bit), PLENTY), ANA.key().public)


def test_the_type_belongs_to_what_is_signed():
    post = ANA.says("post", b"{}")
    comment = parse_envelope(b"\x15microsocial/1/comment" + post.raw[19:], PLENTY)
    with pytest.raises(BadSignature):
        verify_envelope(comment, ANA.key().public)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\xff" * 400,
        b"\x12microsocial/2/post" + bytes(68),
        b"\x12microsocial/1/Post" + bytes(68),
        b"\x12microsocial/1/-ost" + bytes(68),
        b"\x12microsocial/1/post" + bytes(67),
        b"\x12microsocial/1/post" + bytes(69),
        b"\x12microsocial/1/post\x00\x00\x00",
        b"\x12microsocial/1/post\xff\xff\xff\xff" + bytes(64),
    ],
)
def test_what_is_laid_out_otherwise_is_refused(raw):
    with pytest.raises(Malformed):
        parse_envelope(raw, PLENTY)


def test_a_larger_envelope_is_refused_unread():
    with pytest.raises(TooLarge):
        parse_envelope(ANA.says("post", b"x" * 100).raw, 100)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_end_as_an_envelope_or_as_a_refusal(raw):
    with contextlib.suppress(PeerBroke):
        parse_envelope(raw, PLENTY)


def test_many_are_checked_one_by_one():
    true, false = ANA.says("post", b"{}"), BEN.says("post", b"{}")
    key = ANA.key().public
    assert verify_many([(true, key), (false, key), (true, key)]) == [True, False, True]
