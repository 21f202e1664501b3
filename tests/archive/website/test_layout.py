"""Names that a person finds and every system keeps."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from microsocial.archive.website import layout

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def test_the_first_words_become_a_name():
    assert layout.slug("Café by the sea!") == "cafe-by-the-sea"
    assert (
        layout.slug("It's one, two, three, four, five, six, seven") == "its-one-two-three-four-five"
    )
    assert layout.slug("שלום 你好 ❤") == ""
    assert layout.slug("x" * 100) == "x" * 40


@given(st.text(max_size=80))
def test_a_name_is_ascii_and_short_whatever_was_said(text):
    for path in (
        layout.post_page("ref", text, NOON),
        layout.media_file(b"hash", text, NOON, "small", "webp"),
        layout.conversation_page("id", text, NOON, 3),
    ):
        assert path.isascii()
        assert path == path.lower()
        assert len(path) <= 110
        assert not set(path) - set("abcdefghijklmnopqrstuvwxyz0123456789-./")
        assert ".." not in path


def test_two_things_of_one_day_and_one_word_have_two_names():
    assert layout.post_page("one", "Sea", NOON) != layout.post_page("two", "Sea", NOON)
    assert layout.post_page("one", "Sea", NOON) == layout.post_page("one", "Sea", NOON)


def test_sizes_are_told_apart_and_the_usual_one_has_no_word():
    names = {
        role: layout.media_file(b"x", "Sea", NOON, role, "webp") for role in ("small", "screen")
    }
    assert names["small"] == names["screen"].replace(".webp", "-small.webp")


def test_days_are_those_of_the_place():
    midnight = int(datetime(2026, 3, 14, 23, 30, tzinfo=UTC).timestamp() * 1000)
    assert layout.day(layout.moment(midnight, UTC)) == "14 March 2026"
    assert (
        layout.weekday(layout.moment(midnight, timezone(timedelta(hours=1))))
        == "Sunday, 15 March 2026"
    )


@given(st.integers(-(2**53), 2**53))
def test_a_claim_beyond_the_calendar_stands_at_its_end(ms):
    assert 1970 <= layout.moment(ms).year <= 9999


def test_a_page_knows_its_way_up():
    assert layout.root_from("index.html") == ""
    assert layout.root_from(layout.month_page(NOON, 2)) == "../"
    assert layout.root_from(layout.post_page("x", "y", NOON)) == "../../"
