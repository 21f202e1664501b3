import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, on, photo
from tests.protocol.examples import OPTIONAL, POST, WRONG_RECORDS
from tests.protocol.examples import TRUE_RECORDS as TRUE
from tests.protocol.test_encoding import VALUES

from microsocial.errors import PeerBroke
from microsocial.protocol.encoding import b64u, dump
from microsocial.protocol.kinds import KINDS, OBJECTS
from microsocial.protocol.limits import MAX_TEXT_CHARACTERS
from microsocial.protocol.payloads import (
    Comment,
    Message,
    Post,
    Profile,
    Removal,
    Tombstone,
    Unknown,
    read_record,
    read_signed_record,
)
from microsocial.protocol.refusals import BadSignature, Malformed, UnknownKey


def read(kind, payload):
    return read_record(ANA.says(kind, payload))


@pytest.mark.parametrize("kind", TRUE)
def test_a_true_record_is_read_and_said_again(kind):
    record = read(kind, TRUE[kind])
    assert type(record) is KINDS[kind].model
    assert read(kind, record.payload()) == record
    assert record.payload().items() >= {"author": ANA.id, "created": ANA.base()["created"]}.items()


@pytest.mark.parametrize("kind", TRUE)
def test_unknown_fields_are_let_be(kind):
    assert read(kind, TRUE[kind] | {"later": {"x": [1]}}) == read(kind, TRUE[kind])


def test_an_unknown_kind_is_kept_with_what_every_record_has():
    envelope = ANA.says("poll", ANA.base(question="?", audience="circle"))
    record = read_signed_record(envelope, ANA.log)
    assert type(record) is Unknown
    assert (record.author, record.audience) == (ANA.id, "circle")
    with pytest.raises(Malformed):
        read("poll", {"question": "?"})


@pytest.mark.parametrize("kind", sorted(OBJECTS))
def test_what_nodes_say_is_no_record(kind):
    with pytest.raises(Malformed, match="not a record"):
        read(kind, TRUE["post"])


@pytest.mark.parametrize("kind", TRUE)
@pytest.mark.parametrize(
    "change",
    [
        {"author": "me"},
        {"author": ANA.id[:-1] + "B"},
        {"author": ANA.id + "\n"},
        {"key": -1},
        {"key": 256},
        {"key": "0"},
        {"key": True},
        {"id": ""},
        {"id": "x" * 22},
        {"id": None},
        {"id": "other"},
        {"revision": -1},
        {"revision": 1},
        {"created": None},
        {"audience": "everyone"},
        {"audience": ["public"]},
    ],
)
def test_the_common_fields_are_checked_in_every_kind(kind, change):
    with pytest.raises(Malformed):
        read(kind, TRUE[kind] | change)


@pytest.mark.parametrize("kind", TRUE)
def test_no_required_field_may_lack(kind):
    for name in set(TRUE[kind]) - OPTIONAL:
        with pytest.raises(Malformed):
            read(kind, {key: value for key, value in TRUE[kind].items() if key != name})


@pytest.mark.parametrize(("section", "wrong", "kind", "change"), WRONG_RECORDS)
def test_what_breaks_a_rule_of_its_kind_is_refused(section, wrong, kind, change):
    with pytest.raises(Malformed):
        read(kind, TRUE[kind] | change)


@pytest.mark.parametrize("text", ["x" * MAX_TEXT_CHARACTERS, "😀" * MAX_TEXT_CHARACTERS])
def test_limits_are_in_characters(text):
    assert read("post", TRUE["post"] | {"text": text}).text == text


def test_photos_may_speak_for_themselves():
    assert read("post", TRUE["post"] | {"text": "", "links": []}).media[0].caption == "The lake"
    assert read("message", TRUE["message"] | {"text": "", "media": [photo()]}).media


def test_an_entry_names_the_post_it_saw():
    record = read("comment", TRUE["comment"])
    assert isinstance(record, Comment)
    assert record.on.hash == b64u(POST.hash)
    removal = read("removal", TRUE["removal"])
    assert isinstance(removal, Removal)
    assert removal.entry.author == BEN.id


def test_a_tombstone_of_an_entry_finds_its_thread():
    record = read("tombstone", TRUE["tombstone"] | {"of": "comment", "on": on(POST)})
    assert isinstance(record, Tombstone)
    assert record.on
    assert record.on.author == ANA.id


def test_a_record_counts_under_the_key_that_it_names():
    true = ANA.says("post", TRUE["post"])
    assert isinstance(read_signed_record(true, ANA.log), Post)
    for envelope, log, refusal in [
        (true, BEN.log, Malformed),
        (BEN.says("post", TRUE["post"]), ANA.log, BadSignature),
        (ANA.says("post", TRUE["post"] | {"key": 1}), ANA.log, UnknownKey),
    ]:
        with pytest.raises(refusal):
            read_signed_record(envelope, log)


def test_values_cannot_be_changed():
    record = read("message", TRUE["message"])
    assert isinstance(record, Message)
    with pytest.raises(AttributeError):
        record.text = "other"
    assert hash(read("profile", TRUE["profile"] | {"avatar": None})) == hash(
        Profile(**ANA.base(id="profile"), name="Ana", about="I am", hue=200)
    )


@settings(max_examples=300)
@given(st.sampled_from(sorted(TRUE)), st.data())
def test_any_field_with_any_value_ends_as_a_record_or_as_a_refusal(kind, data):
    payload = dict(TRUE[kind])
    for name in data.draw(st.sets(st.sampled_from(sorted(payload)), max_size=2)):
        payload[name] = data.draw(VALUES)
    with contextlib.suppress(PeerBroke):
        read(kind, payload)


@settings(max_examples=200)
@given(
    st.sampled_from([*TRUE, "poll"]), st.binary(max_size=80) | VALUES.map(lambda v: dump({"x": v}))
)
def test_any_payload_ends_as_a_record_or_as_a_refusal(kind, payload):
    with contextlib.suppress(PeerBroke):
        read(kind, payload)
