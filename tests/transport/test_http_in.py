"""The door for other nodes: two people with real logs and real letters, and everything a hostile machine might send."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.support.time_and_chance import FakeClock, SeededEntropy

from microsocial.database import Database, DiskFull, in_memory
from microsocial.delivery.model import Outgoing
from microsocial.delivery.peer import reception
from microsocial.delivery.service import Delivery
from microsocial.errors import MicrosocialError
from microsocial.identity.me import Me
from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.encoding import b64u
from microsocial.protocol.envelope import parse_envelope, verify_envelope
from microsocial.protocol.exchange import Answer, read_answer, read_well_known
from microsocial.protocol.keys import KeyLog, begin, inception, rotation, signing_key
from microsocial.protocol.limits import MAX_ANSWER_BYTES
from microsocial.protocol.prekeys import read_prekey
from microsocial.protocol.sealing import seal
from microsocial.protocol.signatures import SignedRequest, sign_request
from microsocial.records.service import Log
from microsocial.records.store import records
from microsocial.transport import http_in, public_log
from microsocial.transport.http_in import peer_routes
from microsocial.transport.reception import Reception
from microsocial.transport.throttle import STRANGER_BURST

T = TypeVar("T")
EXCHANGE = "/peer/v1/exchange"
KEYS = "/peer/v1/keys"


@dataclass(frozen=True)
class Greeting:
    claims: SignedRequest
    is_proven: bool = True


class Anything:
    """A handler that lets every record stand and shows nothing."""

    def may_stand(self, conn: Connection, stored: Any, via: str) -> str | None:
        return None

    def project(self, conn: Connection, stored: Any) -> None:
        pass

    def clear(self, conn: Connection) -> None:
        pass


class Person:
    """Somebody with a log, a delivery and a door; an ApiContext."""

    def __init__(self, seed: int, clock: FakeClock) -> None:
        self.clock = clock
        self.entropy = SeededEntropy(seed)
        words = bytes([seed]) * 32
        key = signing_key(words, 0)
        self.me = Me(key, begin(inception(key, signing_key(words, 1).public)))
        self.db: Database = in_memory()
        self.bus = self.db.bus
        self.log = Log(self.me, clock, self.entropy)
        for kind in ("post", "profile", "address"):
            self.log.register(kind, Anything())
        self.delivery = Delivery(self.log, clock, self.entropy)
        self.friends: set[str] = set()
        self.opened = Greeting
        self.heard: list[str] = []
        self.greeted: list[tuple[str, str | None]] = []
        self.write(self.delivery.start)
        self.write(lambda conn: self.log.keep_key_log(conn, self.me.key_log))
        self.write(
            lambda conn: self.log.set_one(
                conn, "profile", {"name": f"P{seed}", "about": "", "hue": 7, "avatar": None}
            )
        )
        self._reception = reception(
            self.me,
            self.log,
            self.delivery,
            is_friend=lambda conn, person: person in self.friends,
            open_greeting=lambda _conn, claims, _sealed: self.opened(claims),
            greet=self._greet,
            heard=self.heard.append,
        )

    def _greet(
        self, _conn: Connection, opened: Greeting, came_from: str | None
    ) -> Callable[[], bytes]:
        self.greeted.append((opened.claims.id, came_from))
        return lambda: b"reply"

    def room(self, kind: type[T]) -> T:
        assert kind is Reception
        return self._reception  # type: ignore[return-value]

    def write(self, fn: Callable[[Connection], T]) -> T:
        return self.db.write_sync(fn)

    def knows(self, other: "Person") -> None:
        self.friends.add(other.me.id)
        prekey = other.db.read_sync(other.delivery.current_prekey)
        self.write(
            lambda conn: self.delivery.begin(
                conn, other.me.id, 0, "", prekey, other.me.key_log, ["http://other"]
            )
        )

    def post(self, text: str, audience: str = "friends") -> None:
        self.write(
            lambda conn: self.log.say(
                conn, "post", {"text": text, "media": [], "links": []}, audience=audience
            )
        )

    def letter(self, to: "Person") -> Outgoing:
        outgoing = self.write(lambda conn: self.delivery.next_outgoing(conn, to.me.id, hello=True))
        assert outgoing is not None
        return outgoing

    def count(self) -> int:
        return self.db.read_sync(
            lambda conn: conn.execute(select(func.count()).select_from(records)).scalar_one()
        )


@dataclass
class Pair:
    ana: Person
    ben: Person
    clock: FakeClock
    http: httpx.AsyncClient  # asks Ben's door
    nonce: SeededEntropy = field(default_factory=lambda: SeededEntropy(99))

    def headers(self, body: bytes, **changed: Any) -> dict[str, str]:
        """What Ana's machine signs, with whatever a hostile one would change."""
        asked = {
            "method": "POST",
            "path": EXCHANGE,
            "query": "",
            "body": body,
            "to": self.ben.me.id,
            "key": self.ana.me.signing_key,
            "keyid": f"{self.ana.me.id}#0",
            "created": self.clock.now(),
            "nonce": self.nonce(16),
            **changed,
        }
        return {
            **sign_request(**asked),
            "Content-Type": "application/microsocial",
            "Microsocial-Purpose": "update",
        }

    async def send(self, body: bytes, path: str = EXCHANGE, **headers: str) -> httpx.Response:
        return await self.http.post(path, content=body, headers=self.headers(body) | headers)


