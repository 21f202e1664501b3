"""The door for other nodes (spec 10).

Rule 1: the order is headers, clock, proof, nonce, and only then the content, within its limit, and anything expensive: what is not
signed by a friend costs us nothing but its headers. Rule 2: who proves nothing hears the same of everybody, `key-unknown`, and may
prove themselves at /keys; then strangers and former friends get one and the same signed `not-friends`. Rule 3: every refusal is a
MicrosocialError (the server makes a problem document of it) or a signed answer; garbage never becomes a 5xx.
"""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from microsocial.context import ApiContext
from microsocial.database import DiskFull, MachineFault
from microsocial.protocol.encoding import b64u, hash_of
from microsocial.protocol.exchange import Answer, read_keys
from microsocial.protocol.help import read_help_request
from microsocial.protocol.keys import KeyLog, decode_key_log, merge
from microsocial.protocol.limits import (
    MAX_CLOCK_DIFFERENCE_S,
    MAX_HELP_REQUEST_BYTES,
    MAX_KEYS_BYTES,
    MAX_SEALED_BYTES,
)
from microsocial.protocol.refusals import Forked, Malformed, Status
from microsocial.protocol.sealing import sealed_prekey_id
from microsocial.protocol.signatures import SignedRequest, check_content, read_claims, verify
from microsocial.transport.bodies import read_body
from microsocial.transport.errors import (
    LeavesForGood,
    LivesElsewhere,
    NobodyOfThatId,
    NoSuchBlob,
    NoSuchHelp,
    Replayed,
    TooManyTries,
    UnknownPurpose,
    WrongContentType,
)
from microsocial.transport.http_out import PEER_CONTENT_TYPE
from microsocial.transport.nonces import Nonces
from microsocial.transport.public_log import PublicLog, cacheable, etag_of
from microsocial.transport.reception import Caller, Reception
from microsocial.transport.throttle import Allowance, Strangers

# The largest greeting: key log, prekey, two records, a note, padded and sealed. What strangers may make us read has to be small.
MAX_GREETING_BODY_BYTES = 160 * 1024
# Per friend: far above any person's posting, far below what would keep a small machine busy. A full page takes as long as a hundred
# small letters and costs about half as many: 60 at once, the friend's whole day (quotas), and then one a second.
FRIEND_BURST, FRIEND_PER_MINUTE = 3000, 3000.0
BYTES_OF_A_LETTER = 32 * 1024
# Strangers' key logs are checked step by step, which takes two or three milliseconds for this much: it costs as much of their
# allowance as another request. The longest log there can be takes half of one address's.
BYTES_OF_KEYS = 8 * 1024
EXCHANGE_PURPOSES = ("update", "reunion", "farewell")
# Opening one post takes half a millisecond, about as long as handing it to another thread; a full page takes fifty.
OPENED_IN_THE_LOOP_BYTES = 16 * 1024
# The document is rebuilt at most this often, however many ask.
WELL_KNOWN_KEPT_MS = 1000
WELL_KNOWN_SECONDS = 60  # and asked for again by others at most this often


def peer_routes(context: ApiContext) -> list[Route]:
    """The routes of spec 10.1, for the server to put beside the owner's."""
    door = PeerDoor(context)
    return [
        Route("/.well-known/microsocial", door.well_known, methods=["GET"]),
        Route("/peer/v1/exchange", door.exchange, methods=["POST"]),
        Route("/peer/v1/greetings", door.greetings, methods=["POST"]),
        Route("/peer/v1/keys", door.keys, methods=["POST"]),
        Route("/peer/v1/help", door.help, methods=["POST"]),
        Route("/peer/v1/media/{name}", door.media, methods=["GET"]),
        Route("/peer/v1/public", door.public, methods=["GET"]),
    ]


