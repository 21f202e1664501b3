import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsocial.protocol.encoding import b64u, unb64u
from microsocial.protocol.fields import Hash, RandomId, ShortId, convert
from microsocial.protocol.refusals import Malformed

LENGTHS = {Hash: 32, RandomId: 16, ShortId: 8}


def fits(text, field):
    try:
        msgspec.convert(text, field)
    except msgspec.ValidationError:
        return False
    return True


def decodes(text, length):
    try:
        unb64u(text, length)
    except Malformed:
        return False
    return True


@given(st.sampled_from([Hash, RandomId, ShortId]), st.data())
def test_a_field_of_bytes_fits_exactly_what_decodes(field, data):
    length = LENGTHS[field]
    true = b64u(data.draw(st.binary(min_size=length, max_size=length)))
    assert fits(true, field)
    last = data.draw(st.sampled_from("ABQgwxyz09-_=\n"))
    for text in (true[:-1] + last, true + last, true[:-1]):
        assert fits(text, field) == decodes(text, length)


def test_a_wrong_field_is_named():
    with pytest.raises(Malformed, match=r"\$\.id"):
        convert({"id": 5}, msgspec.defstruct("Thing", [("id", str)]))
