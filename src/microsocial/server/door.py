"""The door: making the person, logging in and out, changing the password. All that hashes slowly is here."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from microsocial.context import Body, NotSetUp
from microsocial.errors import MicrosocialError
from microsocial.identity import passwords
from microsocial.identity.me import Me
from microsocial.identity.model import (
    Caller,
    NewSession,
    NoWordsAsked,
    WordsDoNotMatch,
    WrongPassword,
    browser_label,
    csrf_of,
    fit_name,
    fit_password,
    secret_hash,
)
from microsocial.identity.service import new_sheet, spoken
from microsocial.node import Node
from microsocial.server.cookies import browser_name, give, session_name, take_back
from microsocial.server.owner import OwnerCheck, check_same_site, session_of

T = TypeVar("T")


class Setup(Body):
    token: str
    name: str
    password: str


class Words(Body):
    words: dict[str, str]


class Login(Body):
    password: str


class NewPassword(Body):
    old: str
    new: str


class SlowHashes:
    """One slow hash at a time, off the loop: a crowd at the door must not take the machine's memory."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def make(self, secret: str) -> str:
        return await self._run(lambda: passwords.slow_hash(secret))

    async def fits(self, secret: str, hashed: str) -> bool:
        return await self._run(lambda: passwords.fits(secret, hashed))

    async def _run(self, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)


def router(node: Node, owner: OwnerCheck) -> APIRouter:
    routes = APIRouter(tags=["door"])
    slowly = SlowHashes()

    @routes.get("/session")
    async def session(request: Request) -> dict[str, Any]:
        """Tell whether somebody lives here and whether you are logged in as them."""
        me = node.me
        if me is None:
            return {"state": "new", "name": None, "id": None, "csrf": None}
        found = await session_of(node, request)
        state, csrf = ("open", csrf_of(found[1])) if found else ("locked", None)
        name = await node.db.read(node.name)
        return {"state": state, "name": name, "id": me.id, "csrf": csrf}

    @routes.post("/setup")
    async def setup(request: Request, asked: Setup) -> Response:
        """Make the person. The answer shows the 24 words, once."""
        check_same_site(request, node.settings.address)
        node.setup_link.check(asked.token)
        name, password = fit_name(asked.name), fit_password(asked.password)
        sheet = new_sheet(node.entropy)
        password_hash = await slowly.make(password)
        answer_hash = await slowly.make(sheet.answer)
        me = await node.settle(name, sheet, password_hash, answer_hash)
        new = {"id": me.id, "words": list(sheet.words), "asked": list(sheet.asked)}
        return await _let_in(node, request, me, new)

    @routes.post("/setup/confirm", status_code=204)
    async def confirm(asked: Words, _caller: Caller = Depends(owner)) -> None:
        """Answer the two words that were asked back."""
        waiting = await node.db.read(node.identity.words_asked)
        if waiting is None:
            raise NoWordsAsked
        if not await slowly.fits(spoken(asked.words, waiting.numbers), waiting.hashed):
            raise WordsDoNotMatch(field="words")
        await node.db.write(node.identity.confirm_words)

    @routes.post("/login")
    async def login(request: Request, asked: Login) -> Response:
        """Begin a session. Guessing gets slower with every wrong password; a known browser is never locked out."""
        check_same_site(request, node.settings.address)
        if (me := node.me) is None:
            raise NotSetUp
        known = await _known_browser(node, request, me)
        await _prove(node, slowly, asked.password, request, known)
        return await _let_in(node, request, me, {})

    @routes.post("/logout", status_code=204)
    async def logout(request: Request, caller: Caller = Depends(owner)) -> Response:
        """End this session (or do nothing, for a token)."""
        if caller.kind == "session":
            await node.db.write(lambda conn: node.sessions.end(conn, caller.id))
        response = Response(status_code=204)
        if node.me:
            take_back(request, response, session_name(node.me.id))
        return response

    @routes.post("/password", status_code=204)
    async def change_password(
        request: Request, asked: NewPassword, caller: Caller = Depends(owner)
    ) -> None:
        """Change the password. All other sessions end."""
        new = fit_password(asked.new, name="new")
        await _prove(node, slowly, asked.old, request, f"{caller.kind} {caller.id}", "old")
        hashed = await slowly.make(new)

        def change(conn: Any) -> None:
            node.identity.change_password(conn, hashed)
            node.sessions.end_others(conn, caller.id)

        await node.db.write(change)

    return routes


async def _prove(
    node: Node,
    slowly: SlowHashes,
    password: str,
    request: Request,
    known: str | None,
    field: str = "password",
) -> None:
    """Check the password against the throttle's patience; raise WrongPassword or TooManyTries."""
    address = request.client.host if request.client else "unknown"
    node.throttle.claim(address, known)
    hashed = await node.db.read(node.identity.password_hash)
    try:
        password = fit_password(password)
    except MicrosocialError:
        raise WrongPassword(field=field) from None
    if not await slowly.fits(password, hashed):
        raise WrongPassword(field=field)
    node.throttle.succeeded(address, known)
    if passwords.is_outdated(hashed):
        stronger = await slowly.make(password)
        await node.db.write(lambda conn: node.identity.change_password(conn, stronger))


async def _known_browser(node: Node, request: Request, me: Me) -> str | None:
    secret = request.cookies.get(browser_name(me.id))
    if not secret or not await node.db.read(lambda conn: node.sessions.knows_browser(conn, secret)):
        return None
    return secret_hash(secret).hex()


async def _let_in(node: Node, request: Request, me: Me, answer: dict[str, Any]) -> Response:
    """Begin a session, remember the browser, and give both cookies with the answer."""
    label = browser_label(request.headers.get("user-agent", ""))
    remembered = await _known_browser(node, request, me) is not None

    def begin(conn: Any) -> tuple[NewSession, str | None]:
        secret = None if remembered else node.sessions.remember_browser(conn)
        return node.sessions.open(conn, label), secret

    new, browser = await node.db.write(begin)
    response = JSONResponse({**answer, "csrf": new.csrf})
    give(request, response, session_name(me.id), new.secret)
    if browser:
        give(request, response, browser_name(me.id), browser)
    return response
