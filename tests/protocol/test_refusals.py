import pytest

from microsocial.errors import PeerBroke
from microsocial.protocol import refusals
from microsocial.protocol.refusals import Malformed, Refusal, Status, TooLarge

FAULTS = [
    fault
    for fault in vars(refusals).values()
    if isinstance(fault, type) and issubclass(fault, PeerBroke)
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_says_something_to_the_person(fault):
    assert fault.__doc__
    assert fault.sentence().endswith(".")
    assert 400 <= fault.status < 500


def test_a_fault_carries_its_reason():
    assert Malformed("why").reason == "why"
    assert Malformed().reason == Malformed.sentence()
    assert TooLarge("x").refusal is Refusal.TOO_LARGE


def test_words_on_the_wire_are_their_values():
    assert str(Status.STALE_PREKEY) == "stale-prekey"
    assert str(Refusal.NOT_A_READER) == "not-a-reader"
    assert not set(Status) & set(Refusal)