async def as_problem(_request: Request, error: Exception) -> Response:
    """As the server's table does."""
    assert isinstance(error, MicrosocialError)
    return JSONResponse({"type": error.slug()}, error.status, media_type="application/problem+json")


def door_of(person: Person) -> httpx.AsyncClient:
    app = Starlette(routes=peer_routes(person), exception_handlers={MicrosocialError: as_problem})
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1234))
    return httpx.AsyncClient(transport=transport, base_url="http://ben")


@asynccontextmanager
async def pair(*, friends: bool = True) -> AsyncIterator[Pair]:
    clock = FakeClock()
    ana, ben = Person(1, clock), Person(2, clock)
    if friends:
        ana.knows(ben)
        ben.knows(ana)
    async with door_of(ben) as http:
        yield Pair(ana, ben, clock, http)
    ana.db.close()
    ben.db.close()


def signed_answer(it: Pair, response: httpx.Response) -> Answer:
    assert response.headers["content-type"] == "application/microsocial"
    envelope = parse_envelope(response.content, MAX_ANSWER_BYTES)
    verify_envelope(envelope, it.ben.me.key_log.current)
    return read_answer(envelope)


async def test_a_friends_update_is_applied_and_answered() -> None:
    async with pair() as it:
        it.ana.post("hello Ben")
        before = it.ben.count()
        letter = it.ana.letter(it.ben)
        response = await it.send(letter.sealed)
        answer = signed_answer(it, response)
        assert response.status_code == 200
        assert answer.status == "applied"
        assert answer.update == letter.hash
        assert it.ben.count() > before
        assert it.ben.heard == [it.ana.me.id]
        step = it.ana.write(lambda conn: it.ana.delivery.on_answer(conn, letter, response.content))
        assert type(step).__name__ in ("Done", "SendUpdate")


async def test_strangers_and_former_friends_who_show_who_they_are_get_one_and_the_same_answer() -> (
    None
):
    async with pair() as it:
        body, headers = keys_request(it, it.ana.me.key_log, 0, it.ana.me.signing_key)
        it.ben.write(lambda conn: it.ben.delivery.end(conn, it.ana.me.id))
        it.ben.friends.clear()
        former = signed_answer(it, await it.http.post(KEYS, content=body, headers=headers))
    async with pair(friends=False) as it:
        body, headers = keys_request(it, it.ana.me.key_log, 0, it.ana.me.signing_key)
        stranger = signed_answer(it, await it.http.post(KEYS, content=body, headers=headers))
        assert former.status == stranger.status == "not-friends"
        assert former.payload() == stranger.payload()
        assert it.ben.heard == []
        assert it.ben.db.read_sync(lambda conn: it.ben.log.key_logs(conn, [it.ana.me.id])) == {}


