import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN, drawn
from tests.protocol.test_encoding import VALUES
from tests.protocol.test_payloads import POST, TRUE

from microsocial.errors import PeerBroke
from microsocial.protocol import exchange
from microsocial.protocol.encoding import b64u, dump
from microsocial.protocol.keys import decode_key_log
from microsocial.protocol.prekeys import decode_prekey
from microsocial.protocol.refusals import Malformed, Status

PAIR = {"from": ANA.id, "to": BEN.id, "key": 0, "your_key": 0}
PREKEY = ANA.prekey.envelope.encoded()
HASH = b64u(drawn("hash", 32))
ID = b64u(drawn("id", 16))
# One true letter of each kind.
TRUE_LETTERS = {
    "update": PAIR
    | {
        "since": "",
        "upto": "here",
        "more": False,
        "have": "",
        "hello": False,
        "prekey": PREKEY,
        "records": [POST.encoded()],
        "keys": {BEN.id: BEN.log.encoded()},
    },
    "answer": PAIR
    | {
        "update": HASH,
        "status": "applied",
        "position": "here",
        "prekey": PREKEY,
        "refused": [[BEN.id, ID, "malformed"]],
        "keys": [],
        "now": 1_700_000_000_000,
    },
    "reunion": PAIR | {"prekey": PREKEY, "after": [ANA.id, ID], "want": [[ANA.id, "profile"]]},
    "holdings": PAIR
    | {
        "request": HASH,
        "position": "here",
        "prekey": PREKEY,
        "holds": [[ANA.id, ID, 5, HASH, "held"], [ANA.id, "profile", 0, None, "gone"]],
        "next": None,
        "records": [POST.encoded()],
        "keys": {},
    },
    "greeting": {
        "from": ANA.id,
        "to": BEN.id,
        "key": 0,
        "keys": ANA.log.encoded(),
        "prekey": PREKEY,
        "profile": ANA.says("profile", TRUE["profile"]).encoded(),
        "address": ANA.says("address", TRUE["address"]).encoded(),
        "invite": {"id": b64u(bytes(8)), "mac": HASH},
        "note": "It is me!",
        "position": "",
    },
    "farewell": PAIR | {"since": "here"},
}
READERS = {kind: getattr(exchange, f"read_{kind}") for kind in TRUE_LETTERS}
WELL_KNOWN = {
    "protocol": 1,
    "id": ANA.id,
    "keys": ANA.log.encoded(),
    "prekey": PREKEY,
    "profile": {"name": "Ana", "hue": 200},
    "address": {"urls": ["https://ana.example"]},
    "capabilities": ["media"],
}


def read(kind, payload):
    return READERS[kind](ANA.says(kind, payload))


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_a_true_letter_is_read_and_said_again(kind):
    letter = read(kind, TRUE_LETTERS[kind])
    assert dump(letter.payload()) == dump(TRUE_LETTERS[kind])
    assert (letter.sender, letter.receiver) == (ANA.id, BEN.id)
    assert read(kind, TRUE_LETTERS[kind] | {"later": 1}) == letter


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_a_letter_of_another_kind_is_refused(kind):
    with pytest.raises(Malformed, match="belongs"):
        READERS[kind](ANA.says("post", TRUE_LETTERS[kind]))


@pytest.mark.parametrize("kind", TRUE_LETTERS)
def test_nobody_writes_to_oneself(kind):
    with pytest.raises(Malformed, match="oneself"):
        read(kind, TRUE_LETTERS[kind] | {"to": ANA.id})


def test_what_is_inside_can_be_taken_out():
    update = read("update", TRUE_LETTERS["update"])
    assert update.raws == [POST.raw]
    assert decode_key_log(update.keys[BEN.id]) == BEN.log
    assert decode_prekey(update.prekey, ANA.log) == ANA.prekey
    assert read("holdings", TRUE_LETTERS["holdings"]).raws == [POST.raw]


