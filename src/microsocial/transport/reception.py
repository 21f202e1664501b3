"""What the rooms do with what other nodes bring: the seam between this room and those above it.

`node.py` builds one `Reception` from the rooms; the routes ask the context for it. So transport never learns what an update is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from microsocial.protocol.crypto import SigningKey
from microsocial.protocol.envelope import Envelope
from microsocial.protocol.help import HelpRequest
from microsocial.protocol.keys import KeyLog
from microsocial.protocol.refusals import BadSignature, Status
from microsocial.protocol.signatures import SignedRequest, verify


class Host(Protocol):
    """Who lives here: `identity.Me`."""

    @property
    def id(self) -> str: ...
    @property
    def key_number(self) -> int: ...
    @property
    def key_log(self) -> KeyLog: ...
    @property
    def signing_key(self) -> SigningKey: ...
    def sign(self, kind: str, payload: dict[str, Any] | bytes) -> Envelope: ...


@dataclass(frozen=True)
class PublicPage:
    """A piece of the public log: signed records, oldest first, and where to go on."""

    document: dict[str, Any]
    is_last: bool


# (request, person, name) → the blob for this person, or None when there is none for them.
Blobs = Callable[[Request, str, str], Awaitable[Response | None]]


@dataclass(frozen=True)
class Caller:
    """Who somebody is to the person who lives here.

    Args:
        kept: their key log, when they are a friend or once were one, or were greeted from here.
        ended_it: no friend any more, because their machine said so: a thief may have done it (spec 9.5).
        is_awaited: a greeting of ours to them waits for theirs. On their side we may be friends already, so they are asked to wait
            (`busy`); `not-friends` would end what has not begun here yet.
    """

    kept: KeyLog | None
    is_friend: bool = False
    ended_it: bool = False
    is_awaited: bool = False


class Greeted(Protocol):
    """A greeting that was opened."""

    @property
    def is_proven(self) -> bool:
        """Whether who brings it is who they say."""


async def no_blob(_request: Request, _person: str, _name: str) -> Response | None:
    return None


# (conn, person, asked, hash of the body) → what is known of this friend, signed, or None when it is not for them.
Help = Callable[[Connection, str, HelpRequest, str], bytes | None]


def no_help(_conn: Connection, _person: str, _asked: HelpRequest, _request_hash: str) -> None:
    return None


@dataclass(frozen=True)
class Reception:
    """Everything the door needs to know, each a plain function of the rooms.

    Args:
        host: the person who lives here.
        kept: the key log of a friend, of somebody who once was one or was greeted; else None, also when it is known from elsewhere. As much
            is asked for anybody.
        is_friend: whether letters of this person are taken in.
        open: `(conn, sender, purpose, sealed) -> opened`: open and verify an update, reunion or farewell of a friend. Only reads.
        apply: `(conn, opened) -> answer`: do what it asks, in a write transaction; the answer's signed bytes.
        decline: `(conn, sender, sealed, status) -> answer`: say that it could not be done here. Only reads.
        keep_keys: take a longer, valid key log of somebody known (spec 10.6); give my newest prekey.
        open_greeting: `(conn, claims, sealed) -> opened`: open a greeting of anybody, verify it and the claims under the keys
            inside it. Only reads.
        greet: `(conn, opened, from_address) -> make`: do what it asks, in a write transaction; `make()`, in any thread, gives the
            answer's signed bytes, or a sealed greeting back.
        heard: told, in the event loop, that a friend's machine has just been heard from.
        turned_away: told, in the event loop, that a friend's letter could not be taken because of this machine.
        well_known: the document of spec 10.1.
        public_page: the public log after a cursor (spec 10.1).
        head: the newest change of the log: while it is the same, so is every page.
        blob: `(request, person, name) -> response`: a blob for this friend, or None when there is none for them.
        help: `(conn, person, asked, hash of the body) -> reply`: key log and capsule of a friend who has lost them, signed, or None
            when their link is not valid. Only reads.
        ended_it, awaited: as `Caller` has them.
        came: told, in the event loop, that somebody awaited stands at the door and proved to be them.
        freeze: told of a second valid key log of somebody known (spec 3.4).
        moved: my signed address record, once I live elsewhere (spec 9.7), or None.
        is_given_up: whether I am about to take this node away altogether.
    """

    host: Host
    kept: Callable[[Connection, str], KeyLog | None]
    is_friend: Callable[[Connection, str], bool]
    open: Callable[[Connection, str, str, bytes], Any]
    apply: Callable[[Connection, Any], bytes]
    decline: Callable[[Connection, str, bytes, Status], bytes]
    keep_keys: Callable[[Connection, KeyLog], str]
    open_greeting: Callable[[Connection, SignedRequest, bytes], Greeted]
    greet: Callable[[Connection, Any, str | None], Callable[[], bytes]]
    heard: Callable[[str], None]
    well_known: Callable[[Connection], dict[str, Any]]
    public_page: Callable[[Connection, str], PublicPage]
    head: Callable[[Connection], str]
    turned_away: Callable[[str], None] = lambda _person: None
    ended_it: Callable[[Connection, str], bool] = lambda _conn, _person: False
    awaited: Callable[[Connection, str], bool] = lambda _conn, _person: False
    came: Callable[[str], None] = lambda _person: None
    freeze: Callable[[Connection, KeyLog], None] = lambda _conn, _log: None
    blob: Blobs = no_blob
    help: Help = no_help
    moved: Callable[[Connection], str | None] = lambda _conn: None
    is_given_up: Callable[[Connection], bool] = lambda _conn: False

    def proven(self, conn: Connection, signed: SignedRequest) -> Caller | None:
        """Who asks, when a key log kept here proves it. About anybody else nothing more is looked up, so nothing can show (spec 10.6)."""
        kept = self.kept(conn, signed.id)
        return self._caller(conn, signed.id, kept) if self._is_signed(signed, kept) else None

    def caller(self, conn: Connection, person: str) -> Caller:
        """Who somebody is, once they have proved to be them."""
        return self._caller(conn, person, self.kept(conn, person))

    def _caller(self, conn: Connection, person: str, kept: KeyLog | None) -> Caller:
        """All in one read: between two, a greeting that comes back makes a friend of who was awaited."""
        if kept is not None and self.is_friend(conn, person):
            return Caller(kept, is_friend=True)
        ended_it, is_awaited = self.ended_it(conn, person), self.awaited(conn, person)
        return Caller(kept, ended_it=ended_it, is_awaited=is_awaited)

    def _is_signed(self, signed: SignedRequest, kept: KeyLog | None) -> bool:
        """Check against my own key what no kept key can have signed: it takes as long."""
        has_key = kept is not None and signed.number <= kept.number
        key = kept.key(signed.number) if kept is not None and has_key else self.host.key_log.current
        try:
            verify(signed, key)
        except BadSignature:
            return False
        return has_key