def garbage(it: Pair, good: bytes) -> list[tuple[str, bytes, dict[str, str], set[int]]]:
    """Name, body, headers, statuses that are fine."""
    signed = it.headers(good)
    other_key = signing_key(b"x" * 32, 0)
    sealed_nothing = b"MS1" + bytes(5000)
    return [
        (
            "unsigned",
            good,
            {"Content-Type": "application/microsocial", "Microsocial-Purpose": "update"},
            {401},
        ),
        ("signed with another key", good, it.headers(good, key=other_key), {200}),
        ("for somebody else", good, it.headers(good, to="x" * 43), {421}),
        ("another path was signed", good, it.headers(good, path="/peer/v1/other"), {200}),
        ("another query was signed", good, it.headers(good, query="a=1"), {200}),
        ("another body was signed", good, it.headers(good + b"x"), {400}),
        ("no digest", good, {k: v for k, v in signed.items() if k != "Content-Digest"}, {400, 401}),
        ("an hour old", good, it.headers(good, created=it.clock.now() - 3_600_000), {401}),
        ("from tomorrow", good, it.headers(good, created=it.clock.now() + 86_400_000), {401}),
        ("of another type", good, signed | {"Content-Type": "application/json"}, {415}),
        ("of no type", good, {k: v for k, v in signed.items() if k != "Content-Type"}, {415}),
        ("of no purpose", good, signed | {"Microsocial-Purpose": "everything"}, {400}),
        ("a greeting at the wrong door", good, signed | {"Microsocial-Purpose": "greeting"}, {400}),
        ("empty", b"", it.headers(b""), {400}),
        ("not sealed", b"{}" * 1000, it.headers(b"{}" * 1000), {400}),
        ("sealed to no prekey", sealed_nothing, it.headers(sealed_nothing), {200, 400}),
        ("a later key", good, it.headers(good, keyid=f"{it.ana.me.id}#7"), {200, 401}),
        ("no number", good, signed | {"Signature-Input": "ms=()"}, {401}),
        ("binary headers", good, signed | {"Signature": "\x01\x02"}, {401}),
    ]


async def test_garbage_is_refused_in_words_and_leaves_no_trace() -> None:
    async with pair() as it:
        good = it.ana.letter(it.ben).sealed
        before = it.ben.db.snapshot()
        for name, body, headers, fine in garbage(it, good):
            response = await it.http.post(EXCHANGE, content=body, headers=headers)
            assert response.status_code in fine, (name, response.status_code, response.text)
            kind = response.headers["content-type"]
            assert kind in ("application/problem+json", "application/microsocial"), name
            assert it.ben.db.snapshot() == before or response.status_code == 200, name
        assert it.ben.count() == 1