def test_an_answer_speaks_in_known_words_or_is_let_be():
    assert read("answer", TRUE_LETTERS["answer"]).says is Status.APPLIED
    assert read("answer", TRUE_LETTERS["answer"] | {"status": "from-the-future"}).says is None


def test_a_bare_answer_will_do():
    bare = read("answer", PAIR | {"status": "not-friends", "now": 0})
    assert (bare.update, bare.position, bare.prekey, bare.refused) == (None, None, None, ())


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("update", {"since": None}),
        ("update", {"since": "x" * 201}),
        ("update", {"more": 0}),
        ("update", {"records": [POST.encoded()] * 501}),
        ("update", {"records": ["=" * 8]}),
        ("update", {"records": [5]}),
        ("update", {"keys": []}),
        ("update", {"keys": {"ben": []}}),
        ("update", {"keys": {BEN.id: "x"}}),
        ("update", {"prekey": ""}),
        ("update", {"prekey": None}),
        ("update", {"from": "ana"}),
        ("answer", {"update": "x"}),
        ("answer", {"now": -1}),
        ("answer", {"status": "x" * 41}),
        ("answer", {"refused": [[BEN.id, ID]]}),
        ("answer", {"refused": [{"author": BEN.id}]}),
        ("reunion", {"after": [ANA.id]}),
        ("reunion", {"want": [[ANA.id, ID]] * 501}),
        ("holdings", {"holds": [[ANA.id, ID, 5, HASH, "lost"]]}),
        ("holdings", {"holds": [[ANA.id, ID, 5, HASH, "held"]] * 2}),
        ("holdings", {"request": None}),
        ("greeting", {"keys": []}),
        ("greeting", {"invite": {"id": "x", "mac": HASH}}),
        ("greeting", {"invite": {"id": b64u(bytes(8))}}),
        ("greeting", {"note": "x" * 501}),
        ("greeting", {"note": "\x1b[2J"}),
        ("farewell", {"since": 5}),
    ],
)
def test_what_breaks_a_rule_of_its_letter_is_refused(kind, change):
    payload = TRUE_LETTERS[kind] | change
    if change == {"prekey": ""}:  # form is right, content is not
        with pytest.raises(Malformed):
            decode_prekey(read(kind, payload).prekey, ANA.log)
        return
    with pytest.raises(Malformed):
        read(kind, payload)


def test_the_document_of_a_node_is_read():
    document = exchange.read_well_known(dump(WELL_KNOWN | {"later": 1}))
    assert dump(document.payload()) == dump(WELL_KNOWN)
    assert decode_key_log(document.keys).id == document.id


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": 0},
        {"keys": []},
        {"profile": {"name": ""}},
        {"profile": None},
        {"address": {"urls": ["javascript:alert(1)"]}},
        {"capabilities": ["x"] * 33},
        {"capabilities": ["\x1b"]},
    ],
)
def test_another_document_is_refused(change):
    with pytest.raises(Malformed):
        exchange.read_well_known(dump(WELL_KNOWN | change))


def test_a_key_log_can_come_alone():
    assert decode_key_log(exchange.read_keys(dump({"keys": ANA.log.encoded()}))) == ANA.log
    with pytest.raises(Malformed):
        exchange.read_keys(b'{"keys":[]}')


@settings(max_examples=300)
@given(st.sampled_from(sorted(TRUE_LETTERS)), st.data())
def test_any_field_with_any_value_ends_as_a_letter_or_as_a_refusal(kind, data):
    payload = dict(TRUE_LETTERS[kind])
    for name in data.draw(st.sets(st.sampled_from(sorted(payload)), max_size=2)):
        payload[name] = data.draw(VALUES)
    with contextlib.suppress(PeerBroke):
        read(kind, payload)


@given(st.binary(max_size=80))
def test_any_bytes_end_as_a_letter_or_as_a_refusal(payload):
    for kind in READERS:
        with contextlib.suppress(PeerBroke):
            read(kind, payload)
    for reader in (exchange.read_well_known, exchange.read_keys):
        with contextlib.suppress(PeerBroke):
            reader(payload)
