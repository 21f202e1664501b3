import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import drawn
from tests.protocol.test_crypto import flipped

from microsocial.protocol.blobs import (
    Shape,
    name_of,
    open_blob,
    open_chunk,
    open_range,
    seal_blob,
    seal_chunk,
)
from microsocial.protocol.encoding import hash_of
from microsocial.protocol.refusals import CannotOpen

KEY, OTHER = drawn("blob", 32), drawn("other", 32)
CHUNK = 4096
PLAIN = bytes(range(256)) * 40  # two whole chunks and a half
SHAPE = Shape(len(PLAIN), CHUNK)
SEALED = seal_blob(PLAIN, KEY, CHUNK)


@settings(max_examples=30)
@given(st.integers(1, 3 * CHUNK + 1))
def test_a_blob_of_any_length_opens_again(length):
    plain = PLAIN[:length]
    sealed = seal_blob(plain, KEY, CHUNK)
    shape = Shape(len(plain), CHUNK)
    assert len(sealed) == shape.sealed_bytes
    assert open_blob(sealed, KEY, shape) == plain


@given(st.data())
def test_any_range_opens_from_its_span_alone(data):
    start = data.draw(st.integers(0, len(PLAIN) - 1))
    end = data.draw(st.integers(start + 1, len(PLAIN)))
    sealed_from, sealed_to = SHAPE.sealed_span(start, end)
    assert open_range(SEALED[sealed_from:sealed_to], start, end, KEY, SHAPE) == PLAIN[start:end]
    assert sealed_to - sealed_from <= (end - start) + 2 * (CHUNK + 16)


@given(st.integers(0))
def test_no_blob_altered_by_one_bit_opens(bit):
    with pytest.raises(CannotOpen):
        open_blob(flipped(SEALED, bit), KEY, SHAPE)


def test_nothing_opens_with_another_key():
    with pytest.raises(CannotOpen):
        open_blob(SEALED, OTHER, SHAPE)


def test_chunks_can_be_neither_swapped_nor_left_out():
    step = CHUNK + 16
    first, second, last = SEALED[:step], SEALED[step : 2 * step], SEALED[2 * step :]
    for sealed, shape in [
        (second + first + last, SHAPE),
        (first + second, Shape(2 * CHUNK, CHUNK)),
        (first + last, Shape(len(PLAIN) - CHUNK, CHUNK)),
        (SEALED[:-1], SHAPE),
        (SEALED + b"\0", SHAPE),
        (b"", SHAPE),
    ]:
        with pytest.raises(CannotOpen):
            open_blob(sealed, KEY, shape)


def test_a_chunk_opens_only_in_its_place():
    chunk = SEALED[: CHUNK + 16]
    assert open_chunk(chunk, 0, KEY, SHAPE) == PLAIN[:CHUNK]
    for index in (-1, 1, 3):
        with pytest.raises(CannotOpen):
            open_chunk(chunk, index, KEY, SHAPE)


@pytest.mark.parametrize("shape", [(0, CHUNK), (-1, CHUNK), (1, 1), (1, 2**21), (2**40, CHUNK)])
def test_impossible_shapes_do_not_exist(shape):
    with pytest.raises(ValueError, match="impossible shape"):
        Shape(*shape)


@pytest.mark.parametrize("span", [(0, 0), (-1, 5), (5, 4), (0, len(PLAIN) + 1)])
def test_a_range_lies_inside(span):
    with pytest.raises(ValueError, match="range"):
        SHAPE.sealed_span(*span)


def test_a_chunk_is_sealed_at_its_length_only():
    with pytest.raises(ValueError, match="wrong length"):
        seal_chunk(b"short", 0, KEY, SHAPE)


def test_a_blob_is_named_by_what_is_stored():
    assert name_of(SEALED) == hash_of(SEALED)
