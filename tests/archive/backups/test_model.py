"""Which backups are kept, what a passphrase must be, how things are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.archive.backups.model import (
    DAY_MS,
    PassphraseWeak,
    fit_passphrase,
    id_at,
    is_id,
    made_at,
    next_moment,
    to_keep,
)

START = made_at("20260101T031500Z")


def kept_over(days: int, every: int = 1) -> list[set[str]]:
    """What stays after each backup of somebody who makes one every so many days."""
    kept, history = set(), []
    for day in range(0, days, every):
        kept = to_keep({*kept, id_at(START + day * DAY_MS)})
        history.append(kept)
    return history


def test_after_years_of_days_there_are_some_two_dozen_backups() -> None:
    final = kept_over(900)[-1]
    assert 7 + 4 + 11 <= len(final) <= 7 + 6 + 14
    ages = sorted((max(map(made_at, final)) - made_at(one)) // DAY_MS for one in final)
    assert ages[:7] == list(range(7))
    assert 365 <= ages[-1] <= 31 * 13


def test_at_any_day_there_is_one_of_every_past_week_and_month() -> None:
    """Thinning day by day must not let a rule's backup go before the rule needs it."""
    for today, kept in enumerate(kept_over(500)):
        ages = sorted(today - (made_at(one) - START) // DAY_MS for one in kept)
        for week in range(1, 5):
            if today >= 7 + 7 * week:
                assert any(7 * week <= age < 7 * week + 7 for age in ages), (today, week)
        for month in range(2, 12):
            if today >= 31 * (month + 1):
                assert any(31 * (month - 1) <= age <= 31 * (month + 1) for age in ages), today


@pytest.mark.parametrize("days", [100, 400, 4000])
def test_a_clock_that_jumps_ahead_costs_no_more_than_the_oldest_of_each_kind(days) -> None:
    before = kept_over(300)[-1]
    ahead = [id_at(START + days * DAY_MS + second * 1000) for second in range(300_000, 300_005)]
    kept = set(before)
    for one in ahead:  # and put right again: later ones only follow the newest
        kept = to_keep({*kept, one})
    lost = sorted(set(before) - kept)
    assert len(lost) <= 3, lost
    assert max(before) in kept


@given(st.sets(st.integers(START // 1000, START // 1000 + 800 * 86_400), max_size=60))
def test_thinning_twice_is_thinning_once_and_the_newest_stays(moments) -> None:
    snapshots = {id_at(moment * 1000) for moment in moments}
    kept = to_keep(snapshots)
    assert kept <= snapshots
    assert to_keep(kept) == kept
    assert not snapshots or max(snapshots) in kept


def test_a_clock_that_was_put_back_makes_no_backup_older_than_the_newest() -> None:
    newest = id_at(START)
    assert next_moment(START - DAY_MS, newest) == START + 1000
    assert next_moment(START + 5_500, newest) == START + 5_000
    assert next_moment(START + 5_500, None) == START + 5_000


@pytest.mark.parametrize("name", ["", "20260101", "20260101T031500Z.age", "20261301T000000Z"])
def test_what_is_not_named_like_a_snapshot_is_none(name) -> None:
    assert not is_id(name)


@pytest.mark.parametrize(
    "weak", ["", "short", "elevenchars", "aaaaaaaaaaaaaaaa", " x" * 3, "abcabcabcabcabc"]
)
def test_a_weak_passphrase_is_refused(weak) -> None:
    with pytest.raises(PassphraseWeak):
        fit_passphrase(weak)


def test_a_passphrase_counts_the_same_from_every_keyboard() -> None:
    assert fit_passphrase("vier wo\u0308rter reichen ") == fit_passphrase(
        "vier w\u00f6rter reichen"
    )