class PeerDoor:
    """The door of one node, with what it remembers about who knocked."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._clock = context.clock
        self._nonces = Nonces(context.clock)
        self._strangers = Strangers(context.clock)
        self._public_log = PublicLog(context)
        self._friends = Allowance(context.clock, burst=FRIEND_BURST, per_minute=FRIEND_PER_MINUTE)
        self._well_known: tuple[int, bytes] = (-WELL_KNOWN_KEPT_MS, b"")

    @property
    def _reception(self) -> Reception:
        return self._context.room(Reception)

    # -- sealed objects of friends --

    async def exchange(self, request: Request) -> Response:
        reception = self._reception
        signed, purpose = self._letter(request, EXCHANGE_PURPOSES)
        caller = await self._meet(request, signed)
        if isinstance(caller, Response):
            return caller
        refused = self._turn_away(signed, caller)
        if refused is not None:
            self._count_stranger(request)
            return refused
        if not self._friends.take(signed.id):
            raise TooManyTries
        self._check_nonce(signed)
        body = await _content(request, signed, MAX_SEALED_BYTES)
        sealed_prekey_id(body)
        if not self._friends.take(signed.id, len(body) // BYTES_OF_A_LETTER):
            raise TooManyTries
        answer = await self._take(reception, signed.id, purpose, body)
        reception.heard(signed.id)
        return Response(answer, media_type=PEER_CONTENT_TYPE)

    async def _meet(self, request: Request, signed: SignedRequest) -> Caller | Response:
        """Give who asks, if that is proven; to everybody else the one answer that says nothing."""
        if self._clock_differs(signed):
            self._count_stranger(request)
            return self._answer(signed, Status.CLOCK_DIFFERS, status_code=401)
        caller = await self._proven(signed)
        if caller is None:
            self._count_stranger(request)
            return self._key_unknown(signed)
        return caller

    async def _proven(self, signed: SignedRequest) -> Caller | None:
        return await self._context.db.read(lambda conn: self._reception.proven(conn, signed))

    def _key_unknown(self, signed: SignedRequest) -> Response:
        """Friend or not, whoever it is shows a key log at the door made for that (spec 10.6)."""
        return self._answer(signed, Status.KEY_UNKNOWN, keys=self._own_keys())

    def _turn_away(self, signed: SignedRequest, caller: Caller) -> Response | None:
        """Answer whoever is proven and yet not let in: an old key says nothing but that there is a newer one (spec 7.8)."""
        if caller.kept is not None and signed.number < caller.kept.number:
            return self._answer(signed, Status.KEY_BEHIND, keys=tuple(caller.kept.encoded()))
        return None if caller.is_friend else self._not_friends(signed, caller)

    def _not_friends(self, signed: SignedRequest, caller: Caller) -> Response:
        if caller.is_awaited:
            self._reception.came(signed.id)
        status = Status.BUSY if caller.is_awaited else Status.NOT_FRIENDS
        return self._answer(signed, status, keys=self._own_keys())

    def _own_keys(self) -> tuple[str, ...]:
        """Spec 10.6: perhaps I renewed mine as well, and they cannot believe this answer yet."""
        return tuple(self._reception.host.key_log.encoded())

    async def _take(self, reception: Reception, sender: str, purpose: str, sealed: bytes) -> bytes:
        """Open, off the loop when it takes long; apply in one short transaction; trouble with our disk is told as an answer (spec 13)."""
        db = self._context.db
        read = db.read if len(sealed) <= OPENED_IN_THE_LOOP_BYTES else db.read_long
        opened = await read(lambda conn: reception.open(conn, sender, purpose, sealed))
        try:
            return await db.write(lambda conn: reception.apply(conn, opened))
        except MachineFault as fault:
            status = Status.FULL if isinstance(fault, DiskFull) else Status.BUSY
            reception.turned_away(sender)
            return await db.read(lambda conn: reception.decline(conn, sender, sealed, status))

    # -- greetings of anybody --

    async def greetings(self, request: Request) -> Response:
        reception = self._reception
        signed, _ = self._letter(request, ("greeting",))
        self._count_stranger(request)
        if self._clock_differs(signed):
            return self._answer(signed, Status.CLOCK_DIFFERS, status_code=401)
        body = await _content(request, signed, MAX_GREETING_BODY_BYTES)
        sealed_prekey_id(body)
        came_from = request.client.host if request.client else None
        db = self._context.db
        # Opening and sealing are dear, and strangers may ask for both: never in the writer's transaction.
        opened = await db.read_long(lambda conn: reception.open_greeting(conn, signed, body))
        is_friend = False
        if opened.is_proven:
            self._check_nonce(signed)
            is_friend = (await db.read(lambda conn: reception.caller(conn, signed.id))).is_friend
        reply = await db.write(lambda conn: reception.greet(conn, opened, came_from))
        answer = await asyncio.to_thread(reply)
        if is_friend:
            reception.heard(signed.id)
        return Response(answer, media_type=PEER_CONTENT_TYPE)

    # -- who asks, shown by themselves --

    async def keys(self, request: Request) -> Response:
        """Look at the key log that `key-unknown` asked for; it proves itself, step by step (spec 10.6).

        What is true between the two of us is told after the proof alone; of strangers nothing is kept.
        """
        reception = self._reception
        _check_type(request, "application/json")
        signed = self._claims(request)
        self._count_stranger(request)  # rotations are rare, so friends have no need of more
        if self._clock_differs(signed):
            return self._answer(signed, Status.CLOCK_DIFFERS, status_code=401)
        body = await _content(request, signed, MAX_KEYS_BYTES)
        self._count_stranger(request, len(body) // BYTES_OF_KEYS)
        offered = await asyncio.to_thread(_shown, signed, body)
        self._check_nonce(signed)
        db = self._context.db
        caller = await db.read(lambda conn: reception.caller(conn, signed.id))
        if caller.kept is None or not (caller.is_friend or caller.ended_it):
            return self._not_friends(signed, caller)
        try:
            merged = merge(caller.kept, offered)
        except Forked:
            await db.write(lambda conn: reception.freeze(conn, offered))
            return self._answer(signed, Status.BUSY)
        if signed.number < merged.number:
            return self._answer(signed, Status.KEY_BEHIND, keys=tuple(merged.encoded()))
        prekey = await db.write(lambda conn: reception.keep_keys(conn, merged))
        reception.heard(signed.id)
        return self._answer(signed, Status.APPLIED, keys=self._own_keys(), prekey=prekey)

    # -- a friend who has lost everything but the words --

    async def help(self, request: Request) -> Response:
        """Tell a friend's key log and capsule (spec 9.8). Whatever is wrong with a link, it is one and the same 404."""
        reception = self._reception
        _check_type(request, "application/json")
        signed = self._claims(request)
        self._count_stranger(request)  # nobody needs it often
        if self._clock_differs(signed):
            return self._answer(signed, Status.CLOCK_DIFFERS, status_code=401)
        body = await _content(request, signed, MAX_HELP_REQUEST_BYTES)
        asked = read_help_request(body)
        caller = await self._proven(signed)
        # Who comes with nothing but the words does not know their key number: with a link any key of their log will do.
        if asked.link is not None and (caller is None or not caller.is_friend):
            raise NoSuchHelp
        if caller is None:
            return self._key_unknown(signed)
        refused = self._turn_away(signed, caller) if asked.link is None else None
        if refused is not None:
            return refused
        self._check_nonce(signed)
        reply = await self._context.db.read(
            lambda conn: reception.help(conn, signed.id, asked, hash_of(body))
        )
        if reply is None:
            raise NoSuchHelp
        return Response(reply, media_type=PEER_CONTENT_TYPE)

    # -- photos and clips --

    async def media(self, request: Request) -> Response:
        """A blob for a friend who was offered what shows it; whoever else proves to be themselves hears one and the same 404 (spec 11.4)."""
        reception = self._reception
        signed = self._claims(request)
        check_content(signed, b"")
        caller = await self._meet(request, signed)
        if isinstance(caller, Response):
            return caller
        if not caller.is_friend:
            self._count_stranger(request)
            raise NoSuchBlob
        refused = self._turn_away(signed, caller)
        if refused is not None:
            self._count_stranger(request)
            return refused
        if not self._friends.take(signed.id):
            raise TooManyTries
        self._check_nonce(signed)
        moved = await self._context.db.read(reception.moved)
        if moved is not None:
            return self._answer(signed, Status.MOVED, address=moved)
        reception.heard(signed.id)
        response = await reception.blob(request, signed.id, request.path_params["name"])
        if response is None:
            raise NoSuchBlob
        return response

    # -- what anyone may read --

    async def well_known(self, request: Request) -> Response:
        await self._check_stays()
        made, document = self._well_known
        now = self._clock.now()
        if not 0 <= now - made < WELL_KNOWN_KEPT_MS:
            document = msgspec.json.encode(await self._context.db.read(self._reception.well_known))
            self._well_known = (now, document)
        return cacheable(request, document, etag_of(document), WELL_KNOWN_SECONDS)

    async def public(self, request: Request) -> Response:
        await self._check_stays()
        if await self._context.db.read(self._reception.moved) is not None:
            raise LivesElsewhere
        return await self._public_log.answer(request)

    # -- steps --

    async def _check_stays(self) -> None:
        if await self._context.db.read(self._reception.is_given_up):
            raise LeavesForGood

    def _letter(self, request: Request, purposes: tuple[str, ...]) -> tuple[SignedRequest, str]:
        """Claims and purpose, checked for form only; of the content nothing is read yet."""
        _check_type(request, PEER_CONTENT_TYPE)
        purpose = request.headers.get("microsocial-purpose", "")
        if purpose not in purposes:
            raise UnknownPurpose
        return self._claims(request), purpose

    def _claims(self, request: Request) -> SignedRequest:
        """What the request says about itself, not yet believed; it has to be meant for who lives here."""
        signed = read_claims(
            request.method,
            _raw_path(request),
            request.scope.get("query_string", b"").decode("latin-1"),
            dict(request.headers),
        )
        if signed.to != self._reception.host.id:
            raise NobodyOfThatId
        return signed

    def _clock_differs(self, signed: SignedRequest) -> bool:
        # spec 10.3
        return abs(self._clock.now() - signed.created) > MAX_CLOCK_DIFFERENCE_S * 1000

    def _check_nonce(self, signed: SignedRequest) -> None:
        if not self._nonces.is_new(signed.id, signed.nonce):
            raise Replayed

    def _count_stranger(self, request: Request, cost: int = 1) -> None:
        host = request.client.host if request.client else None
        if not self._strangers.take(host, cost):
            raise TooManyTries

    def _answer(
        self,
        signed: SignedRequest,
        status: Status,
        *,
        keys: tuple[str, ...] = (),
        prekey: str | None = None,
        address: str | None = None,
        status_code: int = 200,
    ) -> Response:
        """A signed answer that the door gives by itself. It holds nothing but what the asker said, and our time."""
        host = self._reception.host
        answer = Answer(
            sender=host.id,
            receiver=signed.id,
            key=host.key_number,
            your_key=signed.number,
            update=b64u(signed.content_hash),
            status=status.value,
            keys=keys,
            prekey=prekey,
            address=address,
            now=self._clock.now(),
        )
        return Response(
            host.sign("answer", answer.payload()).raw,
            status_code=status_code,
            media_type=PEER_CONTENT_TYPE,
        )


async def _content(request: Request, signed: SignedRequest, max_bytes: int) -> bytes:
    """The content, once it is known who sends it: strangers must not fill our memory."""
    body = await read_body(request, max_bytes)
    check_content(signed, body)
    return body


def _shown(signed: SignedRequest, body: bytes) -> KeyLog:
    """The key log in the body, once it has proved who signed the request: its first event makes the id (spec 3.2)."""
    offered = decode_key_log(read_keys(body))
    if offered.id != signed.id:
        raise Malformed("a key log of somebody else")
    verify(signed, offered.key(signed.number))
    return offered


def _check_type(request: Request, content_type: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        raise WrongContentType


def _raw_path(request: Request) -> str:
    """The path as it stood in the request line (spec 10.2)."""
    raw: bytes | None = request.scope.get("raw_path")
    return (
        (raw if raw is not None else request.url.path.encode()).decode("latin-1").partition("?")[0]
    )
