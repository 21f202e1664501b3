"""A friend's machine in hostile hands, and strangers: whatever they send is refused in words, and nothing is stored.

The hostile friend is Ben's real identity, taken out of his stopped node, in the hands of this test.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.nodes import Person, befriend, people

from microsocial.clock import SystemClock
from microsocial.database import Database
from microsocial.delivery import store as delivery_store
from microsocial.identity.me import Me
from microsocial.identity.service import Identity
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.encoding import dump
from microsocial.protocol.envelope import parse_envelope, sign_envelope
from microsocial.protocol.exchange import Answer, read_answer, read_well_known
from microsocial.protocol.keys import begin, decode_key_log, inception, signing_key
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_SEALED_BYTES
from microsocial.protocol.prekeys import PublishedPrekey, decode_prekey
from microsocial.protocol.sealing import seal
from microsocial.protocol.signatures import sign_request

EXCHANGE = "/peer/v1/exchange"
PEER = "application/microsocial"


@dataclass
class Hostile:
    """Ben's keys against Ana's door."""

    me: Me
    ana: Person
    prekey: PublishedPrekey
    position: str
    http: httpx.Client

    def post(
        self,
        body: bytes,
        *,
        path: str = EXCHANGE,
        purpose: str = "update",
        shift_ms: int = 0,
        **headers: str,
    ) -> httpx.Response:
        return self.http.post(
            path, content=body, headers={**self.signed(body, path, purpose, shift_ms), **headers}
        )

    def signed(
        self, body: bytes, path: str = EXCHANGE, purpose: str = "update", shift_ms: int = 0
    ) -> dict[str, str]:
        now = time.time_ns() // 1_000_000 + shift_ms
        keyid = f"{self.me.id}#{self.me.key_number}"
        signature = sign_request(
            "POST",
            path,
            "",
            body,
            self.ana.id,
            self.me.signing_key,
            keyid,
            now,
            secrets.token_bytes(16),
        )
        return {**signature, "Microsocial-Purpose": purpose, "Content-Type": PEER}

    def sealed(
        self, payload: dict[str, Any] | bytes, *, kind: str = "update", purpose: Any = "update"
    ) -> bytes:
        envelope = sign_envelope(kind, payload, self.me.signing_key)
        return seal(envelope.raw, purpose, self.me.id, self.ana.id, self.prekey)

    def update(self, **changed: Any) -> dict[str, Any]:
        """An honest empty update, with these fields changed."""
        return {
            "from": self.me.id, "to": self.ana.id, "key": 0, "your_key": 0, "since": self.position, "upto": "x", "more": False,
            "have": "", "hello": False, "prekey": self._own_prekey, "records": [], "keys": {}, **changed,
        }  # fmt: skip

    _own_prekey: str = ""


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with people("ana", "ben") as (ana, ben):
        befriend(ana, ben)
        ana.cli("post", "for friends")
        ben.wait_for(ben.texts)
        ana.wait_for(lambda: ana.cli("delivery")["friends"][0]["behind"] == 0)
        ben.stop()
        database = Database(ben.node.data / "microsocial.db").open()
        me = database.read_sync(Identity(SystemClock()).me)
        own = database.read_sync(delivery_store.newest_prekey)
        database.close()
        assert me is not None
        assert own is not None
        with httpx.Client(base_url=ana.address, timeout=30) as http:
            document = read_well_known(http.get("/.well-known/microsocial").content)
            prekey = decode_prekey(document.prekey, decode_key_log(document.keys))
            found = Hostile(me, ana, prekey, "", http)
            found._own_prekey = own.envelope if isinstance(own.envelope, str) else ""
            found.position = _position(found)
            yield found


def _position(hostile: Hostile) -> str:
    """Ana says where she stands when an update does not fit."""
    answer = _answered(hostile.post(hostile.sealed(hostile.update(since="nowhere"))))
    assert answer.status == "held"
    return answer.position or ""


def _answered(response: httpx.Response) -> Answer:
    assert response.headers["content-type"] == PEER, response.text
    return read_answer(parse_envelope(response.content, MAX_ANSWER_BYTES))


def _refused(response: httpx.Response) -> None:
    """A problem document that a person can act on, and no fault of ours."""
    assert 400 <= response.status_code < 500, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["title"]
    assert problem["type"]
    assert "Traceback" not in response.text


@pytest.fixture
def nothing_stored(hostile: Hostile) -> Iterator[None]:
    def standing() -> Any:
        return (
            hostile.ana.api.get("/status")["head"],
            hostile.ana.texts(),
            hostile.ana.api.get("/friends")["requests"],
        )

    before = standing()
    yield
    assert standing() == before


pytestmark = pytest.mark.usefixtures("nothing_stored")


def test_an_honest_letter_would_have_been_taken(hostile: Hostile):
    """The positive control: the same hands, nothing changed."""
    answer = _answered(hostile.post(hostile.sealed(hostile.update(upto=hostile.position))))
    assert answer.status == "applied"


def test_an_unsigned_request_is_refused(hostile: Hostile):
    _refused(
        hostile.http.post(
            EXCHANGE,
            content=b"x" * 4000,
            headers={"Content-Type": PEER, "Microsocial-Purpose": "update"},
        )
    )


def test_a_wrong_signature_is_refused(hostile: Hostile):
    body = hostile.sealed(hostile.update())
    headers = hostile.signed(body)
    headers["Signature"] = headers["Signature"].replace("ms=:", "ms=:AAAA")[
        : len(headers["Signature"])
    ]
    _refused(hostile.http.post(EXCHANGE, content=body, headers=headers))


def test_a_signature_over_another_body_is_refused(hostile: Hostile):
    headers = hostile.signed(hostile.sealed(hostile.update()))
    _refused(hostile.http.post(EXCHANGE, content=hostile.sealed(hostile.update()), headers=headers))


def test_a_replayed_request_is_refused(hostile: Hostile):
    body = hostile.sealed(hostile.update(upto=hostile.position))
    headers = hostile.signed(body)
    _answered(hostile.http.post(EXCHANGE, content=body, headers=headers))
    replayed = hostile.http.post(EXCHANGE, content=body, headers=headers)
    _refused(replayed)
    assert replayed.status_code == 409


def test_an_expired_request_is_told_the_time(hostile: Hostile):
    response = hostile.post(hostile.sealed(hostile.update()), shift_ms=-3_600_000)
    assert response.status_code == 401
    assert _answered(response).status == "clock-differs"


def test_an_oversized_request_is_refused(hostile: Hostile):
    _refused(hostile.post(b"MS1" + b"\0" * (MAX_SEALED_BYTES + 100_000)))


@pytest.mark.parametrize(
    "payload",
    [
        b"{" * 5000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'{"from":"x","from":"y"}',
        b'{"from":NaN}',
        b'{"from":1.5}',
        b"[]",
        b"\xff\xfe{}",
        b'{"from":"\\ud800"}',
        b"",
    ],
)
def test_hostile_json_inside_a_good_seal_is_refused(hostile: Hostile, payload: bytes):
    _refused(hostile.post(hostile.sealed(payload)))


@pytest.mark.parametrize(
    "changed",
    [
        {"from": "somebody"},
        {"records": "all of them"},
        {"records": ["not an envelope"]},
        {"since": 7},
        {"keys": []},
        {"more": "yes"},
        {"key": -1},
        {"upto": "x" * 10_000},
    ],
)
def test_wrong_types_inside_a_good_seal_are_refused(hostile: Hostile, changed: dict[str, Any]):
    _refused(hostile.post(hostile.sealed(hostile.update(**changed))))


def test_a_letter_in_somebody_elses_name_is_refused(hostile: Hostile):
    _refused(
        hostile.post(
            hostile.sealed(hostile.update(**{"from": hostile.ana.id, "to": hostile.me.id}))
        )
    )


def test_poison_records_are_listed_as_refused_and_not_kept(hostile: Hostile):
    forged = sign_envelope("post", {"author": hostile.ana.id, "key": 0, "id": "A" * 22, "revision": 5, "created": 5, "audience": "friends",
                                    "text": "Ana never said this", "media": [], "links": []}, hostile.me.signing_key)  # fmt: skip
    garbage = sign_envelope("post", dump({"hello": 1}), hostile.me.signing_key)
    letter = hostile.update(records=[forged.encoded(), garbage.encoded()], upto=hostile.position)
    answer = _answered(hostile.post(hostile.sealed(letter)))
    assert answer.status == "applied"
    assert len(answer.refused) == 2


def test_other_doors_refuse_too(hostile: Hostile):
    for path in ("/peer/v1/greetings", EXCHANGE):
        for purpose in ("greeting", "update", "holdings", "nonsense"):
            for body in (b"", b"MS1", b"MS1" + b"\0" * 5000, b"{}" * 100):
                response = hostile.post(body, path=path, purpose=purpose)
                assert response.status_code < 500, (path, purpose, response.text)
        for kind in ("text/html", "application/json", ""):
            _refused(hostile.post(b"MS1" + b"\0" * 5000, path=path, **{"Content-Type": kind}))


def _asks(hostile: Hostile, keys: bytes) -> list[tuple[str, str, bytes, dict[str, str]]]:
    """One request for each door that friends use."""
    letter = {"Content-Type": PEER, "Microsocial-Purpose": "update"}
    json = {"Content-Type": "application/json"}
    help_me = dump({"nonce": "A" * 22})
    linked = dump({"nonce": "A" * 22, "link": {"id": "A" * 11, "mac": "A" * 43}})
    return [
        ("POST", EXCHANGE, hostile.sealed(hostile.update()), letter),
        ("GET", f"/peer/v1/media/{'A' * 43}", b"", {}),
        ("POST", "/peer/v1/help", help_me, json),
        ("POST", "/peer/v1/help", linked, json),
        ("POST", "/peer/v1/keys", keys, json),
    ]


def _heard(
    hostile: Hostile, person: str, key: SigningKey, ask: tuple[str, str, bytes, dict[str, str]]
) -> tuple[Any, ...]:
    """What is answered to who says to be this person, but for what they said themselves and the time."""
    method, path, body, headers = ask
    now, nonce = time.time_ns() // 1_000_000, secrets.token_bytes(16)
    signed = sign_request(method, path, "", body, hostile.ana.id, key, f"{person}#0", now, nonce)
    reply = hostile.http.request(method, path, content=body, headers=signed | headers)
    said: Any = reply.content
    if reply.headers["content-type"] == PEER:
        said = {**_answered(reply).payload(), "to": "", "now": 0}
    return reply.status_code, {**reply.headers, "date": ""}, len(reply.content), said


def test_an_impostor_cannot_tell_a_friend_from_a_stranger(hostile: Hostile):
    key = signing_key(secrets.token_bytes(32), 0)
    own = dump({"keys": begin(inception(key, key.public)).encoded()})
    for ask in _asks(hostile, own):
        of_a_friend = _heard(hostile, hostile.me.id, key, ask)
        assert of_a_friend == _heard(hostile, "A" * 43, key, ask), ask[1]
    letter = _asks(hostile, own)[0]
    is_really_the_friend = _heard(hostile, hostile.me.id, hostile.me.signing_key, letter)
    assert is_really_the_friend != _heard(hostile, hostile.me.id, key, letter)


def test_a_stranger_proves_to_be_one_and_hears_that_they_are(hostile: Hostile):
    words = secrets.token_bytes(32)
    key = signing_key(words, 0)
    log = begin(inception(key, signing_key(words, 1).public))
    shown = dump({"keys": log.encoded()})
    letter, photo, asked, linked, keys = (
        _heard(hostile, log.id, key, ask) for ask in _asks(hostile, shown)
    )
    assert {said[3]["status"] for said in (letter, photo, asked)} == {"key-unknown"}
    assert linked[0] == 404
    assert keys[3]["status"] == "not-friends"


def test_no_method_on_any_address_breaks_the_node(hostile: Hostile):
    paths = ["/", "/p/x", "/i", "/feed.atom", "/feed.json", "/media/x.webp", "/s/x", "/healthz", "/.well-known/microsocial", EXCHANGE,
             "/peer/v1/public?after=%00%ff", "/peer/v1/media/x", "/api/v1/posts/%2e%2e", "/api/v1/feed?limit=-1&cursor=%F0%9F", "/app/%2e%2e/x", "/%2e%2e/%2e%2e/etc/passwd"]  # fmt: skip
    for path in paths:
        for method in (
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "NONSENSE",
        ):
            response = hostile.http.request(
                method, path, content=b"{" if method in {"POST", "PUT", "PATCH"} else None
            )
            assert response.status_code < 500, (method, path, response.status_code, response.text)
            assert "root:" not in response.text
