import contextlib
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol.cast import ANA, BEN

from microsocial.errors import PeerBroke
from microsocial.protocol.crypto import PublicKey, SigningKey
from microsocial.protocol.refusals import BadSignature
from microsocial.protocol.signatures import (
    BodyChanged,
    NotSigned,
    content_digest,
    read_request,
    sign_request,
    signature_base,
    verify,
)

# RFC 9421, B.1.4 (the last 32 bytes of each DER structure) and B.2.6
RFC_PUBLIC = b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")[-32:]
RFC_SEED = b64decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF")[-32:]
RFC_COMPONENTS = [
    ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    ("@method", "POST"),
    ("@path", "/foo"),
    ("@authority", "example.com"),
    ("content-type", "application/json"),
    ("content-length", "18"),
]
RFC_PARAMS = (
    '("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"'
)
RFC_SIGNATURE = (
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
)

NOW = 1_700_000_000_123
REQUEST = ("POST", "/peer/v1/exchange", "a=1&b", b"sealed")


def signed(method="POST", path="/peer/v1/exchange", query="a=1&b", body=b"sealed"):
    return sign_request(method, path, query, body, BEN.id, ANA.key(), f"{ANA.id}#0", NOW, bytes(16))


def test_the_signature_of_the_rfc_comes_out():
    assert SigningKey(RFC_SEED).public == PublicKey(RFC_PUBLIC)
    base = signature_base(RFC_COMPONENTS, RFC_PARAMS)
    assert SigningKey(RFC_SEED).sign(base) == b64decode(RFC_SIGNATURE)
    PublicKey(RFC_PUBLIC).verify(b64decode(RFC_SIGNATURE), base)


def test_the_digest_of_the_rfc_comes_out():  # RFC 9530, appendix D
    assert content_digest(b'{"hello": "world"}\n') == (
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


def test_the_profile_is_spelled_one_way():
    headers = signed()
    assert headers["Signature-Input"] == (
        'ms=("@method" "@path" "@query" "content-digest" "microsocial-to")'
        f';created=1700000000;nonce="AAAAAAAAAAAAAAAAAAAAAA";keyid="{ANA.id}#0";alg="ed25519"'
    )
    base = read_request(*REQUEST[:3], headers, REQUEST[3]).base.decode()
    assert base == (
        '"@method": POST\n"@path": /peer/v1/exchange\n"@query": ?a=1&b\n'
        f'"content-digest": {headers["Content-Digest"]}\n"microsocial-to": {BEN.id}\n'
        f'"@signature-params": {headers["Signature-Input"][3:]}'
    )


def test_an_empty_query_is_a_lonely_question_mark():
    headers = signed("GET", "/peer/v1/media/x", "", b"")
    request = read_request("GET", "/peer/v1/media/x", "", headers, b"")
    assert b'"@query": ?\n' in request.base
    verify(request, ANA.key().public)


def test_a_request_says_who_asks_whom_and_when():
    headers = {name.upper(): value for name, value in signed().items()}
    request = read_request(*REQUEST[:3], headers, REQUEST[3])
    assert (request.id, request.number, request.to) == (ANA.id, 0, BEN.id)
    assert request.keyid == f"{ANA.id}#0"
    assert request.created == 1_700_000_000_000
    assert request.nonce == "A" * 22
    verify(request, ANA.key().public)
    with pytest.raises(BadSignature):
        verify(request, BEN.key().public)


@pytest.mark.parametrize(
    "otherwise",
    [
        ("GET", *REQUEST[1:]),
        ("POST", "/other", *REQUEST[2:]),
        ("POST", REQUEST[1], "a=2&b", b"sealed"),
    ],
)
def test_what_was_covered_cannot_be_exchanged(otherwise):
    request = read_request(*otherwise[:3], signed(), otherwise[3])
    with pytest.raises(BadSignature):
        verify(request, ANA.key().public)


def test_another_body_is_noticed_before_the_signature_is_looked_at():
    with pytest.raises(BodyChanged):
        read_request(*REQUEST[:3], signed(), b"Sealed")


@pytest.mark.parametrize("name", ["Microsocial-To", "Signature-Input", "Signature"])
def test_no_header_may_lack(name):
    headers = signed()
    del headers[name]
    with pytest.raises(NotSigned):
        read_request(*REQUEST[:3], headers, REQUEST[3])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Signature-Input", "ms=", "sig1="),
        ("Signature-Input", '"@query" ', ""),
        ("Signature-Input", '"@path" "@query"', '"@query" "@path"'),
        ("Signature-Input", "ed25519", "rsa-v1_5-sha256"),
        ("Signature-Input", ";alg", ';tag="x";alg'),
        ("Signature-Input", "created=1", "created=-1"),
        ("Signature-Input", "created=1", "created=1.5;x=1"),
        ("Signature-Input", "created=1", "created=9999999999999"),
        ("Signature-Input", "#0", "#00"),
        ("Signature-Input", "#0", "#"),
        ("Signature-Input", "#0", ""),
        ("Signature-Input", 'nonce="', 'nonce="A'),
        ("Signature", "ms=:", "ms=:A"),
        ("Signature", "ms=:", "other=:"),
        ("Signature", "==:", "="),
        ("Microsocial-To", BEN.id, "ben"),
    ],
)
def test_another_spelling_is_refused(name, old, new):
    headers = signed()
    changed = headers | {name: headers[name].replace(old, new)}
    assert changed != headers
    with pytest.raises(NotSigned):
        read_request(*REQUEST[:3], changed, REQUEST[3])


def test_another_receiver_cannot_be_put_in():
    headers = signed() | {"Microsocial-To": ANA.id}
    with pytest.raises(BadSignature):
        verify(read_request(*REQUEST[:3], headers, REQUEST[3]), ANA.key().public)


@given(st.sampled_from(sorted(signed())), st.integers(0, 300), st.text(max_size=3))
def test_any_headers_end_as_a_request_or_as_a_refusal(name, at, text):
    headers = signed()
    headers[name] = headers[name][:at] + text + headers[name][at + len(text) :]
    with contextlib.suppress(PeerBroke):
        verify(read_request(*REQUEST[:3], headers, REQUEST[3]), ANA.key().public)


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_any_request_line_ends_as_a_refusal(method, path, query):
    with pytest.raises(PeerBroke):
        verify(read_request(method, path, query, signed(), REQUEST[3]), ANA.key().public)
