"""Who only claims to be somebody hears one and the same, whoever that is to the person who lives here (spec 10.6).

Ana's rooms are the real ones. Everybody else is their keys, and what Ana's node knows of them: a friend, somebody she blocked, ….
The impostor knows everything about them but their keys.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection as Engine
from tests.support.time_and_chance import FakeClock, SeededEntropy
from tests.transport.test_http_in import door_of

from microsocial.database import in_memory
from microsocial.delivery import store as correspondence
from microsocial.friends import knocks
from microsocial.friends.greetings import Introduced, read_introduction
from microsocial.friends.knocks import Knock
from microsocial.friends.returning import Returning
from microsocial.identity.me import Me
from microsocial.node.outside import build_outside
from microsocial.node.rooms import build_rooms
from microsocial.protocol.capsules import CapsuleFriend, Contents
from microsocial.protocol.crypto import PublicKey, SigningKey
from microsocial.protocol.encoding import b64u, dump
from microsocial.protocol.envelope import Envelope, parse_envelope, sign_envelope
from microsocial.protocol.exchange import read_answer, read_greeting
from microsocial.protocol.keys import KeyLog, begin, inception, rotation, signing_key
from microsocial.protocol.limits import MAX_ANSWER_BYTES, MAX_HELP_REQUEST_BYTES
from microsocial.protocol.prekeys import read_prekey
from microsocial.protocol.sealing import seal
from microsocial.protocol.signatures import sign_request
from microsocial.settings import Settings
from microsocial.transport import reception as reception_module
from microsocial.transport.reception import Reception
from microsocial.transport.throttle import STRANGER_BURST

T = TypeVar("T")
NOWHERE = Settings(data=Path("nowhere"))
PEER, JSON = "application/microsocial", "application/json"


class House:
    """Somebody with all rooms and a door; an ApiContext."""

    def __init__(self, seed: int, steps: int = 0) -> None:
        self.clock, self.entropy = FakeClock(), SeededEntropy(seed)
        self.words = bytes([seed]) * 32
        self.me = Me(signing_key(self.words, steps), log_of(self.words, steps))
        self.db = in_memory()
        self.bus = self.db.bus
        self.rooms = build_rooms(self.me, self.clock, self.entropy)
        self.outside = build_outside(self.rooms, self.db, NOWHERE, self.clock, self.entropy)
        self.write(self.rooms.delivery.start)
        log = self.rooms.log
        profile = {"name": f"P{seed}", "about": "", "hue": 7, "avatar": None}
        self.write(lambda conn: log.keep_key_log(conn, self.me.key_log))
        self.write(lambda conn: log.set_one(conn, "profile", profile))
        self.write(
            lambda conn: log.set_one(conn, "address", {"urls": ["http://p.example"], "home": []})
        )

    @property
    def id(self) -> str:
        return self.me.id

    def room(self, kind: type[T]) -> T:
        found = self.outside.find(kind)
        assert found is not None
        return found

    def write(self, change: Callable[[Any], T]) -> T:
        return self.db.write_sync(change)

    def greeting(self, to: str) -> Envelope:
        return self.write(lambda conn: self.rooms.friends.doors.greeting(conn, to))

    def introduce(self, to: "House") -> Introduced:
        return read_introduction(self.greeting(to.id).raw, self.id, to.id, None)


def log_of(words: bytes, steps: int) -> KeyLog:
    log = begin(inception(signing_key(words, 0), signing_key(words, 1).public))
    for number in range(1, steps + 1):
        new, promised = signing_key(words, number), signing_key(words, number + 1).public
        log = log.with_event(rotation(log, new, promised))
    return log


# What Ana's node knows of somebody


def a_stranger(ana: House, x: House) -> None:
    pass


def a_friend(ana: House, x: House) -> None:
    introduced = x.introduce(ana)
    ana.write(lambda conn: ana.rooms.friends.doors.befriend(conn, introduced, "took_my_invite"))


def a_friend_with_a_help_link(ana: House, x: House) -> None:
    a_friend(ana, x)
    ana.write(lambda conn: ana.rooms.friends.help.make(conn, x.id, "http://ana.example"))


def a_friend_of_two_keys(ana: House, x: House) -> None:
    a_friend(ana, x)
    one = log_of(x.words, 0)
    step = rotation(one, signing_key(x.words, 1), signing_key(x.words, 2).public, "stolen")
    contradicting = one.with_event(step)
    ana.write(lambda conn: ana.rooms.delivery.keys.freeze(conn, contradicting))


def removed(ana: House, x: House) -> None:
    a_friend(ana, x)
    ana.write(lambda conn: ana.rooms.friends.remove(conn, x.id))


def one_who_ended_it(ana: House, x: House) -> None:
    a_friend(ana, x)
    ended = {"state": "ended", "ended_key": 0, "ended_mine": 0}
    ana.write(lambda conn: correspondence.change(conn, x.id, **ended))
    ana.write(lambda conn: ana.rooms.friends.they_ended(conn, x.id))


def a_blocked_friend(ana: House, x: House) -> None:
    a_friend(ana, x)
    ana.write(lambda conn: ana.rooms.friends.block(conn, x.id))


def a_blocked_stranger(ana: House, x: House) -> None:
    ana.write(lambda conn: ana.rooms.friends.block(conn, x.id))


def awaited(ana: House, x: House) -> None:
    prekey = read_prekey(x.write(x.rooms.delivery.current_prekey), x.me.key_log)
    knock = Knock(x.id, ("http://p.example",), x.me.key_log, prekey, "i_asked")
    ana.write(lambda conn: knocks.start(conn, knock, ana.clock.now()))


def a_friend_still_to_be_found(ana: House, x: House) -> None:
    friend = CapsuleFriend(id=x.id, sees_from=5, urls=("http://p.example",))
    contents = Contents(name="Ana", friends=(friend,))
    ana.write(lambda conn: ana.room(Returning).take_in(conn, contents, {}))


def one_who_wrote_in_a_thread(ana: House, x: House) -> None:
    ana.write(lambda conn: ana.rooms.log.keep_key_log(conn, x.me.key_log))


EVERYBODY = [
    a_friend,
    a_friend_with_a_help_link,
    a_friend_of_two_keys,
    removed,
    one_who_ended_it,
    a_blocked_friend,
    a_blocked_stranger,
    awaited,
    a_friend_still_to_be_found,
    one_who_wrote_in_a_thread,
]
Standing = Callable[[House, House], None]


# What somebody may ask


@dataclass(frozen=True)
class Ask:
    path: str
    body: bytes
    purpose: str = ""
    kind: str = PEER
    method: str = "POST"


class Asks:
    """Requests in the name of `x`, by whoever holds `key`."""

    def __init__(self, ana: House, x: House, key: SigningKey) -> None:
        self.ana, self.x, self.key = ana, x, key

    def letter(self, purpose: str) -> Ask:
        return Ask("/peer/v1/exchange", b"MS1" + bytes(4000), purpose)

    def keys(self, log: KeyLog) -> Ask:
        return Ask("/peer/v1/keys", dump({"keys": log.encoded()}), kind=JSON)

    def help(self, link: dict[str, str] | None = None) -> Ask:
        body = dump({"nonce": b64u(bytes(16))} | ({"link": link} if link else {}))
        assert len(body) < MAX_HELP_REQUEST_BYTES
        return Ask("/peer/v1/help", body, kind=JSON)

    def media(self) -> Ask:
        return Ask(f"/peer/v1/media/{'A' * 43}", b"", method="GET")

    def greeting(self, **changed: Any) -> Ask:
        """The greeting that x would write, signed by this key."""
        said = read_greeting(self.x.greeting(self.ana.id)).payload() | changed
        raw = sign_envelope("greeting", said, self.key).raw
        prekey = self.ana.write(self.ana.rooms.delivery.current_prekey)
        published = read_prekey(prekey, self.ana.me.key_log)
        sealed = seal(raw, "greeting", self.x.id, self.ana.id, published)
        return Ask("/peer/v1/greetings", sealed, "greeting")

    def all(self) -> dict[str, Ask]:
        link = {"id": b64u(bytes(8)), "mac": b64u(bytes(32))}
        log = self.x.me.key_log
        own = begin(inception(self.key, self.key.public))
        return {
            **{name: self.letter(name) for name in ("update", "reunion", "farewell", "nonsense")},
            "help": self.help(),
            "help with a link": self.help(link),
            "media": self.media(),
            "their log": self.keys(log),
            "the beginning of their log": self.keys(log_of(self.x.words, 0)),
            "the impostor's own log": self.keys(own),
            "no log": Ask("/peer/v1/keys", b'{"keys":[]}', kind=JSON),
            "no greeting": Ask("/peer/v1/greetings", b"MS1" + bytes(4000), "greeting"),
            "their greeting": self.greeting(),
            "their old greeting": self.greeting(key=0, keys=log_of(self.x.words, 0).encoded()),
            "their greeting with another log": self.greeting(key=0, keys=own.encoded()),
        }

    async def send(self, door: httpx.AsyncClient, ask: Ask, number: int) -> httpx.Response:
        headers = sign_request(
            ask.method,
            ask.path,
            "",
            ask.body,
            self.ana.id,
            self.key,
            f"{self.x.id}#{number}",
            self.ana.clock.now(),
            self.ana.entropy(16),
        )
        headers |= {"Content-Type": ask.kind, "Microsocial-Purpose": ask.purpose}
        return await door.request(ask.method, ask.path, content=ask.body, headers=headers)


def heard(response: httpx.Response) -> tuple[Any, ...]:
    """A reply without what the asker put into it: their id, the hash of what they sent."""
    said: Any = response.content
    if response.headers["content-type"] == PEER:
        answer = read_answer(parse_envelope(response.content, MAX_ANSWER_BYTES)).payload()
        said = {**answer, "to": "", "update": ""}
    return response.status_code, dict(response.headers), len(response.content), said


@contextmanager
def work(ana: House) -> Iterator[list[str]]:
    """What the node does meanwhile that takes time: statements, signatures checked."""
    done: list[str] = []

    def stated(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        done.append(statement.partition("sa_savepoint")[0])

    check = PublicKey.verify

    def checked(key: PublicKey, signature: bytes, message: bytes) -> None:
        done.append("verify")
        check(key, signature, message)

    reader = ana.db._open_reader()
    assert isinstance(reader, Engine)
    event.listen(reader, "before_cursor_execute", stated)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PublicKey, "verify", checked)
        yield done
    event.remove(reader, "before_cursor_execute", stated)


async def told(standing: Standing, steps: int = 1) -> dict[tuple[str, int], Any]:
    """Everything that an impostor hears about somebody of this standing, at every door and under every key number."""
    ana, x = House(1), House(2, steps)
    standing(ana, x)
    asks = Asks(ana, x, signing_key(b"impostor" * 4, 0))
    before = ana.db.snapshot()
    found = {}
    async with door_of(ana) as door:  # type: ignore[arg-type]  # it has rooms of its own
        await asks.send(door, asks.media(), 0)  # whoever has a log here has it read once
    for name, ask in asks.all().items():
        for number in (0, 1, 7):
            async with door_of(ana) as door:  # type: ignore[arg-type]
                with work(ana) as done:
                    reply = await asks.send(door, ask, number)
            found[name, number] = (*heard(reply), done)
    assert ana.db.snapshot() == before
    assert ana.room(Returning)._knocked == set()
    return found


@pytest.fixture(scope="module")
def about_a_stranger() -> dict[tuple[str, int], Any]:
    return asyncio.run(told(a_stranger))


@pytest.mark.parametrize("standing", EVERYBODY)
async def test_an_impostor_hears_about_anybody_what_is_heard_about_a_stranger(
    standing: Standing, about_a_stranger: dict[tuple[str, int], Any]
) -> None:
    found = await told(standing)
    for ask, reply in about_a_stranger.items():
        assert found[ask] == reply, ask


async def test_an_impostor_hears_what_is_right(
    about_a_stranger: dict[tuple[str, int], Any],
) -> None:
    def statuses(*names: str) -> set[Any]:
        replies = [about_a_stranger[name, number] for name in names for number in (0, 1, 7)]
        return {reply[3]["status"] if reply[0] == 200 else reply[0] for reply in replies}

    assert statuses("update", "reunion", "farewell", "help", "media") == {"key-unknown"}
    assert statuses("help with a link") == {404}
    assert statuses("their log", "the beginning of their log", "their greeting") == {401}
    assert statuses("no greeting") == {"stale-prekey"}
    assert statuses("nonsense", "no log", "the impostor's own log") == {400}


async def test_a_door_that_looks_before_the_proof_would_be_caught(
    monkeypatch: pytest.MonkeyPatch, about_a_stranger: dict[tuple[str, int], Any]
) -> None:
    """The control: the comparison sees each of the things that could tell."""

    def believes(self: Reception, conn: Any, signed: Any) -> Any:
        return self.caller(conn, signed.id)

    monkeypatch.setattr(reception_module.Reception, "proven", believes)
    for standing in (a_friend, removed, awaited):
        found = await told_at(standing, "update")
        assert found != about_a_stranger["update", 1]


async def told_at(standing: Standing, name: str) -> Any:
    ana, x = House(1), House(2, 1)
    standing(ana, x)
    asks = Asks(ana, x, signing_key(b"impostor" * 4, 0))
    async with door_of(ana) as door:  # type: ignore[arg-type]
        with work(ana) as done:
            reply = await asks.send(door, asks.all()[name], 1)
    return (*heard(reply), done)


async def test_an_impostor_is_slowed_down_alike_whoever_they_claim_to_be() -> None:
    sequences = []
    for standing in (a_stranger, a_friend, removed, awaited):
        ana, x = House(1), House(2)
        standing(ana, x)
        asks = Asks(ana, x, signing_key(b"impostor" * 4, 0))
        replies = []
        async with door_of(ana) as door:  # type: ignore[arg-type]
            for ask in (asks.letter("update"), asks.media(), asks.keys(x.me.key_log)):
                tries = range(STRANGER_BURST // 2 + 1)
                replies += [(await asks.send(door, ask, 0)).status_code for _ in tries]
        assert 429 in replies
        sequences.append(replies)
    assert all(sequence == sequences[0] for sequence in sequences)


# Who proves to be themselves


@pytest.mark.parametrize(
    ("standing", "letter", "keys"),
    [
        (a_stranger, "key-unknown", "not-friends"),
        (a_friend, "stale-prekey", "applied"),
        (a_friend_of_two_keys, "busy", "applied"),
        (removed, "not-friends", "not-friends"),
        (one_who_ended_it, "not-friends", "applied"),
        (a_blocked_friend, "not-friends", "not-friends"),
        (a_blocked_stranger, "key-unknown", "not-friends"),
        (awaited, "busy", "busy"),
        (a_friend_still_to_be_found, "key-unknown", "busy"),
        (one_who_wrote_in_a_thread, "key-unknown", "not-friends"),
    ],
)
async def test_who_proves_to_be_themselves_hears_what_is_true(
    standing: Standing, letter: str, keys: str
) -> None:
    ana, x = House(1), House(2, 1)
    standing(ana, x)
    asks = Asks(ana, x, x.me.signing_key)
    before = ana.db.snapshot()

    async def status(ask: Ask) -> str:
        async with door_of(ana) as door:  # type: ignore[arg-type]
            reply = await asks.send(door, ask, 1)
        return str(heard(reply)[3]["status"] if reply.status_code == 200 else reply.status_code)

    assert await status(asks.letter("update")) == letter
    assert await status(asks.keys(x.me.key_log)) == keys
    assert await status(asks.media()) == ("key-unknown" if letter == "key-unknown" else "404")
    if standing in (a_stranger, a_blocked_stranger, one_who_wrote_in_a_thread):
        assert ana.db.snapshot() == before  # nothing of theirs is kept
    has_come = standing in (awaited, a_friend_still_to_be_found)
    assert ana.room(Returning)._knocked == ({x.id} if has_come else set())


@pytest.mark.parametrize("standing", [a_friend, removed, one_who_ended_it, a_blocked_friend])
async def test_who_signs_under_an_old_key_hears_nothing_but_that(standing: Standing) -> None:
    ana, x = House(1), House(2, 1)
    standing(ana, x)
    asks = Asks(ana, x, signing_key(x.words, 0))
    async with door_of(ana) as door:  # type: ignore[arg-type]
        for ask in (asks.letter("update"), asks.help()):
            said = heard(await asks.send(door, ask, 0))[3]
            assert (said["status"], said["keys"]) == ("key-behind", tuple(x.me.key_log.encoded()))


@pytest.mark.parametrize("standing", [a_stranger, a_friend, removed])
async def test_a_greeting_counts_once_whoever_brings_it(standing: Standing) -> None:
    ana, x = House(1), House(2)
    standing(ana, x)
    asks = Asks(ana, x, x.me.signing_key)
    ask = asks.greeting()
    headers = sign_request(
        "POST", ask.path, "", ask.body, ana.id, x.me.signing_key, f"{x.id}#0", ana.clock.now(), bytes(16)
    ) | {"Content-Type": PEER, "Microsocial-Purpose": "greeting"}  # fmt: skip
    async with door_of(ana) as door:  # type: ignore[arg-type]
        replies = [await door.post(ask.path, content=ask.body, headers=headers) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 409]
