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
from microsocial.protocol.refusals import Status
from microsocial.protocol.signatures import SignedRequest


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
    """Who somebody is to the person who lives here: a friend, one whose machine ended the friendship, one who is awaited."""

    known: KeyLog | None
    former: KeyLog | None
    is_awaited: bool


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
        correspondent: the key log of a friend (not of former friends, not of strangers), or None.
        key_log: the key log of anybody whose keys are known, or None.
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
        former: the key log of somebody whose machine ended the friendship: a thief may have done it (spec 9.5).
        freeze: told of a second valid key log of somebody known (spec 3.4).
        awaited: whether a greeting of ours to this person waits for theirs. On their side we may be friends already, so they are
            asked to wait (`busy`); `not-friends` would end what has not begun here yet.
        moved: my signed address record, once I live elsewhere (spec 9.7), or None.
        is_given_up: whether I am about to take this node away altogether.
    """

    host: Host
    correspondent: Callable[[Connection, str], KeyLog | None]
    key_log: Callable[[Connection, str], KeyLog | None]
    open: Callable[[Connection, str, str, bytes], Any]
    apply: Callable[[Connection, Any], bytes]
    decline: Callable[[Connection, str, bytes, Status], bytes]
    keep_keys: Callable[[Connection, KeyLog], str]
    open_greeting: Callable[[Connection, SignedRequest, bytes], Any]
    greet: Callable[[Connection, Any, str | None], Callable[[], bytes]]
    heard: Callable[[str], None]
    well_known: Callable[[Connection], dict[str, Any]]
    public_page: Callable[[Connection, str], PublicPage]
    head: Callable[[Connection], str]
    turned_away: Callable[[str], None] = lambda _person: None
    former: Callable[[Connection, str], KeyLog | None] = lambda _conn, _person: None
    freeze: Callable[[Connection, KeyLog], None] = lambda _conn, _log: None
    awaited: Callable[[Connection, str], bool] = lambda _conn, _person: False
    blob: Blobs = no_blob
    help: Help = no_help
    moved: Callable[[Connection], str | None] = lambda _conn: None
    is_given_up: Callable[[Connection], bool] = lambda _conn: False

    def caller(self, conn: Connection, person: str) -> Caller:
        """All in one read: between two, a greeting that comes back makes a friend of who was awaited."""
        return Caller(
            self.correspondent(conn, person),
            self.former(conn, person),
            self.awaited(conn, person),
        )
