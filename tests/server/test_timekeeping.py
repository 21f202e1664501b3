"""Whose clock is wrong, as far as one can know."""

import pytest

from microsocial.server.timekeeping import DAY_MS, HOUR_MS, MINUTE_MS, doubt

NOW = 1_800_000_000_000  # 15 January 2027


@pytest.mark.parametrize(
    ("differing", "agreeing", "sentence"),
    [
        ([], 5, None),
        (
            [("Ben", 365 * DAY_MS)],
            0,
            "This machine's clock is 365 days behind Ben's. One of the two is wrong.",
        ),
        ([("Ben", 365 * DAY_MS)], 2, None),
        (
            [("Ben", -3 * HOUR_MS), ("Cem", -3 * HOUR_MS)],
            1,
            "This machine's clock is 3 hours ahead of Ben's and Cem's.",
        ),
        (
            [(name, 10 * MINUTE_MS) for name in ("Ada", "Ben", "Cem", "Dan", "Eve")],
            0,
            "This machine's clock is 10 minutes behind Ada's, Ben's, Cem's and 2 more.",
        ),
        ([("Ben", DAY_MS), ("Cem", -DAY_MS)], 2, None),
    ],
)
def test_most_clocks_together_are_believed(differing, agreeing, sentence):
    assert doubt(NOW, NOW, differing, agreeing) == sentence


def test_own_words_from_the_future_are_a_sign_as_well():
    assert doubt(NOW, NOW + 365 * DAY_MS, [], 0) == (
        "This machine's clock shows 15 January 2027, but the newest that you said is dated 15 January 2028: "
        "it was wrong then, or it is wrong now."
    )
    assert doubt(NOW, NOW + HOUR_MS, [], 0) is None
    assert doubt(NOW, NOW + 365 * DAY_MS, [], 1) is None, "a friend agrees: it was wrong then"
