"""What a disown may name, and how far back it counts."""

from tests.protocol.cast import ANA
from tests.protocol.examples import TRUE_RECORDS

from microsocial.protocol.disowning import Disown, reach
from microsocial.protocol.keys import KeyLog, Reason, rotation
from microsocial.protocol.payloads import read_record


def turned(*reasons: Reason) -> KeyLog:
    log = ANA.log
    for number, reason in enumerate(reasons, start=1):
        step = rotation(log, ANA.key(number), ANA.key(number + 1).public, reason)
        log = log.with_event(step)
    return log


def test_a_disown_names_revisions():
    disown = read_record(ANA.says("disown", TRUE_RECORDS["disown"]))
    assert isinstance(disown, Disown)
    assert [revision for _, revision, _ in disown.items] == [5, 6]


def test_where_nothing_was_stolen_nothing_can_be_disowned():
    assert reach(ANA.log, 0) == 0
    assert reach(turned("planned", "planned"), 2) == 0


def test_a_disown_counts_below_the_last_theft_up_to_its_key():
    log = turned("planned", "stolen", "planned", "stolen")
    assert [reach(log, number) for number in range(5)] == [0, 0, 2, 2, 4]


def test_who_holds_only_the_stolen_key_can_disown_nothing():
    thief, owner = 1, 2
    log = turned("planned", "stolen")
    assert reach(log, thief) == 0 < reach(log, owner)
