import pytest
from tests.support.time_and_chance import FakeClock

from microsocial.transport import throttle
from microsocial.transport.throttle import Allowance, Strangers, neighbourhood, origin


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


def test_a_crowd_from_one_neighbourhood_leaves_room_for_a_request_from_elsewhere() -> None:
    """A street of 256 addresses, each within its own allowance, may not use up everybody's."""
    clock = FakeClock()
    strangers = Strangers(clock)
    for _ in range(20):
        clock.advance(3_000)
        for number in range(256):
            strangers.take(f"198.51.100.{number}")
            strangers.take(f"2001:db8:1:{number:x}::1")
    assert not strangers.take("198.51.100.77")
    assert strangers.take("203.0.113.5")
    assert strangers.take("2001:db8:2::1")


def test_all_strangers_together_have_an_end() -> None:
    strangers = Strangers(FakeClock())
    taken = [strangers.take(f"10.{number // 250}.{number % 250}.1") for number in range(400)]
    assert taken == [True] * throttle.ALL_STRANGERS_BURST + [False] * 100


def test_neighbours_share_a_prefix() -> None:
    assert neighbourhood("203.0.113.7") == neighbourhood("203.0.113.200") == "203.0.113.0/24"
    assert neighbourhood("::ffff:203.0.113.7") == "203.0.113.0/24"
    assert neighbourhood("2001:db8:1:2::1") == neighbourhood("2001:db8:1:f::1")
    assert neighbourhood("2001:db8:1::1") != neighbourhood("2001:db8:2::1")
    assert neighbourhood(None) == "unknown"
