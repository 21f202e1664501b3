import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN

from microsocial.protocol.limits import MAX_POSITION_CHARACTERS
from microsocial.protocol.positions import FIRST, Position, mint, read

SECRET = bytes(range(32))
COUNT = st.integers(0, 2**53)
MARK = st.binary(min_size=8, max_size=8)
POSITIONS = st.builds(Position, COUNT, MARK, COUNT, MARK, st.integers(0, 255), COUNT)
HERE = Position(7, b"mark-of7", 9, b"mark-of9", 0, 3)


@given(POSITIONS, st.binary(min_size=12, max_size=12))
def test_its_author_reads_what_it_minted(position, nonce):
    text = mint(position, SECRET, BEN.id, nonce)
    assert read(text, SECRET, BEN.id) == position
    assert len(text) <= MAX_POSITION_CHARACTERS


def test_it_is_foreign_to_everybody_else():
    text = mint(HERE, SECRET, BEN.id, bytes(12))
    assert read(text, SECRET, ANA.id) is None
    assert read(text, bytes(32), BEN.id) is None


@pytest.mark.parametrize("text", [FIRST, "A", "é", "AAAA", "A" * 200, "=" * 96])
def test_what_was_never_minted_is_foreign(text):
    assert read(text, SECRET, BEN.id) is None


@given(st.text(max_size=200))
def test_any_text_is_foreign(text):
    assert read(text, SECRET, BEN.id) is None


@given(st.integers(0, 95), st.sampled_from("ABab01-_"))
def test_nobody_can_move_a_position(at, letter):
    text = mint(HERE, SECRET, BEN.id, bytes(12))
    moved = text[:at] + letter + text[at + 1 :]
    assert read(moved, SECRET, BEN.id) == (HERE if moved == text else None)