HOSTILE_PAYLOADS = {
    "deeply nested": b"[" * 50_000 + b"]" * 50_000,
    "duplicate keys": b'{"from":"a","from":"b"}',
    "a float": b'{"key":1.5}',
    "not UTF-8": b'{"key":"\xff"}',
    "no JSON": b"\x00\x01\x02",
    "a list": b"[]",
    "wrong types": b'{"from":1,"to":2,"key":"x","since":[],"upto":{},"more":1,"have":null,"hello":0,"prekey":[],"records":5,"keys":7}',
    "a huge number": b'{"key":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", HOSTILE_PAYLOADS)
async def test_hostile_contents_of_a_well_sealed_letter_are_refused(name: str) -> None:
    async with pair() as it:
        # Signed and sealed by a friend whose machine is hostile: everything but the content is in order.
        envelope = it.ana.me.sign("update", HOSTILE_PAYLOADS[name])
        prekey = it.ben.db.read_sync(it.ben.delivery.current_prekey)
        published = read_prekey(prekey, it.ben.me.key_log)
        body = seal(envelope.raw, "update", it.ana.me.id, it.ben.me.id, published)
        response = await it.send(body)
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        assert it.ben.count() == 1


async def test_a_blob_goes_to_a_friend_who_may_have_it_and_everybody_else_hears_the_same() -> None:
    async with pair() as it:
        given = "A" * 43

        async def blob(_request: Request, person: str, name: str) -> Response | None:
            assert person == it.ana.me.id
            return Response(b"sealed") if name == given else None

        it.ben._reception = replace(it.ben._reception, blob=blob)

        async def ask(name: str, **changed: Any) -> httpx.Response:
            path = f"/peer/v1/media/{name}"
            headers = it.headers(b"", method="GET", path=path, **changed)
            return await it.http.get(path, headers=headers)

        assert (await ask(given)).content == b"sealed"
        unknown = await ask("B" * 43)
        stranger = signed_answer(it, await ask(given, keyid=f"{'s' * 43}#0"))
        not_hers = signed_answer(it, await ask(given, key=it.ben.me.signing_key))
        assert stranger.status == not_hers.status == "key-unknown"
        it.ben.friends.clear()
        former = await ask(given)
        assert unknown.status_code == former.status_code == 404
        assert unknown.content == former.content
        assert (await it.http.get(f"/peer/v1/media/{given}")).status_code == 401


async def test_a_request_counts_once() -> None:
    async with pair() as it:
        body = it.ana.letter(it.ben).sealed
        headers = it.headers(body)
        assert (await it.http.post(EXCHANGE, content=body, headers=headers)).status_code == 200
        again = await it.http.post(EXCHANGE, content=body, headers=headers)
        assert again.status_code == 409
        assert again.json() == {"type": "replayed"}


async def test_a_clock_that_differs_is_told_the_time_in_a_signed_answer() -> None:
    async with pair() as it:
        body = it.ana.letter(it.ben).sealed
        headers = it.headers(body, created=it.clock.now() - 301_000)
        response = await it.http.post(EXCHANGE, content=body, headers=headers)
        assert response.status_code == 401
        answer = signed_answer(it, response)
        assert (answer.status, answer.now) == ("clock-differs", it.clock.now())


@pytest.mark.parametrize("stranger", ["unknown", "forging"])
async def test_of_what_strangers_send_not_a_byte_is_read(stranger: str) -> None:
    async with pair() as it:
        read = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal read
            while True:
                read += 1
                yield bytes(65536)

        other = SigningKey(bytes(32))
        keyid = f"{'s' * 43}#0" if stranger == "unknown" else None
        headers = it.headers(b"", key=other, **({"keyid": keyid} if keyid else {}))
        response = await it.http.post(EXCHANGE, content=endless(), headers=headers)
        assert signed_answer(it, response).status == "key-unknown"
        assert read <= 1


async def test_an_oversized_body_is_refused_before_it_is_read() -> None:
    async with pair() as it:
        read = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal read
            while True:
                read += 65536
                yield bytes(65536)

        headers = it.headers(b"")
        response = await it.http.post(EXCHANGE, content=endless(), headers=headers)
        assert response.status_code == 413
        assert read < 8 * 1024 * 1024
        headers = it.headers(b"") | {"Content-Length": "99999999999"}
        claimed = await it.http.post(EXCHANGE, content=b"", headers=headers)
        assert claimed.status_code == 413


async def test_strangers_are_slowed_down_and_friends_are_not() -> None:
    async with pair() as it:
        letter = it.ana.letter(it.ben).sealed
        statuses = []
        for _ in range(STRANGER_BURST + 5):
            headers = it.headers(letter, keyid=f"{'s' * 43}#0")
            response = await it.http.post(EXCHANGE, content=letter, headers=headers)
            statuses.append(response.status_code)
        assert statuses[0] == 200
        assert statuses[-1] == 429
        assert (await it.send(letter)).status_code == 200


async def test_large_letters_cost_a_friend_more_than_small_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_in, "FRIEND_BURST", 40)
    async with pair() as it:
        body = b"MS1" + bytes(1024 * 1024)
        assert [(await it.send(body)).status_code for _ in range(3)] == [200, 429, 429]


