import time

import pytest

from microsocial.cli.days import NoDay, beginning_of, end_of

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_day_begins_and_ends_at_this_machines_midnight():
    assert beginning_of("2026-11-20") == 1_795_129_200_000
    assert end_of("2026-11-20") == beginning_of("2026-11-21")


def test_the_day_on_which_the_clock_is_put_forward_has_23_hours():
    assert end_of("2026-03-29") - beginning_of("2026-03-29") == 23 * HOUR_MS


def test_with_an_hour_it_is_that_moment():
    assert beginning_of("2026-11-20T15:30") == end_of("2026-11-20 15:30")
    assert end_of("2026-11-20T15:30") == beginning_of("2026-11-20") + 15 * HOUR_MS + HOUR_MS // 2
    assert beginning_of("2026-11-20T15:30Z") == beginning_of("2026-11-20T16:30")


def test_nothing_is_no_day():
    assert beginning_of(None) is end_of(None) is None


@pytest.mark.parametrize(
    "typed", ["", "yesterday", "20.11.2026", "2026-13-01", "9999-12-31", "x" * 900]
)
def test_what_is_no_day_is_refused_in_a_sentence(typed):
    with pytest.raises(NoDay):
        end_of(typed)
