"""Any order, loss, repetition, lost answers, crashes, restores, copies, wrong clocks, edits, threads, clears, circles, friendships
that end and begin again: in the end both sides of every friendship agree, and nobody knows what was never for them.

Hypothesis finds small histories; seeded chance goes deep. `World.check` says what "agree" means.
"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.world import World
from tests.support.world_history import (
    ACTIONS,
    COPYING,
    ENDS,
    KEYS,
    MOVES,
    History,
    Step,
    random_steps,
    smallest,
)
from tests.support.world_rooms import AddressHandler

from microsocial.delivery import incoming
from microsocial.records import store
from microsocial.records.model import ARRIVING
from microsocial.records.service import Log

SHORT_SEEDS = range(20)
SOAK_SEEDS = range(1_000, 5_000)
FROM_HERE_ALL_MAY_HAPPEN = 3_000

a_step = st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(0, 99), st.integers(0, 99))


def tell(steps: list[Step], names: tuple[str, ...] = ("ana", "ben", "cem")) -> None:
    history = History(*names)
    history.take(steps)
    history.finish()


def fails(steps: list[Step]) -> bool:
    try:
        tell(steps)
    except AssertionError:
        return True
    return False


def tell_or_shrink(steps: list[Step]) -> None:
    if fails(steps):
        tell(smallest(steps, fails))  # so that the report shows the smallest history


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(a_step, max_size=30))
def test_any_small_history_ends_in_agreement(steps: list[Step]) -> None:
    tell(steps, ("ana", "ben"))


@pytest.mark.parametrize("seed", SHORT_SEEDS)
def test_a_random_history_ends_in_agreement(seed: int) -> None:
    tell(random_steps(seed, 80))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_history_with_copied_folders_ends_in_agreement(seed: int) -> None:
    tell(random_steps(seed, 50, COPYING))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_history_with_key_changes_and_thieves_ends_in_agreement(seed: int) -> None:
    tell(random_steps(seed, 50, KEYS))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_history_with_things_said_for_a_while_ends_in_agreement(seed: int) -> None:
    tell(random_steps(seed, 60, ENDS))


@pytest.mark.parametrize("seed", range(8))
def test_a_random_history_of_people_who_move_ends_in_agreement(seed: int) -> None:
    tell(random_steps(seed, 60, MOVES))


def test_who_goes_on_in_the_last_hour_does_not_wait_for_a_try_after_it() -> None:
    """Ben hears in the first hour that he must stop; in the second a late end of his reunion meets the one Ana's hello began."""
    tell(random_steps(1362, 40 + 1362 % 200))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_long_histories_end_in_agreement() -> None:
    for seed in SOAK_SEEDS:
        length = 40 + seed % 200
        more = ([COPYING], [KEYS], [], [])[seed % 4]
        if seed >= FROM_HERE_ALL_MAY_HAPPEN:
            more = [*more, ENDS, MOVES]
        tell_or_shrink(random_steps(seed, length, *more))


def test_the_check_notices_when_a_rule_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without comparing `since`, some of the same histories must fail."""
    monkeypatch.setattr(incoming, "_continues", lambda *_: True)
    assert any(fails(random_steps(seed, 60)) for seed in SHORT_SEEDS)


def test_the_check_notices_what_is_over_and_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Log, "expire", lambda *_: 0)
    assert any(fails(random_steps(seed, 60, ENDS)) for seed in range(8))


def test_the_check_notices_who_is_written_to_where_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(AddressHandler, "project", lambda *_: None)
    assert any(fails(random_steps(seed, 60, MOVES)) for seed in range(8))


def test_the_check_notices_a_leak() -> None:
    world = World.of_friends("ana", "ben")
    ana, ben = world.people
    post = ana.post("for me", "me")
    smuggled = replace(ana.stored(post), no=ARRIVING, via=ana.id)
    ben.write(lambda conn: store.put(conn, smuggled))
    with pytest.raises(AssertionError, match="should never have seen"):
        world.check()


def test_every_step_of_a_history_is_known() -> None:
    assert all(
        hasattr(History, action) for action in {**ACTIONS, **COPYING, **KEYS, **ENDS, **MOVES}
    )
