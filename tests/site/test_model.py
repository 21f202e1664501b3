from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from microsocial.site.dates import day, iso, month
from microsocial.site.model import PublicPost, ratio_class, ratios, shortened

NOVEMBER = 1_795_000_000_000  # 2026-11-18


def a_post(text="", **more):
    return PublicPost("B" * 22, Markup.escape(text), text, 1, 1, **more)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Short", "Short"),
        ("One line\nand another", "One line"),
        ("word " * 40, "word " * 14 + "word…"),
        ("", "Ana"),
    ],
)
def test_a_posts_title_is_its_first_line(text, title):
    assert a_post(text).title("Ana") == title


def test_a_post_of_pictures_is_called_by_its_caption():
    assert a_post(media=[{"caption": "", "alt": "A cat"}]).title("Ana") == "A cat"


def test_a_long_word_is_cut():
    assert len(shortened("x" * 500, 80)) == 80


@pytest.mark.parametrize(
    ("size", "name"),
    [((600, 800), "r750"), ((0, 0), "r1500"), ((30_000, 1), "r5000"), ((1, 30_000), "r200")],
)
def test_shapes_have_bounds(size, name):
    item = {"width": size[0], "height": size[1]}
    assert ratio_class(item) == name
    assert ratios([a_post(media=[item, item])]) == [(name, int(name[1:]) / 1000)]


def test_days_are_those_of_the_owners_zone_in_an_order_that_everybody_reads():
    assert day(NOVEMBER, UTC) == "2026-11-18"
    midnight = 1_795_046_400_000  # 2026-11-19, 00:00 in London
    assert day(midnight, ZoneInfo("America/New_York")) == "2026-11-18"
    assert day(midnight, ZoneInfo("Europe/Istanbul")) == "2026-11-19"
    assert month(NOVEMBER, UTC) == "2026-11"
    assert iso(0) == "1970-01-01T00:00:00Z"
    assert iso(2**60) == "9999-12-31T23:59:59Z"
    assert day(2**60, ZoneInfo("Asia/Tokyo")) == "9999-12-31"