async def test_a_greeting_is_handed_on_with_where_it_came_from() -> None:
    async with pair(friends=False) as it:
        body = b"MS1" + bytes(4000)
        headers = it.headers(body, path="/peer/v1/greetings") | {"Microsocial-Purpose": "greeting"}
        response = await it.http.post("/peer/v1/greetings", content=body, headers=headers)
        assert response.content == b"reply"
        assert it.ben.greeted == [(it.ana.me.id, "203.0.113.9")]
        assert it.ben.heard == []  # whoever it was


async def test_who_only_claims_to_be_a_friend_at_the_door_was_not_heard_from() -> None:
    async with pair() as it:
        body = b"MS1" + bytes(4000)
        for is_proven in (False, True):
            it.ben.opened = partial(Greeting, is_proven=is_proven)
            headers = it.headers(body, path="/peer/v1/greetings", keyid=f"{it.ana.me.id}#7")
            headers |= {"Microsocial-Purpose": "greeting"}
            response = await it.http.post("/peer/v1/greetings", content=body, headers=headers)
            assert response.status_code == 200
            assert it.ben.heard == [it.ana.me.id] * is_proven


async def test_a_greeting_has_to_be_small() -> None:
    async with pair(friends=False) as it:
        body = b"MS1" + bytes(http_in.MAX_GREETING_BODY_BYTES)
        headers = it.headers(body, path="/peer/v1/greetings") | {"Microsocial-Purpose": "greeting"}
        response = await it.http.post("/peer/v1/greetings", content=body, headers=headers)
        assert response.status_code == 413
        assert it.ben.greeted == []


def keys_request(it: Pair, log: KeyLog, number: int, key: Any) -> tuple[bytes, dict[str, str]]:
    body = msgspec.json.encode({"keys": log.encoded()})
    headers = it.headers(body, path="/peer/v1/keys", keyid=f"{it.ana.me.id}#{number}", key=key) | {
        "Content-Type": "application/json"
    }
    return body, headers


async def test_a_key_that_is_not_known_yet_is_asked_for_and_then_learned() -> None:
    async with pair() as it:
        words = bytes([1]) * 32
        new_key = signing_key(words, 1)
        letter = it.ana.letter(it.ben).sealed
        headers = it.headers(letter, key=new_key, keyid=f"{it.ana.me.id}#1")
        unknown = await it.http.post(EXCHANGE, content=letter, headers=headers)
        assert signed_answer(it, unknown).status == "key-unknown"

        event = rotation(it.ana.me.key_log, new_key, signing_key(words, 2).public)
        longer = it.ana.me.key_log.with_event(event)
        body, headers = keys_request(it, longer, 1, new_key)
        learned = await it.http.post("/peer/v1/keys", content=body, headers=headers)
        assert signed_answer(it, learned).status == "applied"
        known = it.ben.db.read_sync(
            lambda conn: it.ben.log.key_logs(conn, [it.ana.me.id])[it.ana.me.id]
        )
        assert known.number == 1


async def test_a_key_log_that_does_not_follow_or_was_not_signed_by_its_key_is_refused() -> None:
    async with pair() as it:
        words, thief = bytes([1]) * 32, bytes([66]) * 32
        event = rotation(it.ana.me.key_log, signing_key(words, 1), signing_key(words, 2).public)
        longer = it.ana.me.key_log.with_event(event)
        for log, key in (
            (longer, signing_key(thief, 1)),
            (it.ben.me.key_log, signing_key(words, 1)),
        ):
            body, headers = keys_request(it, log, 1, key)
            response = await it.http.post("/peer/v1/keys", content=body, headers=headers)
            assert 400 <= response.status_code < 500
        known = it.ben.db.read_sync(
            lambda conn: it.ben.log.key_logs(conn, [it.ana.me.id])[it.ana.me.id]
        )
        assert known.number == 0


