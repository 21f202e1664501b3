"""The owner's door: who asks, whether the request is really theirs, and whether their key opens this.

Rule 1: where a request comes from proves nothing, loopback least of all.
Rule 2: with an Authorization header the cookie is not looked at, so that a token never borrows a session's rights.
"""

import contextlib
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request

from microsocial.database import MachineFault
from microsocial.identity.model import (
    Caller,
    ForeignRequest,
    NotLoggedIn,
    Scope,
    ScopeMissing,
    Session,
    Token,
    csrf_of,
    secret_hash,
)
from microsocial.node import Node
from microsocial.server.cookies import session_name

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ALL_SCOPES = frozenset(Scope)
API = "/api/v1"

# Who may come in, as whom the person appears, and all they have at once: not for a token that only reads or posts.
_ADMIN_ALWAYS = (
    *("/sessions", "/tokens", "/password", "/setup"),
    *("/work", "/backups", "/export", "/import", "/purge", "/leaving", "/move", "/copies"),
    *("/words", "/keys"),
)
_ADMIN_TO_CHANGE = ("/me", "/settings", "/storage")

# What begins something new, or changes what others have: not on a node that was moved away from, or is being given up.
_SAYING = frozenset(
    {"posts", "comments", "messages", "drafts", "friends", "invites", "circles", "me", "import"}
)

OwnerCheck = Callable[[Request], Awaitable[Caller]]


def owner_check(node: Node) -> OwnerCheck:
    """Make the dependency that stands before every owner route."""

    async def owner(request: Request) -> Caller:
        caller = await _caller(node, request)
        needed = scope_needed(request.method, request.url.path.removeprefix(API))
        if needed not in caller.scopes:
            raise ScopeMissing(f"This needs the scope “{needed}”.")
        request.state.owner = caller
        await _check_lives_here(node, request)
        return caller

    return owner


def scope_needed(method: str, path: str) -> Scope:
    changes = method not in SAFE_METHODS
    first = "/" + path.lstrip("/").split("/", 1)[0]
    if first in _ADMIN_ALWAYS or (changes and first in _ADMIN_TO_CHANGE):
        return Scope.ADMIN
    return Scope.WRITE if changes else Scope.READ


async def _check_lives_here(node: Node, request: Request) -> None:
    first, *rest = request.url.path.removeprefix(API).strip("/").split("/")
    is_saying = first in _SAYING and rest[-1:] != ["read"]  # what one has read stays here
    if request.method not in SAFE_METHODS and is_saying and node.rooms:
        await node.db.read(node.rooms.delivery.residence.check)


async def session_of(node: Node, request: Request) -> tuple[Session, str] | None:
    """Find the browser session that this request belongs to, with its secret."""
    me = node.me
    secret = request.cookies.get(session_name(me.id)) if me else None
    if not secret:
        return None
    session = await node.db.read(lambda conn: node.sessions.find(conn, secret))
    return (session, secret) if session else None


def check_same_site(request: Request, own_address: str | None) -> None:
    """Refuse what another site made the browser send. Programs, which send neither header, pass on to the next check."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        raise ForeignRequest
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = {request.headers.get("host", "").lower()}
    if own_address:
        ours.add(urlsplit(own_address).netloc.lower())
    if urlsplit(origin).netloc.lower() not in ours - {""}:
        raise ForeignRequest


async def _caller(node: Node, request: Request) -> Caller:
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return await _by_token(node, authorization)
    found = await session_of(node, request)
    if found is None:
        raise NotLoggedIn
    session, secret = found
    if request.method not in SAFE_METHODS:
        check_same_site(request, node.settings.address)
        given = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(given.encode(), csrf_of(secret).encode()):
            raise ForeignRequest
    if node.sessions.is_due(session):
        with contextlib.suppress(MachineFault):  # what can still be read must not depend on it
            await node.db.write(lambda conn: node.sessions.touch(conn, session.id))
    return Caller("session", session.id, ALL_SCOPES)


async def _by_token(node: Node, authorization: str) -> Caller:
    kind, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if kind.lower() != "bearer" or not secret:
        raise NotLoggedIn
    if hmac.compare_digest(secret_hash(secret), node.cli_token_hash):
        return Caller("token", "cli", ALL_SCOPES)
    token: Token | None = await node.db.read(lambda conn: node.tokens.find(conn, secret))
    if token is None:
        raise NotLoggedIn
    if node.tokens.is_due(token):
        with contextlib.suppress(MachineFault):
            await node.db.write(lambda conn: node.tokens.touch(conn, token.id))
    return Caller("token", token.id, token.scopes)
