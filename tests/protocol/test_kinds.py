from tests.protocol.examples import TRUE_RECORDS as TRUE

from microsocial.protocol.kinds import KINDS, OBJECTS, RESERVED


def test_every_kind_has_a_true_example():
    assert set(TRUE) == set(KINDS)
    assert not set(KINDS) & (OBJECTS | RESERVED)
    assert not OBJECTS & RESERVED


def test_what_the_log_knows_of_kinds():
    assert {name for name, kind in KINDS.items() if kind.one_valued} == {
        "profile",
        "address",
        "capsule",
    }
    assert {name for name, kind in KINDS.items() if kind.entry} == {"comment", "reaction"}


def test_a_kind_is_named_like_its_model():
    for name, kind in KINDS.items():
        assert kind.model.kind == name == kind.model.__name__.lower()
