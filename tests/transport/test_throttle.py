import pytest
from tests.support.time_and_chance import FakeClock

from microsocial.transport import throttle
from microsocial.transport.throttle import Allowance, origin


def test_a_burst_is_let_through_and_then_refilled_over_time() -> None:
    clock = FakeClock()
    allowance = Allowance(clock, burst=3, per_minute=6)
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]
    clock.advance(10_000)
    assert allowance.take("a")
    assert not allowance.take("a")


def test_one_address_does_not_use_up_anothers_allowance() -> None:
    allowance = Allowance(FakeClock(), burst=1, per_minute=1)
    assert allowance.take("a")
    assert not allowance.take("a")
    assert allowance.take("b")


def test_memory_is_bounded_whatever_they_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_ADDRESSES", 10)
    allowance = Allowance(FakeClock(), burst=1, per_minute=1)
    for number in range(100):
        allowance.take(str(number))
    assert len(allowance) == 10


def test_what_costs_more_leaves_less() -> None:
    allowance = Allowance(FakeClock(), burst=10, per_minute=1)
    assert allowance.take("a", 6)
    assert not allowance.take("a", 6)
    assert allowance.take("a", 4)
    assert not allowance.take("a")


def test_a_clock_set_back_locks_nobody_out() -> None:
    clock = FakeClock()
    allowance = Allowance(clock, burst=1, per_minute=60)
    allowance.take("a")
    clock.advance(-3_600_000)
    assert not allowance.take("a")
    clock.advance(1_000)
    assert allowance.take("a")


def test_a_customer_with_a_whole_network_counts_as_one() -> None:
    assert origin("2001:db8:1:2:aaaa::1") == origin("2001:db8:1:2:bbbb::2")
    assert origin("2001:db8:1:2::1") != origin("2001:db8:1:3::1")
    assert origin("::ffff:203.0.113.7") == origin("203.0.113.7")
    assert origin(None) == "unknown"