async def test_a_strangers_long_key_log_costs_as_much_as_many_requests() -> None:
    async with pair(friends=False) as it:
        words = bytes([1]) * 32
        log = it.ana.me.key_log
        for number in range(1, 100):
            step = rotation(log, signing_key(words, number), signing_key(words, number + 1).public)
            log = log.with_event(step)
        assert len(log.encoded()[-1]) * 100 > 5 * http_in.BYTES_OF_KEYS
        statuses = []
        for _ in range(STRANGER_BURST // 5):
            body, headers = keys_request(it, log, 99, signing_key(words, 99))
            statuses.append((await it.http.post(KEYS, content=body, headers=headers)).status_code)
        assert statuses == [200] * (STRANGER_BURST // 6) + [429] * (
            STRANGER_BURST // 5 - STRANGER_BURST // 6
        )


async def test_anyone_may_read_who_lives_here() -> None:
    async with pair() as it:
        response = await it.http.get("/.well-known/microsocial")
        document = read_well_known(response.content)
        assert document.id == it.ben.me.id
        assert document.profile.name == "P2"
        again = await it.http.get(
            "/.well-known/microsocial", headers={"If-None-Match": response.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


async def public_texts(it: Pair, after: str = "") -> tuple[list[bytes], dict[str, Any]]:
    response = await it.http.get("/peer/v1/public", params={"after": after})
    assert response.status_code == 200
    document = response.json()
    return document["records"], document


async def test_the_public_log_holds_what_is_public_and_goes_on_from_its_cursor() -> None:
    async with pair() as it:
        it.ben.post("for friends")
        it.ben.post("for all", audience="public")
        _, first = await public_texts(it)
        assert not first["more"]
        assert first["id"] == it.ben.me.id
        it.ben.post("more for all", audience="public")
        later, second = await public_texts(it, first["next"])
        assert len(later) == 1
        assert not second["restarted"]
        assert later[0] not in first["records"]


async def test_a_cursor_from_a_lost_log_begins_again_and_garbage_is_refused() -> None:
    async with pair() as it:
        it.ben.post("for all", audience="public")
        records_now, document = await public_texts(it, f"1.{b64u(b'otherlog')}")
        assert document["restarted"]
        assert records_now
        refused = await it.http.get("/peer/v1/public", params={"after": "x.y"})
        assert refused.status_code == 400


async def test_a_page_of_the_public_log_is_built_once_until_the_log_grows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[str] = []
    real = public_log._built

    def counted(conn: Connection, room: Reception, after: str, now: int) -> Any:
        built.append(after)
        return real(conn, room, after, now)

    monkeypatch.setattr(public_log, "_built", counted)
    async with pair() as it:
        it.ben.post("for all", audience="public")
        first = await it.http.get("/peer/v1/public")
        assert first.headers["cache-control"] == "public, max-age=10"
        asked = {"If-None-Match": first.headers["etag"]}
        again = await it.http.get("/peer/v1/public", headers=asked)
        assert (again.status_code, again.content) == (304, b"")
        assert built == [""]
        it.ben.post("more for all", audience="public")
        assert (await it.http.get("/peer/v1/public", headers=asked)).status_code == 200
        it.clock.advance(11_000)  # something may have been said for a while only
        await it.http.get("/peer/v1/public")
        assert built == [""] * 3
        for number in range(10):
            await it.http.get("/peer/v1/public", params={"after": f"{number}.{b64u(b'x')}"})


async def test_who_reads_the_public_log_again_and_again_is_slowed_down() -> None:
    async with pair() as it:
        statuses = [
            (await it.http.get("/peer/v1/public")).status_code
            for _ in range(public_log.READER_BURST + 1)
        ]
        assert statuses == [200] * public_log.READER_BURST + [429]
        it.clock.advance(3_000)
        assert (await it.http.get("/peer/v1/public")).status_code == 200


async def test_a_full_disk_is_told_as_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pair() as it:
        body = it.ana.letter(it.ben).sealed

        async def full(change: Any) -> Any:
            raise DiskFull

        monkeypatch.setattr(it.ben.db, "write", full)
        assert signed_answer(it, await it.send(body)).status == "full"
