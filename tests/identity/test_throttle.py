import pytest
from tests.support import FakeClock

from microsocial.identity.model import TooManyTries
from microsocial.identity.throttle import (
    ADDRESS_PACE,
    FORGET_AFTER_MS,
    GLOBAL_PACE,
    KNOWN_PACE,
    MAX_BUCKETS,
    Throttle,
)


def tries_until_refused(throttle, address, known=None, limit=1000):
    for tries in range(limit):
        try:
            throttle.claim(address, known)
        except TooManyTries:
            return tries
    return limit


def test_a_few_slips_cost_nothing_then_one_waits():
    throttle = Throttle(FakeClock(1_000_000))
    assert tries_until_refused(throttle, "203.0.113.1") == ADDRESS_PACE.free


def test_each_wrong_password_doubles_the_wait_up_to_a_quarter_of_an_hour():
    clock = FakeClock(1_000_000)
    throttle = Throttle(clock)
    tries_until_refused(throttle, "203.0.113.1")
    waits = []
    for _ in range(14):
        with pytest.raises(TooManyTries) as refused:
            throttle.claim("203.0.113.1", None)
        waits.append(refused.value.retry_after_seconds)
        clock.advance(waits[-1] * 1000)
        throttle.claim("203.0.113.1", None)
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == 15 * 60


def test_a_known_browser_comes_in_while_the_whole_world_is_guessing():
    throttle = Throttle(FakeClock(1_000_000))
    for host in range(200):
        tries_until_refused(throttle, f"203.0.113.{host}")
    with pytest.raises(TooManyTries):
        throttle.claim("198.51.100.7", None)
    throttle.claim("198.51.100.7", "my browser")
    throttle.claim("203.0.113.1", "my browser")


def test_a_stolen_browser_cookie_cannot_guess_freely_either():
    throttle = Throttle(FakeClock(1_000_000))
    assert tries_until_refused(throttle, "203.0.113.1", "stolen") == KNOWN_PACE.free


def test_many_addresses_together_are_slowed_down():
    throttle = Throttle(FakeClock(1_000_000))
    allowed = sum(tries_until_refused(throttle, f"198.51.{n}.1", limit=1) for n in range(200))
    assert allowed == GLOBAL_PACE.free


def test_one_ipv6_customer_is_one_address():
    throttle = Throttle(FakeClock(1_000_000))
    for n in range(ADDRESS_PACE.free):
        throttle.claim(f"2001:db8:1:2::{n}", None)
    with pytest.raises(TooManyTries):
        throttle.claim("2001:db8:1:2:ffff::1", None)
    throttle.claim("2001:db8:1:3::1", None)


def test_the_right_password_forgets_the_slips_before_it():
    throttle = Throttle(FakeClock(1_000_000))
    for _ in range(3):
        throttle.claim("203.0.113.1", None)
    throttle.succeeded("203.0.113.1", None)
    assert tries_until_refused(throttle, "203.0.113.1") == ADDRESS_PACE.free


def test_a_day_without_a_try_clears_the_slate():
    clock = FakeClock(1_000_000)
    throttle = Throttle(clock)
    tries_until_refused(throttle, "203.0.113.1")
    clock.advance(FORGET_AFTER_MS)
    assert tries_until_refused(throttle, "203.0.113.1") == ADDRESS_PACE.free


def test_a_clock_set_back_locks_nobody_out():
    clock = FakeClock(10_000_000_000)
    throttle = Throttle(clock)
    tries_until_refused(throttle, "203.0.113.1")
    clock.advance(-9_000_000_000)
    throttle.claim("203.0.113.1", None)


def test_memory_stays_bounded_whoever_knocks():
    clock = FakeClock(1_000_000)
    throttle = Throttle(clock)
    for n in range(MAX_BUCKETS + 500):
        clock.advance(61_000)
        throttle.claim(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", None)
    assert len(throttle._buckets) <= MAX_BUCKETS
