import contextlib
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.examples import NOT_B64U, NOT_STRICT_JSON

from microsocial.protocol.encoding import NotSayable, b64u, dump, hash_of, parse_object, unb64u
from microsocial.protocol.limits import MAX_INTEGER, MAX_NESTING
from microsocial.protocol.refusals import Malformed, TooLarge

PLENTY = 10_000_000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.binary(max_size=100))
def test_base64url_has_one_spelling_and_comes_back(content):
    assert unb64u(b64u(content)) == content
    assert "=" not in b64u(content)


@pytest.mark.parametrize("text", NOT_B64U)
def test_any_other_base64_is_refused(text):
    with pytest.raises(Malformed):
        unb64u(text)


@given(st.text(max_size=40))
def test_text_of_any_kind_decodes_to_its_one_spelling_or_is_refused(text):
    with contextlib.suppress(Malformed):
        assert b64u(unb64u(text)) == text


def test_a_field_of_fixed_length_has_that_length():
    assert unb64u("AAAA", 3) == bytes(3)
    with pytest.raises(Malformed):
        unb64u("AAAA", 4)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_what_is_written_is_read_again(value):
    try:
        assert parse_object(dump(value), PLENTY) == value
    except Malformed as refused:
        assert "nesting" in refused.reason  # noqa: PT017


@pytest.mark.parametrize(("wrong", "content"), NOT_STRICT_JSON)
def test_what_is_not_strict_json_is_refused(wrong, content):
    with pytest.raises(Malformed):
        parse_object(content, PLENTY)


def test_a_surrogate_pair_is_one_letter():
    assert parse_object(b'{"a":"\\ud83d\\ude00"}', PLENTY) == {"a": "😀"}


def test_the_greatest_integers_are_read():
    assert parse_object(b'{"a":9007199254740991,"b":-9007199254740991}', PLENTY) == {
        "a": MAX_INTEGER,
        "b": -MAX_INTEGER,
    }


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_ends_at_its_limit_and_never_in_a_recursion_error(opening):
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]

    def nested(levels):
        return b'{"x":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"

    assert parse_object(nested(MAX_NESTING), PLENTY)
    for levels in (MAX_NESTING + 1, sys.getrecursionlimit() * 3, 1_000_000):
        with pytest.raises(Malformed):
            parse_object(nested(levels), PLENTY)
        with pytest.raises(Malformed):
            parse_object(opening * levels, PLENTY)


def test_brackets_inside_of_strings_do_not_nest():
    assert parse_object(json.dumps({"a": '[{"\\' * 100}).encode(), PLENTY)


def test_too_much_is_refused_before_it_is_read():
    with pytest.raises(TooLarge):
        parse_object(b"{}" + b" " * 100, 100)


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0d8a1.-e ', max_size=60).map(str.encode)
)
def test_any_bytes_end_as_an_object_or_as_a_refusal(content):
    with contextlib.suppress(Malformed):
        assert isinstance(parse_object(content, PLENTY), dict)


def test_what_has_no_utf8_form_cannot_be_said():
    with pytest.raises(NotSayable):
        dump({"text": "\ud800"})


def test_our_own_objects_are_compact_and_in_order():
    assert dump({"b": 1, "a": ["é", None, True]}) == '{"b":1,"a":["é",null,true]}'.encode()


def test_a_hash_is_43_letters():
    assert hash_of(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
