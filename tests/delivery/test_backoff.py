from hypothesis import given
from hypothesis import strategies as st

from microsocial.delivery.backoff import Backoff

HOUR_MS = 3_600_000


def test_the_first_repeat_comes_after_about_a_minute_and_each_later_one_after_twice_as_long() -> (
    None
):
    waits = [Backoff().wait_ms(attempts, 0.5) for attempts in (1, 2, 3, 4)]
    assert waits == [60_000, 120_000, 240_000, 480_000]


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_it_is_never_given_up_and_never_longer_than_about_six_hours(
    attempts: int, chance: float
) -> None:
    assert 45_000 <= Backoff().wait_ms(attempts, chance) <= 6 * HOUR_MS * 1.25


@given(st.integers(1, 30))
def test_chance_spreads_it_by_half(attempts: int) -> None:
    soonest, latest = (Backoff().wait_ms(attempts, chance) for chance in (0.0, 1.0))
    assert round(latest / soonest, 2) == 1.67


def test_tests_can_shorten_it() -> None:
    assert Backoff(base_ms=10).wait_ms(1, 0.5) == 10
