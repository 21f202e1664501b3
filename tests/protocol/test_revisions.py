from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA
from tests.protocol.examples import TRUE_RECORDS as TRUE

from microsocial.protocol.payloads import read_record
from microsocial.protocol.revisions import keeps_its_promises, next_revision, rank, wins

CREATED = ANA.base()["created"]


def revision(kind="post", **changes):
    envelope = ANA.says(kind, TRUE[kind] | changes)
    return rank(envelope, read_record(envelope))


def winner(arrivals):
    """What stands when these arrive one after the other."""
    standing = arrivals[0]
    for arrival in arrivals[1:]:
        if wins(arrival, standing):
            standing = arrival
    return standing


REVISIONS = st.builds(
    lambda kind, later, text: (
        revision(kind, revision=CREATED + later)
        if kind == "tombstone"
        else revision(kind, revision=CREATED + later, text=text)
    ),
    st.sampled_from(["post", "tombstone"]),
    st.integers(0, 2),
    st.sampled_from("abc"),
)
PROFILES = st.builds(
    lambda key, later, name: revision("profile", key=key, revision=CREATED + later, name=name),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from("abc"),
)


@settings(max_examples=60)
@given(st.lists(REVISIONS, min_size=1, max_size=4) | st.lists(PROFILES, min_size=1, max_size=4))
def test_any_order_of_arrival_ends_with_the_same_winner(arrivals):
    assert len({winner(order) for order in permutations(arrivals)}) == 1
    assert winner(arrivals + arrivals) == winner(arrivals)


def test_the_newest_edit_wins():
    old, new = revision(revision=CREATED), revision(revision=CREATED + 1)
    assert wins(new, old)
    assert not wins(old, new)
    assert not wins(old, old)


def test_a_tie_goes_to_the_greater_hash():
    one, other = revision(text="one"), revision(text="other")
    assert wins(one, other) == (one.hash > other.hash)
    assert wins(one, other) != wins(other, one)


def test_a_tombstone_wins_over_every_revision():
    assert wins(revision("tombstone"), revision(revision=CREATED + 1000))
    assert wins(revision("tombstone", revision=CREATED + 1), revision("tombstone"))


def test_one_valued_records_are_ordered_by_key_first():
    by_thief = revision("profile", key=0, revision=CREATED + 10**6)
    assert wins(revision("profile", key=1), by_thief)


def test_another_key_gives_no_precedence_to_a_post():
    assert wins(revision(key=0, revision=CREATED + 1), revision(key=1))


def test_an_edit_is_above_the_previous_one_even_when_the_clock_is_wrong():
    assert next_revision(previous=100, now=50) == 101
    assert next_revision(previous=100, now=500) == 500


@pytest.mark.parametrize(
    ("kind", "change", "keeps"),
    [
        ("post", {"text": "edited", "revision": CREATED + 5}, True),
        ("post", {"created": CREATED - 5}, False),
        ("post", {"audience": "circle"}, False),
        ("post", {"expires": TRUE["post"]["expires"] - 1}, False),
        ("post", {"expires": None}, False),
        ("tombstone", {"created": CREATED - 5}, True),
        ("message", {}, False),
    ],
)
def test_an_edit_changes_neither_readers_nor_beginning(kind, change, keeps):
    known = read_record(ANA.says("post", TRUE["post"]))
    new = read_record(ANA.says(kind, TRUE[kind] | change))
    assert keeps_its_promises(new, known) is keeps


def test_who_lost_everything_begins_their_profile_anew_and_nothing_else():
    known = read_record(ANA.says("profile", TRUE["profile"]))
    anew = {"key": 1, "created": CREATED + 9, "revision": CREATED + 9}
    assert keeps_its_promises(read_record(ANA.says("profile", TRUE["profile"] | anew)), known)
    other = read_record(ANA.says("address", TRUE["address"] | anew))
    assert not keeps_its_promises(other, known)
