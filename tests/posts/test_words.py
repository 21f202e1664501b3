import pytest

from microsocial.delivery.ledger import ON_ITS_WAY
from microsocial.posts.words import delivered, delivered_publicly, listed, number, removed
from microsocial.transport.errors import NotReachable

ASLEEP = NotReachable.sentence()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["Ben"], "Ben"),
        (["Ben", "Cem"], "Ben and Cem"),
        (["Ben", "Cem", "Dana", "Elif"], "Ben, Cem and 2 more"),
    ],
)
def test_names_are_listed_as_a_person_would(names, said):
    assert listed(names, 2) == said


def test_small_numbers_are_words():
    assert [number(2), number(12), number(13)] == ["two", "twelve", "13"]


@pytest.mark.parametrize(
    ("have", "waiting", "said"),
    [
        (0, [], "Nobody but you has it."),
        (1, [], "Your friend has it."),
        (2, [], "Both friends have it."),
        (12, [], "All twelve friends have it."),
        (0, [("Ben", ON_ITS_WAY)], "It is on its way to Ben."),
        (
            11,
            [("Ben", ASLEEP)],
            "Eleven of twelve friends have it; Ben’s machine is asleep; it goes to them when it wakes.",  # noqa: RUF001
        ),
        (
            0,
            [("Ben", "Their disk is full.")],
            "Ben does not have it yet. Their disk is full.",
        ),
        (
            1,
            [("Ben", ASLEEP), ("Cem", ON_ITS_WAY)],
            "One of three friends have it; it still goes to Ben and Cem.",
        ),
    ],
)
def test_delivery_is_said_in_a_sentence(have, waiting, said):
    assert delivered(have, waiting) == said


@pytest.mark.parametrize(
    ("have", "waiting", "said"),
    [
        (0, [], "It had reached nobody."),
        (10, [], "Everybody who had it has removed it."),
        (
            9,
            [("Ben", ASLEEP)],
            "9 of 10 have removed it; the others follow when their machines wake.",
        ),
    ],
)
def test_removal_is_said_in_a_sentence(have, waiting, said):
    assert removed(have, waiting) == said


def test_what_anyone_can_read_is_on_my_page_even_without_friends():
    assert delivered_publicly(0, []) == "It is on your page."
    assert delivered_publicly(2, []) == "Both friends have it."
