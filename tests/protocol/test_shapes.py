import msgspec
import pytest
from tests.protocol.examples import TRUE_RECORDS as TRUE

from microsocial.protocol.encoding import dump
from microsocial.protocol.kinds import KINDS
from microsocial.protocol.shapes import Record, Unknown


@pytest.mark.parametrize("kind", TRUE)
def test_a_value_is_said_with_the_fields_of_the_spec(kind):
    record = msgspec.convert(TRUE[kind], KINDS[kind].model)
    said = msgspec.json.decode(dump(record.payload()))
    assert said.items() >= TRUE[kind].items()


@pytest.mark.parametrize("model", [Unknown, *(kind.model for kind in KINDS.values())])
def test_every_shape_has_what_every_record_has(model):
    assert issubclass(model, Record)
    assert set(Record.__struct_fields__) <= set(model.__struct_fields__)


def test_a_tombstone_has_no_room_for_what_was_said():
    own = set(KINDS["tombstone"].model.__struct_fields__) - set(Record.__struct_fields__)
    assert own == {"of", "on"}
