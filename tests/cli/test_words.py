import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.cli.words import moment, plain, size


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2Jgone",
        "\x1b]0;title\x07",
        "a\rb",
        "\x9b31mred",
        "back\x08space",
        "\u202egnol",
        "\u2066x\u2069",
        "nul\x00",
    ],
)
def test_nothing_a_friend_wrote_can_steer_the_terminal(hostile: str) -> None:
    shown = plain(hostile)
    assert not any(ord(one) < 32 or 0x7F <= ord(one) < 0xA0 for one in shown)
    assert not set("\u202e\u2066\u2069") & set(shown)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "So"])))
def test_ordinary_writing_of_any_script_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_line_breaks_and_families_stay() -> None:
    assert plain("a\n\tb 👨‍👩‍👧‍👦") == "a\n\tb 👨‍👩‍👧‍👦"


def test_sizes_and_moments_are_for_people() -> None:
    assert size(12) == "12 bytes"
    assert size(5 * 1024 * 1024) == "5 MiB"
    assert size(3 * 1024**3) == "3.0 GiB"
    assert moment(None) == "never"
